"""Real processes are killed; what a batch comes to is what one comes to that nobody disturbed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import psutil
import pytest

from emotion_core import analyze
from emotion_core.jobs import JobBoard, JobState
from tests.batch.conftest import MODEL, contents

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes"),
    pytest.mark.timeout(900),
]
ROOT = Path(__file__).resolve().parents[2]
SHARD = 4
_PATIENCE_S = 400


@pytest.fixture(scope="module")
def many(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """So many photos that there is time to kill somebody: links cost nothing."""
    folder = tmp_path_factory.mktemp("many")
    for copy in range(6):
        for path in photos.iterdir():
            (folder / f"{copy:02d}-{path.name}").symlink_to(path)
    return folder


def start(many: Path, out: Path, *more: str, home: Path) -> "subprocess.Popen[bytes]":
    line = [sys.executable, "-m", "emotion_core", "batch", str(many), "--output", str(out)]
    return subprocess.Popen(
        [*line, "--model", MODEL, "--shard-size", str(SHARD), *more],
        cwd=ROOT,
        env={**os.environ, "EMOTION_LENS_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finish(process: "subprocess.Popen[bytes]") -> tuple[int, str]:
    _, err = process.communicate(timeout=_PATIENCE_S)
    return process.returncode, err.decode()


def until(condition: Callable[[], object], process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _PATIENCE_S
    while not condition():
        assert process.poll() is None, finish(process)
        assert time.monotonic() < end
        time.sleep(0.02)


def parts(out: Path) -> int:
    return len(list(out.glob("parts/part-*.parquet")))


def status(out: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((out / "status.json").read_text())
    return found


@pytest.fixture(scope="module")
def whole(many: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an undisturbed run with one worker leaves; its rows are those of `analyze`."""
    out = tmp_path_factory.mktemp("whole") / "out"
    process = start(many, out, "--workers", "1", home=out.parent)
    assert finish(process)[0] == 1  # three files of each copy are no photos
    rows = [pd.read_parquet(path) for path in sorted(out.glob("parts/*.parquet"))]
    single = analyze(sorted(many.iterdir()), model=MODEL).to_frame()
    pd.testing.assert_frame_equal(pd.concat(rows, ignore_index=True), single, check_exact=True)
    return contents(out)


def workers_of(process: "subprocess.Popen[bytes]", word: str) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(process.pid).children(recursive=True):
        try:
            if word in " ".join(child.cmdline()):
                found.append(child)
        except psutil.Error:
            continue
    return found


def test_a_worker_is_killed(
    many: Path, whole: dict[str, bytes], tmp_path: Path, home: Path
) -> None:
    out = tmp_path / "out"
    process = start(many, out, "--workers", "2", home=home)
    for n in (2, 8):
        until(lambda n=n: parts(out) >= n, process)
        workers_of(process, "local_worker")[0].kill()
    code, err = finish(process)
    assert code == 1, err
    assert contents(out) == whole
    assert (status(out)["state"], status(out)["failed"]) == ("done", 18)


def test_the_whole_run_is_killed_and_resumed(
    many: Path, whole: dict[str, bytes], tmp_path: Path, home: Path
) -> None:
    out = tmp_path / "out"
    for n in (3, 10):
        process = start(many, out, "--workers", "2", "--resume", home=home)
        until(lambda n=n: parts(out) >= n, process)
        workers = workers_of(process, "local_worker")
        process.kill()
        process.communicate()
        psutil.wait_procs(workers, timeout=60)  # nobody wants their answers any more
        assert not any(worker.is_running() for worker in workers)
    before = {path.name: path.stat().st_mtime_ns for path in out.glob("parts/*.parquet")}
    (job, *_) = JobBoard(home / "jobs", start=False).jobs()
    assert (job.state, job.can_resume) == (JobState.FAILED, True)
    code, err = finish(start(many, out, "--workers", "1", "--resume", home=home))
    assert code == 1, err
    after = {path.name: path.stat().st_mtime_ns for path in out.glob("parts/*.parquet")}
    assert before.items() <= after.items()
    assert contents(out) == whole


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_asked_to_stop(
    many: Path, whole: dict[str, bytes], tmp_path: Path, home: Path, number: signal.Signals
) -> None:
    out = tmp_path / "out"
    process = start(many, out, "--workers", "2", home=home)
    until(lambda: parts(out) >= 2, process)
    process.send_signal(number)
    code, err = finish(process)
    assert (code, status(out)["state"]) == (130, "stopped"), err
    assert "Stopped. Finished parts are kept" in err
    found = contents(out)
    done = {name for name in found if name.startswith("parts/")}
    assert {name: found[name] for name in done} == {name: whole[name] for name in done}
    (job,) = JobBoard(home / "jobs", start=False).jobs()
    assert job.state == JobState.STOPPED


def test_ray_loses_a_worker(
    many: Path, whole: dict[str, bytes], tmp_path: Path, home: Path
) -> None:
    pytest.importorskip("ray", reason="the extra ray is not installed (Python 3.14)")
    out = tmp_path / "out"
    process = start(many, out, "--workers", "2", "--executor", "ray", home=home)
    until(lambda: parts(out) >= 2, process)
    # Ray's own agents are called so, too, and with one of them its machine goes.
    actors = workers_of(process, "ray::_Reader")
    assert actors
    actors[0].kill()
    code, err = finish(process)
    assert code == 1, err
    assert contents(out) == whole
