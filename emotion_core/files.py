"""Files: written whole or not at all, and known by their hash; a full disk is said in words."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from emotion_core.errors import DiskFullError, OutputError

# Some writers (HDF5, Arrow, Keras) report a full disk in a form of their own.
_FULL_CODES = frozenset({errno.ENOSPC, errno.EDQUOT})
_FULL_TEXTS = ("No space left on device", "Disk quota exceeded", "errno = 28", "errno 28")


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


def is_disk_full(error: BaseException | None) -> bool:
    """Whether an exception, or one that led to it, says that the disk is full."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, DiskFullError):
            return True
        if isinstance(error, OSError) and error.errno in _FULL_CODES:
            return True
        if isinstance(error, OSError | RuntimeError | ValueError) and any(
            text in str(error) for text in _FULL_TEXTS
        ):
            return True
        error = error.__cause__ or error.__context__
    return False


def disk_full_text(place: Path, *, need_bytes: int | None = None, kept: str = "") -> str:
    """A full disk in words: where, how much is free and wanted, and what is kept.

    Args:
        place: the file or folder that is written; it need not exist.
        need_bytes: how much more is wanted, where it is known.
        kept: a sentence on what is there all the same.
    """
    folder = next((p for p in (place, *place.absolute().parents) if p.is_dir()), Path("/"))
    try:
        free = f"{shutil.disk_usage(folder).free / 1e6:,.1f} MB are free"
    except OSError:
        free = "no room is left"
    if need_bytes is not None:
        free += f", {need_bytes / 1e6:,.1f} MB are needed"
    sentences = [f"The disk is full: {readable(place)} cannot be written; {free}.", kept]
    return " ".join(filter(None, [*sentences, "Free some space, then try again."]))


@contextmanager
def writing(place: Path, *, need_bytes: int | None = None, kept: str = "") -> Iterator[None]:
    """Turns what goes wrong while a file or folder is written into one sentence.

    Args:
        place: the file or folder that is written.
        need_bytes: how much is written, where it is known.
        kept: a sentence on what is there all the same.

    Raises:
        DiskFullError: the disk is full.
        OutputError: the system refuses to write there.
    """
    try:
        yield
    except DiskFullError as error:
        raise DiskFullError(disk_full_text(place, need_bytes=need_bytes, kept=kept)) from error
    except (OSError, RuntimeError, ValueError) as error:
        if is_disk_full(error):
            raise DiskFullError(disk_full_text(place, need_bytes=need_bytes, kept=kept)) from error
        if isinstance(error, OSError) and error.errno in _REFUSED_CODES:
            raise OutputError(f"Cannot write {readable(place)}: {error.strerror}.") from error
        raise


# What a system answers when it will not write at a place; other faults are defects of ours.
_REFUSED_CODES = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.EFBIG, errno.ENAMETOOLONG}
)


class AtomicFile:
    """A binary file that appears under its name only when it is complete.

    It is written beside its place and renamed at the end of the ``with`` block; an exception
    leaves what stood there before. Devices and pipes cannot be renamed over: they are written to
    directly.

    Raises:
        OutputError: the folder does not exist or cannot be written to.
        DiskFullError: there is no room for it, at whichever step.
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
            if is_disk_full(error):
                raise DiskFullError(disk_full_text(path)) from error
            raise OutputError(f"Cannot write {readable(path)}: {error.strerror}.") from error

    def __enter__(self) -> IO[bytes]:
        return self._file

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        try:
            with writing(self._path):
                if isinstance(error, OSError | RuntimeError) and is_disk_full(error):
                    raise error
                self._file.close()  # the last bytes may not fit on the disk
                if self._partial is not None and kind is None:
                    # mkstemp makes files for the owner only; this one gets what open() would
                    # have given.
                    mask = os.umask(0)
                    os.umask(mask)
                    self._partial.chmod(0o666 & ~mask)
                    self._partial.replace(self._path)
                    self._partial = None
        finally:
            with contextlib.suppress(OSError):
                self._file.close()
            if self._partial is not None:
                self._partial.unlink(missing_ok=True)


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
