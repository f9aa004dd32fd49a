"""HDF5 files from outside: looked through before anything in them is read.

HDF5 can name other files as the place of its data (external and virtual data sets, links) and can
claim arrays of any size without holding them. Reading such a file gives away or takes what it
should not (CVE-2026-1669), so it is refused by its structure alone.
"""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emotion_core.errors import ModelError
from emotion_core.files.atomic_files import readable
from emotion_core.files.outside_files import open_regular

if TYPE_CHECKING:
    import h5py  # type: ignore[import-untyped]

#: The largest file of a network; the shipped ones have up to 35 MB, VGG-Face 580.
MAX_MODEL_BYTES = 2_000_000_000
# Arrays may be compressed, but not to nothing: zeros shrink to a thousandth, trained weights to
# nine tenths. Small files may expand by more.
_MAX_EXPANSION = 50
_SMALL_BYTES = 64_000_000
_MAX_OBJECTS = 100_000
_MAX_DEPTH = 50
_MAX_ATTRIBUTE_BYTES = 32_000_000
# What h5py raises for damaged files; its documentation does not list them.
_DAMAGE = (OSError, ValueError, KeyError, RuntimeError, TypeError, OverflowError, MemoryError)
# Kinds of numbers; texts, references and compounds are not what a network is made of.
_NUMBERS = "fiub"


@contextlib.contextmanager
def checked_h5(source: Path | bytes, name: str) -> Iterator[h5py.File]:
    """Opens an HDF5 file for reading, once its structure is known to be harmless.

    Args:
        source: the file, or its bytes.
        name: of the file, for errors.

    Raises:
        ModelError: not an HDF5 file, or one that reaches outside itself or claims more than it
            holds; also for what goes wrong while it is read.
    """
    import h5py

    if isinstance(source, bytes):
        given: Any = io.BytesIO(source)
        size = len(source)
    else:
        # Regular files within the limit only; HDF5 then opens the path by itself.
        with open_regular(source, ModelError, max_bytes=MAX_MODEL_BYTES) as file:
            size = file.seek(0, io.SEEK_END)
        given = source
    try:
        opened = h5py.File(given, "r")
    except _DAMAGE as error:
        raise ModelError(f"{name}: wanted an HDF5 file. {first_line(error)}") from error
    with opened:
        try:
            _Search(name, size).look(opened)
            yield opened
        except _DAMAGE as error:
            raise ModelError(f"{name}: a damaged HDF5 file. {first_line(error)}") from error


def first_line(error: BaseException, longest: int = 200) -> str:
    """The first line of a library's error, as one sentence of bounded length."""
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    return text if len(text) <= longest else text[: longest - 1] + "…"


def texts(group: h5py.Group, name: str) -> list[str]:
    """A list of texts among a group's attributes, also where Keras cut it into pieces.

    Raises:
        ModelError: it is no list of texts.
    """
    if name in group.attrs:
        pieces = [group.attrs[name]]
    else:
        pieces = []
        while f"{name}{len(pieces)}" in group.attrs:
            pieces.append(group.attrs[f"{name}{len(pieces)}"])
    found: list[str] = []
    for piece in pieces:
        values = piece.tolist() if hasattr(piece, "tolist") else piece
        if not isinstance(values, list):
            raise ModelError(f"{readable(group.file.filename)}: {name}: wanted a list of names.")
        found += [text_of(value, name) for value in values]
    return found


def text_of(value: object, name: str) -> str:
    """A text as HDF5 gives it: bytes or text.

    Raises:
        ModelError: it is neither.
    """
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ModelError(f"{name}: wanted text in UTF-8.") from error
    if not isinstance(value, str):
        raise ModelError(f"{name}: wanted text. Received: {type(value).__name__}")
    return value


class _Search:
    """Goes through all objects without following a link or reading an array."""

    def __init__(self, name: str, size: int) -> None:
        self._name = name
        self._objects = 0
        self._claimed = 0
        self._allowed = max(_SMALL_BYTES, _MAX_EXPANSION * size)
        self._size = size

    def look(self, file: h5py.File) -> None:
        self._attributes(file, "/")
        self._group(file, "", 0)

    def _group(self, group: h5py.Group, path: str, depth: int) -> None:
        import h5py

        if depth > _MAX_DEPTH:
            # A group that holds itself ends here too.
            raise self._refusal(path, "groups within groups without end")
        for key in group:
            self._objects += 1
            if self._objects > _MAX_OBJECTS:
                raise self._refusal(path, f"more than {_MAX_OBJECTS:,} objects")
            where = f"{path}/{key}"
            link = group.get(key, getlink=True)
            if not isinstance(link, h5py.HardLink):
                kind = "another file" if isinstance(link, h5py.ExternalLink) else "another place"
                raise self._refusal(where, f"a link to {kind}")
            item = group[key]
            self._attributes(item, where)
            if isinstance(item, h5py.Group):
                self._group(item, where, depth + 1)
            elif isinstance(item, h5py.Dataset):
                self._dataset(item, where)

    def _dataset(self, dataset: h5py.Dataset, where: str) -> None:
        if dataset.external:
            raise self._refusal(where, "an array whose data lie in another file")
        if dataset.is_virtual:
            raise self._refusal(where, "an array put together from other files")
        if dataset.shape is None:
            return
        if dataset.dtype.kind not in _NUMBERS:
            # Keras keeps a few texts beside the weights; they are never read as arrays.
            if math.prod(dataset.shape) > 1000:
                raise self._refusal(where, "an array that is not of numbers")
            return
        item_bytes = dataset.dtype.itemsize
        chunk_bytes = math.prod(dataset.chunks) * item_bytes if dataset.chunks else 0
        self._claimed += max(math.prod(dataset.shape) * item_bytes, chunk_bytes)
        if self._claimed > min(self._allowed, 2 * MAX_MODEL_BYTES):
            raise self._refusal(
                where,
                f"arrays of {self._claimed / 1e9:,.1f} GB in a file of {self._size / 1e6:,.3f} MB",
            )

    def _attributes(self, item: Any, where: str) -> None:
        import h5py

        for number in range(h5py.h5a.get_num_attrs(item.id)):
            attribute = h5py.h5a.open(item.id, index=number)
            shape = attribute.shape
            declared = math.prod(shape) * attribute.dtype.itemsize if shape is not None else 0
            if declared > _MAX_ATTRIBUTE_BYTES:
                raise self._refusal(where, f"a description of {declared / 1e6:,.0f} MB")

    def _refusal(self, where: str, what: str) -> ModelError:
        return ModelError(
            f"{self._name} is refused: at {where or '/'} it holds {what}, which weights of a "
            "network never need. Get the file from whoever made the model."
        )
