"""Weights in HDF5 from outside: opened once another process has read all of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from emotion_core.classifiers.third_party.hdf5 import MAX_MODEL_BYTES, checked_h5
from emotion_core.classifiers.third_party.hdf5_trial import check_survives
from emotion_core.classifiers.third_party.keras_archive import (
    WEIGHTS_FILE,
    open_archive,
    weights_entry,
)
from emotion_core.errors import ModelError
from emotion_core.files.outside_files import open_regular

if TYPE_CHECKING:
    import h5py  # type: ignore[import-untyped]


@contextlib.contextmanager
def open_h5(path: Path, name: str) -> Iterator[h5py.File]:
    """Opens an HDF5 file for reading, once another process has read all of it.

    Args:
        path: the file.
        name: of the file, for errors.

    Raises:
        ModelError: as ``checked_h5``, or reading it crashes.
    """
    with open_regular(path, ModelError, max_bytes=MAX_MODEL_BYTES):
        pass
    check_survives(path)
    with checked_h5(path, name) as file:
        yield file


def read_weights(path: Path) -> bytes:
    """The HDF5 file with the weights inside a ``.keras`` file, checked.

    Raises:
        ModelError: it is not there, or not harmless.
    """
    content = weights_entry(path)
    check_survives(path)
    with checked_h5(content, f"{path.name}: {WEIGHTS_FILE}"):
        return content


def check_archive(path: Path) -> None:
    """Looks through all of a ``.keras`` file but the meaning of its description.

    Raises:
        ModelError: something is wrong with it.
    """
    with open_archive(path) as archive:
        for entry in archive.infolist():
            if entry.filename.endswith((".h5", ".npz")) and entry.filename != WEIGHTS_FILE:
                raise ModelError(
                    f"{path} is refused: it holds {entry.filename}, and Keras keeps the weights "
                    f"in {WEIGHTS_FILE} alone."
                )
    read_weights(path)
