"""Locks between processes under an agreed file name, which go away with their owner."""

from pathlib import Path

from filelock import FileLock


def named_lock(path: Path) -> FileLock:
    """Held by at most one process; the system frees it when that process ends, however it ends.

    ``acquire`` raises ``filelock.Timeout``, which is an ``OSError``, when another one holds it; it
    waits only if it is given a ``timeout``.

    Args:
        path: of the lock file; it stays there.
    """
    # Kept, because who deletes a lock file may delete the one that the next owner has just locked;
    # and with it the package takes no lock that outlives a killed owner where there is no flock.
    return FileLock(path, timeout=0, preserve_lock_file=True)


def is_locked(path: Path) -> bool:
    """Whether some process holds a lock."""
    if not path.is_file():
        return False
    try:
        with named_lock(path):
            return False
    except OSError:
        return True
