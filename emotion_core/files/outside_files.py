"""The gate for files that come from outside: regular files only, within limits, one error type.

Whoever reads a file that a person named, dropped or put into a folder of the app opens it here, so
that a pipe does not hang the reader, ``/dev/zero`` does not fill the memory, and whatever is wrong
with the file becomes one sentence of the caller's own error type.
"""

import json
import os
import stat
from pathlib import Path
from typing import IO, Any

from emotion_core.errors import EmotionLensError, OutputError
from emotion_core.files.atomic_files import readable

#: Most bytes of a JSON, CSV or text file that the app itself writes (cards, settings, histories).
MAX_TEXT_BYTES: int = 16_000_000

#: Deepest nesting of JSON that is taken; what the app writes itself has less than ten levels. More
#: would end in a RecursionError of whoever walks through it.
MAX_JSON_DEPTH: int = 100

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def kind_of(path: Path) -> str:
    """What stands at a path, in words: empty for a regular file, links followed.

    Raises:
        OSError: nothing stands there, or it cannot be looked at.
    """
    mode = path.stat().st_mode
    if stat.S_ISREG(mode):
        return ""
    return next((word for test, word in _KINDS if test(mode)), "no regular file")


def refusal(path: Path) -> str:
    """Why nothing can be read at a path, in words; empty for a regular file, links followed.

    For readers that tell many files in one list: nothing is opened, nothing is raised.
    """
    try:
        kind = kind_of(path)
    except ValueError:  # a null character in the path
        return "not a usable path"
    except OSError as error:
        return error.strerror or type(error).__name__
    return f"{kind}, not a file" if kind else ""


def open_regular(
    path: Path, error: type[EmotionLensError], *, max_bytes: int | None = None
) -> IO[bytes]:
    """Opens a regular file for reading; never waits for a pipe.

    Args:
        path: of the file. Links are followed; what counts is what they lead to.
        error: raised for everything that is wrong with it.
        max_bytes: larger files are refused before anything is read.

    Raises:
        EmotionLensError: of the type ``error``: not there, not readable, not a regular file, or
            larger than ``max_bytes``.
    """
    name = readable(path)
    try:
        # Looked at first: opening a device can do things. Looked at again once it is open: by
        # then something else may stand there.
        kind = kind_of(path)
        if not kind:
            handle = os.open(path, os.O_RDONLY | _NO_WAITING | getattr(os, "O_BINARY", 0))
            file = os.fdopen(handle, "rb")
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                file.close()
                kind = "no regular file"
    except ValueError as cause:  # a null character in the path
        raise error(f"{name}: not a usable path.") from cause
    except OSError as cause:
        raise error(f"{name}: cannot be read: {cause.strerror}.") from cause
    if kind:
        raise error(f"{name}: wanted a file. This is {kind}.")
    if max_bytes is not None and found.st_size > max_bytes:
        file.close()
        raise error(
            f"{name}: wanted at most {max_bytes / 1e6:,.0f} MB. "
            f"Received: {found.st_size / 1e6:,.1f} MB."
        )
    return file


# Opening a pipe for reading otherwise waits until somebody writes.
_NO_WAITING = getattr(os, "O_NONBLOCK", 0)


def read_bytes(path: Path, error: type[EmotionLensError], *, max_bytes: int) -> bytes:
    """The content of a regular file; raises as ``open_regular`` does."""
    with open_regular(path, error, max_bytes=max_bytes) as file:
        try:
            data = file.read(max_bytes + 1)
        except OSError as cause:
            raise error(f"{readable(path)}: cannot be read: {cause.strerror}.") from cause
    if len(data) > max_bytes:  # it grew meanwhile, or tells no size
        raise error(f"{readable(path)}: wanted at most {max_bytes / 1e6:,.0f} MB. It is larger.")
    return data


def read_text(path: Path, error: type[EmotionLensError], *, max_bytes: int = MAX_TEXT_BYTES) -> str:
    """The content of a regular UTF-8 file, with or without a byte order mark.

    Raises:
        EmotionLensError: as ``open_regular``, or it is not UTF-8.
    """
    try:
        return read_bytes(path, error, max_bytes=max_bytes).decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        raise error(
            f"{readable(path)}: wanted text in UTF-8. Byte {cause.start} is not."
        ) from cause


def tail_of(path: Path, n: int) -> str:
    """The last ``n`` lines of a text file; empty where it cannot be read."""
    try:
        with open_regular(path, OutputError) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 200 * n - 4096))
            text = file.read().decode("utf-8", "replace")
    except (OSError, OutputError):
        return ""
    return "\n".join(text.splitlines()[-n:])


def parse_json(data: str | bytes, source: str, error: type[EmotionLensError]) -> Any:
    """JSON from outside.

    Args:
        data: the text, or its bytes in UTF-8.
        source: where it came from, for the error.
        error: raised for everything that is wrong with it.

    Raises:
        EmotionLensError: of the type ``error``: not UTF-8, not JSON, nested without end, or with
            text that cannot be written or shown.
    """
    try:
        value = json.loads(data if isinstance(data, str) else data.decode("utf-8-sig"))
    except UnicodeDecodeError as cause:
        raise error(f"{source}: wanted text in UTF-8. Byte {cause.start} is not.") from cause
    except json.JSONDecodeError as cause:
        raise error(
            f"{source}: wanted JSON. Line {cause.lineno}, column {cause.colno}: {cause.msg}."
        ) from cause
    except RecursionError as cause:
        raise error(f"{source}: wanted JSON. This one is nested too deep to be read.") from cause
    except ValueError as cause:  # a number with thousands of digits
        raise error(f"{source}: wanted JSON with numbers of a usual length.") from cause
    if fault := _unusable(value):
        raise error(f"{source}: wanted JSON. {fault}")
    return value


def _unusable(value: Any) -> str:
    """What Python takes as JSON and later stumbles over."""
    left = [(value, 0)]
    while left:
        part, depth = left.pop()
        if depth > MAX_JSON_DEPTH:
            return "This one is nested too deep to be read."
        if isinstance(part, str):
            try:
                part.encode("utf-8")
            except UnicodeEncodeError:
                return "It holds half a character (a surrogate), which is no text."
        elif isinstance(part, dict):
            left += [(inner, depth + 1) for pair in part.items() for inner in pair]
        elif isinstance(part, list):
            left += [(inner, depth + 1) for inner in part]
    return ""


def read_json(path: Path, error: type[EmotionLensError], *, max_bytes: int = MAX_TEXT_BYTES) -> Any:
    """JSON in a regular file.

    Raises:
        EmotionLensError: as ``read_text`` and ``parse_json``.
    """
    return parse_json(read_text(path, error, max_bytes=max_bytes), readable(path), error)
