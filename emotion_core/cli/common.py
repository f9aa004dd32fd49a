"""What the commands share: the parser, messages, atomic files and value checks."""

import argparse
import json
import os
import sys
import tempfile
import textwrap
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any, NoReturn, TypeAlias

from emotion_core.errors import EmotionLensError

EXIT_DONE = 0
EXIT_PARTLY = 1
EXIT_FAILED = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it
EXIT_BROKEN_PIPE = 141  # 128 + SIGPIPE


class UsageError(EmotionLensError):
    """Options that do not fit together, or an output that cannot be written."""


class CommandParser(argparse.ArgumentParser):
    """A parser whose help ends in an example and whose errors are one sentence."""

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        formatter = partial(argparse.RawDescriptionHelpFormatter, max_help_position=28)
        kwargs.setdefault("formatter_class", formatter)
        kwargs.setdefault("allow_abbrev", False)
        # The example keeps its lines, so the formatter wraps nothing; the description wants it.
        kwargs["description"] = textwrap.fill(kwargs.get("description", ""), 79)
        if example:
            lines = "\n".join(f"  {line}" for line in example.splitlines())
            kwargs["epilog"] = f"example:\n{lines}"
        super().__init__(*args, **kwargs)

    def error(self, text: str) -> NoReturn:
        """Ends the program with exit code 2 and one sentence."""
        self.exit(EXIT_FAILED, f"{self.prog}: {text}. See {self.prog} --help\n")


#: What ``add_subparsers`` gives and every command's ``register`` takes.
Subparsers: TypeAlias = "argparse._SubParsersAction[CommandParser]"


def message(text: str) -> None:
    """Tells people something on stderr."""
    print(text, file=sys.stderr, flush=True)


def print_json(value: object) -> None:
    """Prints indented JSON on stdout."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def number_between(low: float, high: float) -> Callable[[str], float]:
    """An argparse type: a number from low to high."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(
                f"wanted a number from {low:g} to {high:g}, received {text!r}"
            )
        return value

    return parse


def whole_number_from(low: int) -> Callable[[str], int]:
    """An argparse type: a whole number, at least low."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if value < low:
            raise argparse.ArgumentTypeError(
                f"wanted a whole number from {low} up, received {text!r}"
            )
        return value

    return parse


def readable(path: Path | str) -> str:
    """A path as text that every output can hold, also where its bytes are no valid UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


class AtomicFile:
    """A binary file that appears under its name only when it is complete.

    It is written beside its place and renamed at the end of the ``with`` block; an exception
    leaves what stood there before. Devices and pipes cannot be renamed over: they are written to
    directly.

    Raises:
        UsageError: the folder does not exist or cannot be written to.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()  # a link stays a link: what it points to is replaced
        self._partial: Path | None = None
        try:
            if self._path.exists() and not self._path.is_file():
                self._file: IO[bytes] = self._path.open("wb")
            else:
                # Not NamedTemporaryFile: Windows renames only closed files.
                handle, name = tempfile.mkstemp(
                    dir=self._path.parent, prefix=f".{self._path.name}.", suffix=".partial"
                )
                self._partial = Path(name)
                self._file = os.fdopen(handle, "wb")
        except OSError as error:
            raise UsageError(f"Cannot write {readable(path)}: {error.strerror}.") from error

    def __enter__(self) -> IO[bytes]:
        return self._file

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._file.close()
        if self._partial is None:
            return
        if kind is not None:
            self._partial.unlink(missing_ok=True)
            return
        # mkstemp makes files for the owner only; this one gets what open() would have given.
        mask = os.umask(0)
        os.umask(mask)
        self._partial.chmod(0o666 & ~mask)
        self._partial.replace(self._path)


def write_atomic(path: Path, data: bytes) -> None:
    """Writes a file in one step: afterwards it is there whole or as it was before.

    Raises:
        UsageError: it cannot be written.
    """
    with AtomicFile(path) as file:
        file.write(data)
