"""Files: written whole or not at all, and known by their hash."""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import IO, Any

from emotion_core.errors import OutputError


def readable(path: Path | str) -> str:
    """A path as text that every output can hold, also where its bytes are no valid UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file as 64 hex digits.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class AtomicFile:
    """A binary file that appears under its name only when it is complete.

    It is written beside its place and renamed at the end of the ``with`` block; an exception
    leaves what stood there before. Devices and pipes cannot be renamed over: they are written to
    directly.

    Raises:
        OutputError: the folder does not exist or cannot be written to.
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
            raise OutputError(f"Cannot write {readable(path)}: {error.strerror}.") from error

    def __enter__(self) -> IO[bytes]:
        return self._file

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self._file.close()
        except OSError:  # the last bytes did not fit on the disk
            if self._partial is not None:
                self._partial.unlink(missing_ok=True)
            raise
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
        OutputError: it cannot be written.
    """
    with AtomicFile(path) as file:
        file.write(data)


def write_json(path: Path, value: Any) -> None:
    """Writes indented JSON in one step.

    Raises:
        OutputError: it cannot be written.
    """
    write_atomic(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())
