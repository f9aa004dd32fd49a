"""Every page under axe-core, light and dark, on a desk and on a phone, empty and filled.

What axe-core passes over, the words in charts and chosen answers, is measured here.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import skimage.data
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.live_camera import (
    LOOPBACK_FLAG,
    PATIENCE_MS,
    component,
    film_flag,
    loopback_environment,
    start,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@dataclass(frozen=True, slots=True)
class Streamlits:
    """What Streamlit draws in a way that neither an option nor CSS changes."""

    rule: str
    selector: str
    why: str


#: One entry as narrow as possible each; the last test fails if one is no longer needed.
NOT_OURS = (
    Streamlits(
        "presentation-role-conflict",
        'section[data-testid="stFileUploaderDropzone"]',
        "The drop zone has a label and the role 'presentation'; the button inside is named well.",
    ),
)
# On a busy machine Streamlit fades what it redraws just now; that is judged as it will stand.
_NOT_FADING = "[data-stale] { opacity: 1 !important; transition: none !important; }"

_needed: set[Streamlits] = set()

_DESK, _PHONE = (1440, 900), (390, 844)
_LOOKS = (("light", _DESK), ("dark", _PHONE))

# Of each word in a chart that stands on the page rather than on a strong cell, and of each chosen
# answer of a multiselect.
_PALE_WORDS = """() => {
  const context = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const paper = getComputedStyle(document.body).backgroundColor;
  const light = (colours) => {
    context.clearRect(0, 0, 1, 1);
    for (const [colour, opacity] of colours) {
      context.globalAlpha = opacity;
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
    }
    const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((value) => {
      const part = value / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const words = [...document.querySelectorAll('[data-testid=stVegaLiteChart] svg text')]
    .filter((word) => word.textContent && word.getAttribute('fill') !== '#FFFFFF')
    .map((word) => [word, paper, getComputedStyle(word).fill]);
  for (const tag of document.querySelectorAll('[data-testid=stMultiSelect] [data-tag]')) {
    words.push([tag, getComputedStyle(tag).backgroundColor, getComputedStyle(tag).color]);
  }
  return words.map(([word, ground, colour]) => {
    const { opacity, fillOpacity } = getComputedStyle(word);
    const a = light([[ground, 1], [colour, opacity * fillOpacity]]);
    const b = light([[ground, 1]]);
    return [Math.max(a, b) / Math.min(a, b), word.textContent];
  })
    .filter(([contrast]) => contrast < 4.5)
    .map(([contrast, text]) => `${text}: ${contrast.toFixed(2)}`);
}"""


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


def _settle(page: Page) -> None:
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


def _is_streamlits(page: Page, rule: str, target: list[Any]) -> bool:
    for entry in NOT_OURS:
        if entry.rule != rule or not isinstance(target[0], str):
            continue
        if page.locator(target[0]).first.evaluate("(e, s) => e.matches(s)", entry.selector):
            _needed.add(entry)
            return True
    return False


def _violations(page: Page) -> list[str]:
    _settle(page)
    answer = Axe().run(page, options={"resultTypes": ["violations"]}).response
    found = [
        f"{violation['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for violation in answer["violations"]
        for node in violation["nodes"]
        if not _is_streamlits(page, violation["id"], node["target"])
    ]
    return found + [f"pale words: {word}" for word in page.evaluate(_PALE_WORDS)]


def _assert_accessible(page: Page) -> None:
    """In both themes and on a phone; a theme's colours do not depend on the width."""
    found: dict[str, list[str]] = {}
    page.add_style_tag(content=_NOT_FADING)
    for scheme, (width, height) in _LOOKS:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": height})
        dark = "true" if scheme == "dark" else "false"
        page.wait_for_function(
            "getComputedStyle(document.querySelector('.stApp')).colorScheme === "
            f"({dark} ? 'dark' : 'light')"
        )
        page.wait_for_timeout(300)  # charts are drawn anew
        if violations := _violations(page):
            found[f"{scheme}, {width} px"] = violations
    assert found == {}


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
    _assert_accessible(still)


def test_photos_with_a_face(still: Page, photo: Path) -> None:
    still.goto("/photos")
    _settle(still)
    still.locator("input[type=file]").set_input_files([str(photo)])
    expect(still.get_by_text("1 photo · 1 face")).to_be_visible()
    still.get_by_test_id("stVegaLiteChart").locator("svg").first.wait_for()
    _assert_accessible(still)


def test_live_before_and_while_video_plays(still: Page) -> None:
    still.goto("/live")
    _settle(still)
    still.get_by_role("button", name="I understand").click()
    component(still).get_by_role("button", name="Start the camera").wait_for()
    _assert_accessible(still)
    start(still)
    expect(still.locator(".el-faces-now .el-bars")).to_have_count(2, timeout=PATIENCE_MS)
    _assert_accessible(still)


def test_data_sets_and_evaluation_with_the_synthetic_set(still: Page) -> None:
    still.goto("/datasets")
    _settle(still)
    still.get_by_role("button", name="Create a synthetic data set").click()
    still.get_by_role("tab", name="Browse").wait_for()
    _assert_accessible(still)
    still.get_by_role("tab", name="Import and export").click()
    expect(still.get_by_role("heading", name="Import", exact=True)).to_be_visible()
    _assert_accessible(still)

    still.goto("/evaluation")
    still.get_by_role("button", name=re.compile("^Evaluate .* faces$")).click()
    expect(still.get_by_text("Without leaked images")).to_be_visible(timeout=PATIENCE_MS)
    still.get_by_test_id("stVegaLiteChart").locator("svg").first.wait_for()
    _assert_accessible(still)


def test_what_is_not_ours_is_still_needed() -> None:
    """Last, because the tests above find out."""
    assert _needed == set(NOT_OURS)
