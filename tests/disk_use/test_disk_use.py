"""What everything takes, and what goes when it is cleaned up: that, and nothing else."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from emotion_core.disk_use import DISK_KINDS, DiskUse, clean_up, free_bytes, measure, size_of
from emotion_core.errors import OutputError
from emotion_core.files.unfinished import new_file
from emotion_core.jobs import JobBoard, JobState
from emotion_core.jobs.store import JobFolder
from emotion_core.paths import HOME_ENV, MODELS_ENV


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_ENV, str(tmp_path / "home"))
    monkeypatch.setenv(MODELS_ENV, str(tmp_path / "home" / "models"))
    monkeypatch.delenv("EMOTION_LENS_DATABASE_URL", raising=False)
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def write(path: Path, n_bytes: int, *, age_s: float = 0.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * n_bytes)
    if age_s:
        os.utime(path, (time.time() - age_s,) * 2)
    return path


def uses() -> dict[str, DiskUse]:
    return {use.kind.key: use for use in measure()}


def test_every_kind_counts_its_own_and_nothing_twice(home: Path) -> None:
    write(home / "videos" / "a" / "media" / "clip.mp4", 1000)
    write(home / "videos" / ".uploads" / ("0" * 32) / "data", 200)
    write(home / "sessions" / "s" / "rows" / "0.parquet", 30)
    write(home / "runs" / "r" / "model.keras", 4000)
    write(home / "models" / "m" / "card.json", 50)
    write(home / "data" / "fer2013.parquet", 600)
    write(home / "data" / "exports" / "x.csv", 7)
    write(home / "data" / "audits" / "k" / "near.npy", 80)
    write(home / "cache" / "detectors" / "y.tflite", 9)
    write(home / "backups" / "old.sqlite", 11)
    found = {key: use.size.bytes for key, use in uses().items()}
    wanted = {
        "videos": 1000, "sessions": 30, "runs": 4000, "models": 50, "datasets": 600, "exports": 7,
        "caches": 89, "backups": 11, "jobs": 0, "uploads": 200, "leftovers": 0,
    }  # fmt: skip
    assert found == wanted
    assert sum(found.values()) == size_of([home]).bytes
    assert all(use.to_dict()["bytes"] == found[key] for key, use in uses().items())


def test_nothing_at_all_is_nothing(home: Path) -> None:
    home.rmdir()
    assert {use.size.bytes for use in measure()} == {0}
    assert not any(use.removable for use in measure())
    assert (free_bytes() or 0) > 0


def test_links_and_second_names_count_once(home: Path) -> None:
    file = write(home / "a", 100)
    os.link(file, home / "b")
    (home / "c").symlink_to(file)
    (home / "loop").symlink_to(home)
    assert size_of([home, home / "a"]).bytes == 100


def test_caches_and_exports_go_and_everything_else_stays(home: Path) -> None:
    kept = [write(home / "data" / name, 10) for name in ("fer2013.parquet", "mine.parquet")]
    audit = write(home / "data" / "audits" / "k" / "a.npy", 80)
    kept.append(write(home / "cache" / "detectors" / "y.tflite", 9))
    assert uses()["caches"].removable_bytes == 80
    done = clean_up("caches")
    assert (done.removed, done.bytes, done.problems) == (1, 80, ())
    assert not audit.exists()
    assert all(path.exists() for path in kept)


def test_only_what_was_agreed_to_goes(home: Path) -> None:
    write(home / "data" / "exports" / "a.csv", 5)
    (shown,) = uses()["exports"].removable
    later = write(home / "data" / "exports" / "b.csv", 6)
    assert clean_up("exports", {shown.id}).removed == 1
    assert later.exists()
    assert clean_up("exports", {"/etc/passwd"}).removed == 0


def test_the_newest_backup_stays(home: Path) -> None:
    write(home / "backups" / "z-old.sqlite", 5, age_s=200)
    newest = write(home / "backups" / "a-new.sqlite", 5)
    assert clean_up("backups").removed == 1
    assert list((home / "backups").iterdir()) == [newest]


def test_uploads_that_somebody_may_go_on_with_stay(home: Path) -> None:
    fresh = write(home / "videos" / ".uploads" / ("1" * 32) / "data", 5)
    old = write(home / "videos" / ".uploads" / ("2" * 32) / "data", 6, age_s=7200)
    os.utime(old.parent, (time.time() - 7200,) * 2)
    assert clean_up("uploads").bytes == 6
    assert fresh.exists()
    assert not old.parent.exists()


def test_leftovers_go_and_what_is_being_written_stays(home: Path) -> None:
    left, file = new_file(write(home / "runs" / "r" / "a.json", 1))
    file.write(b"x" * 30)
    file.close()
    mine, busy = new_file(home / "runs" / "r" / "b.json")
    assert uses()["leftovers"].size.files >= 2
    clean_up("leftovers")
    assert not left.exists()
    assert mine.exists()
    busy.close()


def test_records_of_jobs_that_are_done_go(home: Path) -> None:
    board = JobBoard(start=False)
    states = (JobState.DONE, JobState.FAILED, JobState.STOPPED, JobState.QUEUED)
    for state in states:
        job = board.submit("evaluation", {}, title=str(state), key=str(state))
        JobFolder(job.folder).write_status(state)
    assert clean_up("jobs").removed == 1
    assert {job.state for job in board.jobs()} == set(states) - {JobState.DONE}


def test_deleted_sessions_go_for_good(home: Path) -> None:
    from emotion_core.store.store import Store

    assert not (home / "store.sqlite").exists()
    measure()
    assert not (home / "store.sqlite").exists()  # looking makes no store
    with Store() as store:
        store.record(model="compact", detector="yunet", name="Anna").stop()
        session = store.sessions()[0].id
        store.delete(session)
    (one,) = uses()["sessions"].removable
    assert one.id == session
    assert clean_up("sessions").removed == 1
    with Store() as store:
        assert list(store.sessions(deleted=True)) == []


def test_what_cannot_be_removed_is_said_and_the_rest_goes(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.csv", "b.csv"):
        write(home / "data" / "exports" / name, 5)
    unlink = Path.unlink

    def refuse(self: Path, **more: Any) -> None:
        if self.name == "a.csv":
            raise PermissionError(13, "Permission denied", str(self))
        unlink(self, **more)

    monkeypatch.setattr(Path, "unlink", refuse)
    done = clean_up("exports")
    assert (done.removed, done.problems) == (1, ("a.csv cannot be removed: Permission denied.",))


@pytest.mark.parametrize("key", ["videos", "runs", "nothing", ""])
def test_what_belongs_to_somebody_is_not_cleaned_up(key: str) -> None:
    with pytest.raises(OutputError, match="Wanted something that can be cleaned up"):
        clean_up(key)


def test_every_clean_up_says_what_is_lost() -> None:
    for kind in DISK_KINDS:
        assert kind.about.endswith(".")
        assert (kind.removable is None) == (kind.remove is None) == (not kind.lost)
