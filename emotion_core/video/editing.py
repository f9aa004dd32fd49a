"""What can be changed of what was read, wherever that is kept: beside a video, or in a session."""

from collections.abc import Sequence
from typing import Any, Protocol

from emotion_core.video.markers import MARKER, Marker


class EditableMarkers(Protocol):
    """Moments and intervals that can be changed, and each change taken back."""

    def add(
        self, start_s: float, end_s: float | None = None, text: str = "", kind: str = MARKER
    ) -> Marker:
        """Sets a marker."""

    def change(self, marker: str, **values: Any) -> Marker:
        """Changes some of a marker's ``start_s``, ``end_s``, ``text`` and ``kind``."""

    def remove(self, marker: str) -> None:
        """Removes a marker."""

    def undo(self) -> object:
        """Takes the last change back; what it returns is true if there was one."""


class EditablePeople(Protocol):
    """People who can be named, merged, split and hidden, and each change taken back."""

    def name(self, person: int, name: str) -> None:
        """Names a person; an empty name takes the name away."""

    def merge(self, person: int, into: int) -> None:
        """Makes one person of two; the second stays."""

    def join(self, people: Sequence[int], into: int, name: str = "") -> None:
        """Makes one person of several, who may be named at once; taken back in one step."""

    def split(self, person: int, time_s: float) -> object:
        """Makes two people of one: from a time on it is somebody else."""

    def hide(self, person: int, hidden: bool = True) -> None:
        """Leaves a person out of everything, or shows them again."""

    def hide_all(self, people: Sequence[int], hidden: bool = True) -> None:
        """As ``hide``, for several people; taken back in one step."""

    def undo(self) -> object:
        """Takes the last change back; what it returns is true if there was one."""
