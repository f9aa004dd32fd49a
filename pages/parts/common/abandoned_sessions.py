"""Ends sessions whose tab was closed, so that their photos and addresses go.

What they were recording is interrupted: it is whole on the disk, and can be resumed.

Streamlit keeps a session for two minutes after its connection broke, for a browser that comes
back. Afterwards it forgets the session without ending it: uploaded photos stay in memory and their
``/media`` addresses go on answering until a garbage collection happens to find them.
"""

import asyncio
import logging
import time

from pages.parts.common.recordings import RUNNING
from pages.parts.common.streamlit_internals import (
    Runtime,
    running_server,
    sessions_without_browser,
)

#: Seconds that a session without a browser is kept; Streamlit forgets it after 120.
KEPT_S = 100.0
_LOOK_EVERY_S = 5.0

_logger = logging.getLogger(__name__)


async def close_abandoned_sessions(
    kept_s: float = KEPT_S, look_every_s: float = _LOOK_EVERY_S
) -> None:
    """Looks again and again, on the server's event loop, until it is cancelled.

    Args:
        kept_s: seconds that a session without a browser is kept.
        look_every_s: seconds between two looks.
    """
    left: dict[str, float] = {}
    while True:
        await asyncio.sleep(look_every_s)
        try:
            if server := running_server():
                left = close_those(server, left, time.monotonic(), kept_s)
                await asyncio.to_thread(RUNNING.interrupt_gone)
        except Exception:
            _logger.exception("Abandoned sessions could not be closed")


def close_those(
    server: Runtime, left: dict[str, float], now_s: float, kept_s: float
) -> dict[str, float]:
    """Closes the sessions that nobody has looked at for long.

    Args:
        server: Streamlit's runtime. To be called on its event loop.
        left: {session: when it was first seen without a browser}, from the look before.
        now_s: of a monotonic clock.
        kept_s: seconds that a session without a browser is kept.

    Returns:
        The same of this look.
    """
    alone = sessions_without_browser(server)
    seen = {session: left.get(session, now_s) for session in alone}
    for session, since in list(seen.items()):
        if now_s - since >= kept_s:
            server.close_session(session)
            del seen[session]
    return seen
