"""Login with a provider: strangers see nothing, and who is logged in is named."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.login_provider import CLIENT, LoginProvider

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]

if importlib.util.find_spec("authlib") is None:
    pytest.skip("needs the extra login: authlib", allow_module_level=True)

_SECRETS = """
[auth]
redirect_uri = "http://127.0.0.1:{{port}}/oauth2callback"
cookie_secret = "{cookie}"
client_id = "{client}"
client_secret = "not needed by the stand-in"
server_metadata_url = "{issuer}/.well-known/openid-configuration"
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[LoginProvider]:
    with LoginProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def server_environment(
    provider: LoginProvider, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    secrets = tmp_path_factory.mktemp("secrets") / "secrets.toml"
    secrets.write_text(
        _SECRETS.format(cookie=os.urandom(32).hex(), client=CLIENT, issuer=provider.issuer)
    )
    return {"STREAMLIT_SECRETS_FILES": str(secrets)}


@pytest.fixture
def visit(browser: Browser, server: str) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=server, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    yield context
    context.close()


def _log_in(page: Page, name: str) -> None:
    page.goto("/photos")
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("link", name=name).click()
    expect(page.get_by_test_id("stSidebar").get_by_text(f"Logged in as {name}")).to_be_visible()


def test_a_stranger_logs_in_and_out(visit: BrowserContext, tmp_path: Path) -> None:
    page = visit.new_page()
    page.goto("/photos")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(page.get_by_test_id("stFileUploader")).to_have_count(0)
    _log_in(page, "Anna")
    page.get_by_role("link", name="Photos").first.click()
    expect(page.get_by_test_id("stFileUploader")).to_be_visible()
    # Another tab of the same browser is the same person; another browser is nobody.
    second = visit.new_page()
    second.goto("/training")
    expect(second.get_by_text("Logged in as Anna")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_another_browser_is_somebody_else(visit: BrowserContext) -> None:
    _log_in(visit.new_page(), "Ben")
