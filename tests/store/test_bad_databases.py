"""Databases that cannot be used, in a sentence; and several programs with one of them."""

import os
import sqlite3
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from emotion_core.errors import DiskFullError, EmotionLensError, OutputError, StoreError
from emotion_core.store import engine as engine_module
from emotion_core.store.database_url import database_url, shown_url
from emotion_core.store.store import Store
from tests.store.test_sessions import add_video

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one session."""
    with Store(home=tmp_path / "home") as store:
        add_video(store, tmp_path / "video").rename("Kept")
    return tmp_path / "home"


def test_a_locked_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "BUSY_MS", 50)
    with Store(home=home) as store:
        session = store.session(store.sessions()[0].id)
        other = sqlite3.connect(home / "store.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert session.info().name == "Kept"  # reading goes on
        with pytest.raises(StoreError, match="another program holds it"):
            session.rename("x")
        other.execute("ROLLBACK")
        other.close()
        session.rename("x")


def test_a_full_disk(home: Path) -> None:
    with Store(home=home) as store:
        session = store.session(store.sessions()[0].id)
        with store.database.writing_raw() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        from sqlalchemy import event

        # SQLite's own answer when there is no room.
        @event.listens_for(store.database._engine, "connect")
        def small(connection: object, _: object) -> None:
            connection.execute(f"PRAGMA max_page_count={pages}")  # type: ignore[attr-defined]

        with pytest.raises(DiskFullError, match="What was stored before is kept"):
            session.set_notes("x" * 20_000)
        assert session.info().notes == ""


@pytest.mark.parametrize("damage", ["cut", "overwritten", "text"])
def test_a_damaged_file(home: Path, damage: str) -> None:
    path = home / "store.sqlite"
    data = path.read_bytes()
    match damage:
        case "cut":
            path.write_bytes(data[: len(data) // 2])
        case "overwritten":
            path.write_bytes(data[:4096] + b"\xff" * 8192 + data[12288:])
        case "text":
            path.write_bytes(b"not a database, by far" * 100)

    def use() -> list[str]:
        with Store(home=home) as store:
            store.sessions()
            return store.check()

    # Some damage is seen at once, some only by who looks through everything.
    try:
        said = use()
    except StoreError as error:
        said = [str(error)]
    assert "damaged" in said[0]


def test_check_finds_what_is_damaged_or_missing(home: Path) -> None:
    with Store(home=home) as store:
        info = store.sessions()[0]
        (part,) = store.session(info.id).place.parts.parts()
        assert store.check() == []
        data = part.path.read_bytes()
        part.path.write_bytes(data[:-20])
        (problem,) = store.check()
        assert "Kept" in problem
        assert "damaged" in problem
        with pytest.raises(StoreError, match="damaged or not there"):
            store.session(info.id).frames()
        with pytest.raises(StoreError, match="cannot be read"):
            store.session(info.id).shares()
        with pytest.raises(StoreError, match="damaged"):
            store.backup()
        part.path.unlink()
        assert store.check() == [f"Session {info.id} (Kept): wanted 6 rows. Found: 0."]
        assert len(store.session(info.id).frames()) == 0


def test_places_where_no_database_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder" / "store.sqlite").mkdir(parents=True)
    with pytest.raises(StoreError, match="This is a folder"):
        Store(home=tmp_path / "folder")
    with pytest.raises(EmotionLensError):
        Store(home=tmp_path / "file" / "below")


def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").touch()
    with Store(home=tmp_path) as store:
        assert store.sessions() == ()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs users")
def test_a_home_that_may_only_be_read(home: Path) -> None:
    """In a process of its own, as a user who may not write there."""
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from emotion_core.store.store import Store\n"
        "from emotion_core.errors import StoreError, OutputError\n"
        "import emotion_core.store.recorder, duckdb, pandas\n"
        f"home = Path({str(home)!r})\n"
        "for path in (home, *home.rglob('*')):\n"
        "    os.chmod(path, 0o555 if path.is_dir() else 0o444)\n"
        "for path in home.parents:\n"
        "    if os.geteuid() == 0 and path.stat().st_uid == 0 and str(path) != '/':\n"
        "        os.chmod(path, path.stat().st_mode | 0o055)\n"
        "if os.geteuid() == 0:\n"
        "    os.setuid(65534)\n"
        "try:\n"
        "    store = Store(home=home)\n"
        "    print([s.name for s in store.sessions()], len(store.notes))\n"
        "    session = store.session(store.sessions()[0].id)\n"
        "    print(len(session.frames()))\n"
        "except StoreError as error:\n"
        "    print('refused', error)\n"
        "    sys.exit()\n"
        "for change in (lambda: session.rename('x'), lambda: store.delete(session.id),\n"
        "        lambda: store.record(model='m', detector='d')):\n"
        "    try:\n"
        "        change()\n"
        "        print('changed')\n"
        "    except (StoreError, OutputError) as error:\n"
        "        print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=100
    )
    for path in (home, *home.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    lines = done.stdout.splitlines()
    # A database in WAL can only be opened where its helper files can be made.
    if lines[0].startswith("refused"):
        assert "may only be read" in lines[0] or "cannot be opened" in lines[0]
    else:
        assert lines[0].startswith("['Kept']")
        assert lines[1] == "6"
        assert "may only be read" in lines[2]
        assert "changed" not in lines


def test_two_programs_write_to_one_home(home: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from emotion_core.store.store import Store\n"
        "store = Store(home=Path(sys.argv[1]))\n"
        "session = store.session(store.sessions()[0].id)\n"
        "for number in range(25):\n"
        "    session.add_tag(f'{sys.argv[2]} {number}')\n"
        "    session.markers.add(number)\n"
    )
    line = [sys.executable, "-c", program, str(home)]
    running = [
        subprocess.Popen([*line, name], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for name in ("a", "b")
    ]
    for process in running:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    with Store(home=home) as store:
        info = store.sessions()[0]
        assert len(info.tags) == 50
        assert len(store.session(info.id).markers.list()) == 50
        assert store.check() == []


@pytest.mark.slow
def test_two_programs_make_one_database(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from emotion_core.store.store import Store\n"
        "print(Store(home=Path(sys.argv[1])).database.upgraded.after)\n"
    )
    line = [sys.executable, "-c", program, str(tmp_path / "home")]
    running = [
        subprocess.Popen(line, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in running:
        said, error = process.communicate(timeout=120)
        assert (process.returncode, said) == (0, "0002\n"), error


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("mysql://host/db", "mysql, which the store does not use"),
        ("nonsense", "Received something else"),
        ("sqlite://", "without a file"),
        ("sqlite:///:memory:", "without a file"),
        ("postgresql://user:secret@host", "names no database"),
        ("postgresql://user@127.0.0.1:1/db", "does not answer"),
    ],
)
def test_addresses_that_lead_nowhere(address: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=words) as caught:
        Store(address, home=tmp_path)
    assert "secret" not in str(caught.value)


def test_the_address_is_taken_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path))
    assert shown_url(database_url()) == str(tmp_path / "store.sqlite")
    monkeypatch.setenv("EMOTION_LENS_DATABASE_URL", "postgres://anna:secret@db.example/lens")
    assert shown_url(database_url()) == "postgresql://anna:***@db.example/lens"
    assert database_url().drivername == "postgresql+psycopg"


def test_a_disk_of_another_machine_is_used_without_wal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = namedtuple("disk", "mountpoint fstype")
    places = [disk("/", "ext4"), disk(str(tmp_path / "far"), "nfs4")]
    monkeypatch.setattr(engine_module.psutil, "disk_partitions", lambda all: places)
    for name, journal in (("far", "delete"), ("near", "wal")):
        with Store(home=tmp_path / name) as store, store.database.reading_raw() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == journal


def test_a_database_that_nobody_may_enter(postgres_url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not let us in") as caught:
        Store(postgres_url.replace("emotion_lens@", "nobody:secret@"), home=tmp_path)
    assert "secret" not in str(caught.value)
    with pytest.raises(StoreError, match="does not let us in"):
        Store(postgres_url + "other", home=tmp_path)


def test_outputs_that_cannot_be_written(home: Path, tmp_path: Path) -> None:
    with Store(home=home) as store, pytest.raises(OutputError):
        store.export(tmp_path / "no" / "such" / "folder.zip")
