"""A trained model's file at about half its size, for a repository to carry."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from emotion_core.classifiers.third_party.hdf5 import MAX_MODEL_BYTES, checked_h5
from emotion_core.classifiers.third_party.keras_archive import (
    WEIGHTS_FILE,
    open_archive,
    read_entry,
)
from emotion_core.classifiers.third_party.weights_files import check_archive

# Of 24 bits of a float32's significand these are dropped: what is left is as exact as float16.
_DROPPED_BITS = 13


def shrink_keras(source: Path, target: Path) -> None:
    """Copies a ``.keras`` file with rounded and compressed weights.

    The copy is read like any other: the arrays stay float32, and HDF5 decompresses by itself.
    Every weight is off by at most one part in 2,048.

    Args:
        source: a ``.keras`` file.
        target: where the copy goes.

    Raises:
        ModelError: the file is damaged or not harmless.
    """
    check_archive(source)
    with open_archive(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = read_entry(old, name, MAX_MODEL_BYTES)
            new.writestr(name, _shrunk(content) if name == WEIGHTS_FILE else content)


def _shrunk(content: bytes) -> bytes:
    import h5py  # type: ignore[import-untyped]

    buffer = io.BytesIO()
    with checked_h5(content, WEIGHTS_FILE) as old, h5py.File(buffer, "w") as new:

        def copy(name: str, item: Any) -> None:
            if isinstance(item, h5py.Group):
                made = new.require_group(name)
            else:
                made = _copied(new, name, item[()])
            made.attrs.update(item.attrs)

        new.attrs.update(old.attrs)
        old.visititems(copy)
    return buffer.getvalue()


def _copied(file: Any, name: str, value: Any) -> Any:
    if np.ndim(value) == 0 or value.dtype != np.float32:
        return file.create_dataset(name, data=value)
    # Shuffling puts the bytes that rounding made zero next to each other.
    return file.create_dataset(
        name, data=_rounded(value), compression="gzip", compression_opts=9, shuffle=True
    )


def _rounded(value: np.ndarray) -> np.ndarray:
    """To the nearest number with fewer bits, ties to even."""
    bits = np.ascontiguousarray(value).view(np.uint32)
    half = np.uint32((1 << (_DROPPED_BITS - 1)) - 1)
    odd = (bits >> np.uint32(_DROPPED_BITS)) & np.uint32(1)
    kept = np.uint32(0xFFFFFFFF) << np.uint32(_DROPPED_BITS)
    return ((bits + half + odd) & kept).view(np.float32)
