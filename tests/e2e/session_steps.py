"""What people do on the page Sessions, for several tests."""

import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from emotion_core.store.session import StoredSession

# In the table of people: the first cell, below the row of headings.
_FIRST_NAME = (60, 52)


def compare(page: Page, *names: str) -> None:
    """Chooses sessions in the list and compares them."""
    page.get_by_role("button", name="All sessions").click()
    page.get_by_role("button", name="Show all").click()  # the search is kept
    choose_sessions(page, *names)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="Compare sessions")).to_be_visible()


def choose_sessions(page: Page, *names: str) -> None:
    """Ticks sessions in the list."""
    for name in names:
        page.get_by_text(f"Choose {name}").locator("xpath=ancestor::label").click()
    expect(page.get_by_text(f"{len(names)} sessions chosen")).to_be_visible()


def write_first_name(page: Page, name: str) -> None:
    """Names the first person; cells are drawn on a canvas and have no elements of their own."""
    table = page.get_by_test_id("stDataFrame").locator("canvas").first
    table.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)  # what is above may still grow
    box = table.bounding_box()
    assert box is not None
    page.mouse.dblclick(box["x"] + _FIRST_NAME[0], box["y"] + _FIRST_NAME[1])
    page.locator("textarea.gdg-input").fill(name)
    page.keyboard.press("Enter")


def until_named(session: StoredSession, name: str) -> None:
    """Waits until the store has the name."""
    for _ in range(300):
        if name in [person.name for person in session.people.list()]:
            return
        time.sleep(0.2)
    pytest.fail(f"wanted {name}, got {session.people.list()}")


def saved(page: Page, label: str, folder: Path) -> Path:
    """A file that a button gives."""
    with page.expect_download() as download:
        page.get_by_role("button", name=label, exact=True).last.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path
