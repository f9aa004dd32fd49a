"""The photos page as a visitor meets it: a real server, a real browser, real photographs."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import matplotlib.cbook
import numpy as np
import pandas as pd
import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import Page, expect

from emotion_core.emotions import FER2013

pytestmark = pytest.mark.e2e

_ANSWER = re.compile(r"looks \w+ \(.*%\)|uncertain \(\w+ .*%\)")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs of one person, of two, of none, and a file that is no picture."""
    folder = tmp_path_factory.mktemp("photos")
    astronaut = Image.fromarray(skimage.data.astronaut())
    with matplotlib.cbook.get_sample_data("grace_hopper.jpg") as file:
        hopper = Image.open(file).convert("RGB")
    astronaut.save(folder / "astronaut.jpg", quality=92)
    both = Image.new("RGB", (1000, 600), "lightgray")
    both.paste(astronaut.resize((480, 480)), (10, 60))
    both.paste(hopper.resize((480, 560)), (510, 20))
    both.save(folder / "both.png")
    Image.fromarray(skimage.data.coffee()).save(folder / "coffee.webp")
    (folder / "broken.jpg").write_bytes(b"not a picture at all")
    return folder


def _wait_until_idle(page: Page) -> None:
    """A click that comes while the page is still being drawn can get lost."""
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def _upload(page: Page, *files: Path) -> None:
    page.locator("input[type=file]").set_input_files([str(file) for file in files])


def _download(page: Page, label: str) -> bytes:
    with page.expect_download() as started:
        page.get_by_role("button", name=label).click()
    return Path(started.value.path()).read_bytes()


def test_a_bookmark_is_as_good_as_the_home_page(page: Page) -> None:
    """First, because Streamlit treats the first address that a new server gets differently."""
    page.goto("/photos")
    expect(page.get_by_role("heading", name="Photos", exact=True)).to_be_visible()
    names = page.get_by_test_id("stSidebarNavLink").all_inner_texts()
    assert [name.split("\n")[-1] for name in names][:2] == ["Home", "Photos"]


def test_home_leads_to_the_first_photo_in_one_click(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_text("Resting faces misread", exact=True)).to_be_visible()
    expect(page.get_by_text("Article 5(1)(f)")).to_be_visible()
    expect(page.get_by_alt_text("Drawing: a picture with a box around a face")).to_be_visible()
    _wait_until_idle(page)
    page.get_by_role("button", name="Try a photo").click()
    expect(page.get_by_text("Drop photos here, or a zip of photos")).to_be_visible()


def test_photos_become_results_and_downloads(page: Page, folder: Path) -> None:
    page.goto("/photos")
    names = ("astronaut.jpg", "both.png", "coffee.webp", "broken.jpg")
    _upload(page, *(folder / name for name in names))

    expect(page.get_by_text("3 photos · 3 faces")).to_be_visible()
    expect(page.get_by_text("1 file could not be used")).to_be_visible()
    expect(page.get_by_text("not an image")).to_be_visible()
    expect(page.get_by_text("No face found")).to_be_visible()
    expect(page.get_by_text(_ANSWER)).to_have_count(3)
    expect(page.get_by_alt_text(re.compile(r"^both\.png: 2 faces\. face 1 "))).to_be_visible()

    page.get_by_role("button", name="Details").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Second guess")).to_be_visible()
    expect(dialog.get_by_alt_text("Face 1 as the classifier sees it")).to_be_visible()
    expect(dialog.get_by_test_id("stVegaLiteChart").get_by_text("surprise")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()

    page.get_by_role("button", name="Download").click()
    rows = list(csv.DictReader(io.StringIO(_download(page, "CSV").decode("utf-8"))))
    assert [(row["source"], row["face"]) for row in rows] == [
        ("astronaut.jpg", "1"),
        ("both.png", "1"),
        ("both.png", "2"),
    ]
    for row in rows:
        assert sum(float(row[name]) for name in FER2013.names) == pytest.approx(1, abs=1e-4)

    document = json.loads(_download(page, "JSON"))
    assert [len(result["faces"]) for result in document["results"]] == [1, 2, 0]
    assert [error["source"] for error in document["errors"]] == ["broken.jpg"]

    table = pd.read_parquet(io.BytesIO(_download(page, "Parquet")))
    assert list(table["emotion"]) == [row["emotion"] for row in rows]

    with zipfile.ZipFile(io.BytesIO(_download(page, "Annotated pictures"))) as archive:
        assert archive.namelist() == ["astronaut.jpg", "both.jpg", "coffee.jpg"]
        marked = np.asarray(Image.open(archive.open("both.jpg")).convert("RGB"), np.int16)
        plain = np.asarray(Image.open(folder / "both.png").convert("RGB"), np.int16)
    assert marked.shape == plain.shape
    assert 0.002 < (np.abs(marked - plain).max(axis=2) > 60).mean() < 0.5  # boxes, not noise


def test_results_stay_while_another_page_is_visited(page: Page, folder: Path) -> None:
    page.goto("/photos")
    _upload(page, folder / "astronaut.jpg")
    expect(page.get_by_text("1 photo · 1 face")).to_be_visible()
    _wait_until_idle(page)
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_text("From your photo astronaut.jpg.")).to_be_visible()
    _wait_until_idle(page)
    page.get_by_role("link", name="Photos").click()
    expect(page.get_by_text("1 photo · 1 face")).to_be_visible()


def test_a_photo_from_the_camera(page: Page) -> None:
    page.goto("/photos")
    page.get_by_role("radio", name="Camera").click()
    # The button is there before the camera is.
    page.wait_for_function("document.querySelector('video')?.videoWidth > 0")
    page.get_by_role("button", name="Take Photo").click()
    # The browser's test camera shows a pattern without faces.
    expect(page.get_by_text("1 photo · no faces")).to_be_visible()
    expect(page.get_by_text("No face found")).to_be_visible()
