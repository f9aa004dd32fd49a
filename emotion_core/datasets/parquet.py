"""The stored form: one Parquet file with an image, a label, a split and FER+ votes."""

import contextlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from emotion_core.datasets.dataset import (
    TEST,
    TRAINING,
    VALIDATION,
    VOTE_COLUMNS,
    EmotionDataset,
)
from emotion_core.errors import DatasetError
from emotion_core.files.atomic_files import file_sha256, readable
from emotion_core.files.outside_files import refusal
from emotion_core.images import decode_gray_png
from emotion_core.paths import DATASET_ENV, data_folder
from emotion_core.types import Int64Array, UInt8Array

#: Columns of the stored form. The struct is the layout that Hugging Face uses for images.
SCHEMA = pa.schema(
    [
        ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        ("label", pa.int8()),
        ("usage", pa.dictionary(pa.int32(), pa.string())),
        *((f"votes_{name}", pa.int8()) for name in VOTE_COLUMNS),
    ]
)

_NEEDED = ("image", "label", "usage")
#: Under this our own facts stand among the file's.
METADATA_KEY = b"emotion_lens"

#: What pyarrow raises on damaged files: mostly its own errors, and Python's where it turns bytes
#: and sizes of the file into Python's values.
READ_FAULTS = (
    pa.ArrowException,
    OSError,
    ValueError,
    TypeError,
    KeyError,
    OverflowError,
    MemoryError,
)


def default_dataset_path() -> Path:
    """The data set of the environment, else ``data/fer2013.parquet`` beside the app."""
    return Path(os.environ.get(DATASET_ENV) or data_folder() / "fer2013.parquet")


def load_stored(path: Path) -> EmotionDataset:
    """Loads a stored data set into memory (FER-2013: 83 MB).

    Raises:
        DatasetError: missing, not Parquet, columns missing, or a picture that cannot be read.
    """
    if path.exists() and (kind := refusal(path)):
        raise DatasetError(f"No data set at {path}: {kind}. Wanted a Parquet file.")
    if not path.is_file():
        raise DatasetError(
            f"No data set at {path}. Wanted a Parquet file; set {DATASET_ENV} or give its path, "
            "or the word synthetic for the synthetic data set."
        )
    with stored_file(path) as file:
        table = file.read()
        return EmotionDataset(
            images=_decode(table["image"], path),
            **facts_of(table),
            sha256=file_sha256(path),
            name=stored_name(table.schema) or path.stem,
        )


@contextlib.contextmanager
def stored_file(path: Path) -> Iterator[pq.ParquetFile]:
    """A stored data set, open; whatever is wrong with it, now or later, is one error.

    Raises:
        DatasetError: not Parquet, columns missing or of another type, or damaged.
    """
    name = readable(path)
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            missing = [column for column in _NEEDED if schema.names.count(column) != 1]
            if missing:
                raise DatasetError(
                    f"{name}: wanted the columns image, label and usage. "
                    f"Missing: {', '.join(missing)}; found: {', '.join(schema.names[:12])}. "
                    "Import it anew from its source."
                )
            pictures = schema.field("image").type
            if not pa.types.is_struct(pictures) or pictures.get_field_index("bytes") < 0:
                raise DatasetError(
                    f"{name}: wanted pictures in the column image, as bytes and path. Found "
                    f"{pictures}. Import it anew from its source."
                )
            yield file
    except READ_FAULTS as error:
        ours = isinstance(error, ValueError) and not isinstance(error, pa.ArrowException)
        what = "" if ours else "wanted a Parquet file. Reading it failed: "
        raise DatasetError(f"{name}: {what}{fault_text(error)}") from error


def facts_of(table: pa.Table) -> dict[str, Any]:
    """Labels, splits, votes and row numbers of a stored table, as ``EmotionDataset`` takes them.

    Raises:
        ValueError: a column holds something else.
    """
    n = table.num_rows
    votes = np.zeros((n, len(VOTE_COLUMNS)), np.int64)
    for i, name in enumerate(VOTE_COLUMNS):
        if f"votes_{name}" in table.column_names:
            votes[:, i] = _whole_numbers(table, f"votes_{name}")
    return {
        "labels": _whole_numbers(table, "label"),
        "usage": _splits(table["usage"]),
        "votes": votes,
        "rows": np.arange(n, dtype=np.int64),
    }


def _whole_numbers(table: pa.Table, name: str) -> Int64Array:
    """A column of whole numbers.

    Raises:
        ValueError: it is of another type, or a row has none.
    """
    column = table[name]
    if not pa.types.is_integer(column.type) or column.null_count:
        empty = f" with {column.null_count:,} empty rows" if column.null_count else ""
        raise ValueError(
            f"wanted a whole number in each row of the column {name}. Found {column.type}{empty}."
        )
    return np.asarray(column.to_numpy(), dtype=np.int64)


def _splits(column: pa.ChunkedArray) -> npt.NDArray[np.str_]:
    """The column of the splits.

    Raises:
        ValueError: it holds something else.
    """
    usage = column.to_pylist()
    known = (TRAINING, VALIDATION, TEST)
    others = {str(value)[:40] for value in set(usage) - set(known)}
    if others:
        raise ValueError(
            f"wanted {', '.join(known)} in the column usage. Found: "
            f"{', '.join(map(repr, sorted(others)[:4]))}. Import the file first."
        )
    return np.asarray(usage, dtype=np.str_)


def fault_text(error: BaseException) -> str:
    """The first line of what a library says, as far as people need it."""
    lines = str(error).splitlines() or [type(error).__name__]
    return "".join(c if c.isprintable() else "?" for c in lines[0])[:200]


def stored_votes(path: Path) -> bool:
    """Whether a stored data set has FER+ votes, without reading its pictures.

    Raises:
        DatasetError: not a Parquet file.
    """
    try:
        with pq.ParquetFile(path) as file:
            names = [n for n in file.schema_arrow.names if n.startswith("votes_")]
            table = file.read(columns=names)
        return any(bool(_whole_numbers(table, name).any()) for name in names)
    except READ_FAULTS as error:
        raise DatasetError(
            f"{path}: wanted a Parquet file. Reading it failed: {fault_text(error)}"
        ) from error


def stored_name(schema: pa.Schema) -> str:
    """The name that a file was written under, if we wrote it."""
    try:
        name = json.loads((schema.metadata or {})[METADATA_KEY])["name"]
    except (KeyError, ValueError, TypeError):
        return ""
    return name if isinstance(name, str) else ""


def _decode(column: pa.ChunkedArray, path: Path) -> UInt8Array:
    """Decodes the PNG column; every picture must be gray and of one size."""
    encoded = [value for c in column.chunks for value in c.field("bytes").to_pylist()]
    if not encoded:
        raise DatasetError(f"{path}: wanted at least one row. Found none.")
    first = _decode_one(encoded[0], 0, path)
    images = np.empty((len(encoded), *first.shape), np.uint8)
    for row, data in enumerate(encoded):
        image = _decode_one(data, row, path)
        if image.shape != first.shape:
            raise DatasetError(
                f"{path}: wanted pictures of one size, {first.shape}. Row {row} has {image.shape}."
            )
        images[row] = image
    return images


def _decode_one(data: bytes, row: int, path: Path) -> UInt8Array:
    try:
        gray = decode_gray_png(data)
        if gray is not None:
            return gray
        with Image.open(io.BytesIO(data), formats=_PICTURE_FORMATS) as picture:
            if picture.width * picture.height > _MAX_PICTURE_PIXELS:
                raise ValueError(
                    f"{picture.width} x {picture.height} pixels, more than a face that is trained "
                    "on has"
                )
            return np.asarray(picture.convert("L"), dtype=np.uint8)
    except (OSError, TypeError, ValueError, AttributeError, Image.DecompressionBombError) as error:
        raise DatasetError(f"{path}: the picture of row {row} is broken: {error}") from error


# What other people's Parquet files hold; ours are gray PNG. A single face, so far below a photo.
_PICTURE_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
_MAX_PICTURE_PIXELS = 4096 * 4096
