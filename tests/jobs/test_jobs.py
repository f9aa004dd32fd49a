"""Jobs with real processes: done, stopped, resumed, failed, killed; queue, questions, files."""

import io
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from emotion_core.errors import JobError
from emotion_core.jobs import JobBoard, JobInfo, JobState, Progress, progress_words
from emotion_core.jobs.board import KEPT_JOBS
from emotion_core.jobs.context import JobContext
from emotion_core.jobs.kinds import KINDS, LANES
from emotion_core.jobs.store import JobFolder, read_job
from emotion_core.jobs.supervisor import Supervisor
from emotion_core.jobs.supervisor_file import supervisor_identity


def until(ready: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def count(board: JobBoard, place: Path, n: int, **more: object) -> JobInfo:
    kind = str(more.pop("kind", "count"))
    key = str(more.pop("key", ""))
    arguments = {"place": str(place), "n": n, **more}
    return board.submit(kind, arguments, title=f"Count to {n}", key=key)


def test_every_kind_has_its_functions_and_a_lane() -> None:
    for kind in KINDS.values():
        assert callable(kind.load())
        assert kind.lane in LANES
        assert kind.kept.endswith(".")
        assert kind.died == "" or callable(kind.load_died())


def test_a_job_is_done_and_keeps_its_result_and_log(board: JobBoard, tmp_path: Path) -> None:
    job = count(board, tmp_path / "n", 3)
    assert job.state == JobState.QUEUED
    ended = board.wait(job.id)
    assert ended.state == JobState.DONE
    assert board.result(job.id) == {"n": 3}
    assert ended.started is not None
    assert ended.ended is not None
    assert ended.ended >= ended.started >= job.created
    assert ended.pid is None
    assert not ended.can_resume
    with pytest.raises(JobError, match="neither waits nor works: it is done"):
        board.stop(job.id)
    # Another board, as of another process, knows the same.
    assert JobBoard(board.root).find("count") == ended


def test_progress_is_told_as_data(board: JobBoard, tmp_path: Path) -> None:
    job = count(board, tmp_path / "n", 10_000)
    until(lambda: board.get(job.id).progress.eta_s is not None)
    now = board.get(job.id)
    assert now.state == JobState.RUNNING
    assert now.pid is not None
    assert (now.progress.unit, now.progress.total, now.progress.message) == (
        "sheep", 10_000, "Counting",
    )  # fmt: skip
    assert now.progress.rate is not None
    assert 5 < now.progress.rate < 60
    assert now.progress.preview["text"].startswith("sheep ")
    words = progress_words(now)
    assert words.startswith("Counting · ")
    assert "of 10,000 sheep · about " in words


def test_a_running_job_stops_in_the_middle_and_goes_on_there(
    board: JobBoard, tmp_path: Path
) -> None:
    job = count(board, tmp_path / "n", 10_000)
    until(lambda: board.get(job.id).progress.done > 2)
    board.stop(job.id)
    assert board.get(job.id).state in (JobState.STOPPING, JobState.STOPPED)
    stopped = board.wait(job.id, 30)
    assert (stopped.state, stopped.error, stopped.can_resume) == (JobState.STOPPED, "", True)
    reached = int((tmp_path / "n").read_text())
    assert 2 < reached < 10_000
    board.resume(job.id)
    until(lambda: board.get(job.id).progress.done >= reached)
    assert board.get(job.id).state == JobState.RUNNING
    with pytest.raises(JobError, match="Stop it first"):
        board.forget(job.id)


def test_a_waiting_job_leaves_the_queue_at_once(tmp_path: Path) -> None:
    board = JobBoard(tmp_path / "jobs", start=False)
    job = board.submit("dataset-export", {}, title="Export")
    board.stop(job.id)
    assert board.get(job.id).state == JobState.STOPPED
    board.resume(job.id)
    assert board.get(job.id).state == JobState.QUEUED


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("bad_input", "wanted a data set. Received: nothing."),
        ("defect", "The work ended unexpectedly (KeyError: 'oh'). Nothing was written."),
        ("dies", "The process was killed by somebody"),
    ],
)
def test_why_a_job_failed_is_said(board: JobBoard, tmp_path: Path, kind: str, words: str) -> None:
    job = board.submit(kind, {"place": str(tmp_path / "reason")}, title="It")
    board.wait(job.id)
    # Between its death and the supervisor's look at it nobody knows why.
    until(lambda: board.get(job.id).error.startswith(words), 5)
    failed = board.get(job.id)
    assert failed.state == JobState.FAILED
    assert failed.can_resume
    assert not failed.resumes
    if kind == "defect":
        log = board.log_tail(job.id)
        assert log.startswith("a line of the log")
        assert "Traceback" in log
    if kind == "dies":
        until((tmp_path / "reason").exists)
        assert (tmp_path / "reason").read_text().startswith("The process was killed")


def test_jobs_outlive_whoever_started_them(board: JobBoard, tmp_path: Path) -> None:
    """The app is killed; the job is done all the same."""
    code = (
        "import sys, time; from pathlib import Path; from emotion_core.jobs import JobBoard\n"
        "board = JobBoard(Path(sys.argv[1]))\n"
        "board.submit('count', {'place': sys.argv[2], 'n': 60}, title='Count')\n"
        "print('queued', flush=True); time.sleep(600)"
    )
    app = subprocess.Popen(
        [sys.executable, "-c", code, str(board.root), str(tmp_path / "n")], stdout=subprocess.PIPE
    )
    assert app.stdout is not None
    assert app.stdout.readline() == b"queued\n"
    app.kill()
    app.communicate()
    (job,) = board.jobs()
    assert board.wait(job.id).state == JobState.DONE


@pytest.mark.slow
def test_a_killed_supervisor_and_worker_lose_nothing(board: JobBoard, tmp_path: Path) -> None:
    first = count(board, tmp_path / "a", 10_000, kind="alone", key="a")
    second = count(board, tmp_path / "b", 3, kind="alone", key="b")
    until(lambda: board.get(first.id).progress.done > 2)
    supervisor, _ = supervisor_identity(board.root)
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: not board.supervisor_runs())
    # The job lives on, and one of its lane does not begin beside it.
    board.ensure_supervisor()
    before = board.get(first.id).progress.done
    until(lambda: board.get(first.id).progress.done > before)
    assert board.get(second.id).state == JobState.QUEUED
    worker = board.get(first.id).pid
    assert worker is not None
    os.kill(worker, signal.SIGKILL)
    assert board.wait(second.id).state == JobState.DONE
    lost = board.get(first.id)
    assert lost.state == JobState.FAILED
    assert lost.error.startswith("The process ended without a message")
    assert lost.can_resume


def test_a_job_that_does_not_listen_can_be_ended(
    board: JobBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emotion_core.jobs.supervisor.STOP_WITHIN_S", 0.5)
    quiet = JobBoard(board.root, start=False)
    job = quiet.submit("stubborn", {"place": str(tmp_path / "began")}, title="Stubborn")
    reports: list[str] = []

    class Helper(Supervisor):
        def _look_after_running(self) -> None:
            if (tmp_path / "began").exists() and not JobFolder(job.folder).stop.exists():
                quiet.stop(job.id)
            super()._look_after_running()

        def _hurry(self, one: object) -> None:
            super()._hurry(one)  # type: ignore[arg-type]
            # The first signal asks, the second ends.

    assert Helper(board.root, idle_s=0.1, report=reports.append).run()
    assert quiet.get(job.id).state == JobState.STOPPED
    assert len(reports) == 2


def test_one_job_of_a_key_at_a_time(board: JobBoard, tmp_path: Path) -> None:
    first = count(board, tmp_path / "a", 10_000, key="sheep")
    assert count(board, tmp_path / "b", 5, key="sheep").id == first.id
    other = count(board, tmp_path / "c", 1, key="goats")
    assert board.wait(other.id).state == JobState.DONE
    board.stop(first.id)
    board.wait(first.id)
    again = count(board, tmp_path / "d", 1, key="sheep")
    assert again.id != first.id
    found = board.find("sheep")
    assert found is not None
    assert found.id == again.id


def test_lanes_and_order(board: JobBoard, tmp_path: Path) -> None:
    a, b, c = (
        count(board, tmp_path / name, 40 if name == "a" else 1, kind="alone", key=name)
        for name in "abc"
    )
    until(lambda: board.get(a.id).state == JobState.RUNNING)
    board.move(c.id, -5)
    assert [job.id for job in board.queued() if job.id != a.id] == [c.id, b.id]
    board.wait(b.id)
    assert board.get(c.id).ended is not None
    times = [board.get(job.id) for job in (a, c, b)]
    for before, after in itertools.pairwise(times):
        assert before.ended is not None
        assert after.started is not None
        assert before.ended <= after.started + 0.5
    with pytest.raises(JobError, match="does not wait"):
        board.move(a.id, 1)


def test_files_come_with_a_job_and_go_with_it(board: JobBoard) -> None:
    file = io.BytesIO("grüße".encode())
    job = board.submit("read", {}, title="Read", inputs={"file": ("../a b?.csv", file)})
    (name,) = [path.name for path in (job.folder / "inputs").iterdir()]
    assert name == "0-a b_.csv"
    board.wait(job.id)
    assert board.result(job.id) == {"text": "grüße"}
    until(lambda: not (job.folder / "inputs").exists())


@pytest.mark.slow
def test_a_question_is_answered_and_the_work_goes_on(board: JobBoard) -> None:
    job = board.submit("ask", {}, title="Ask", inputs={"file": ("a", io.BytesIO(b"x"))})
    board.wait(job.id)
    assert board.result(job.id) == {"question": "how many?"}
    board.answer(job.id, {"answer": 3})
    board.wait(job.id)
    assert board.result(job.id) == {"text": "xxx"}
    with pytest.raises(JobError, match="wanted a job with a question"):
        board.answer(job.id, {"answer": 3})


def test_two_supervisors_do_not_work_at_once(board: JobBoard, tmp_path: Path) -> None:
    job = count(board, tmp_path / "n", 10_000)
    until(lambda: board.get(job.id).state == JobState.RUNNING)
    assert not Supervisor(board.root, idle_s=0.0, report=print).run()
    supervisor, _ = supervisor_identity(board.root)
    assert psutil.pid_exists(supervisor)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"state": 7}', '{"state": "nonsense"}', "\x00"])
def test_damaged_files_are_one_line(tmp_path: Path, text: str) -> None:
    board = JobBoard(tmp_path / "jobs", start=False)
    good = board.submit("dataset-export", {}, title="Good", key="good")
    bad = board.submit("dataset-export", {}, title="Bad", key="bad")
    (bad.folder / "status.json").write_text(text)
    jobs = {job.id: job for job in board.jobs()}
    assert jobs[good.id].problem == ""
    assert jobs[bad.id].state == JobState.FAILED
    assert "status.json" in jobs[bad.id].problem
    (bad.folder / "job.json").write_text(text)
    assert {job.id for job in board.jobs()} == {good.id, bad.id}
    board.forget(bad.id)
    assert {job.id for job in board.jobs()} == {good.id}


def test_files_of_another_version_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "20250101-000000-old"
    folder.mkdir()
    (folder / "job.json").write_text(json.dumps({"kind": "gone-kind", "title": "T", "new": 1}))
    (folder / "status.json").write_text(json.dumps({"state": "done", "more": [1]}))
    job = read_job(folder)
    assert (job.title, job.state, job.problem, job.can_resume) == ("T", JobState.DONE, "", False)


def test_unknown_kinds_and_ids_are_refused(tmp_path: Path) -> None:
    board = JobBoard(tmp_path / "jobs", start=False)
    with pytest.raises(JobError, match="kind: wanted one of"):
        board.submit("os:system", {}, title="x")
    for name in ("", "..", "../jobs", "none"):
        with pytest.raises(JobError, match="There is no job"):
            board.get(name)


def test_old_jobs_are_forgotten(tmp_path: Path) -> None:
    board = JobBoard(tmp_path / "jobs", start=False)
    for i in range(KEPT_JOBS + 5):
        job = board.submit("dataset-export", {}, title="x", key=str(i))
        board.stop(job.id)
    waits = board.submit("dataset-export", {}, title="waits", key="waits")
    assert len(board.jobs()) == KEPT_JOBS + 1
    assert board.get(waits.id).state == JobState.QUEUED


def test_rates_are_those_of_late() -> None:
    clock = [0.0]
    seen: list[Progress] = []
    context = JobContext(Path(), write=seen.append, now=lambda: clock[0])
    for second in range(100):
        clock[0] = float(second)
        # Ten a second at first, one a second later.
        done = min(second, 50) * 10 + max(0, second - 50)
        context.tell("Working", done, 1000, unit="things")
    assert seen[0].rate is None
    assert seen[20].rate == pytest.approx(10)
    assert seen[-1].rate == pytest.approx(1, rel=0.1)
    assert seen[-1].eta_s == pytest.approx(1000 - 549, rel=0.1)
    context.tell("Another stage", 0, 10)
    assert (seen[-1].rate, seen[-1].eta_s) == (None, None)
    context.tell("Known better", 1, 10, eta_s=7, rate=3)
    assert (seen[-1].rate, seen[-1].eta_s) == (3, 7)
