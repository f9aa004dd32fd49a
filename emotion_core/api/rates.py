"""How often a client may ask: a bucket of allowances that fills up again."""

import time
from collections import OrderedDict
from collections.abc import Callable

# Clients that are remembered; whoever asked longest ago is forgotten first, with a full bucket.
_MOST_CLIENTS = 10_000


class Rates:
    """Allowances per client: as many at once as a minute allows, then evenly.

    Belongs to one thread.

    Args:
        per_minute: allowances that come up in a minute, and the most that are saved up.
        now: the clock, seconds.
    """

    def __init__(self, per_minute: float, now: Callable[[], float] = time.monotonic) -> None:
        self._most = max(1.0, per_minute)
        self._per_s = per_minute / 60
        self._now = now
        self._clients: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> float:
        """Uses up one allowance.

        Returns:
            0; or, when there is none, in how many seconds there will be one.
        """
        left = self._left(client)
        if left < 1:
            return (1 - left) / self._per_s
        self._put(client, left - 1)
        return 0.0

    def wait_s(self, client: str) -> float:
        """In how many seconds there will be an allowance, without using one up."""
        left = self._left(client)
        return 0.0 if left >= 1 else (1 - left) / self._per_s

    def _left(self, client: str) -> float:
        then, left = self._clients.get(client, (self._now(), self._most))
        return min(self._most, left + (self._now() - then) * self._per_s)

    def _put(self, client: str, left: float) -> None:
        self._clients[client] = (self._now(), left)
        self._clients.move_to_end(client)
        while len(self._clients) > _MOST_CLIENTS:
            self._clients.popitem(last=False)
