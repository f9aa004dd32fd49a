"""Reads the stored form: one Parquet file with an image, a label, a split and FER+ votes."""

import io
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from emotion_core.datasets.dataset import VOTE_COLUMNS, EmotionDataset
from emotion_core.errors import DatasetError
from emotion_core.files import file_sha256
from emotion_core.home import data_folder

DATASET_ENV = "EMOTION_LENS_DATASET"


def default_dataset_path() -> Path:
    """The data set of the environment, else ``data/fer2013.parquet`` beside the app."""
    return Path(os.environ.get(DATASET_ENV) or data_folder() / "fer2013.parquet")


def load_dataset(path: Path | str | None = None) -> EmotionDataset:
    """Loads a stored data set into memory (FER-2013: 83 MB).

    Args:
        path: the Parquet file. None: the one of ``EMOTION_LENS_DATASET``.

    Raises:
        DatasetError: missing, not Parquet, columns missing, or a picture that cannot be read.
    """
    path = Path(path) if path is not None else default_dataset_path()
    if not path.is_file():
        raise DatasetError(
            f"No data set at {path}. Wanted a Parquet file; set {DATASET_ENV} or give its path."
        )
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"{path}: wanted a Parquet file. Reading it failed: {error}") from error
    missing = [name for name in ("image", "label", "usage") if name not in table.column_names]
    if missing:
        raise DatasetError(
            f"{path}: wanted the columns image, label and usage. Missing: {', '.join(missing)}; "
            f"found: {', '.join(table.column_names)}"
        )
    n = table.num_rows
    votes = np.zeros((n, len(VOTE_COLUMNS)), np.int64)
    for i, name in enumerate(VOTE_COLUMNS):
        if f"votes_{name}" in table.column_names:
            votes[:, i] = table[f"votes_{name}"].to_numpy()
    try:
        return EmotionDataset(
            images=_decode(table["image"].combine_chunks(), path),
            labels=table["label"].to_numpy().astype(np.int64),
            usage=np.asarray(table["usage"].to_pylist(), dtype=np.str_),
            votes=votes,
            rows=np.arange(n, dtype=np.int64),
            sha256=file_sha256(path),
        )
    except (ValueError, TypeError) as error:
        raise DatasetError(f"{path}: {error}") from error


def _decode(column: pa.Array, path: Path) -> np.ndarray:
    """Decodes the PNG column; every picture must be gray and of one size."""
    encoded = column.field("bytes")
    if not len(encoded):
        raise DatasetError(f"{path}: wanted at least one row. Found none.")
    images: list[np.ndarray] = []
    for row, value in enumerate(encoded):
        try:
            with Image.open(io.BytesIO(value.as_py())) as picture:
                images.append(np.asarray(picture.convert("L"), dtype=np.uint8))
        except (OSError, TypeError) as error:
            raise DatasetError(f"{path}: the picture of row {row} is broken: {error}") from error
        if images[-1].shape != images[0].shape:
            raise DatasetError(
                f"{path}: wanted pictures of one size, {images[0].shape}. "
                f"Row {row} has {images[-1].shape}."
            )
    return np.stack(images)
