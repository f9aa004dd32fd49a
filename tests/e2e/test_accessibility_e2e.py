"""Every page under axe-core, light and dark, on a desk and on a phone, empty and filled."""

import re
from pathlib import Path

import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.axe import NOT_OURS, assert_accessible, needed, settle
from tests.e2e.live_camera import (
    LOOPBACK_FLAG,
    PATIENCE_MS,
    component,
    film_flag,
    loopback_environment,
    start,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def server_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """No data set and no run at first; video stays on this machine."""
    folder: Path = tmp_path_factory.mktemp("loopback")
    home: Path = tmp_path_factory.mktemp("home")
    return {
        **loopback_environment(folder),
        "EMOTION_LENS_HOME": str(home),
        "EMOTION_LENS_DATASET": "",
    }


@pytest.fixture(scope="module")
def browser_flags(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    return (LOOPBACK_FLAG, film_flag(tmp_path_factory.mktemp("film")))


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("photo") / "astronaut.jpg"
    Image.fromarray(skimage.data.astronaut()).save(path)
    return path


@pytest.fixture
def still(page: Page) -> Page:
    """A visitor who wants no movement, so that nothing is judged halfway through fading in."""
    page.emulate_media(reduced_motion="reduce")
    return page


@pytest.mark.parametrize(
    ("address", "heading"),
    [
        ("/", "Read facial expressions"),
        ("/photos", "Photos"),
        ("/live", "Live"),
        ("/videos", "Videos"),
        ("/sessions", "Sessions"),
        ("/datasets", "Data set"),
        ("/training", "Training"),
        ("/history", "History"),
        ("/evaluation", "Evaluation"),
        ("/jobs", "Jobs"),
    ],
)
def test_pages_as_a_new_visitor_finds_them(still: Page, address: str, heading: str) -> None:
    still.goto(address)
    expect(still.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    if address in ("/", "/history"):
        still.get_by_test_id("stVegaLiteChart").locator("svg").first.wait_for()
    assert_accessible(still)


def test_photos_with_a_face(still: Page, photo: Path) -> None:
    still.goto("/photos")
    settle(still)
    still.locator("input[type=file]").set_input_files([str(photo)])
    expect(still.get_by_text("1 photo · 1 face")).to_be_visible()
    still.get_by_test_id("stVegaLiteChart").locator("svg").first.wait_for()
    assert_accessible(still)


def test_live_before_and_while_video_plays(still: Page) -> None:
    still.goto("/live")
    settle(still)
    still.get_by_role("button", name="I understand").click()
    component(still).get_by_role("button", name="Start the camera").wait_for()
    assert_accessible(still)
    start(still)
    expect(still.locator(".el-faces-now .el-bars")).to_have_count(2, timeout=PATIENCE_MS)
    assert_accessible(still)


def test_data_sets_and_evaluation_with_the_synthetic_set(still: Page) -> None:
    still.goto("/datasets")
    settle(still)
    still.get_by_role("button", name="Create a synthetic data set").click()
    still.get_by_role("tab", name="Browse").wait_for()
    assert_accessible(still)
    still.get_by_role("tab", name="Import and export").click()
    expect(still.get_by_role("heading", name="Import", exact=True)).to_be_visible()
    assert_accessible(still)

    still.goto("/evaluation")
    still.get_by_role("button", name=re.compile("^Evaluate .* faces$")).click()
    expect(still.get_by_text("Without leaked images")).to_be_visible(timeout=PATIENCE_MS)
    still.get_by_test_id("stVegaLiteChart").locator("svg").first.wait_for()
    assert_accessible(still)


def test_what_is_not_ours_is_stillneeded() -> None:
    """Last, because the tests above find out."""
    assert needed == set(NOT_OURS)
