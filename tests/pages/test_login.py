"""Login without a browser: who is let in, and whose sessions they see.

With a provider and a browser: tests/e2e/test_login_e2e.py.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from streamlit.testing.v1 import AppTest

from emotion_core.errors import ConnectionSettingsError
from pages.parts.common import login

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    "redirect_uri": "http://127.0.0.1:8000/oauth2callback",
    "cookie_secret": "x" * 32,
    "client_id": "lens",
    "client_secret": "y",
    "server_metadata_url": "http://127.0.0.1:9/.well-known/openid-configuration",
}
ANNA = {"is_logged_in": True, "iss": "https://login.example.org", "sub": "17", "name": "Anna *B*"}


@pytest.fixture
def configured() -> Iterator[dict[str, Any]]:
    """The section [auth]; nobody is logged in."""
    settings = dict(SETTINGS)
    with (
        mock.patch.object(login, "login_settings", return_value=settings),
        mock.patch.object(login, "need"),
    ):
        yield settings


@pytest.fixture
def claims(configured: dict[str, Any]) -> Iterator[dict[str, Any]]:
    said: dict[str, Any] = {"is_logged_in": False}
    with (
        mock.patch.object(login, "_claims", return_value=said),
        mock.patch.object(login, "is_session_run", return_value=True),
    ):
        yield said


def run(page: str = "pages/photos.py") -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page(page).run()
    assert not app.exception
    return app


def test_without_the_secrets_nobody_has_to_log_in() -> None:
    app = run("pages/home.py")
    assert not any(button.key in ("login_0", "logout") for button in app.button)
    assert login.owner() is None


@pytest.mark.usefixtures("claims")
@pytest.mark.parametrize("page", ["home", "photos", "live", "videos", "training"])
def test_a_stranger_sees_the_login_and_nothing_else(page: str) -> None:
    app = run(f"pages/{page}.py")
    assert [title.value for title in app.title] == ["Log in"]
    assert [button.label for button in app.button] == ["Log in"]
    # A place for what is being recorded may be there; nothing stands in it.
    for kind in ("button", "caption", "header", "selectbox", "slider", "toggle"):
        assert not getattr(app.sidebar, kind), kind
    assert not app.get("file_uploader")
    with pytest.raises(ConnectionSettingsError, match="who is there"):
        login.owner()


def test_who_logged_in_is_let_in_and_named(claims: dict[str, Any]) -> None:
    claims.update(ANNA)
    app = run()
    assert [title.value for title in app.title] == ["Photos"]
    assert any(r"Logged in as Anna \*B\*" in caption.value for caption in app.sidebar.caption)
    with mock.patch.object(login.st, "logout") as out:
        app.button(key="logout").click().run()
    out.assert_called_once_with()


def test_the_owner_is_who_the_provider_says_for_good(claims: dict[str, Any]) -> None:
    claims.update(ANNA)
    assert login.owner() == "https://login.example.org#17"
    claims.update(name="Anna C", email="other@example.org")
    assert login.owner() == "https://login.example.org#17"
    del claims["sub"]
    with pytest.raises(ConnectionSettingsError, match="gives no subject"):
        login.owner()


@pytest.mark.usefixtures("claims")
def test_a_click_leads_to_the_provider(configured: dict[str, Any]) -> None:
    configured["one"] = {"client_id": "a", "client_secret": "b", "server_metadata_url": "c"}
    app = run()
    assert [button.label for button in app.button] == ["Log in", "Log in with one"]
    with mock.patch.object(login.st, "login") as begin:
        app.button(key="login_1").click().run()
        begin.assert_called_once_with("one")
        begin.side_effect = login.StreamlitAuthError("redirect_uri is missing")
        app.button(key="login_0").click().run()
    assert "redirect_uri is missing" in app.error[0].value.replace("\\", "")


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, []),
        (SETTINGS, [None]),
        ({**SETTINGS, "one": {"client_id": "a"}, "client_kwargs": {"prompt": "x"}}, [None, "one"]),
        ({"cookie_secret": "x", "a": {"client_id": "1"}, "b": {"client_id": "2"}}, ["a", "b"]),
    ],
)
def test_providers(settings: dict[str, Any], names: list[str | None]) -> None:
    assert login.providers(settings) == names


@pytest.mark.usefixtures("claims")
def test_what_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from emotion_core import extras

    monkeypatch.setattr(login, "need", extras.need)
    real = extras.importlib.util.find_spec
    monkeypatch.setattr(
        extras.importlib.util, "find_spec",
        lambda name, *more: None if name == "authlib" else real(name, *more),
    )  # fmt: skip
    app = run()
    assert not app.button
    assert "Login needs the package authlib, which the extra login brings" in app.error[0].value


def opens_a_store(source: str) -> bool:
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return any(isinstance(called, ast.Name) and called.id == "Store" for called in calls)


def test_pages_open_the_store_for_who_is_there() -> None:
    # The server's own part tidies up everybody's.
    files = [path for path in (ROOT / "pages").rglob("*.py") if path.name != "server.py"]
    for path in files:
        source = path.read_text(encoding="utf-8")
        if opens_a_store(source):
            assert ".for_owner(owner())" in source, f"{path.name} shows everybody's sessions"


def test_a_store_that_is_opened_is_seen() -> None:
    assert opens_a_store("def f():\n    return Store(home=x)")
    assert not opens_a_store("from emotion_core.store.store import Store\nstore: Store = f()")
