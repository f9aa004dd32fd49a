"""What is not the public interface of Streamlit and streamlit-webrtc, used here and nowhere else.

``tests/pages/test_streamlit_internals.py`` fails when a new version changes one of these, and when
another file uses any.
"""

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.auth_util import get_secrets_auth_section
from streamlit.errors import StreamlitAuthError
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime import Runtime
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.web.server.server_util import is_xsrf_enabled
from streamlit.web.server.starlette.starlette_app_utils import validate_xsrf_token
from streamlit.web.server.starlette.starlette_server_config import XSRF_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

__all__ = [
    "XSRF_COOKIE_NAME",
    "Runtime",
    "StreamlitAuthError",
    "StreamlitPage",
    "comes_from_own_page",
    "count_no_runs",
    "enter_through_app",
    "has_browser",
    "index_page",
    "is_host_allowed",
    "is_session_run",
    "is_session_there",
    "login_settings",
    "own_session",
    "running_server",
    "sessions_without_browser",
]  # fmt: skip

_INDEX = Path(st.__file__).parent / "static" / "index.html"

# Streamlit's browser side finds its server by trying: at /photos it asks /photos/_stcore/health
# first and leaves two 404 in the console. It asks in the right place when it is told, and what
# stands before a page's own name is right behind a proxy with a path of its own, too.
_BASE_SCRIPT = """<script>
window.__streamlit = Object.assign(window.__streamlit || {}, {
  BACKEND_BASE_URL: location.origin
    + location.pathname.replace(new RegExp("/(" + %s.join("|") + ")/?$"), "/"),
});
</script>
"""


def is_session_run() -> bool:
    """Whether a file is run for a session, and not imported by the server once."""
    return get_script_run_ctx(suppress_warning=True) is not None


def enter_through_app() -> None:
    """Makes a bookmark of a page work as the first address that a new server is asked for.

    Streamlit then takes the folder ``pages`` for its older kind of multipage app and runs the page
    without ``app.py``, until somebody opens the home page: ``st.navigation`` switches that off.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()


@functools.cache
def index_page(pages: tuple[str, ...]) -> str:
    """Streamlit's own HTML page, told where its server is.

    Args:
        pages: the last part of each page's address.
    """
    script = _BASE_SCRIPT % json.dumps(pages)
    return _INDEX.read_text(encoding="utf-8").replace("<head>", f"<head>{script}", 1)


def login_settings() -> dict[str, Any]:
    """The section ``[auth]`` of the secrets; empty where nobody has to log in."""
    return get_secrets_auth_section().to_dict()


def running_server() -> Runtime | None:
    """The server of this process, None before it has started."""
    return runtime.get_instance() if runtime.exists() else None


def own_session() -> str:
    """Identity of the session that runs this; empty outside of one."""
    context = get_script_run_ctx(suppress_warning=True)
    return "" if context is None else context.session_id


def is_session_there(session: str) -> bool:
    """Whether a session goes on: with a browser, or waiting for one that left a moment ago."""
    sessions = getattr(running_server(), "_session_mgr", None)
    return sessions is not None and sessions.get_session_info(session) is not None


def has_browser(session: str) -> bool:
    """Whether somebody looks at a session just now."""
    sessions = getattr(running_server(), "_session_mgr", None)
    return sessions is not None and sessions.is_active_session(session)


def comes_from_own_page(headers: Mapping[str, str], cookies: Mapping[str, str]) -> bool:
    """Whether a request that changes something comes from a page of this server.

    A page elsewhere can make a browser send our cookie, but cannot read it to repeat it in a
    header; as Streamlit does with its own uploads.

    Args:
        headers: of the request, whatever the case of their names.
        cookies: of the request.
    """
    if not is_xsrf_enabled():
        return True
    return bool(validate_xsrf_token(headers.get("X-Xsrftoken"), cookies.get(XSRF_COOKIE_NAME)))


def sessions_without_browser(server: Runtime) -> list[str]:
    """Identities of the sessions that wait for a browser that left. On the event loop only."""
    manager = server._session_mgr
    sessions = (info.session.id for info in manager.list_sessions())
    return [session for session in sessions if not manager.is_active_session(session)]


def count_no_runs(context: Any) -> None:
    """Switches off by what streamlit-webrtc guesses that a page with video was left.

    Version 0.79 compares counts of runs. Its event loop raises them late, so that fast reruns (a
    slider that is dragged) look like a page that was left, and the video stops.

    Args:
        context: of the component, as the session keeps it under the component's key; None before
            the first run.
    """
    if hasattr(context, "_last_rendered_run_count"):
        context._last_rendered_run_count = None
