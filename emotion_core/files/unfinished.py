"""Files and folders that are being written: their names, their locks, and what becomes of them.

A process that is killed leaves them behind. Each is locked by whoever writes it, and the system
frees the lock when that process ends, so that leftovers are told from the work of another process
without a clock. What is cleaned away has our mark in its name and belongs to this user.
"""

import contextlib
import os
import re
import shutil
import stat
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_MARK = ".emotion-lens-"
_NAME = re.compile(rf"\..*{re.escape(_MARK)}[a-z0-9_]{{8}}\.partial(\.\w+)?", re.DOTALL)
# So much of the real name, so that the whole fits where names have at most 255 bytes.
_NAME_CHARACTERS = 40
# Where the file system has no locks, what nobody touched for so long is nobody's.
_NOBODYS_AFTER_S = 86_400.0
# A cleaner may take what has just been made and is not locked yet; then it is made again.
_TRIES = 20

# Inside of an unfinished folder: the lock, and folders under their own names.
_LOCK, NEW, OLD, GONE = "lock", "new", "old", "gone"

# Folders that this process has cleaned.
_cleaned: set[Path] = set()


def new_file(place: Path, *, suffix: str = "") -> tuple[Path, IO[bytes]]:
    """Makes an empty file beside a place, open for writing and locked until it is closed.

    Args:
        place: the file that it will be.
        suffix: end of its name, for writers that go by it.

    Raises:
        OSError: it cannot be made.
    """
    clean_once(place.parent)
    for _ in range(_TRIES):
        # Not NamedTemporaryFile: Windows renames only closed files.
        handle, name = tempfile.mkstemp(
            dir=place.parent, prefix=_prefix(place.name), suffix=f".partial{suffix}"
        )
        file = os.fdopen(handle, "wb")
        # Windows deletes no open file, and its locks would keep out other writers of this process.
        if os.name == "nt" or _is_held(file, Path(name)):
            return Path(name), file
        file.close()
    raise FileExistsError(f"{place.parent} is being cleaned again and again.")


class UnfinishedFolder:
    """A hidden folder beside a place, locked until it is closed, which deletes it.

    Args:
        place: the folder that its content will be. The folder around it must be there.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, place: Path) -> None:
        for _ in range(_TRIES):
            self.path = Path(
                tempfile.mkdtemp(dir=place.parent, prefix=_prefix(place.name), suffix=".partial")
            )
            try:
                self._lock = (self.path / _LOCK).open("ab")
            except FileNotFoundError:
                continue
            except OSError:
                self.path.rmdir()
                raise
            if _is_held(self._lock, self.path / _LOCK):
                return
            self._lock.close()
        raise FileExistsError(f"{place.parent} is being cleaned again and again.")

    def room(self, kind: str, name: str) -> Path:
        """Path of a folder inside that is called as it will be, or was, outside."""
        (self.path / kind).mkdir()
        return self.path / kind / name

    def close(self) -> None:
        """Deletes it with all that is still in it."""
        _delete_locked(self.path, self._lock)


def is_unfinished(name: str) -> bool:
    """Whether a file or folder of this name is one that is being written, or was left over."""
    return _NAME.fullmatch(name) is not None


def clean(folder: Path) -> None:
    """Deletes what killed processes left in a folder, and ends the swaps that they began."""
    try:
        with os.scandir(folder) as entries:
            found = [Path(entry.path) for entry in entries if is_unfinished(entry.name)]
    except OSError:
        return
    for path in found:
        # Somebody else may clean at the same time; what cannot be cleaned stays.
        with contextlib.suppress(OSError):
            mode = path.lstat().st_mode
            if not _is_own(path):
                continue
            if stat.S_ISDIR(mode):
                _settle(path)
            elif stat.S_ISREG(mode):
                _drop(path)


def clean_once(folder: Path) -> None:
    """Cleans a folder the first time that this process writes there."""
    folder = folder.absolute()
    if folder not in _cleaned:
        _cleaned.add(folder)
        clean(folder)


def clean_below(root: Path) -> None:
    """Cleans a folder and all folders in it. Links are not followed."""
    for folder, names, _ in os.walk(root):
        clean(Path(folder))
        names[:] = [name for name in names if not is_unfinished(name)]


def try_lock(file: IO[bytes]) -> None:
    """Takes an open file's lock if it is free, until the file is closed; never waits.

    Not the package ``filelock``, which locks a file beside the one that is written: here the very
    file is locked, so that whoever finds it knows at once whether it is somebody's, and no second
    file can be left over.

    Raises:
        OSError: the lock is held (``BlockingIOError``; on Windows any ``OSError``), or this file
            system has no locks.
    """
    if sys.platform == "win32":
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _prefix(name: str) -> str:
    return f".{name[:_NAME_CHARACTERS]}{_MARK}"


def _is_held(file: IO[bytes], path: Path) -> bool:
    """Locks a new file; False when a cleaner was quicker."""
    try:
        try_lock(file)
    except BlockingIOError:
        return False
    except OSError:  # no locks on this file system: it is kept by its age
        return True
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.lstat())
    except FileNotFoundError:
        return False


def _is_own(path: Path) -> bool:
    return os.name == "nt" or path.lstat().st_uid == os.geteuid()


def _is_nobodys(file: IO[bytes], path: Path) -> bool:
    """Takes the lock of something unfinished; False while somebody writes it."""
    try:
        try_lock(file)
    except BlockingIOError:
        return False
    except OSError:
        return os.name != "nt" and time.time() - path.lstat().st_mtime > _NOBODYS_AFTER_S
    return True


def _opened(path: Path, flags: int) -> IO[bytes]:
    return os.fdopen(os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600), "r+b")


def _drop(path: Path) -> None:
    if os.name == "nt":
        path.unlink()  # fails while it is open
        return
    with _opened(path, os.O_RDWR) as file:
        if _is_nobodys(file, path):
            path.unlink()


def _settle(folder: Path) -> None:
    """Ends the swap of a process that was killed, then deletes what it left."""
    with _opened(folder / _LOCK, os.O_RDWR | os.O_CREAT) as lock:
        if not _is_nobodys(lock, folder):
            return
        for old in (folder / OLD).iterdir() if (folder / OLD).is_dir() else ():
            # The old one goes only once the new one is whole, so the new one takes its place.
            place, new = folder.parent / old.name, folder / NEW / old.name
            if not os.path.lexists(place):
                (new if new.exists() else old).rename(place)
        _delete_locked(folder, lock)


def _delete_locked(folder: Path, lock: IO[bytes]) -> None:
    """Deletes a folder while its lock is held; Windows deletes an open file only afterwards."""
    # A half deleted one must never come back, should somebody delete the one in its place.
    with contextlib.suppress(OSError):
        (folder / OLD).rename(folder / GONE)
    # The lock last: others look for it.
    for path in (folder / kind for kind in (GONE, NEW, OLD)):
        shutil.rmtree(path, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    lock.close()
    if os.name == "nt":
        shutil.rmtree(folder, ignore_errors=True)
