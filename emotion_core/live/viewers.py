"""How many people may watch at once: on two cores a third would ruin the picture for all."""

import os
import threading
import time
from collections.abc import Callable

from emotion_core.paths import MAX_VIEWERS_ENV

DEFAULT_LIMIT = 2

# A viewer whose frames stop without a goodbye (closed laptop, lost network) gives the place back.
_GONE_AFTER_S = 10.0


class ViewerGate:
    """Counts viewers. One per server; callable from any thread.

    Raises:
        ValueError: ``limit`` is below 1.
    """

    def __init__(self, limit: int, *, now: Callable[[], float] = time.monotonic) -> None:
        if limit < 1:
            raise ValueError(f"limit: wanted at least 1 viewer. Received: {limit}")
        self.limit = limit
        self._now = now
        self._lock = threading.Lock()
        self._seen: dict[str, float] = {}

    def enter(self, viewer: str) -> bool:
        """Takes a place, or keeps it; False where all are taken. To be called with every frame."""
        with self._lock:
            inside = self._has_room(viewer)
            if inside:
                self._seen[viewer] = self._now()
            return inside

    def has_room(self, viewer: str) -> bool:
        """Whether this viewer has a place or could take one."""
        with self._lock:
            return self._has_room(viewer)

    def leave(self, viewer: str) -> None:
        """Gives the place back."""
        with self._lock:
            self._seen.pop(viewer, None)

    def viewers(self) -> int:
        """How many places are taken."""
        with self._lock:
            self._forget()
            return len(self._seen)

    def _has_room(self, viewer: str) -> bool:
        self._forget()
        return viewer in self._seen or len(self._seen) < self.limit

    def _forget(self) -> None:
        now = self._now()
        self._seen = {v: at for v, at in self._seen.items() if now - at <= _GONE_AFTER_S}


def limit_from_environment() -> int:
    """The limit that is set, or 2 where it is unset or not a number of 1 or more."""
    text = os.environ.get(MAX_VIEWERS_ENV, "")
    return int(text) if text.isdecimal() and int(text) >= 1 else DEFAULT_LIMIT
