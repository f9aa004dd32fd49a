"""How much files take."""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Size:
    """What some files and folders take.

    Attributes:
        bytes: of the files' content; one with several names counts once.
        files: how many.
    """

    bytes: int = 0
    files: int = 0

    def __add__(self, other: "Size") -> "Size":
        return Size(self.bytes + other.bytes, self.files + other.files)


@dataclass(frozen=True, slots=True)
class Removable:
    """Something that can go.

    Attributes:
        id: by which it is named to be removed.
        title: what it is called, for people.
        bytes: what that would free.
        modified: Unix time of its last change.
    """

    id: str
    title: str
    bytes: int
    modified: float


def size_of(paths: Iterable[Path], *, but: Iterable[Path] = ()) -> Size:
    """What files and folders take. Links are not followed; what cannot be looked at counts 0.

    Args:
        paths: they need not exist.
        but: folders inside that are left out.
    """
    left_out = {str(path) for path in but}
    seen: set[tuple[int, int]] = set()
    n_bytes = n_files = 0
    waiting = [str(path) for path in paths]
    while waiting:
        path = waiting.pop()
        if path in left_out:
            continue
        try:
            found = os.lstat(path)
            if stat.S_ISDIR(found.st_mode):
                with os.scandir(path) as entries:
                    waiting += [entry.path for entry in entries]
                continue
        except OSError:
            continue
        if stat.S_ISREG(found.st_mode) and (found.st_dev, found.st_ino) not in seen:
            seen.add((found.st_dev, found.st_ino))
            n_bytes += found.st_size
            n_files += 1
    return Size(n_bytes, n_files)


def changed(path: Path) -> float:
    """When a file or folder was changed last, Unix time; 0 where nobody knows."""
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0
