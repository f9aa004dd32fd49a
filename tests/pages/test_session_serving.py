"""The route of a session's rows: whom it answers, and with what."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from emotion_core.paths import DATABASE_URL_ENV, HOME_ENV
from emotion_core.store.session import StoredSession
from emotion_core.store.store import Store
from emotion_core.video.player_data import player_data
from pages.parts.common import session_serving, video_access
from pages.parts.common.session_serving import session_routes, session_rows
from tests.pages.routes import Client
from tests.store.test_sessions import add_video


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoredSession]:
    monkeypatch.setenv(HOME_ENV, str(tmp_path / "home"))
    monkeypatch.delenv(DATABASE_URL_ENV, raising=False)
    monkeypatch.setattr(video_access.TOKENS, "_is_alive", lambda _: True)
    st.cache_resource.clear()
    session_rows.cache_clear()
    with Store() as store:
        yield add_video(store, tmp_path / "in")
    st.cache_resource.clear()


def token(session: str) -> str:
    return video_access.TOKENS.issue("visitor", f"session/{session}")


def test_rows_come_to_whom_they_were_shown(session: StoredSession) -> None:
    answer = Client(session_routes())("GET", f"/_sessions/{token(session.id)}/faces?v=1")
    assert answer.status == 200
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.body == player_data(session_rows().view(session))
    other = Client(session_routes())(
        "GET", f"/_sessions/{token(session.id)}/faces?threshold=0.85&half_life_s=x"
    )
    assert other.status == 200
    assert other.body != answer.body


@pytest.mark.parametrize("subject", ["video/a", "other"])
def test_another_token_opens_nothing(session: StoredSession, subject: str) -> None:
    client = Client(session_routes())
    assert client("GET", "/_sessions/guessed/faces").status == 404
    issued = video_access.TOKENS.issue("visitor", subject)
    assert client("GET", f"/_sessions/{issued}/faces").status == 404


def test_a_page_elsewhere_gets_nothing(session: StoredSession) -> None:
    answer = Client(session_routes())(
        "GET", f"/_sessions/{token(session.id)}/faces", sec_fetch_site="cross-site"
    )
    assert answer.status == 404


def test_a_session_that_is_gone_is_said(session: StoredSession) -> None:
    answer = Client(session_routes())("GET", f"/_sessions/{token('0123456789abcdef')}/faces")
    assert answer.status == 404
    assert b"There is no session" in answer.body


def test_a_fault_tells_no_details(session: StoredSession, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise RuntimeError("secret")

    monkeypatch.setattr(session_serving, "_packed", fail)
    answer = Client(session_routes())("GET", f"/_sessions/{token(session.id)}/faces")
    assert answer.status == 500
    assert b"secret" not in answer.body
