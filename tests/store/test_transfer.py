"""A whole store in a file, and from there into another database without loss."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from emotion_core.errors import OutputError, StoreError
from emotion_core.store.store import Store
from tests.store.filled import files_of, fill, tables_of
from tests.video.tables import happy, result


def test_from_sqlite_to_postgresql_and_back_without_loss(tmp_path: Path, postgres_url: str) -> None:
    first = Store(home=tmp_path / "first")
    fill(first, tmp_path / "video")
    wanted = tables_of(first.database)
    assert all(wanted.values()), "every table has rows"
    done = first.export(tmp_path / "first.zip")
    assert len(done.sessions) == 3
    assert done.rows == 6 + 3 + 2
    second = Store(postgres_url, home=tmp_path / "second")
    brought = second.import_(done.path)
    assert (brought.sessions, brought.skipped, brought.rows) == (done.sessions, (), done.rows)
    assert tables_of(second.database) == wanted
    assert files_of(second) == files_of(first)
    again = second.export(tmp_path / "second.zip")
    third = Store(home=tmp_path / "third")
    third.import_(again.path)
    assert tables_of(third.database) == wanted
    assert files_of(third) == files_of(first)
    assert third.check() == second.check() == []
    session = third.sessions(search="pilot")[0]
    assert session.name.startswith("Größe 日本")
    assert third.session(session.id).frames().equals(first.session(session.id).frames())
    for store in (first, second, third):
        store.close()


def test_what_is_there_already_stays_as_it_is(
    store: Store, tmp_path: Path, open_store: Callable[[], Store]
) -> None:
    fill(store, tmp_path / "video")
    done = store.export(tmp_path / "all.zip")
    session = store.session(store.sessions(search="pilot")[0].id)
    session.rename("Changed since")
    brought = open_store().import_(done.path)
    assert (brought.sessions, set(brought.skipped)) == ((), set(done.sessions))
    assert session.info().name == "Changed since"


def test_groups_and_people_of_one_name_are_one(tmp_path: Path) -> None:
    one, two = Store(home=tmp_path / "one"), Store(home=tmp_path / "two")
    fill(one, tmp_path / "a")
    fill(two, tmp_path / "b")
    two.import_(one.export(tmp_path / "one.zip").path)
    assert len(two.sessions(group="Study")) == 4
    assert len(tables_of(two.database)["groups"]) == 1
    assert len(tables_of(two.database)["subjects"]) == 1
    forgotten = two.forget_subject("Anna B.")
    assert len(forgotten.sessions) == 4


def test_a_running_recording_is_exported_as_far_as_it_is(store: Store, tmp_path: Path) -> None:
    live = store.record(model="compact", detector="yunet", flush_s=3600)
    while not store.sessions():
        pass
    live.add(result(0, 0.0, [happy()]))
    live._flush()
    live.add(result(1, 0.5, [happy()]))
    done = store.export(tmp_path / "all.zip")
    live.stop()
    assert (done.rows, done.sessions) == (1, (live.id,))


def rewritten(source: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = change(name, old.read(name))
            if data is not None:
                new.writestr(name, data)
    return target


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    store = Store(home=folder / "home")
    fill(store, folder / "video")
    return store.export(folder / "all.zip").path


def manifest_with(**changed: object) -> Callable[[str, bytes], bytes]:
    def change(name: str, data: bytes) -> bytes:
        if name != "manifest.json":
            return data
        return json.dumps({**json.loads(data), **changed}).encode()

    return change


def one_less(name: str, data: bytes) -> bytes:
    return data.partition(b"\n")[2] if name == "tables/tracks.jsonl" else data


def other_rows(name: str, data: bytes) -> bytes:
    return data[:-1] + b"x" if name.endswith(".parquet") else data


def other_column(name: str, data: bytes) -> bytes:
    return data.replace(b'"kind"', b'"knd"') if name == "tables/sessions.jsonl" else data


def no_time(name: str, data: bytes) -> bytes:
    return data.replace(b'"created": "', b'"created": "x') if "sessions.jsonl" in name else data


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (manifest_with(form="0999"), "newer Emotion Lens"),
        (manifest_with(emotion_lens_store=99), "newer Emotion Lens"),
        (manifest_with(emotion_lens_store="no"), "another one"),
        (manifest_with(files={"sessions/../../evil.parquet": ""}), "none of ours"),
        (manifest_with(files=None), "files is missing"),
        (manifest_with(tables={"nosuch": 0}), "table nosuch is missing"),
        (one_less, "rows of tracks"),
        (other_rows, "not what was exported"),
        (other_column, "wanted id, kind"),
        (no_time, "wanted a time"),
        (lambda name, data: None if name == "manifest.json" else data, "another one"),
        (lambda name, data: b"[" if name == "manifest.json" else data, "wanted JSON"),
        (lambda name, data: None if "rows/" in name else data, "damaged or another"),
    ],
)
def test_damaged_files_are_refused_and_nothing_half_is_left(
    exported: Path, tmp_path: Path, change: Callable[[str, bytes], bytes | None], words: str
) -> None:
    bad = rewritten(exported, tmp_path / "bad.zip", change)
    with Store(home=tmp_path / "home") as store:
        with pytest.raises(StoreError, match=words):
            store.import_(bad)
        assert store.sessions() == ()
        assert store.check() == []
        assert len(store.import_(exported).sessions) == 3
        assert store.check() == []


def test_other_files_are_refused(tmp_path: Path, exported: Path) -> None:
    with Store(home=tmp_path / "home") as store:
        for name, content in (("text.zip", b"hello"), ("empty.zip", b"")):
            (tmp_path / name).write_bytes(content)
            with pytest.raises(StoreError, match="damaged or another kind"):
                store.import_(tmp_path / name)
        cut = tmp_path / "cut.zip"
        cut.write_bytes(exported.read_bytes()[:5000])
        for path in (cut, tmp_path, tmp_path / "nosuch.zip"):
            with pytest.raises(StoreError):
                store.import_(path)
        with pytest.raises(OutputError):
            store.export(tmp_path / "nosuch" / "all.zip")


def test_an_import_goes_on_where_one_was_interrupted(exported: Path, tmp_path: Path) -> None:
    with Store(home=tmp_path / "home") as store:
        store.import_(exported)
        first = store.sessions(search="pilot")[0].id
        # As a kill leaves it between files and database: a folder that the database does not know.
        store.delete(first)
        store.retention.purge(first)
        shutil.copytree(store.root / store.sessions()[0].id, store.root / first, dirs_exist_ok=True)
        assert any("does not know" in line for line in store.check())
        assert store.import_(exported).sessions == (first,)
        assert store.check() == []


def test_vacuum_gives_back_room_and_changes_nothing(store: Store, tmp_path: Path) -> None:
    fill(store, tmp_path / "video")
    before, files = tables_of(store.database), files_of(store)
    session = store.session(store.sessions(search="pilot")[0].id)
    for number in range(5):
        session.set_notes("x" * 20_000 + str(number))
    session.set_notes(next(r["notes"] for r in before["sessions"] if r["id"] == session.id))
    store.vacuum()
    assert (tables_of(store.database), files_of(store)) == (before, files)


def test_a_backup_is_a_whole_export(store: Store, tmp_path: Path) -> None:
    fill(store, tmp_path / "video")
    backup = store.backup()
    assert backup.path.parent == store.backups
    with Store(home=tmp_path / "other") as other:
        other.import_(backup.path)
        assert tables_of(other.database) == tables_of(store.database)
