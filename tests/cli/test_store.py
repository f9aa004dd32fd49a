"""The commands ``sessions`` and ``store``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emotion_core.store.store import Store
from tests.store.test_sessions import add_video

Command = Callable[..., Any]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("EMOTION_LENS_DATABASE_URL", raising=False)
    return tmp_path / "home"


@pytest.fixture
def session(home: Path, tmp_path: Path) -> str:
    with Store() as store:
        kept = add_video(store, tmp_path / "video")
        kept.rename("Class 4b")
        kept.add_tag("pilot")
        kept.people.name(1, "Anna")
        kept.markers.add(1.0, 2.0, "joke")
        return kept.id


def test_sessions_are_listed_and_shown(command: Command, session: str) -> None:
    done = command("sessions", "list", "--tag", "pilot", "--search", "anna")
    assert done.code == 0
    assert done.out.decode().startswith(session)
    assert "Class 4b" in done.out.decode()
    (listed,) = command("sessions", "list", "--json").json["sessions"]
    assert (listed["id"], listed["kind"], listed["rows"]) == (session, "video", 6)
    shown = command("sessions", "show", session[:5], "--json").json
    assert shown["people"][0]["name"] == "Anna"
    assert [m["text"] for m in shown["markers"]] == ["joke"]
    seconds = {(row["person"], row["expression"]): row["seconds"] for row in shown["time"]}
    assert seconds == {("Anna", "happy"): 2, ("Anna", "sad"): 1, ("Person 2", "sad"): 2}
    words = command("sessions", "show", session).out.decode()
    assert "person 1: Anna: happy 2.0 s (67 %), sad 1.0 s (33 %)" in words
    assert "marker: 1.00 to 2.00 s joke" in words
    nothing = command("sessions", "list", "--kind", "live")
    assert (nothing.code, nothing.out) == (0, b"")
    assert "no such sessions" in nothing.err


def test_a_session_is_deleted_and_restored(command: Command, session: str) -> None:
    assert command("sessions", "delete", session[:6], "nosuch").code == 1
    assert command("sessions", "list", "--json").json["sessions"] == []
    (deleted,) = command("sessions", "list", "--deleted", "--json").json["sessions"]
    assert deleted["id"] == session
    again = command("sessions", "delete", session)
    assert again.code == 2
    assert "was deleted" in again.err
    assert command("sessions", "restore", session).code == 0
    assert len(command("sessions", "list", "--json").json["sessions"]) == 1


def test_a_person_is_forgotten_only_with_yes(command: Command, session: str) -> None:
    asked = command("sessions", "forget", "--session", session, "--person", "1")
    assert asked.code == 2
    assert "cannot be taken back" in asked.err
    done = command("sessions", "forget", "--session", session, "--person", "1", "--yes")
    assert "Forgot Anna: 3 rows in 3 frames" in done.out.decode()
    assert command("sessions", "forget", "--everywhere", "Anna", "--yes").code == 2
    assert command("sessions", "forget", "--session", session, "--yes").code == 2


def test_an_analysis_is_added(command: Command, home: Path, tmp_path: Path) -> None:
    with Store(home=tmp_path / "elsewhere") as other:
        add_video(other, tmp_path / "video")
    done = command("sessions", "add", tmp_path / "video", "--name", "Class")
    assert done.code == 0
    added = done.out.decode().strip()
    assert command("sessions", "show", added, "--json").json["name"] == "Class"
    (tmp_path / "notes.txt").write_text("no table")
    for path in (tmp_path / "notes.txt", tmp_path / "nosuch", tmp_path):
        bad = command("sessions", "add", path)
        assert bad.code == 2
        assert "defect" not in bad.err


def test_a_store_is_checked_copied_and_moved(
    command: Command, session: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command("store", "check").code == 0
    backup = command("store", "backup", "--json").json
    assert Path(backup["file"]).parent == home / "backups"
    file = tmp_path / "all.zip"
    assert command("store", "export", file, "--json").json["rows"] == 6
    assert command("store", "import", file, "--json").json["skipped"] == [session]
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path / "new"))
    assert command("store", "import", file, "--json").json["sessions"] == [session]
    assert command("store", "upgrade", "--json").json["after"] == "0002"
    assert command("store", "vacuum", "--json").json.keys() == {"freed_bytes"}
    (part,) = (tmp_path / "new").rglob("part-*.parquet")
    part.write_bytes(b"damaged")
    bad = command("store", "check", "--json")
    assert bad.code == 1
    assert "damaged" in bad.json["problems"][0]
    part.unlink()
    assert command("store", "import", tmp_path / "nosuch.zip").code == 2


def test_retention_is_said_and_changed(command: Command, home: Path) -> None:
    assert command("store", "retention", "--json").json == {"days": None}
    assert command("store", "retention", "--days", "30", "--json").json == {"days": 30}
    assert b"30 days" in command("store", "retention").out
    assert command("store", "retention", "--days", "0").code == 2
    assert command("store", "retention", "--never", "--json").json == {"days": None}


def test_a_database_that_cannot_be_used_is_one_sentence(
    command: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    (home / "store.sqlite").write_bytes(b"something else" * 100)
    for line in (("sessions", "list"), ("store", "check")):
        done = command(*line)
        assert done.code == 2
        assert "damaged or no database" in done.err
        assert len(done.err.splitlines()) == 1
    monkeypatch.setenv("EMOTION_LENS_DATABASE_URL", "postgresql://anna:secret@127.0.0.1:1/lens")
    done = command("sessions", "list")
    assert done.code == 2
    assert "does not answer" in done.err
    assert "secret" not in done.err
