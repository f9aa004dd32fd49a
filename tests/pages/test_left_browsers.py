"""A browser that leaves while the server sends it something is no fault; others stay faults."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from pages.parts.common.server import LeftBrowsers


async def reads_on(scope: Scope, receive: Receive, send: Send) -> None:
    """As Streamlit: it reads from a connection that a failed send has found closed."""
    browser = WebSocket(scope, receive, send)
    await browser.accept()
    await browser.close()
    try:
        await browser.receive_bytes()
    except RuntimeError:
        await browser.close()


def served(app: Any, kind: str) -> None:
    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(_: object) -> None:
        return None

    scope = {"type": kind, "headers": []}
    # In a thread of its own: browser tests leave an event loop in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, app(scope, receive, send)).result()


def test_a_browser_that_left_is_no_fault() -> None:
    with pytest.raises(RuntimeError):
        served(reads_on, "websocket")
    served(LeftBrowsers(reads_on), "websocket")


@pytest.mark.parametrize("kind", ["websocket", "http"])
def test_other_faults_stay_faults(kind: str) -> None:
    async def fails(_: Scope, __: Receive, ___: Send) -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        served(LeftBrowsers(fails), kind)
