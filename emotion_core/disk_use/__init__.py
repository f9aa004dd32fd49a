"""What the things of an installation take of the disk, by kind, and what of it can go.

Only what can be made again, or was given up already, is offered: caches, exports, older backups,
records of jobs that are done, deleted sessions, uploads that nobody goes on with, and what killed
processes left. Everything else belongs to somebody and is removed on its own page.
"""

from emotion_core.disk_use.clean_up import CleanUp, DiskUse, clean_up, measure
from emotion_core.disk_use.kinds import DISK_KINDS, DiskKind, free_bytes
from emotion_core.disk_use.measuring import Removable, Size, size_of

__all__ = [
    "DISK_KINDS", "CleanUp", "DiskKind", "DiskUse", "Removable", "Size", "clean_up",
    "free_bytes", "measure", "size_of",
]  # fmt: skip
