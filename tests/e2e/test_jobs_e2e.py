"""Long work seen from every page: the board, the panel, stop and resume."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from emotion_core.jobs import JobBoard, JobState
from emotion_core.paths import HOME_ENV
from emotion_core.training.presets import PRESETS
from emotion_core.training.queue import RunQueue


@pytest.fixture(scope="module")
def server_environment(home: Path) -> dict[str, str]:
    return {HOME_ENV: str(home), "EMOTION_LENS_DATASET": "", "TF_CPP_MIN_LOG_LEVEL": "2"}


@pytest.fixture
def board(home: Path) -> Iterator[JobBoard]:
    """What another process sees; what still works is ended with the test."""
    found = JobBoard(home / "jobs")
    yield found
    for job in found.active():
        found.stop(job.id)
        found.wait(job.id, 90)


def test_a_training_is_seen_stopped_and_resumed_from_any_page(
    page: Page, home: Path, board: JobBoard
) -> None:
    config = PRESETS["smoke"].with_values({"epochs": 200})
    RunQueue(home / "runs").enqueue(config, "synthetic", "long")
    page.goto("/history")
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_text("Train long")).to_be_visible()
    expect(sidebar.get_by_text(re.compile(r"Training · \d+ of 200 epochs"))).to_be_visible(
        timeout=90_000
    )
    sidebar.get_by_role("button", name="Jobs").click()
    panel = page.get_by_role("dialog")
    expect(panel.get_by_text(re.compile(r"of 200 epochs · about .* left"))).to_be_visible(
        timeout=60_000
    )
    panel.get_by_text("Log", exact=True).click()
    expect(panel.get_by_text(re.compile(r"Training on \d+ images"))).to_be_visible()

    panel.get_by_role("button", name="Stop").click()
    expect(panel.get_by_text(re.compile(r"^Stopped at"))).to_be_visible(timeout=60_000)
    (job,) = board.jobs()
    assert job.state == JobState.STOPPED
    panel.get_by_role("button", name="Resume").click()
    expect(panel.get_by_role("button", name="Stop")).to_be_visible(timeout=60_000)
    expect(panel.get_by_text(re.compile(r"Training · \d+ of 200 epochs"))).to_be_visible(
        timeout=90_000
    )
    assert board.get(job.id).progress.done >= job.progress.done


@pytest.mark.slow
def test_the_page_follows_a_job_without_being_drawn_anew(
    page: Page, home: Path, board: JobBoard
) -> None:
    config = PRESETS["smoke"].with_values({"epochs": 200})
    RunQueue(home / "runs").enqueue(config, "synthetic", "longer")
    page.goto("/jobs")
    main = page.get_by_role("main")
    expect(main.get_by_text(re.compile(r"Training · \d+ of 200 epochs"))).to_be_visible(
        timeout=90_000
    )
    # What the browser was told stays while only the jobs are drawn again.
    page.evaluate("document.querySelector('h1').dataset.seen = 'yes'")
    job = next(job for job in board.jobs() if job.is_active)
    before = job.progress.done
    expect(main.get_by_text(re.compile(rf"Training · (?!{before:.0f} )\d+ of 200"))).to_be_visible(
        timeout=90_000
    )
    assert page.evaluate("document.querySelector('h1').dataset.seen") == "yes"
    main.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Everything up to the last full epoch is kept.")).to_be_visible()
    page.get_by_role("button", name="Stop it").click()
    expect(main.get_by_text(re.compile(r"Training · stopped at"))).to_be_visible(timeout=60_000)
    main.get_by_text("Log", exact=True).first.click()
    with page.expect_download() as download:
        main.get_by_role("button", name="Download the log").first.click()
    assert "Training on" in download.value.path().read_text()
