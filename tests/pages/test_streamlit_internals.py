"""What the product uses of Streamlit's inside is still there and does what it did."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.runtime import Runtime
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager

from pages.parts.common import abandoned_sessions
from pages.parts.common.abandoned_sessions import close_those
from pages.parts.common.page_list import PAGES
from pages.parts.common.server import page_html
from pages.parts.common.streamlit_internals import is_host_allowed, sessions_without_browser

ROOT = Path(__file__).resolve().parents[2]


class Server:
    """Stands for the runtime, with Streamlit's own manager of sessions."""

    def __init__(self) -> None:
        self._session_mgr = WebsocketSessionManager(
            MemorySessionStorage(ttl_seconds=120), *[None] * 3
        )
        self.closed: list[str] = []

    def add(self, name: str, *, browser: bool) -> None:
        info = SimpleNamespace(session=SimpleNamespace(id=name, shutdown=lambda: None), client=None)
        if browser:
            self._session_mgr._active_session_info_by_id[name] = info
        else:
            self._session_mgr._session_storage.save(info)

    def close_session(self, session: str) -> None:
        self.closed.append(session)
        self._session_mgr.close_session(session)


def test_a_session_that_nobody_looks_at_is_closed_in_time() -> None:
    server: Any = Server()
    server.add("gone", browser=False)
    server.add("there", browser=True)
    assert sessions_without_browser(server) == ["gone"]
    left = close_those(server, {}, 1000.0, 100.0)
    assert (left, server.closed) == ({"gone": 1000.0}, [])
    left = close_those(server, left, 1099.0, 100.0)
    assert (left, server.closed) == ({"gone": 1000.0}, [])
    server.add("later", browser=False)
    left = close_those(server, left, 1100.0, 100.0)
    assert (left, server.closed) == ({"later": 1100.0}, ["gone"])
    assert sessions_without_browser(server) == ["later"]


def test_a_session_that_is_looked_at_again_begins_anew() -> None:
    server: Any = Server()
    server.add("gone", browser=False)
    left = close_those(server, {}, 0.0, 100.0)
    server._session_mgr._session_storage.delete("gone")
    left = close_those(server, left, 50.0, 100.0)
    server.add("gone", browser=False)
    assert close_those(server, left, 110.0, 100.0) == {"gone": 110.0}
    assert server.closed == []


def test_it_is_over_before_streamlit_forgets() -> None:
    """Afterwards the session is in no list any more, and nobody could close it."""
    kept_s, look_every_s = abandoned_sessions.close_abandoned_sessions.__defaults__
    assert kept_s + 2 * look_every_s < MemorySessionStorage()._cache.ttl
    assert hasattr(Runtime, "close_session")


def test_a_failed_look_does_not_end_the_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    def look(*_: object) -> dict[str, float]:
        looks.append(1)
        raise RuntimeError("changed")

    monkeypatch.setattr(abandoned_sessions, "close_those", look)
    monkeypatch.setattr(abandoned_sessions.runtime, "exists", lambda: True)
    monkeypatch.setattr(abandoned_sessions.runtime, "get_instance", lambda: None)

    async def watch() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(abandoned_sessions.close_abandoned_sessions(1, 0.01), 0.3)

    # In a thread of its own: browser tests leave an event loop in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, watch()).result()
    assert len(looks) > 2


def test_every_page_says_where_its_server_is() -> None:
    html = page_html()
    assert html.index("BACKEND_BASE_URL") < html.index('<script type="module"')
    assert set(PAGES) == {path.stem for path in (ROOT / "pages").glob("[!_]*.py")}


def test_hosts_are_matched_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit import config

    monkeypatch.setattr(config, "get_option", lambda _: ["127.0.0.1", "localhost", "::1"])
    for host in ("127.0.0.1:8000", "localhost", "[::1]:8000"):
        assert is_host_allowed(host)
    for host in ("evil.example", "127.0.0.1.evil.example", "evil@127.0.0.1", "", None):
        assert not is_host_allowed(host)
