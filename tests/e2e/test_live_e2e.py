"""The live page as a visitor meets it: a browser whose camera shows two real faces."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.live_camera import (
    COMPONENT,
    LOOPBACK_FLAG,
    PATIENCE_MS,
    component,
    film_flag,
    loopback_environment,
    start,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

_ANSWER = re.compile(r"looks \w+ \(.*%\)|uncertain \(\w+ .*%\)")
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
    return loopback_environment(tmp_path_factory.mktemp("loopback"))


@pytest.fixture(scope="module")
def browser_flags(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    return LOOPBACK_FLAG, film_flag(tmp_path_factory.mktemp("camera"))


@pytest.fixture
def live(page: Page) -> Page:
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page.goto("/live")
    return page


def _await_annotation(page: Page) -> None:
    """Until boxes' dark edges are in the returned video; the camera's own picture has none."""
    video = component(page).locator("video")
    video.wait_for()
    for _ in range(int(PATIENCE_MS / 500)):
        if video.evaluate(_COUNT_DARK) > 300:
            return
        page.wait_for_timeout(500)
    pytest.fail("The returned video never showed a box.")


def test_video_scores_charts_controls_and_a_recording(live: Page, tmp_path: Path) -> None:
    expect(live.get_by_text("Article 5(1)(f)")).to_be_visible()
    expect(live.locator("iframe")).to_have_count(0)
    start(live)
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
    video = component(live).locator("video")
    for _ in range(int(PATIENCE_MS / 500)):
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

    component(live).get_by_role("button", name="Stop").click()
    expect(component(live).get_by_role("button", name="Start the camera")).to_be_visible()
    expect(live.get_by_role("button", name="Record scores")).to_be_disabled()


@pytest.mark.timeout(600)
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
    page.locator(COMPONENT).wait_for()


def _threads_after_rounds(
    page: Page, server: psutil.Process, rounds: int, *, at_most: int = 0
) -> int:
    """Threads of the server when the last video has ended: as many as asked, or after 10 s."""
    for _ in range(rounds):
        start(page)
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
    start(live)
    _await_annotation(live)
    with _visitor(browser, server) as second, _visitor(browser, server) as third:
        start(second)
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
        expect(third.locator(COMPONENT)).to_be_visible()
        start(third)
        _await_annotation(third)


@contextlib.contextmanager
def _visitor(browser: Browser, server: str) -> Iterator[Page]:
    context = browser.new_context(base_url=server, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
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
