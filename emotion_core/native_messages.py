"""Keeps what TensorFlow and LiteRT say about themselves out of our messages.

Both write to the process's error stream from C++, some of it before any setting is read, so that
neither an environment variable nor Python's logging reaches it. While they start, the stream is
caught; afterwards everything that is not known to be idle talk is passed on.
"""

import contextlib
import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import IO

# "I0000 00:00:1795655106.655593    9312 port.cc:153] ..." and the older form with a date.
_IDLE = re.compile(
    rb"""
    [IW]\d{4}\s\d\d:\d\d:                               # abseil, informing or warning
    | \d{4}-\d\d-\d\d\s\d\d:\d\d:\d\d\.\d+:\s[IW]\s     # TensorFlow, informing or warning
    | INFO:\s | VERBOSE:\s                              # LiteRT
    | WARNING:\ All\ log\ messages\ before\ absl::InitializeLog
    | WARNING:\ Attempting\ to\ use\ a\ delegate\ that\ only\ supports\ static
    | To\ enable\ the\ following\ instructions:         # goes on from the line before
    # Errors by level that only say that there is no graphics card, or that TensorFlow is there.
    | .*failed\ call\ to\ cuInit
    | .*Unable\ to\ register\ cu(FFT|DNN|BLAS)\ (factory|plugin)
    """,
    re.VERBOSE,
)

_catching = threading.RLock()
_started = threading.Event()


def is_idle_talk(line: bytes) -> bool:
    """Whether a line on the error stream is one that nobody needs."""
    return _IDLE.match(line) is not None


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Catches the error stream of the process; what is worth reading comes out at the end.

    Other threads' lines are caught too and come out with the rest, so keep the block short.
    """
    with _catching:
        kept = _catch()
        if kept is None:  # no error stream, or no room for a file: then nothing is caught
            yield
            return
        original, caught = kept
        try:
            yield
        finally:
            _release(original, caught)


def _catch() -> tuple[int, IO[bytes]] | None:
    original = None
    try:
        _flush()
        original = os.dup(2)
        caught = tempfile.TemporaryFile()  # noqa: SIM115 closed by _release
        os.dup2(caught.fileno(), 2)
    except OSError:
        if original is not None:
            os.close(original)
        return None
    return original, caught


def _release(original: int, caught: IO[bytes]) -> None:
    _flush()
    os.dup2(original, 2)
    with caught:
        caught.seek(0)
        for line in caught:
            if not is_idle_talk(line):
                with contextlib.suppress(OSError):
                    os.write(original, line)
    os.close(original)


def _flush() -> None:
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()


@contextlib.contextmanager
def quiet_start() -> Iterator[None]:
    """As ``quiet``, for the first block of the process only: LiteRT introduces itself once."""
    if _started.is_set():
        yield
        return
    with quiet():
        yield
    _started.set()
