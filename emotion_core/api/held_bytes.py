"""How much of other people's pictures is in the memory at the same moment."""

from types import TracebackType
from typing import Self

from emotion_core.api.problems import try_later

_BUSY = "The server has as many requests as it can hold."


class Held:
    """What one request holds; given back when its ``with`` block ends.

    Args:
        room: of which it is part.
    """

    def __init__(self, room: "Room") -> None:
        self._room = room
        self._bytes = 0

    def add(self, n_bytes: int) -> None:
        """Holds more.

        Raises:
            Problem: there is no room for it now (503).
        """
        self._room.use(n_bytes)
        self._bytes += n_bytes

    def __enter__(self) -> Self:
        self._room.enter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._room.leave(self._bytes)


class Room:
    """What all requests hold together. Belongs to the event loop's thread.

    Args:
        max_requests: more are refused.
        max_bytes: more are refused.
    """

    def __init__(self, max_requests: int, max_bytes: int = 0) -> None:
        self._max_requests = max_requests
        self._max_bytes = max_bytes
        self.requests = 0
        self.bytes = 0

    def request(self) -> Held:
        """For one request, as a ``with`` block; it raises a Problem (503) when there is no room."""
        return Held(self)

    def enter(self) -> None:
        """Counts a request.

        Raises:
            Problem: there are too many (503).
        """
        if self.requests >= self._max_requests:
            raise try_later("overloaded", f"{_BUSY} Ask again in a moment.", 1)
        self.requests += 1

    def use(self, n_bytes: int) -> None:
        """Counts bytes.

        Raises:
            Problem: there are too many (503).
        """
        if self.bytes + n_bytes > self._max_bytes:
            raise try_later("overloaded", f"{_BUSY} Ask again in a moment, or send less.", 2)
        self.bytes += n_bytes

    def leave(self, n_bytes: int) -> None:
        """Takes a request and its bytes off the count."""
        self.requests -= 1
        self.bytes -= n_bytes
