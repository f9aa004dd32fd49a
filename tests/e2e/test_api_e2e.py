"""The HTTP interface of a real server, by an ordinary client."""

import http.client
import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from emotion_core.paths import API_ENV, HOME_ENV
from tests.api.conftest import FORM, form

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {HOME_ENV: str(tmp_path_factory.mktemp("home")), API_ENV: "1"}


def post(address: str, body: bytes, **headers: str) -> tuple[int, dict[str, str], bytes]:
    given = {"Content-Type": FORM, **{k.replace("_", "-"): v for k, v in headers.items()}}
    request = urllib.request.Request(address, body, given, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def test_pictures_are_read_and_doors_are_kept(server: str, astronaut: bytes) -> None:
    address = f"{server}/api/v1/analyze"
    status, headers, body = post(address, form(("a.jpg", astronaut)))
    assert (status, headers["content-type"]) == (200, "application/json")
    (result,) = json.loads(body)["results"]
    assert (result["source"], len(result["faces"])) == ("a.jpg", 1)
    assert post(address, form(("a.jpg", astronaut)), Host="evil.example")[0] == 400
    assert post(address, b"", Origin="http://evil.example")[0] == 403
    assert post(address, b"", X_Forwarded_For="127.0.0.1")[0] == 403
    status, headers, body = post(address, b"{}", Content_Type="application/json")
    assert (status, headers["content-type"]) == (415, "application/problem+json")


def test_too_much_is_refused_without_being_kept(server: str) -> None:
    connection = http.client.HTTPConnection(server.removeprefix("http://"), timeout=60)
    connection.putrequest("POST", "/api/v1/analyze")
    connection.putheader("Content-Type", "image/jpeg")
    connection.putheader("Content-Length", "900000000")
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    assert json.loads(answer.read())["code"] == "too_large"
    connection.close()


def test_the_page_that_describes_it_is_shown(page: Page, tmp_path: Path) -> None:
    """Nothing is fetched from elsewhere, which the fixture looks after."""
    page.goto("/api/v1/docs")
    expect(page.get_by_role("heading", name="Emotion Lens: HTTP interface")).to_be_visible()
    page.get_by_text("/api/v1/analyze", exact=True).click()
    expect(page.get_by_text("min_confidence").first).to_be_visible()
    page.screenshot(path=tmp_path / "docs.png")
