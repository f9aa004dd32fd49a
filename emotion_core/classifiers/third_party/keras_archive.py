"""``.keras`` files from outside: a zip with a description and weights, looked through first.

Nothing here runs anything of the file or needs TensorFlow.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emotion_core.classifiers.third_party.hdf5 import MAX_MODEL_BYTES, first_line
from emotion_core.errors import ModelError
from emotion_core.files.outside_files import open_regular, parse_json

CONFIG_FILE = "config.json"
METADATA_FILE = "metadata.json"
WEIGHTS_FILE = "model.weights.h5"

#: Most bytes of a network's description.
MAX_CONFIG_BYTES = 32_000_000
_MAX_ENTRIES = 10_000
# Keras stores its entries as they are; others may have packed the file again.
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_MAX_EXPANSION = 100
_SMALL_BYTES = 64_000_000
_ENCRYPTED = 0x1

# What zipfile and its decompressors raise for damaged files, none of them documented as a whole.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError,
    ValueError, KeyError, IndexError, OverflowError,
)  # fmt: skip


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Opens a ``.keras`` file whose entries are known to be within limits.

    Raises:
        ModelError: no regular file, no zip, encrypted, packed in an unknown way, or larger than
            it says or may be; also for what goes wrong while its entries are read.
    """
    with open_regular(path, ModelError, max_bytes=MAX_MODEL_BYTES) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                _check_entries(path, archive.infolist())
                yield archive
        except _DAMAGE as error:
            raise ModelError(f"{path}: a damaged .keras file. {first_line(error)}") from error


def _check_entries(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > _MAX_ENTRIES:
        raise ModelError(
            f"{path}: wanted at most {_MAX_ENTRIES:,} entries. Received: {len(entries):,}"
        )
    total = 0
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        if entry.flag_bits & _ENCRYPTED:
            raise ModelError(
                f"{path}: its entry {name} is encrypted. Unpack it and save the model anew."
            )
        if entry.compress_type not in _METHODS:
            raise ModelError(
                f"{path}: its entry {name} is packed by a method that Keras does not read. "
                "Save the model anew with model.save."
            )
        if name in seen:
            raise ModelError(f"{path} is refused: it holds {name} twice.")
        seen.add(name)
        total += entry.file_size
        bomb = entry.file_size > max(_SMALL_BYTES, _MAX_EXPANSION * entry.compress_size)
        if bomb or total > MAX_MODEL_BYTES:
            raise ModelError(
                f"{path} is refused: its entries claim {total / 1e6:,.0f} MB, more than a network "
                "needs or than the file can hold."
            )


def read_entry(archive: zipfile.ZipFile, name: str, max_bytes: int) -> bytes:
    """An entry's content, never more than ``max_bytes``, whatever its size is said to be.

    Raises:
        ModelError: it is not there, or larger.
    """
    try:
        info = archive.getinfo(name)
    except KeyError as error:
        raise ModelError(
            f"{archive.filename or 'This file'}: wanted a Keras model. It has no {name} inside."
        ) from error
    with archive.open(info) as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ModelError(f"{name}: wanted at most {max_bytes / 1e6:,.0f} MB. It is larger.")
    return content


def read_description(path: Path) -> tuple[Any, str]:
    """The description of the network in a ``.keras`` file, and the version of Keras that wrote it.

    Raises:
        ModelError: it cannot be read.
    """
    with open_archive(path) as archive:
        config = read_entry(archive, CONFIG_FILE, MAX_CONFIG_BYTES)
        version = ""
        if METADATA_FILE in archive.namelist():
            metadata = parse_json(
                read_entry(archive, METADATA_FILE, MAX_CONFIG_BYTES), METADATA_FILE, ModelError
            )
            if isinstance(metadata, dict):
                version = str(metadata.get("keras_version", ""))
    return parse_json(config, f"{path}: {CONFIG_FILE}", ModelError), version


def weights_entry(path: Path) -> bytes:
    """The HDF5 file with the weights inside a ``.keras`` file; of it, nothing is checked.

    Raises:
        ModelError: it is not there, or the zip is not harmless.
    """
    with open_archive(path) as archive:
        return read_entry(archive, WEIGHTS_FILE, MAX_MODEL_BYTES)


def is_zip(path: Path) -> bool:
    """Whether a regular file looks like a zip.

    Raises:
        ModelError: no regular file.
    """
    with open_regular(path, ModelError) as file:
        return zipfile.is_zipfile(file)
