"""The recordings that run in this server: whose they are, and what becomes of those left behind."""

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Interruptible(Protocol):
    """A recording; ``emotion_core.store.recorder.Recorder`` is one."""

    @property
    def id(self) -> str:
        """Of its session."""

    @property
    def stopped(self) -> bool:
        """Whether it takes no more frames."""

    def interrupt(self) -> None:
        """Ends it so that it can be resumed."""


R = TypeVar("R", bound=Interruptible)


class RunningRecordings(Generic[R]):
    """One recording for each viewer. Callable from any thread.

    A viewer whose tab was closed or reloaded leaves a recording behind, which somebody may take up
    at once. When the viewer is gone for good it is interrupted: it then waits in the store.

    Args:
        is_there: whether a viewer is known at all, maybe waiting for a browser that left.
        is_watched: whether a viewer has a browser now.
    """

    def __init__(self, is_there: Callable[[str], bool], is_watched: Callable[[str], bool]) -> None:
        self._is_there, self._is_watched = is_there, is_watched
        self._lock = threading.Lock()
        self._running: dict[str, R] = {}

    def begin(self, viewer: str, recording: R) -> None:
        """A viewer's recording begins; one that they had is interrupted."""
        with self._lock:
            before = self._running.get(viewer)
            self._running[viewer] = recording
        if before is not None:
            before.interrupt()

    def of(self, viewer: str) -> R | None:
        """The viewer's recording, also one that was ended from elsewhere; None without one."""
        with self._lock:
            return self._running.get(viewer)

    def forget(self, viewer: str) -> None:
        """The viewer has no recording any more; whoever says so has ended it."""
        with self._lock:
            self._running.pop(viewer, None)

    def left_behind(self, viewer: str) -> list[R]:
        """The recordings of others who have no browser now.

        Args:
            viewer: who asks.
        """
        with self._lock:
            others = [(v, r) for v, r in self._running.items() if v != viewer and not r.stopped]
        return [recording for v, recording in others if not self._is_watched(v)]

    def interrupt_gone(self) -> None:
        """Interrupts the recordings of viewers who will not come back. Writes to the disk."""
        with self._lock:
            gone = [viewer for viewer in self._running if not self._is_there(viewer)]
            recordings = [self._running.pop(viewer) for viewer in gone]
        for recording in recordings:
            recording.interrupt()

    def interrupt_all(self) -> None:
        """The server ends: interrupts all recordings. Writes to the disk."""
        with self._lock:
            recordings = list(self._running.values())
            self._running.clear()
        for recording in recordings:
            recording.interrupt()
