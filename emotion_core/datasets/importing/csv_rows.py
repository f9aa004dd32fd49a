"""Kaggle's CSV files: one face per line, its pixels as text."""

import csv
from collections.abc import Callable, Iterator
from typing import IO

from emotion_core.datasets.importing.containers import READ_ERRORS
from emotion_core.datasets.importing.rows import (
    RejectedRow,
    RowError,
    SourceRow,
    read_label,
    read_pixels,
    shown,
)
from emotion_core.datasets.importing.splits import UNKNOWN, parse_split
from emotion_core.errors import DatasetError

# 2,304 pixels of up to three digits are 9 KB. What is longer than this is no row of ours, and is
# never held in memory whole.
_MAX_LINE_BYTES = 1 << 18

_EMOTION, _PIXELS, _USAGE = ("emotion", "label"), ("pixels",), ("usage", "split")


def csv_columns(start: bytes) -> dict[str, int] | None:
    """Where emotion, pixels and usage stand, by the first line of a file; None if it has not both
    of the first two. Names may have spaces around them, as in ``icml_face_data.csv``.
    """
    if b"\0" in start:
        return None
    line = start.split(b"\n", 1)[0].decode("utf-8-sig", errors="replace")
    names = [name.strip().lower() for name in _fields(line)]
    found: dict[str, int] = {}
    for key, spellings in (("emotion", _EMOTION), ("pixels", _PIXELS), ("usage", _USAGE)):
        for spelling in spellings:
            if spelling in names:
                found.setdefault(key, names.index(spelling))
    return found if {"emotion", "pixels"} <= found.keys() else None


class CsvSource:
    """Reads ``fer2013.csv``, ``icml_face_data.csv`` and their likes, a line at a time."""

    no_row_order = ""
    set_name = ""

    def __init__(self, name: str, size: int, open_file: Callable[[], IO[bytes]]) -> None:
        """
        Args:
            name: of the file, for messages.
            size: bytes.
            open_file: opens it for reading.

        Raises:
            DatasetError: its columns are not those of a data set.
        """
        self.form = "csv"
        self.notes: list[str] = []
        self.done, self.total = 0, size
        self._name, self._open = name, open_file
        with open_file() as file:
            start = self._read(file)
        self.done = 0
        columns = csv_columns(start)
        if columns is None:
            raise DatasetError(_wrong_columns(name, start))
        self._columns = columns
        if "usage" not in columns:
            self.notes.append(
                "The file names no splits: eight of ten rows went to Training, one each to "
                "PublicTest and PrivateTest."
            )

    def rows(self) -> Iterator[SourceRow | RejectedRow]:
        with self._open() as file:
            number = 0
            for line_number, line in self._lines(file):
                if line_number == 1 or not line.strip():
                    continue
                try:
                    yield self._row(line, number)
                except RowError as error:
                    yield RejectedRow(line_number, self._name, str(error))
                number += 1

    def _lines(self, file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
        number = 0
        while line := self._read(file):
            number += 1
            rest = line
            while len(rest) == _MAX_LINE_BYTES and not rest.endswith(b"\n"):
                rest = self._read(file)
            yield number, line

    def _read(self, file: IO[bytes]) -> bytes:
        try:
            line = file.readline(_MAX_LINE_BYTES)
        except READ_ERRORS as error:  # a disk that fails, or a zip that is damaged in its middle
            raise DatasetError(f"{self._name}: reading stopped: {error}") from error
        self.done += len(line)
        return line

    def _row(self, line: bytes, number: int) -> SourceRow:
        if len(line) == _MAX_LINE_BYTES:
            raise RowError(f"wanted a face of 2,304 pixels, the line is over {len(line):,} bytes")
        # Line by line, so that a stray quotation mark spoils one row and not all that follow.
        fields = _fields(line.decode("utf-8", errors="replace"))
        if len(fields) <= max(self._columns.values()):
            raise RowError(
                f"wanted at least {max(self._columns.values()) + 1} columns, received {len(fields)}"
            )
        usage: str | None = UNKNOWN
        if "usage" in self._columns:
            text = fields[self._columns["usage"]]
            usage = parse_split(text)
            if usage is None:
                raise RowError(
                    f"wanted Training, PublicTest or PrivateTest, received {shown(text)}"
                )
        label = read_label(fields[self._columns["emotion"]])
        return SourceRow(read_pixels(fields[self._columns["pixels"]]), label, usage or "", number)


def _fields(line: str) -> list[str]:
    try:
        return next(csv.reader([line.rstrip("\r\n")]), [])
    except csv.Error:  # a field over the module's limit: no row of ours
        return []


def _wrong_columns(name: str, start: bytes) -> str:
    if not start.strip():
        return f"{name} is empty. Wanted the columns emotion, pixels and Usage and a face per line."
    if b"\0" in start or sum(byte < 9 for byte in start[:1000]):
        return (
            f"{name} is a binary file. Wanted a CSV, a Parquet file, a zip or a folder of pictures."
        )
    found = ", ".join(shown(field, 20) for field in _fields(start.decode("utf-8", "replace"))[:8])
    return (
        f"{name}: wanted a CSV whose first line names the columns emotion, pixels and Usage. "
        f"Found: {found or 'nothing'}"
    )
