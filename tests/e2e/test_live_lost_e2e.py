"""The live page when something goes: the server, the camera, the visitor."""

import os
import signal
from collections.abc import Callable, Iterator

import psutil
import pytest
from playwright.sync_api import BrowserType, Locator, Page, expect

from tests.e2e.live_camera import (
    LOOPBACK_FLAG,
    PATIENCE_MS,
    component,
    film_flag,
    loopback_environment,
    start,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", LOOPBACK_FLAG)
_HINT = "Does the video not start?"
# Keeps hold of the camera's tracks, so that a test can take the camera away.
_HOLD_TRACKS = """
const open = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
if (open) navigator.mediaDevices.getUserMedia = async (wanted) => {
  const stream = await open(wanted);
  window.tracks = stream.getTracks();
  return stream;
};
"""
_UNPLUG = """
video => {
  const [track] = video.ownerDocument.defaultView.tracks;
  track.stop();
  track.dispatchEvent(new Event("ended"));
}
"""
_IN_USE = """
navigator.mediaDevices.getUserMedia =
  () => Promise.reject(new DOMException("Could not start video source", "NotReadableError"));
"""


@pytest.fixture(scope="module")
def server_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return loopback_environment(tmp_path_factory.mktemp("loopback"))


@pytest.fixture(scope="module")
def browser_flags(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    return LOOPBACK_FLAG, film_flag(tmp_path_factory.mktemp("camera"))


@pytest.fixture
def live(page: Page) -> Page:
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page.add_init_script(_HOLD_TRACKS)
    page.goto("/live")
    return page


@pytest.fixture
def with_flags(
    chromium: BrowserType, browser_path: str, server: str
) -> Iterator[Callable[..., Page]]:
    """Opens the live page in a browser with flags of its own."""
    opened = []

    def open_page(*flags: str, width_px: int = 1280) -> Page:
        browser = chromium.launch(
            executable_path=browser_path, headless=True, args=[*_FLAGS, *flags]
        )
        opened.append(browser)
        context = browser.new_context(base_url=server, viewport={"width": width_px, "height": 844})
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page.goto("/live")
        return page

    yield open_page
    for browser in opened:
        browser.close()


def _watch(page: Page) -> Locator:
    """The place for what is wrong with the video."""
    return page.get_by_role("status").filter(has=page.locator("strong"))


def _await_faces(page: Page) -> None:
    expect(page.get_by_text("In the picture now")).to_be_visible()
    expect(page.locator(".el-faces-now .el-chip")).to_have_count(2)


def test_a_server_that_hangs_is_told_and_the_video_comes_back_by_itself(
    live: Page, server_process: psutil.Process
) -> None:
    start(live)
    _await_faces(live)
    os.kill(server_process.pid, signal.SIGSTOP)
    try:
        expect(_watch(live)).to_contain_text("Connection lost")
        expect(_watch(live)).to_contain_text("restarts by itself")
        # Nothing is said to be of now any more, by the browser alone.
        expect(live.get_by_text("Last seen")).to_be_visible()
        expect(live.get_by_text("In the picture now")).to_be_hidden()
        expect(live.get_by_text("Up to now")).to_be_hidden()
        live.wait_for_timeout(8000)  # until the browser's side has given the connection up
    finally:
        os.kill(server_process.pid, signal.SIGCONT)
    expect(_watch(live)).to_be_hidden()
    _await_faces(live)
    expect(component(live).get_by_role("button", name="Stop")).to_be_visible()


def test_after_stop_nothing_is_said_to_be_of_now(live: Page) -> None:
    start(live)
    _await_faces(live)
    expect(live.get_by_text(_HINT)).to_have_count(0)
    # What a screen reader finds.
    expect(live.locator("iframe")).to_have_accessible_name("Live video")
    expect(component(live).get_by_label("The camera's picture")).to_be_visible()

    component(live).get_by_role("button", name="Stop").click()
    expect(live.get_by_text("Last seen")).to_be_visible()
    expect(live.get_by_text("In the picture now")).to_be_hidden()
    expect(live.get_by_text(_HINT)).to_be_visible()
    live.wait_for_timeout(3000)
    # It was wanted: nothing is said to be wrong, and nothing starts again.
    expect(_watch(live)).to_be_hidden()
    expect(component(live).get_by_role("button", name="Start the camera")).to_be_visible()


def test_a_camera_that_goes_is_told_and_no_other_one_is_opened(live: Page) -> None:
    start(live)
    _await_faces(live)
    component(live).locator("video").evaluate(_UNPLUG)
    expect(_watch(live)).to_contain_text("The camera has stopped")
    expect(live.get_by_text("Last seen")).to_be_visible()
    live.wait_for_timeout(3000)
    expect(component(live).get_by_role("button", name="Start the camera")).to_be_visible()


def test_a_denied_camera_is_told_in_our_words(with_flags: Callable[..., Page]) -> None:
    page = with_flags("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream=deny")
    start(page)
    expect(_watch(page)).to_contain_text("The browser is not allowed to use the camera.")
    expect(_watch(page)).to_contain_text("Allow it in the address bar")
    expect(component(page).get_by_text("NotAllowedError")).to_be_hidden()


def test_a_missing_camera_is_told_in_our_words(with_flags: Callable[..., Page]) -> None:
    page = with_flags("--use-fake-ui-for-media-stream")
    start(page)
    expect(_watch(page)).to_contain_text("No camera was found.")
    expect(component(page).get_by_text("NotFoundError")).to_be_hidden()


def test_a_camera_in_use_is_told_in_our_words(page: Page) -> None:
    page.add_init_script(_IN_USE)
    page.goto("/live")
    start(page)
    expect(_watch(page)).to_contain_text("Another program is using the camera.")


def test_without_a_face_no_room_is_kept_for_one(with_flags: Callable[..., Page]) -> None:
    # The browser's own test picture shows none.
    flags = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    page = with_flags(*flags, width_px=390)
    start(page)
    line = page.get_by_text("No face in the picture.")
    expect(line).to_be_visible()
    button = page.get_by_role("button", name="Learn my resting face")
    # The line is drawn anew every second, and between two drawings it has no place.
    for _ in range(20):
        above, below = line.bounding_box(), button.bounding_box()
        if above and below:
            break
        page.wait_for_timeout(100)
    assert above is not None
    assert below is not None
    assert 0 < below["y"] - (above["y"] + above["height"]) < 80
