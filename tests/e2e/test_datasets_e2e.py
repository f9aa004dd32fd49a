"""The data set page as a visitor meets it: import by upload, filter, relabel, undo, export."""

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from emotion_core.datasets import build_synthetic, export_dataset

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PER_CLASS = 30


@pytest.fixture(scope="module")
def server_environment(home: Path) -> dict[str, str]:
    return {"EMOTION_LENS_HOME": str(home), "EMOTION_LENS_DATASET": ""}


@pytest.fixture(scope="module")
def kaggle_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small set in the form of Kaggle's fer2013.csv, with one row that cannot be read."""
    path = tmp_path_factory.mktemp("kaggle") / "faces.csv"
    export_dataset(build_synthetic(PER_CLASS), "csv", path)
    with path.open("a") as file:
        file.write("3,1 2 three,Training\n")
    return path


def _wait_until_idle(page: Page) -> None:
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def _faces(page: Page) -> Locator:
    return page.locator(".st-key-ds_grid .grid button")


def _import(page: Page, path: Path) -> None:
    page.get_by_text("Import a data set").click()
    page.locator("input[type=file]").first.set_input_files(path)
    button = page.get_by_role("button", name="Import", exact=True)
    expect(button).to_be_enabled()
    _wait_until_idle(page)
    button.click()


def test_from_a_fresh_machine_to_an_export(page: Page, kaggle_csv: Path, home: Path) -> None:
    page.goto("/datasets")
    expect(page.get_by_role("button", name="Create a synthetic data set")).to_be_visible()
    _import(page, kaggle_csv)
    expect(page.get_by_text(re.compile(r"\d+ faces imported"))).to_be_visible()
    expect(page.get_by_text("1 row left out")).to_be_visible()
    _wait_until_idle(page)
    page.get_by_role("button", name="Browse the data set").click()
    n = len(build_synthetic(PER_CLASS))
    expect(page.get_by_text(f"{n} faces of {n}")).to_be_visible()

    # A filter goes into the query parameters, and the URL shows the same to others.
    _wait_until_idle(page)
    page.get_by_role("button", name="fear", exact=True).click()
    expect(page).to_have_url(re.compile("label=fear"))
    expect(_faces(page).first).to_have_attribute("title", re.compile("fear"))
    address = page.url
    page.goto("/datasets")
    expect(page.get_by_text(f"{n} faces of {n}")).to_be_visible()
    page.goto(address)
    expect(_faces(page).first).to_have_attribute("title", re.compile("fear"))

    # One face opened by keyboard, relabelled, and taken back.
    _wait_until_idle(page)
    title = _faces(page).nth(1).get_attribute("title") or ""
    row = int(re.findall(r"Row (\d+)", title)[0])
    _faces(page).nth(1).focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Most similar")).to_be_visible()
    expect(page).to_have_url(re.compile(f"face={row}"))
    _wait_until_idle(page)
    dialog.get_by_role("button", name="Relabel").click()
    expect(dialog.get_by_text(f"Last: row {row} relabelled angry")).to_be_visible()
    overlay = home / "data" / "faces.corrections.csv"
    assert len(list(csv.DictReader(io.StringIO(overlay.read_text())))) == 1
    _wait_until_idle(page)
    dialog.get_by_role("button", name="Undo").click()
    expect(dialog.get_by_text("Last: ")).to_have_count(0)
    (entry,) = csv.DictReader(io.StringIO(overlay.read_text()))
    assert entry["undone"] == "yes"
    _wait_until_idle(page)
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)

    # Two faces picked and left out together.
    _wait_until_idle(page)
    page.get_by_text("Select", exact=True).click()
    expect(page.get_by_text("no faces selected")).to_be_visible()
    _wait_until_idle(page)
    _faces(page).nth(0).click()
    _faces(page).nth(2).click()
    expect(page.get_by_text("2 faces selected")).to_be_visible()
    _wait_until_idle(page)
    page.get_by_role("button", name="Exclude", exact=True).click()
    expect(_faces(page).nth(0)).to_have_attribute("title", re.compile("excluded"))

    # The filter is exported without them.
    n_found = _count(page)
    page.get_by_role("tab", name="Import and export").click()
    page.get_by_role("radio", name="Faces filtered in Browse").click()
    expect(page.get_by_text(f"{n_found - 2} faces to write")).to_be_visible()
    _wait_until_idle(page)
    page.get_by_role("button", name="Write the file").click()
    with page.expect_download() as started:
        page.get_by_role("button", name="Download faces-filtered.csv").click()
    with Path(started.value.path()).open(newline="") as file:
        exported = list(csv.DictReader(file))
    assert len(exported) == n_found - 2
    assert {line["emotion"] for line in exported} == {"2"}


def _count(page: Page) -> int:
    text = page.get_by_text(re.compile(r"\d+ faces of ")).inner_text()
    return int(text.split()[0].replace(",", ""))
