"""Files: written whole or not at all, and known by their hash; a full disk is said in words."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from emotion_core.errors import DiskFullError, OutputError
from emotion_core.files.unfinished import new_file

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


def disk_full_text(
    place: Path, *, need_bytes: int | None = None, kept: str = "", then: str = "try again"
) -> str:
    """A full disk in words: where, how much is free and wanted, and what is kept.

    Args:
        place: the file or folder that is written; it need not exist.
        need_bytes: how much more is wanted, where it is known.
        kept: a sentence on what is there all the same.
        then: what to do once there is room.
    """
    free_bytes = _free_bytes(place)
    free = "no room is left" if free_bytes is None else f"{free_bytes / 1e6:,.1f} MB are free"
    if need_bytes is not None:
        free += f", {need_bytes / 1e6:,.1f} MB are needed"
    sentences = [f"The disk is full: {readable(place)} cannot be written; {free}.", kept]
    return " ".join(filter(None, [*sentences, f"Free some space, then {then}."]))


def full_disk_in_words(error: BaseException) -> str:
    """What to tell of an error that a full disk led to; empty for every other error.

    For the last nets, under which nobody knows any more what was being written.
    """
    if not is_disk_full(error):
        return ""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, DiskFullError):
            return str(cause)
        if isinstance(cause, OSError) and isinstance(cause.filename, str | bytes):
            return disk_full_text(Path(os.fsdecode(cause.filename)))
        cause = cause.__cause__ or cause.__context__
    return "The disk is full. Free some space, then try again."


def check_room(place: Path, need_bytes: int, *, kept: str = "") -> None:
    """Asks for room before work begins.

    Args:
        place: the file or folder that will be written; it need not exist.
        need_bytes: how much it will take.
        kept: a sentence on what is there all the same.

    Raises:
        DiskFullError: there is less.
    """
    free_bytes = _free_bytes(place)
    if free_bytes is not None and free_bytes < need_bytes:
        text = disk_full_text(place, need_bytes=need_bytes, kept=kept)
        raise DiskFullError(text, need_bytes)


def _free_bytes(place: Path) -> int | None:
    folder = next((p for p in (place, *place.absolute().parents) if p.is_dir()), Path("/"))
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


@contextmanager
def writing(
    place: Path, *, need_bytes: int | None = None, kept: str = "", refused: bool = True
) -> Iterator[None]:
    """Turns what goes wrong while a file or folder is written into one sentence.

    Args:
        place: the file or folder that is written.
        need_bytes: how much is written, where it is known.
        kept: a sentence on what is there all the same.
        refused: whether refusals of the system count as refusals to write there; not where other
            files are read in the block.

    Raises:
        DiskFullError: the disk is full.
        OutputError: the system refuses to write there.
    """
    try:
        yield
    except (OSError, RuntimeError, ValueError, DiskFullError) as error:
        if is_disk_full(error):
            need_bytes = need_bytes or getattr(error, "need_bytes", None)
            text = disk_full_text(place, need_bytes=need_bytes, kept=kept)
            raise DiskFullError(text, need_bytes) from error
        if refused and isinstance(error, OSError) and error.errno in _REFUSED_CODES:
            raise OutputError(f"Cannot write {readable(place)}: {error.strerror}.") from error
        raise


# What a system answers when it will not write at a place; other faults are defects of ours.
_REFUSED_CODES = frozenset(
    {
        errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.EFBIG, errno.ENAMETOOLONG,
        errno.EEXIST, errno.ENOTDIR, errno.EBUSY,
    }
)  # fmt: skip


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it.

    Raises:
        OutputError: it cannot be made.
        DiskFullError: there is no room for it.
    """
    try:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
    except OutputError as error:
        if isinstance(error.__cause__, FileExistsError | NotADirectoryError):
            raise OutputError(
                f"Cannot make the folder {readable(folder)}: a file stands in its way."
            ) from error
        raise


class AtomicFile:
    """A binary file that appears under its name only when it is complete.

    It is written beside its place and renamed at the end of the ``with`` block; an exception
    leaves what stood there before, and what a killed process leaves is deleted by the next one
    that writes in that folder. Devices and pipes cannot be renamed over: they are written to
    directly.

    Args:
        path: of the file.
        kept: a sentence for a full disk, on what is there all the same.

    Raises:
        OutputError: the folder does not exist or cannot be written to.
        DiskFullError: there is no room for it, at whichever step.
    """

    def __init__(self, path: Path, *, kept: str = "") -> None:
        self._path = path.resolve()  # a link stays a link: what it points to is replaced
        self._kept = kept
        self._partial: Path | None = None
        try:
            if self._path.exists() and not self._path.is_file():
                self._file: IO[bytes] = self._path.open("wb")
            else:
                self._partial, self._file = new_file(self._path)
        except OSError as error:
            if is_disk_full(error):
                raise DiskFullError(disk_full_text(path, kept=kept)) from error
            raise OutputError(f"Cannot write {readable(path)}: {error.strerror}.") from error

    def __enter__(self) -> IO[bytes]:
        return self._file

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        try:
            with writing(self._path, kept=self._kept):
                if isinstance(error, OSError | RuntimeError | DiskFullError) and is_disk_full(
                    error
                ):
                    raise error
                if self._partial is None or kind is not None:
                    self._file.close()  # the last bytes may not fit on the disk
                else:
                    _put_in_place(self._partial, self._path, self._file)
                    self._partial = None
        finally:
            with contextlib.suppress(OSError):
                self._file.close()
            if self._partial is not None:
                self._partial.unlink(missing_ok=True)


@contextmanager
def atomic_path(path: Path, *, kept: str = "") -> Iterator[Path]:
    """A path for writers that want a path: what they write there appears whole or not at all.

    Args:
        path: of the file that is wanted. The other path ends as it does.
        kept: a sentence for a full disk, on what is there all the same.

    Raises:
        OutputError: it cannot be written.
        DiskFullError: there is no room for it.
    """
    path = path.resolve()
    with writing(path, kept=kept):
        partial, lock = new_file(path, suffix=path.suffix)
    try:
        with writing(path, kept=kept, refused=False):
            yield partial
        if os.name == "nt":
            lock.close()  # Windows renames only closed files
        with writing(path, kept=kept), partial.open("r+b") as file:
            _put_in_place(partial, path, file)
    finally:
        lock.close()
        partial.unlink(missing_ok=True)


def _put_in_place(partial: Path, path: Path, file: IO[bytes]) -> None:
    if not file.closed:
        file.flush()
        sync(file.fileno())  # the last bytes may not fit on the disk
        if os.name == "nt":
            file.close()  # elsewhere the lock stays until the file has its name
    # mkstemp makes files for the owner only; this one gets what open() would have given.
    mask = os.umask(0)
    os.umask(mask)
    partial.chmod(0o666 & ~mask)
    partial.replace(path)


def sync(handle: int) -> None:
    """Waits until an open file or folder is on the disk; some file systems cannot tell."""
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
            raise


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
