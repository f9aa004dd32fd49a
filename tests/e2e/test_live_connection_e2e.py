"""Connections that are not simple: a TURN server, plain HTTP, a camera that is denied.

The TURN server is coturn on the loopback interface; where it is not installed
(`apt-get install coturn`), the tests that need it are skipped.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.live_camera import (
    COMPONENT,
    LOOPBACK_FLAG,
    PATIENCE_MS,
    component,
    loopback_environment,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

# Lets the browser's part use nothing but the relay, with a changed password where one is given.
_RELAY_ONLY = """
(credential => {
  window.peers = [];
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(settings) {
      const iceServers = settings.iceServers.map(
        server => ({ ...server, ...(credential && { credential }) }));
      super({ ...settings, iceServers, iceTransportPolicy: "relay" });
      window.peers.push(this);
    }
  };
})
"""
_ROUTES = """
async () => {
  const kinds = [];
  for (const peer of window.peers) {
    const stats = await peer.getStats();
    for (const entry of stats.values())
      if (entry.type === "candidate-pair" && entry.nominated && entry.bytesReceived > 0)
        kinds.push(stats.get(entry.localCandidateId).candidateType);
  }
  return kinds;
}
"""
_DENY = """
navigator.mediaDevices.getUserMedia =
  () => Promise.reject(new DOMException("denied", "NotAllowedError"));
"""


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def turn_port() -> int:
    return _free_port()


@pytest.fixture(scope="module")
def turn_server(turn_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    program = shutil.which("turnserver")
    if program is None:
        pytest.skip("needs coturn: apt-get install coturn")
    folder = tmp_path_factory.mktemp("turn")
    process = subprocess.Popen(
        [
            program, "-n", "--listening-ip=127.0.0.1", f"--listening-port={turn_port}",
            "--relay-ip=127.0.0.1", "--lt-cred-mech", "--user=lens:secret", "--realm=local",
            "--fingerprint", "--no-tls", "--no-dtls", "--no-cli", "--allow-loopback-peers",
            "--no-multicast-peers", "--log-file=stdout", f"--pidfile={folder / 'pid'}",
            f"--userdb={folder / 'users'}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while not _listens(turn_port):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail("coturn did not start")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def server_environment(tmp_path_factory: pytest.TempPathFactory, turn_port: int) -> dict[str, str]:
    return {
        **loopback_environment(tmp_path_factory.mktemp("loopback")),
        "EMOTION_LENS_TURN_URLS": f"turn:127.0.0.1:{turn_port}?transport=udp",
        "EMOTION_LENS_TURN_USERNAME": "lens",
        # By the third name the page comes over plain HTTP from elsewhere.
        "STREAMLIT_SERVER_ALLOWED_HOSTS": "127.0.0.1 localhost plain.test",
        "EMOTION_LENS_TURN_CREDENTIAL": "secret",
        # The page is also opened under a name of its own.
        "STREAMLIT_SERVER_ENABLE_CORS": "false",
        "STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION": "false",
    }


@pytest.fixture(scope="module")
def browser_flags() -> tuple[str, ...]:
    return (
        LOOPBACK_FLAG,
        "--host-resolver-rules=MAP plain.test 127.0.0.1",
    )


@pytest.fixture
def visitor(browser: Browser, server: str) -> Iterator[Page]:
    context = browser.new_context(base_url=server, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    yield page
    context.close()


def _test_connection(page: Page) -> None:
    agree = page.get_by_role("button", name="I understand")
    agree.or_(page.locator(COMPONENT)).first.wait_for()
    if agree.is_visible():
        agree.click()
    page.get_by_text("Connection", exact=True).click()
    page.get_by_role("button", name="Test the connection").click()


@pytest.mark.usefixtures("turn_server")
def test_video_travels_through_the_turn_server_of_the_environment(visitor: Page) -> None:
    visitor.add_init_script(f"{_RELAY_ONLY}('')")
    visitor.goto("/live")
    _test_connection(visitor)
    expect(visitor.get_by_text("Video can travel directly or through the TURN")).to_be_visible()
    component(visitor).get_by_role("button", name="Start the camera").click()
    video = component(visitor).locator("video")
    video.wait_for()
    handle = visitor.locator(COMPONENT).element_handle()
    frame = handle.content_frame() if handle else None
    assert frame is not None
    frame.wait_for_function("document.querySelector('video').videoWidth > 0")
    assert set(frame.evaluate(_ROUTES)) == {"relay"}


@pytest.mark.usefixtures("turn_server")
def test_a_wrong_password_of_the_turn_server_is_told(visitor: Page) -> None:
    visitor.add_init_script(f"{_RELAY_ONLY}('wrong')")
    visitor.goto("/live")
    _test_connection(visitor)
    expect(visitor.get_by_text(_NO_WAY)).to_be_visible()


_NO_WAY = "The browser finds no way for video to travel."


def test_plain_http_is_told_with_what_to_do(visitor: Page, server: str) -> None:
    visitor.goto(server.replace("127.0.0.1", "plain.test") + "/live")
    visitor.get_by_role("button", name="I understand").click()
    # Before anything is tried; and by the test of the connection.
    said = visitor.get_by_text("The page was loaded over plain HTTP.")
    expect(visitor.get_by_role("status").get_by_text("plain HTTP")).to_be_visible()
    _test_connection(visitor)
    expect(said).to_have_count(2)
    expect(visitor.get_by_text("Open the dashboard as http://localhost").last).to_be_visible()


def test_a_denied_camera_is_told_with_what_to_do(visitor: Page) -> None:
    visitor.add_init_script(_DENY)
    visitor.goto("/live")
    _test_connection(visitor)
    expect(visitor.get_by_text("The camera does not open.")).to_be_visible()
    expect(visitor.get_by_text("Allow it in the address bar (the camera")).to_be_visible()
    # Below the video's own place it stands in our words, and not in the browser's.
    component(visitor).get_by_role("button", name="Start the camera").click()
    expect(
        visitor.get_by_role("status").get_by_text("The browser is not allowed to use the camera.")
    ).to_be_visible()
    expect(component(visitor).get_by_text("NotAllowedError")).to_be_hidden()
