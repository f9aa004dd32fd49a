"""The parts of Streamlit that are not its public interface, each used here and nowhere else.

``tests/pages/test_streamlit_internals.py`` fails when a new version changes one of them.
"""

from streamlit.runtime import Runtime
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

__all__ = ["is_host_allowed", "sessions_without_browser"]


def sessions_without_browser(server: Runtime) -> list[str]:
    """Identities of the sessions that wait for a browser that left. On the event loop only."""
    manager = server._session_mgr
    sessions = (info.session.id for info in manager.list_sessions())
    return [session for session in sessions if not manager.is_active_session(session)]
