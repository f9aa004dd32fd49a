"""The live page as a visitor meets it: a browser whose camera shows two real faces.

Video stays on the loopback interface, which WebRTC otherwise avoids on both sides: a flag makes
the browser use it, and a sitecustomize of its own the server.
"""

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import matplotlib.cbook
import numpy as np
import pandas as pd
import psutil
import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import Browser, FrameLocator, Page, expect

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

_PATIENCE_MS = 120_000
_COMPONENT = 'iframe[title*="webrtc_streamer"]'
_ANSWER = re.compile(r"looks \w+ \(.*%\)|uncertain \(\w+ .*%\)")
_LOOPBACK_ONLY = """
import aioice.ice
aioice.ice.get_host_addresses = lambda use_ipv4=True, use_ipv6=True: ["127.0.0.1"]
"""
# How many pixels of the returned video are as dark as the edges of boxes: the camera's picture has
# none, because the film is lifted.
_COUNT_DARK = """
video => {
  if (!video.videoWidth) return 0;
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth; canvas.height = video.videoHeight;
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
  let dark = 0;
  for (let i = 0; i < pixels.length; i += 4)
    if (pixels[i] < 45 && pixels[i + 1] < 45 && pixels[i + 2] < 45) dark += 1;
  return dark;
}
"""


@pytest.fixture(scope="module")
def server_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("loopback")
    (folder / "sitecustomize.py").write_text(_LOOPBACK_ONLY, encoding="utf-8")
    return {"PYTHONPATH": str(folder)}


@pytest.fixture(scope="module")
def browser_flags(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    film = tmp_path_factory.mktemp("camera") / "two_faces.mjpeg"
    film.write_bytes(b"".join(_frames()))
    return ("--allow-loopback-in-peer-connection", f"--use-file-for-fake-video-capture={film}")


def _frames() -> Iterator[bytes]:
    """Ten seconds of two people who sway a little, without dark pixels."""
    astronaut = Image.fromarray(skimage.data.astronaut()).crop((100, 0, 360, 260))
    with matplotlib.cbook.get_sample_data("grace_hopper.jpg") as file:
        hopper = Image.open(file).convert("RGB").crop((80, 20, 420, 420))
    for index in range(300):
        angle = 2 * np.pi * index / 300
        picture = Image.new("RGB", (640, 480), (150, 155, 160))
        picture.paste(astronaut.resize((230, 230)), (int(60 + 25 * np.sin(angle)), 120))
        picture.paste(hopper.resize((220, 259)), (370, int(110 + 20 * np.cos(angle))))
        lifted = picture.point(lambda value: 70 + value * 185 // 255)
        buffer = io.BytesIO()
        lifted.save(buffer, "JPEG", quality=85)
        yield buffer.getvalue()


@pytest.fixture
def server_process(server: str) -> psutil.Process:
    port = server.rsplit(":", 1)[1]
    for child in psutil.Process().children(recursive=True):
        # A process of an earlier test may end just now.
        with contextlib.suppress(psutil.Error):
            if port in child.cmdline():
                return child
    pytest.fail(f"No process serves {server}.")


@pytest.fixture
def live(page: Page) -> Page:
    page.set_default_timeout(_PATIENCE_MS)
    expect.set_options(timeout=_PATIENCE_MS)
    page.goto("/live")
    return page


def _component(page: Page) -> FrameLocator:
    return page.frame_locator(_COMPONENT)


def _start(page: Page) -> None:
    agree = page.get_by_role("button", name="I understand")
    start = _component(page).get_by_role("button", name="Start the camera")
    agree.or_(page.locator(_COMPONENT)).first.wait_for()
    if agree.is_visible():
        agree.click()
    start.click()


def _await_annotation(page: Page) -> None:
    """Until boxes' dark edges are in the returned video; the camera's own picture has none."""
    video = _component(page).locator("video")
    video.wait_for()
    for _ in range(int(_PATIENCE_MS / 500)):
        if video.evaluate(_COUNT_DARK) > 300:
            return
        page.wait_for_timeout(500)
    pytest.fail("The returned video never showed a box.")


def test_video_scores_charts_controls_and_a_recording(live: Page, tmp_path: Path) -> None:
    expect(live.get_by_text("Article 5(1)(f)")).to_be_visible()
    expect(live.locator("iframe")).to_have_count(0)
    _start(live)
    _await_annotation(live)

    expect(live.locator(".el-faces-now .el-chip")).to_have_count(2)
    expect(live.locator(".el-faces-now .el-chip").first).to_contain_text(_ANSWER)
    expect(live.get_by_text("from the camera")).to_contain_text(re.compile(r"of [1-9]"))
    expect(live.get_by_test_id("stVegaLiteChart")).to_have_count(1)

    # The figures move on by themselves.
    skipped = live.locator(".el-figures").first
    before = skipped.inner_text()
    expect(skipped).not_to_have_text(before, use_inner_text=True)

    # A control acts on the running video: without boxes and labels the dark edges go.
    for label in ("Boxes", "Labels"):
        live.get_by_test_id("stSidebar").get_by_text(label, exact=True).click()
    video = _component(live).locator("video")
    for _ in range(int(_PATIENCE_MS / 500)):
        if video.evaluate(_COUNT_DARK) < 50:
            break
        live.wait_for_timeout(500)
    else:
        pytest.fail("Boxes and labels stayed in the video.")

    live.get_by_role("button", name="Record scores").click()
    expect(live.get_by_text(re.compile(r"[1-9][\d,]* rows"))).to_be_visible()
    live.get_by_role("textbox", name="Note").fill("a joke")
    live.get_by_role("textbox", name="Note").press("Enter")
    live.get_by_role("button", name="Mark", exact=True).click()
    expect(live.get_by_text(re.compile("1 marker"))).to_be_visible()
    live.get_by_role("button", name="Stop recording").click()
    with live.expect_download() as started:
        live.get_by_role("button", name="CSV").click()
    table = pd.read_csv(started.value.path())
    assert set(table["face"]) >= {1, 2}
    assert table["marker"].dropna().tolist() == ["a joke"]
    assert table["time_s"].is_monotonic_increasing

    _component(live).get_by_role("button", name="Stop").click()
    expect(_component(live).get_by_role("button", name="Start the camera")).to_be_visible()
    expect(live.get_by_role("button", name="Record scores")).to_be_disabled()


def test_leaving_the_page_ends_the_video_and_leaves_no_thread(
    live: Page, server_process: psutil.Process
) -> None:
    # Pools of threads fill up at first; what leaks adds at least one in every round, always.
    before = _threads_after_rounds(live, server_process, 2)
    for _ in range(3):
        after = _threads_after_rounds(live, server_process, 4, at_most=before + 2)
        if after <= before + 2:
            break
        before = after
    else:
        pytest.fail(f"Threads of the server grow: {before} at last.")
    # Back on the page nobody is watching: the place was given back.
    expect(live.get_by_text("of 2 at once")).to_be_visible()
    expect(live.locator(".el-figures > div").nth(4).locator("dd")).to_contain_text(
        re.compile(r"^0")
    )


def _leave_and_come_back(page: Page) -> None:
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Home").click()
    expect(page.get_by_role("heading", name="The model in use")).to_be_visible()
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Live").click()
    page.locator(_COMPONENT).wait_for()


def _threads_after_rounds(
    page: Page, server: psutil.Process, rounds: int, *, at_most: int = 0
) -> int:
    """Threads of the server when the last video has ended: as many as asked, or after 10 s."""
    for _ in range(rounds):
        _start(page)
        _await_annotation(page)
        _leave_and_come_back(page)
        _leave_and_come_back(page)  # and once without a video
    for _ in range(20):
        if server.num_threads() <= at_most:
            break
        page.wait_for_timeout(500)
    return server.num_threads()


def test_two_watch_for_themselves_and_a_third_waits_for_a_place(
    live: Page, browser: Browser, server: str
) -> None:
    _start(live)
    _await_annotation(live)
    with _visitor(browser, server) as second, _visitor(browser, server) as third:
        _start(second)
        for control in ("Boxes", "Labels"):
            second.get_by_test_id("stSidebar").get_by_text(control, exact=True).click()
        expect(second.locator(".el-faces-now .el-chip")).to_have_count(2)
        second.wait_for_function(
            f"count => ({_COUNT_DARK})(document.querySelector('iframe[title*=webrtc]')"
            ".contentDocument.querySelector('video')) < count",
            arg=100,
        )
        _await_annotation(live)  # the first viewer's picture is as it was

        third.get_by_role("button", name="I understand").click()
        expect(third.get_by_text("Please wait: 2 viewers are watching")).to_be_visible()
        expect(third.locator("iframe")).to_have_count(0)
        live.context.close()
        expect(third.locator(_COMPONENT)).to_be_visible()
        _start(third)
        _await_annotation(third)


@contextlib.contextmanager
def _visitor(browser: Browser, server: str) -> Iterator[Page]:
    context = browser.new_context(base_url=server, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    page.goto("/live")
    yield page
    context.close()


def test_the_connection_test_answers_in_words(live: Page) -> None:
    live.get_by_role("button", name="I understand").click()
    live.get_by_text("Connection", exact=True).click()
    live.get_by_role("button", name="Test the connection").click()
    expect(live.get_by_text("The camera opens.")).to_be_visible()
    expect(live.get_by_text("Video can travel directly.")).to_be_visible()


def test_a_snapshot_has_the_same_kind_of_answer(live: Page) -> None:
    live.get_by_role("button", name="I understand").click()
    live.get_by_role("radio", name="Snapshot").or_(
        live.get_by_role("button", name="Snapshot")
    ).first.click()
    live.wait_for_function("document.querySelector('video')?.videoWidth > 0")
    live.get_by_role("button", name="Take Photo").click()
    expect(live.locator(".el-faces-now .el-chip")).to_have_count(2)
