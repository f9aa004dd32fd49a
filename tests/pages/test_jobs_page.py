"""The page Jobs without a browser: what works, waits and ended, and what takes the disk."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from emotion_core.jobs import JobBoard, JobInfo, JobState
from emotion_core.jobs.store import JobFolder
from emotion_core.paths import HOME_ENV

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv(HOME_ENV, str(tmp_path / "home"))
    monkeypatch.delenv("EMOTION_LENS_DATABASE_URL", raising=False)
    monkeypatch.setattr(JobBoard, "ensure_supervisor", lambda _: False)
    st.cache_resource.clear()
    yield tmp_path / "home"
    st.cache_resource.clear()


@pytest.fixture
def board(home: Path) -> JobBoard:
    return JobBoard(home / "jobs", start=False)


def job_in(
    board: JobBoard, state: JobState, title: str, kind: str = "evaluation", **values: Any
) -> JobInfo:
    job = board.submit(kind, {}, title=title, key=title)
    if state == JobState.RUNNING:
        me = psutil.Process()
        values |= {"pid": os.getpid(), "process_started": me.create_time()}
        values |= {"started": time.time() - 200}
    elif state != JobState.QUEUED:
        values |= {"started": time.time() - 90, "ended": time.time()}
    JobFolder(job.folder).write_status(state, **values)
    return board.get(job.id)


def opened() -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page("pages/jobs.py").run()
    assert not app.exception
    return app


def texts(app: AppTest) -> str:
    parts = [*app.caption, *app.markdown, *app.error, *app.success, *app.header, *app.title]
    return "\n".join(str(part.value) for part in parts)


def test_without_jobs_it_says_what_will_be_here() -> None:
    app = opened()
    assert app.title[0].value == "Jobs"
    assert "Long work appears here" in texts(app)
    assert app.button(key="jobs_to_videos").label == "Read a video"
    assert "Nothing can be cleaned up here" in texts(app)


def test_what_works_and_waits_is_shown_stopped_and_moved(board: JobBoard) -> None:
    running = job_in(
        board, JobState.RUNNING, "Film *one*.mp4", "video-analysis", done=412, total=1800,
        unit="frames", rate=3.2, eta_s=430, message="Reading the video",
    )  # fmt: skip
    first, second = (
        job_in(board, JobState.QUEUED, title, position=number)
        for number, title in enumerate(("First", "Second"), start=1)
    )
    app = opened()
    assert r"**Film \*one\*.mp4**" in texts(app)
    assert "3.2 frames a second" in texts(app)
    assert "What was read in the video so far is kept." in texts(app)
    app.button(key=f"jobs_up_{second.id}").click().run()
    assert board.queued()[0].id == second.id
    app.button(key=f"jobs_Stop_yes_{running.id}").click().run()
    assert board.get(running.id).state == JobState.STOPPING
    app.button(key=f"jobs_Stop_yes_{first.id}").click().run()
    assert board.get(first.id).state == JobState.STOPPED
    assert not app.exception


@pytest.mark.slow
def test_what_ended_says_why_and_can_be_tried_again_and_removed(board: JobBoard) -> None:
    failed = job_in(board, JobState.FAILED, "Import", error="faces.csv: wanted <b>pixels</b> *.*")
    done = job_in(board, JobState.DONE, "Evaluate")
    (failed.folder / "log.txt").write_text("one\ntwo\n", encoding="utf-8")
    app = opened()
    assert r"wanted \<b>pixels" in app.error[0].value or "wanted" in app.error[0].value
    assert "*.*" not in app.error[0].value
    assert app.code[0].value.endswith("two")
    app.segmented_control(key="jobs_state").set_value("Done").run()
    assert not app.error
    app.button(key=f"jobs_Remove_yes_{done.id}").click().run()
    assert [job.id for job in board.jobs()] == [failed.id]
    assert "None of these." in texts(app)
    app.segmented_control(key="jobs_state").set_value("Failed").run()
    app.button(key=f"jobs_retry_{failed.id}").click().run()
    assert board.get(failed.id).state == JobState.QUEUED
    assert not app.exception


def test_many_that_ended_come_by_tens(board: JobBoard) -> None:
    for number in range(23):
        job_in(board, JobState.DONE, f"Job {number}")
    app = opened()
    assert sum(button.label == "Remove it" for button in app.button) == 10
    app.button(key="jobs_more").click().run()
    app.button(key="jobs_more").click().run()
    assert sum(button.label == "Remove it" for button in app.button) == 23
    assert not [button for button in app.button if button.key == "jobs_more"]


def test_a_job_that_cannot_be_read_is_one_line(board: JobBoard) -> None:
    job = job_in(board, JobState.DONE, "Damaged")
    (job.folder / "status.json").write_text('{"state": "flying"}', encoding="utf-8")
    app = opened()
    assert "status.json" in app.error[0].value


def test_a_button_that_comes_too_late_says_so(board: JobBoard) -> None:
    job = job_in(board, JobState.QUEUED, "Quick", position=1)
    app = opened()
    JobFolder(job.folder).write_status(JobState.DONE, ended=time.time())
    app.button(key=f"jobs_Stop_yes_{job.id}").click().run()
    assert "neither waits nor works" in app.error[0].value
    assert not app.exception


def test_clean_up_says_what_goes_and_removes_only_that(home: Path) -> None:
    exports = home / "data" / "exports"
    exports.mkdir(parents=True)
    (exports / "a.csv").write_bytes(b"x" * 2_000_000)
    app = opened()
    table = app.dataframe[0].value.set_index("what")
    assert (table["size"]["Exports"], table["can_go"]["Exports"]) == ("2.0 MB", "2.0 MB")
    assert "1 thing, 2.0 MB. They can be exported again." in texts(app)
    assert list(app.dataframe[1].value["what"]) == ["a.csv"]
    (exports / "later.csv").write_text("made meanwhile", encoding="utf-8")
    app.button(key="jobs_clean_yes_exports").click().run()
    assert not app.exception
    assert [path.name for path in exports.iterdir()] == ["later.csv"]
    assert "1 thing removed, 2.0 MB freed." in texts(app)
