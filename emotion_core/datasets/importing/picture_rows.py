"""Folders and zips of pictures: one folder per emotion."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeAlias

import numpy as np
from PIL import Image

from emotion_core.datasets.importing.containers import Container, read_limited
from emotion_core.datasets.importing.label_map import MAX_LABELS, find_expression, find_number
from emotion_core.datasets.importing.layout import Layout, folders_of, plan_layout
from emotion_core.datasets.importing.rows import (
    N_EXAMPLES,
    SIZE_PX,
    LeftOutRows,
    RejectedRow,
    RowError,
    SourceRow,
)
from emotion_core.emotions import FER2013, Emotion
from emotion_core.errors import DatasetError, ImageError
from emotion_core.images import decode_image, resize_image
from emotion_core.types import UInt8Array

#: Picture (H, W, 3) uint8 BGR -> face (48, 48) uint8 gray, or None if it shows none.
FaceCropper: TypeAlias = Callable[[UInt8Array], UInt8Array | None]


class PictureSource:
    """Reads a folder or a zip with one folder per emotion.

    Args:
        container: the files.
        form: what the source is called in the report.
        detect: cuts the face out; None takes the middle square of each picture.

    Raises:
        DatasetError: no picture lies in a folder.
    """

    set_name = ""
    label_kind = "folder"

    def __init__(self, container: Container, form: str, detect: FaceCropper | None) -> None:
        self.form = form
        self.notes: list[str] = []
        self.assumed: list[str] = []
        self.no_row_order = ""
        self.done = self.total = 0
        self._container, self._detect = container, detect
        self._folders: dict[str, list[str]] = {}
        self._layout = Layout((), {}, (), ())
        self.nothing_known = _no_pictures(container)
        if not folders_of(container.names):
            raise DatasetError(self.nothing_known)

    def labels(self, chosen: Collection[str], _tick: Callable[[], None]) -> Mapping[str, int]:
        """{folder: its pictures}; of very many folders only those that may say an expression."""
        self._folders = folders_of(self._container.names, chosen)
        if len(self._folders) > MAX_LABELS:
            self._folders = {
                name: pictures
                for name, pictures in self._folders.items()
                if name in chosen or find_expression(name) or find_number(name) is not None
            }
        return {name: len(pictures) for name, pictures in self._folders.items()}

    def examples(self, name: str) -> list[UInt8Array]:
        """Up to ``N_EXAMPLES`` faces of a folder, from all over it."""
        pictures = self._folders.get(name, [])
        faces = []
        for picture in pictures[:: max(1, len(pictures) // N_EXAMPLES)][:N_EXAMPLES]:
            try:
                data = read_limited(self._container, picture)
                faces.append(middle_square(decode_image(data, name=picture)))
            except (RowError, ImageError):
                continue
        return faces

    def use(self, table: Mapping[str, Emotion | None]) -> None:
        """Says what the folders stand for."""
        self._layout = plan_layout(self._container.names, table)
        self.notes = list(self._layout.notes)
        if not self._layout.has_row_numbers:
            self.no_row_order = "the names of the pictures do not tell the row of each"
        self.done, self.total = 0, len(self._layout.pictures)

    def rows(self) -> Iterator[SourceRow | RejectedRow | LeftOutRows]:
        """The faces, and what is no face or was left out."""
        yield from self._container.refused
        yield from self._layout.rejected
        for folder, n in self._layout.left_out.items():
            yield LeftOutRows(folder, n)
        for picture in self._layout.pictures:
            self.done += 1
            try:
                image = self._face(picture.name)
            except (RowError, ImageError) as error:
                yield RejectedRow(None, picture.name, str(error))
            else:
                yield SourceRow(image, picture.label, picture.usage, picture.number)

    def _face(self, name: str) -> UInt8Array:
        data = read_limited(self._container, name)
        picture = decode_image(data, name=name.rpartition("/")[2])
        if self._detect is None:
            return middle_square(picture)
        face = self._detect(picture)
        if face is None:
            raise RowError("no face found")
        return face


def middle_square(picture: UInt8Array) -> UInt8Array:
    """(48, 48) uint8 gray: the middle of a picture (H, W, 3) uint8 BGR, made smaller if need be."""
    blue, green, red = (picture[:, :, i] for i in range(3))
    if (blue == green).all() and (green == red).all():
        gray = blue
    else:
        gray = np.asarray(Image.fromarray(picture[:, :, ::-1]).convert("L"), dtype=np.uint8)
    if gray.shape == (SIZE_PX, SIZE_PX):
        return np.ascontiguousarray(gray)
    height, width = gray.shape
    side = min(height, width)
    left, top = (width - side) // 2, (height - side) // 2
    square = np.ascontiguousarray(gray[top : top + side, left : left + side])
    return resize_image(square, (SIZE_PX, SIZE_PX))


def _no_pictures(container: Container) -> str:
    refused = container.refused
    if refused and not container.names:
        return (
            f"{container.name}: nothing in it can be read. {refused[0].name}: {refused[0].reason}."
        )
    inside = ", ".join(container.names[:4]) or "no files"
    return (
        f"{container.name}: wanted a CSV with the columns emotion, pixels and Usage, a Parquet "
        f"file, or pictures in folders named {', '.join(FER2013.names)} (in train/ and test/ or "
        f"without them). Found: {inside}"
    )
