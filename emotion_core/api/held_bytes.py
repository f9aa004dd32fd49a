"""How much of other people's pictures is in the memory at the same moment."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from emotion_core.api.bodies import LEAST_BYTES_PER_S
from emotion_core.api.problems import try_later

# Of an answer, so much is handed to the server at a time.
_PIECE_BYTES = 65_536
_BUSY = "The server has as many requests as it can hold."


class Held:
    """What one request holds; given back when its ``with`` block ends.

    Args:
        room: of which it is part.
    """

    def __init__(self, room: "Room") -> None:
        self._room = room
        self._bytes = 0
        self._lock = threading.Lock()
        self._is_over = False

    def add(self, n_bytes: int) -> None:
        """Holds more; threads that work for the request may call it, too.

        Raises:
            Problem: there is no room for it now (503), or the request has ended.
        """
        with self._lock:
            if self._is_over:  # what a thread adds now, nobody would give back
                raise try_later("overloaded", f"{_BUSY} Ask again in a moment.", 1)
            self._room.use(n_bytes)
            self._bytes += n_bytes

    def give_back(self, n_bytes: int) -> None:
        """Holds less, before the request ends."""
        with self._lock:
            self._room.free(n_bytes)
            self._bytes -= n_bytes

    def __enter__(self) -> Self:
        self._room.enter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._is_over = True
            self._room.leave(self._bytes)


class Room:
    """What all requests hold together.

    Args:
        max_requests: more are refused.
        max_bytes: more are refused.
    """

    def __init__(self, max_requests: int, max_bytes: int = 0) -> None:
        self._max_requests = max_requests
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
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
        with self._lock:
            if self.requests >= self._max_requests:
                raise try_later("overloaded", f"{_BUSY} Ask again in a moment.", 1)
            self.requests += 1

    def use(self, n_bytes: int) -> None:
        """Counts bytes.

        Raises:
            Problem: there are too many (503).
        """
        with self._lock:
            if self.bytes + n_bytes > self._max_bytes:
                raise try_later("overloaded", f"{_BUSY} Ask again in a moment, or send less.", 2)
            self.bytes += n_bytes

    def free(self, n_bytes: int) -> None:
        """Takes bytes off the count."""
        with self._lock:
            self.bytes -= n_bytes

    def leave(self, n_bytes: int) -> None:
        """Takes a request and its bytes off the count."""
        with self._lock:
            self.requests -= 1
            self.bytes -= n_bytes


class HeldAnswer(StreamingResponse):
    """A large answer, which counts as held until the client has taken it.

    Args:
        content: all of it.
        holding: ends when it is sent, or cannot be.
        idle_s: how much longer than over a slow connection it may take.
        media_type: of the content.
    """

    def __init__(
        self,
        content: bytes,
        holding: AbstractContextManager[Any],
        *,
        idle_s: float,
        media_type: str,
    ) -> None:
        # In pieces: the server waits before each until the client took those before.
        super().__init__(
            _pieces(content),
            headers={"Content-Length": str(len(content))},
            media_type=media_type,
        )
        self._holding = holding
        self._most_s = idle_s + len(content) / LEAST_BYTES_PER_S

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it.

        Raises:
            ClientDisconnect: the client does not take it, which is the same as being gone.
        """
        with self._holding:
            try:
                async with asyncio.timeout(self._most_s):
                    await super().__call__(scope, receive, send)
            except TimeoutError:
                raise ClientDisconnect from None


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for begin in range(0, len(content), _PIECE_BYTES):
        yield content[begin : begin + _PIECE_BYTES]
