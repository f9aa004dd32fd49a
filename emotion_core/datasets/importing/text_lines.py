"""A text file from outside, line by line: its encoding found, lines of any length bounded."""

import codecs
from collections.abc import Callable, Iterator
from typing import IO

from emotion_core.datasets.importing.containers import READ_ERRORS
from emotion_core.errors import DatasetError

#: 2,304 pixels of up to three digits are 9 KB, as floats 50 KB. What is longer than this is no
#: row of ours, and is never held in memory whole.
MAX_LINE = 1 << 20
_CHUNK_BYTES = 1 << 20
#: What is read to find out how a file is written.
SAMPLE_BYTES = 1 << 20

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", ""),
    (codecs.BOM_UTF32_LE, "", ""),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)


def find_encoding(start: bytes) -> tuple[str, str] | None:
    """How text is written, by its first bytes.

    Returns:
        (Python's name of the encoding, its name for people or "" for UTF-8); None where it is no
        text.
    """
    for mark, encoding, name in _MARKS:
        if start.startswith(mark):
            return (encoding, name) if encoding else None
    if b"\0" in start:
        # Pixels, commas and digits are ASCII: in UTF-16 every other byte is then zero.
        pairs = max(1, len(start) // 2)
        low, high = start[0::2].count(0) / pairs, start[1::2].count(0) / pairs
        if high > 0.9 and low < 0.01:
            return "utf-16-le", "UTF-16"
        if low > 0.9 and high < 0.01:
            return "utf-16-be", "UTF-16"
        return None
    if sum(byte < 9 for byte in start[:1000]):
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return "cp1252", "Windows-1252"
    return "utf-8", ""


class TextLines:
    """The lines of a file. ``done`` counts the bytes that were read.

    Args:
        name: of the file, for messages.
        open_file: opens it for reading.
        encoding: as ``find_encoding`` gives it.
    """

    def __init__(self, name: str, open_file: Callable[[], IO[bytes]], encoding: str) -> None:
        self.done = 0
        self._name, self._open, self._encoding = name, open_file, encoding

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """(number from 1, line without its end); of an endless line the first part.

        Raises:
            DatasetError: reading stops, on a failing disk or in a damaged zip.
        """
        self.done = 0
        decoder = codecs.getincrementaldecoder(self._encoding)(errors="replace")
        number, parts, length = 1, list[str](), 0
        for text in self._texts(decoder):
            *whole, rest = text.split("\n")
            for line in whole:
                yield number, _one([*parts, line] if length <= MAX_LINE else parts)
                number, length = number + 1, 0
                parts.clear()
            if length <= MAX_LINE:
                parts.append(rest)
            length += len(rest)
        if length:
            yield number, _one(parts)

    def _texts(self, decoder: codecs.IncrementalDecoder) -> Iterator[str]:
        try:
            with self._open() as file:
                while chunk := file.read(_CHUNK_BYTES):
                    self.done += len(chunk)
                    yield decoder.decode(chunk)
        except READ_ERRORS as error:
            raise DatasetError(f"{self._name}: reading stopped: {error}") from error
        yield decoder.decode(b"", final=True)


def _one(parts: list[str]) -> str:
    return "".join(parts).rstrip("\r").removeprefix("\ufeff")[: MAX_LINE + 1]
