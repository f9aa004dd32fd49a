"""Which form a path holds, told by content and not by its suffix."""

import logging
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from emotion_core.datasets.importing.containers import (
    READ_ERRORS,
    Container,
    FolderContainer,
    ZipContainer,
)
from emotion_core.datasets.importing.csv_rows import CsvSource, plan_of
from emotion_core.datasets.importing.parquet_rows import ParquetSource
from emotion_core.datasets.importing.picture_rows import FaceCropper, PictureSource
from emotion_core.datasets.importing.rows import Source
from emotion_core.datasets.importing.text_lines import SAMPLE_BYTES
from emotion_core.errors import DatasetError
from emotion_core.files.atomic_files import readable
from emotion_core.files.outside_files import open_regular, refusal

_logger = logging.getLogger(__name__)

# A Parquet file in a zip is read into memory; all of FER-2013 has 60 MB.
_MAX_PARQUET_BYTES = 400_000_000
_TABLES = (".csv", ".tsv")
# Of a folder with very many CSVs the largest are looked at.
_MOST_TABLES = 50
_PACKED = {b"\x1f\x8b": "gzip", b"7z\xbc\xaf": "7-Zip", b"Rar!": "RAR", b"BZh": "bzip2"}


def open_source(path: Path, detect: FaceCropper | None = None) -> Source:
    """Recognises the form of a file or folder.

    Raises:
        DatasetError: missing, unreadable or no data set; the message says what was looked for.
    """
    if path.is_dir():
        return _from_container(FolderContainer(path), "folder", detect)
    if reason := refusal(path):
        raise DatasetError(
            f"{readable(path)}: wanted a data set (CSV, Parquet, zip or folder). "
            f"It cannot be read: {reason}."
        )
    with open_regular(path, DatasetError) as file:
        start = file.read(8)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _from_container(ZipContainer(path), "zip", detect)
    if start.startswith(b"PAR1"):
        return ParquetSource([(readable(path.name), lambda: path)])
    for magic, kind in _PACKED.items():
        if start.startswith(magic):
            raise DatasetError(
                f"{readable(path.name)} is packed with {kind}. Unpack it and import what is in it; "
                "of archives only zip is read."
            )
    return CsvSource(
        readable(path.name), path.stat().st_size, lambda: open_regular(path, DatasetError)
    )


def _from_container(container: Container, kind: str, detect: FaceCropper | None) -> Source:
    table = _best_csv(container)
    if table is not None:
        source = CsvSource(table, container.size(table), lambda: container.open(table))
        source.form = "csv" if kind == "folder" else "csv in a zip"
        return source
    parquets = [name for name in container.names if name.lower().endswith(".parquet")]
    if parquets:
        opened = ParquetSource([(name, _parquet_opener(container, name)) for name in parquets])
        opened.form = "parquet" if kind == "folder" else "parquet in a zip"
        return opened
    return PictureSource(container, f"pictures in a {kind}", detect)


def _best_csv(container: Container) -> str | None:
    """The largest CSV with labels and pixels, one that names the splits before others."""
    names = [n for n in container.names if PurePosixPath(n).suffix.lower() in _TABLES]
    found = []
    for name in sorted(names, key=container.size, reverse=True)[:_MOST_TABLES]:
        try:
            with container.open(name) as file:
                plan = plan_of(name, file.read(SAMPLE_BYTES))[0]
        except READ_ERRORS as error:
            raise DatasetError(f"{name}: reading stopped: {error}") from error
        except DatasetError as error:
            _logger.debug("No data set: %s", error)
            continue
        found.append((plan.usage is not None, container.size(name), name))
    return max(found)[2] if found else None


def _parquet_opener(container: Container, name: str) -> Any:
    def opened() -> Any:
        if isinstance(container, FolderContainer):
            container.open(name).close()  # through the gate: pyarrow would wait for a pipe
            return container.path(name)
        if container.size(name) > _MAX_PARQUET_BYTES:
            raise DatasetError(
                f"{name} has more than {_MAX_PARQUET_BYTES // 1_000_000} MB. Unpack the zip first."
            )
        try:
            with container.open(name) as file:
                return pa.BufferReader(file.read(_MAX_PARQUET_BYTES))
        except READ_ERRORS as error:
            raise DatasetError(f"{name} is damaged inside the zip: {error}") from error

    return opened
