"""Measures every kind, and removes of one kind what was shown before."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from emotion_core.disk_use.kinds import DISK_KINDS, DiskKind
from emotion_core.disk_use.measuring import Removable, Size, size_of
from emotion_core.errors import EmotionLensError, OutputError


@dataclass(frozen=True, slots=True)
class DiskUse:
    """What one kind takes.

    Attributes:
        kind: which one.
        size: of everything of this kind.
        removable: what of it can go now.
    """

    kind: DiskKind
    size: Size
    removable: tuple[Removable, ...] = ()

    @property
    def removable_bytes(self) -> int:
        """What removing all of that would free."""
        return sum(one.bytes for one in self.removable)

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "kind": self.kind.key,
            "bytes": self.size.bytes,
            "files": self.size.files,
            "removable": len(self.removable),
            "removable_bytes": self.removable_bytes,
        }


@dataclass(frozen=True, slots=True)
class CleanUp:
    """What came of it.

    Attributes:
        removed: how many things went.
        bytes: what they took.
        problems: what could not be removed and why, one sentence each.
    """

    removed: int = 0
    bytes: int = 0
    problems: tuple[str, ...] = ()


def measure(*, removable: bool = True) -> tuple[DiskUse, ...]:
    """What every kind takes, in the order of ``DISK_KINDS``.

    Args:
        removable: whether to look for what can go, too, which opens the store.
    """
    found = []
    for kind in DISK_KINDS:
        size = size_of(kind.places(), but=kind.but())
        can_go = tuple(kind.removable()) if removable and kind.removable is not None else ()
        found.append(DiskUse(kind, size, can_go))
    return tuple(found)


def clean_up(key: str, ids: Collection[str] | None = None) -> CleanUp:
    """Removes what can go of one kind.

    Args:
        key: of the kind.
        ids: those that were shown and agreed to; None for all that can go now. What came up since
            stays, and so does what is in use again.

    Raises:
        OutputError: there is no such kind, or nothing of it can go.
    """
    kind = next((kind for kind in DISK_KINDS if kind.key == key), None)
    if kind is None or kind.removable is None or kind.remove is None:
        can = ", ".join(kind.key for kind in DISK_KINDS if kind.removable is not None)
        raise OutputError(f"Wanted something that can be cleaned up: {can}. Received: {key!r}")
    removed = n_bytes = 0
    problems = []
    for one in kind.removable():
        if ids is not None and one.id not in ids:
            continue
        try:
            kind.remove(one.id)
        except EmotionLensError as error:
            problems.append(f"{one.title}: {error}")
        except OSError as error:
            problems.append(f"{one.title} cannot be removed: {error.strerror}.")
        else:
            removed += 1
            n_bytes += one.bytes
    return CleanUp(removed, n_bytes, tuple(problems))
