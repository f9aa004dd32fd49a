"""What is used of the inside of Streamlit is there, does what it did, and is in one file."""

import ast
import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import streamlit as st
import streamlit_webrtc.component
from streamlit.runtime import Runtime
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string
from streamlit_webrtc import WebRtcStreamerContext

from pages.parts.common import abandoned_sessions, streamlit_internals
from pages.parts.common.abandoned_sessions import close_those
from pages.parts.common.page_list import PAGES
from pages.parts.common.streamlit_internals import (
    XSRF_COOKIE_NAME,
    comes_from_own_page,
    count_no_runs,
    enter_through_app,
    index_page,
    is_host_allowed,
    is_session_run,
    is_session_there,
    running_server,
    sessions_without_browser,
)

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


def test_a_session_is_there_until_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    server: Any = Server()
    server.add("gone", browser=False)
    server.add("there", browser=True)
    monkeypatch.setattr(streamlit_internals, "running_server", lambda: server)
    assert is_session_there("gone")  # a browser may come back
    assert is_session_there("there")
    assert not is_session_there("unknown")
    server.close_session("gone")
    assert not is_session_there("gone")
    monkeypatch.setattr(streamlit_internals, "running_server", lambda: None)
    assert not is_session_there("there")


def test_a_request_from_elsewhere_lacks_the_repeated_cookie() -> None:
    cookie = generate_xsrf_token_string()
    cookies = {XSRF_COOKIE_NAME: cookie}
    assert comes_from_own_page({"X-Xsrftoken": cookie}, cookies)
    assert not comes_from_own_page({}, cookies)
    assert not comes_from_own_page({"X-Xsrftoken": cookie}, {})
    assert not comes_from_own_page({"X-Xsrftoken": generate_xsrf_token_string()}, cookies)


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
    monkeypatch.setattr(abandoned_sessions, "running_server", object)

    async def watch() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(abandoned_sessions.close_abandoned_sessions(1, 0.01), 0.3)

    # In a thread of its own: browser tests leave an event loop in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, watch()).result()
    assert len(looks) > 2


def test_every_page_says_where_its_server_is() -> None:
    html = index_page(tuple(PAGES))
    assert html.index("BACKEND_BASE_URL") < html.index('<script type="module"')
    assert set(PAGES) == {path.stem for path in (ROOT / "pages").glob("[!_]*.py")}


def test_hosts_are_matched_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit import config

    monkeypatch.setattr(config, "get_option", lambda _: ["127.0.0.1", "localhost", "::1"])
    for host in ("127.0.0.1:8000", "localhost", "[::1]:8000"):
        assert is_host_allowed(host)
    for host in ("evil.example", "127.0.0.1.evil.example", "evil@127.0.0.1", "", None):
        assert not is_host_allowed(host)


def test_a_session_runs_a_file_and_the_server_imports_it() -> None:
    def script() -> None:
        import streamlit as st

        from pages.parts.common.streamlit_internals import is_session_run

        st.write(is_session_run())

    assert not is_session_run()
    assert running_server() is None
    assert AppTest.from_function(script).run().markdown[0].value == "`True`"


def test_the_older_kind_of_pages_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    again = []
    monkeypatch.setattr(st, "rerun", lambda: again.append(1))
    monkeypatch.setattr(PagesManager, "uses_pages_directory", None)
    # Streamlit looks for the folder when it makes the first manager, and only then.
    PagesManager(str(ROOT / "app.py"))
    assert PagesManager.uses_pages_directory is True
    enter_through_app()
    enter_through_app()
    PagesManager(str(ROOT / "app.py"))
    assert (PagesManager.uses_pages_directory, again) == (False, [1])


def test_the_library_of_video_counts_no_runs() -> None:
    context: Any = WebRtcStreamerContext(
        worker=None, state=streamlit_webrtc.component.WebRtcStreamerState(False, False)
    )
    context._last_rendered_run_count = 7
    count_no_runs(context)
    assert context._last_rendered_run_count is None
    count_no_runs(None)
    # None is what the library itself takes for "not counted yet".
    source = Path(streamlit_webrtc.component.__file__).read_text(encoding="utf-8")
    assert "_last_rendered_run_count is not None" in source


def uses_internals(source: str) -> list[str]:
    """What a file uses of Streamlit that is not its public interface, as code."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            found += [
                name for name in names if name.startswith(("streamlit.", "streamlit_webrtc."))
            ]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if module.partition(".")[0] == "streamlit" or module.startswith("streamlit_webrtc."):
                found.append(module)
        elif isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            part = getattr(st, node.attr, None) if owner == "st" else None
            private = node.attr.startswith("_") and not node.attr.startswith("__")
            if (
                (owner == "st" and node.attr.startswith("_"))
                or (private and owner not in {"self", "cls"})
                or (
                    isinstance(part, ModuleType)
                    and node.attr not in {"column_config", "components"}
                )
            ):
                found.append(ast.unparse(node))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {
            "getattr",
            "setattr",
            "hasattr",
        }:
            name = ast.unparse(node.args[1])
            found += [ast.unparse(node)] * name.startswith(("'_", '"_'))
    return found


def test_no_other_file_uses_them() -> None:
    files = [ROOT / "app.py", *(ROOT / "pages").rglob("*.py")]
    used = {path.stem: uses_internals(path.read_text(encoding="utf-8")) for path in files}
    assert used.pop("streamlit_internals")
    assert {name: found for name, found in used.items() if found} == {}


@pytest.mark.parametrize(
    "line",
    [
        "from streamlit.runtime.scriptrunner import get_script_run_ctx",
        "from streamlit import runtime",
        "import streamlit.web",
        "from streamlit_webrtc.component import WebRtcStreamerContext",
        "st.runtime.exists()",
        "folder = st.__file__",
        "server._session_mgr",
        "hasattr(context, '_worker')",
    ],
)
def test_a_use_is_seen(line: str) -> None:
    assert uses_internals(line)


@pytest.mark.parametrize(
    "line",
    [
        "import streamlit as st",
        "from streamlit_webrtc import webrtc_streamer",
        "st.column_config.TextColumn('x')",
        "self._name",
    ],
)
def test_what_is_public_is_not_seen(line: str) -> None:
    assert uses_internals(line) == []
