"""What is thrown away, and what is forgotten of a person."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from emotion_core.errors import StoreError
from emotion_core.store import retention
from emotion_core.store.adding import AnalysedPhoto
from emotion_core.store.models import now
from emotion_core.store.places import person_picture
from emotion_core.store.store import Store
from tests.store.filled import tables_of
from tests.store.test_sessions import add_video
from tests.video.tables import happy, result, sad


def at(monkeypatch: pytest.MonkeyPatch, **later: float) -> None:
    moment = now() + timedelta(**later)
    monkeypatch.setattr(retention, "now", lambda: moment)


def test_a_deletion_can_be_taken_back(store: Store, tmp_path: Path) -> None:
    session = add_video(store, tmp_path / "video")
    session.add_tag("pilot")
    store.delete(session.id)
    assert store.sessions() == ()
    assert [info.id for info in store.sessions(deleted=True)] == [session.id]
    with pytest.raises(StoreError, match="was deleted"):
        store.session(session.id)
    with pytest.raises(StoreError, match="was deleted"):
        session.rename("x")
    store.restore(session.id)
    assert store.session(session.id).info().tags == ("pilot",)
    assert len(store.session(session.id).frames()) == 6
    with pytest.raises(StoreError, match="not deleted"):
        store.retention.purge(session.id)


def test_what_was_deleted_a_week_ago_is_removed_for_good(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = add_video(store, tmp_path / "video")
    session.people.link(1, "Anna")
    store.delete(session.id)
    at(monkeypatch, days=6.9)
    assert store.retention.sweep() == []
    assert session.place.folder.is_dir()
    at(monkeypatch, days=7.1)
    assert store.retention.sweep() == []
    assert not session.place.folder.exists()
    assert store.sessions(deleted=True) == ()
    left = {name: rows for name, rows in tables_of(store.database).items() if rows}
    assert left == {}


def test_sessions_go_after_so_many_days(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, kept = add_video(store, tmp_path / "old"), add_video(store, tmp_path / "kept")
    store.retention.keep_until(kept.id, now() + timedelta(days=100))
    at(monkeypatch, days=50)
    store.retention.sweep()
    assert len(store.sessions()) == 2
    store.retention.set_days(49)
    assert store.retention.days() == 49
    store.retention.sweep()
    assert [info.id for info in store.sessions()] == [kept.id]
    store.restore(old.id)
    store.retention.set_days(None)
    store.retention.sweep()
    assert len(store.sessions()) == 2
    for days in (0, -1, 40_000, 1.5):
        with pytest.raises(StoreError, match="Wanted a number of days"):
            store.retention.set_days(days)  # type: ignore[arg-type]


def test_a_clock_that_goes_back_throws_nothing_away(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = add_video(store, tmp_path / "video")
    store.delete(session.id)
    at(monkeypatch, days=6)
    store.retention.sweep()
    at(monkeypatch, days=-30)
    assert store.retention.sweep() == [
        "The computer's clock has gone back; nothing was thrown away this time."
    ]
    assert store.retention.sweep() == []
    assert len(store.sessions(deleted=True)) == 1


def test_a_person_is_forgotten_in_one_session(
    store: Store, tmp_path: Path, open_store: Callable[[], Store]
) -> None:
    session = add_video(store, tmp_path / "video")
    session.people.name(1, "Anna")
    session.people.set_baseline(1, 0, 1)
    session.place.pictures.mkdir()
    (session.place.pictures / person_picture(1)).write_bytes(b"jpeg")
    (session.place.pictures / person_picture(2)).write_bytes(b"jpeg")
    found = store.forget_person(session.id, 1)
    assert (found.name, found.rows, found.frames, found.pictures) == ("Anna", 3, 3, 1)
    assert found.sessions == (session.id,)
    assert "3 rows in 3 frames and 1 pictures" in str(found)
    frames = open_store().session(session.id).frames()
    # The frame that showed only her stays, without a face.
    assert frames["time_s"].tolist() == [0, 1, 2, 3]
    assert frames["track"].fillna(0).tolist() == [2, 0, 2, 0]
    assert frames["person_id"].tolist() == [2, 0, 2, 0]
    assert [p.number for p in session.people.list()] == [2]
    assert session.pictures() == [person_picture(2)]
    assert session.info().rows == 4
    assert store.check() == []
    for path in session.place.folder.rglob("*"):
        assert not path.is_file() or b"Anna" not in path.read_bytes()
    with pytest.raises(StoreError, match="nobody with the number 1"):
        store.forget_person(session.id, 1)


def test_a_person_is_forgotten_everywhere_also_in_what_was_deleted(
    store: Store, tmp_path: Path
) -> None:
    one, two = add_video(store, tmp_path / "one"), add_video(store, tmp_path / "two")
    new = one.people.split(1, 1.5)
    one.people.link(new, "Anna")
    two.people.link(2, "Anna")
    photos = store.add_photos(
        [
            AnalysedPhoto("a.jpg", result(0, 0.0, [happy(1), sad(2)]), "", b"jpeg a"),
            AnalysedPhoto("b.jpg", result(0, 0.0, [sad(1)]), "", b"jpeg b"),
        ],
        metadata={},
    )
    photos.people.link(photos.people.assign(0, 2), "Anna")
    store.delete(two.id)
    store.backup()
    found = store.forget_subject("Anna")
    assert set(found.sessions) == {one.id, two.id, photos.id}
    assert (found.rows, found.frames, found.pictures) == (1 + 2 + 1, 4, 1)
    assert any("store-export" in note for note in found.notes)
    assert one.frames()["person_id"].tolist() == [1, 2, 1, 2, 0]
    store.restore(two.id)
    assert two.frames()["person_id"].tolist() == [1, 1, 1, 0]
    # A photo that shows them goes as a whole; what was read of the others stays.
    assert photos.pictures() == ["source-1.jpg"]
    assert photos.frames()[["source", "track"]].values.tolist() == [[0, 1], [1, 1]]
    with pytest.raises(StoreError, match="nobody of the name"):
        store.forget_subject("Anna")
    assert store.check() == []


def test_who_was_forgotten_does_not_come_back_with_a_resumed_recording(
    store: Store, open_store: Callable[[], Store]
) -> None:
    live = store.record(model="compact", detector="yunet", flush_s=3600)
    live.add(result(0, 0.0, [happy(1), sad(2)]))
    live._flush()
    live._write_known()
    live._stopping.set()
    live._changed.set()
    for thread in live._threads:
        thread.join()
    live._held.close()
    other = open_store()
    other.forget_person(live.id, 1)
    again = other.resume(live.id, flush_s=3600)
    again.add(result(0, 0.0, [happy(1)]))
    again.stop()
    assert [p.number for p in other.session(live.id).people.list()] == [2, 3]
    assert other.session(live.id).frames()["person_id"].tolist() == [2, 3]
