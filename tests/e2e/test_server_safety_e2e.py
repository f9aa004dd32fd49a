"""Who gets in and what goes: names, origins, uploads without a token, pictures after the end."""

import http.client
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
_EVIL = "evil.example"

# The server as it is, but with less patience for a browser that comes back.
_HASTY = """
import sys
from pages.parts.common import abandoned_sessions
abandoned_sessions.close_abandoned_sessions.__defaults__ = (2.0, 0.5)
from streamlit.web.cli import main
sys.argv = ["streamlit", "run", "app.py", "--server.port", sys.argv[1]]
main()
"""


def _handshake(server: str, host: str, origin: str | None) -> int:
    address = urlsplit(server)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=20)
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    try:
        connection.putrequest("GET", "/_stcore/stream", skip_host=True)
        connection.putheader("Host", host)
        for name, value in headers.items():
            connection.putheader(name, value)
        if origin:
            connection.putheader("Origin", origin)
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


def _status(
    server: str, path: str, host: str, method: str = "GET", body: bytes | None = None
) -> int:
    address = urlsplit(server)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=20)
    try:
        connection.request(method, path, body, {"Host": host})
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_name_from_elsewhere_is_not_let_in(server: str) -> None:
    port = urlsplit(server).port
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"):
        assert _handshake(server, host, f"http://{host}") == 101
    assert _handshake(server, _EVIL, f"http://{_EVIL}") == 403
    assert _handshake(server, f"{_EVIL}:{port}", f"http://127.0.0.1:{port}") == 403
    assert _handshake(server, f"127.0.0.1.{_EVIL}", None) == 403


def test_pages_pictures_and_uploads_know_their_names_too(server: str) -> None:
    port = urlsplit(server).port
    own = f"127.0.0.1:{port}"
    for path in ("/", "/photos", "/_stcore/health", "/_stcore/host-config"):
        assert _status(server, path, own) == 200
        assert _status(server, path, _EVIL) == 400
    assert _status(server, "/media/0123456789.jpg", _EVIL) == 400
    upload = "/_stcore/upload_file/some-session/some-file"
    assert _status(server, upload, _EVIL, "PUT", b"x") == 400
    # The right name, but neither the token of this site nor a session.
    assert _status(server, upload, own, "PUT", b"x") in (400, 403)


def _free_port() -> int:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def hasty_server(browser_path: str, tmp_path: Path) -> Iterator[str]:
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-c", _HASTY, str(port)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while _found(f"{address}/_stcore/health") != 200:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail("The server did not start.")
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def _found(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_a_photo_goes_with_its_session(hasty_server: str, browser: Browser, tmp_path: Path) -> None:
    """Its address answers while the tab is open, to whoever knows it, and not for long after."""
    Image.fromarray(skimage.data.astronaut()).save(tmp_path / "astronaut.jpg")
    context = browser.new_context(base_url=hasty_server)
    page = context.new_page()
    page.goto("/photos")
    page.locator("input[type=file]").set_input_files(str(tmp_path / "astronaut.jpg"))
    picture = page.locator("img[src*='/media/']").first
    expect(picture).to_be_visible(timeout=60_000)
    address = hasty_server + urlsplit(picture.evaluate("image => image.src")).path
    assert _found(address) == 200
    time.sleep(4)  # longer than an abandoned session is kept here
    assert _found(address) == 200
    context.close()
    deadline = time.monotonic() + 60
    while _found(address) == 200:
        assert time.monotonic() < deadline, "the picture is still there"
        time.sleep(0.3)
    assert _found(address) == 404
