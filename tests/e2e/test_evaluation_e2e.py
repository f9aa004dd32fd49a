"""The evaluation page in a real browser: from no data to the pictures behind a mistake."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def server_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home: Path = tmp_path_factory.mktemp("home")
    return {"EMOTION_LENS_HOME": str(home), "EMOTION_LENS_DATASET": str(home / "none.parquet")}


def _wait_until_idle(page: Page) -> None:
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def _counts(cells: Locator) -> list[int]:
    return [int(text.replace(",", "")) for text in cells.all_text_contents()]


def test_from_nothing_to_the_pictures_of_a_cell_and_their_heat_map(page: Page) -> None:
    page.goto("/evaluation")
    page.get_by_role("button", name="Try the synthetic data set").click()
    page.get_by_role("radio", name="Original", exact=True).click()
    _wait_until_idle(page)
    evaluate = page.get_by_role("button", name=re.compile("^Evaluate .* faces$"))
    n_faces = int(re.sub(r"\D", "", evaluate.inner_text()))
    evaluate.click()
    expect(page.get_by_text("Without leaked images")).to_be_visible()
    expect(page.get_by_text("say nothing about real faces")).to_be_visible()
    _wait_until_idle(page)

    # A click on a cell opens the faces behind it, and sets the boxes that work by keyboard.
    page.get_by_role("radio", name="Counts").click()
    _wait_until_idle(page)
    cells = page.get_by_test_id("stVegaLiteChart").locator("svg g.mark-text.role-mark text")
    expect(cells).to_have_count(49)
    n = _counts(cells)
    while sum(n) != n_faces:  # the rates of before
        page.wait_for_timeout(100)
        n = _counts(cells)
    place = max(i for i in range(49) if n[i] and i // 7 != i % 7)
    cells.nth(place).click()
    names = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
    words = f"labelled {names[place // 7]}, predicted {names[place % 7]}"
    expect(page.get_by_text(words)).to_be_visible()
    faces = page.get_by_role("group", name="Faces with the model's prediction and its probability")
    expect(faces.get_by_role("button")).to_have_count(min(30, n[place]))

    faces.get_by_role("button").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_alt_text("The face as the model sees it")).to_be_visible()
    expect(dialog.get_by_alt_text(re.compile("^Heat map: "))).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()

    page.get_by_role("tab", name="Calibration").click()
    expect(page.get_by_text("as the network outputs it")).to_be_visible()
    page.get_by_role("radio", name="Test", exact=True).click()
    expect(page.get_by_text("The test-set access log is empty.")).to_be_visible()
