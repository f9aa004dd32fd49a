"""Locks between processes under an agreed file name, which go away with their owner."""

from pathlib import Path

from filelock import FileLock


def named_lock(path: Path, *, timeout_s: float = 0.0) -> FileLock:
    """Held by at most one process; the system frees it when that process ends, however it ends.

    ``acquire`` raises ``filelock.Timeout``, which is an ``OSError``, when another one holds it.

    Args:
        path: of the lock file; it stays there.
        timeout_s: how long to wait for it; 0: not at all.
    """
    # Kept, because who deletes a lock file may delete the one that the next owner has just locked;
    # and with it the package takes no lock that outlives a killed owner where there is no flock.
    return FileLock(path, timeout=timeout_s, preserve_lock_file=True)
