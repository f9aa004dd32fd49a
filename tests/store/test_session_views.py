"""Sessions as a page shows them: rows with people, changes that are taken back, lists."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from emotion_core.errors import StoreError
from emotion_core.store import session_view
from emotion_core.store.adding import AnalysedPhoto
from emotion_core.store.session import StoredSession
from emotion_core.store.session_filter import SessionFilter, names_in
from emotion_core.store.session_undo import UndoableEdits
from emotion_core.store.session_view import SessionRowsCache, read_session_rows, version_of
from emotion_core.store.session_words import facts_of, moment, title_of
from emotion_core.store.store import Store
from emotion_core.video.markers import EXCLUDE
from emotion_core.video.player_data import player_data
from emotion_core.video.view_settings import ViewSettings
from tests.store.test_sessions import add_video
from tests.video.tables import happy, result, sad


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(home=tmp_path / "home")


@pytest.fixture
def session(store: Store, tmp_path: Path) -> StoredSession:
    return add_video(store, tmp_path / "video")


# -- rows and views


def test_a_view_has_the_stores_people_and_times(session: StoredSession) -> None:
    session.people.name(2, "Ben")
    view = read_session_rows(session).view()
    assert view.names == {1: "Person 1", 2: "Ben"}
    assert view.frames["person_id"].tolist() == [1, 2, 1, 1, 2, 0]
    assert view.frames["end_s"].tolist() == [1, 1, 2, 3, 3, 4]
    assert view.window == (0.0, 4.0)
    assert player_data(view)


def test_people_of_one_name_stay_two(session: StoredSession) -> None:
    session.people.name(1, "Anna")
    session.people.name(2, "Anna")
    assert read_session_rows(session).view().names == {1: "Anna", 2: "Anna"}


def test_hidden_people_and_excluded_times_count_in_nothing(session: StoredSession) -> None:
    session.people.hide(2)
    session.markers.add(0.0, 1.0, "", EXCLUDE)
    rows = read_session_rows(session)
    view = rows.view()
    assert set(view.names) == {1}
    assert view.frames["seconds"].sum() == 3.0
    assert [(p.id, p.hidden, p.seconds) for p in rows.people()] == [(1, False, 3.0), (2, True, 2.0)]


def test_another_threshold_decides_anew(session: StoredSession) -> None:
    view = read_session_rows(session).view(ViewSettings(threshold=0.85, half_life_s=0.0))
    assert view.frames["uncertain"].dropna().tolist() == [False, True, False, True, True]


def test_a_gap_of_a_recording_is_nobodys_time(store: Store) -> None:
    recorder = store.record(model="compact", detector="yunet", flush_s=3600)
    for index, time_s in enumerate((0.0, 0.5, 20.0, 20.5)):
        recorder.add(result(index, time_s, [happy()]))
    recorder.stop()
    view = read_session_rows(store.session(recorder.id)).view()
    assert view.frames["seconds"].sum() == pytest.approx(2.0)


def test_rows_of_a_running_recording_have_their_people(store: Store) -> None:
    recorder = store.record(model="compact", detector="yunet", flush_s=0.05)
    try:
        recorder.add(result(0, 0.0, [happy(1), sad(2, x=100)]))
        while not store.sessions() or not store.session(recorder.id).place.parts.parts():
            time.sleep(0.01)
        rows = read_session_rows(store.session(recorder.id))
        assert rows.ids.tolist() == [1, 2]
    finally:
        recorder.stop()


def test_what_did_not_change_is_not_read_again(
    session: StoredSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    read = session_view.read_session_rows

    def counted(wanted: StoredSession) -> session_view.SessionRows:
        reads.append(wanted.id)
        return read(wanted)

    monkeypatch.setattr(session_view, "read_session_rows", counted)
    cache = SessionRowsCache(max_kept=1)
    first = cache.view(session)
    assert cache.view(session) is first
    session.people.name(1, "Anna")
    assert cache.view(session).names[1] == "Anna"
    session.markers.add(1.0, 2.0, "", EXCLUDE)
    assert cache.view(session).excluded == ((1.0, 2.0),)
    assert reads == [session.id]
    session.people.merge(2, 1)
    assert set(cache.view(session).names) == {1}
    assert reads == [session.id] * 2


def test_what_cannot_be_shown_is_said(
    store: Store, session: StoredSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = store.add_photos([AnalysedPhoto("a.jpg", result(0, 0.0, []))], metadata={})
    with pytest.raises(StoreError, match="Received photos"):
        read_session_rows(photos)
    monkeypatch.setattr(session_view, "MAX_ROWS", 5)
    with pytest.raises(StoreError, match=r"6 rows, more than can be shown at once \(5\)"):
        read_session_rows(session)


def test_shares_of_all(store: Store, session: StoredSession) -> None:
    assert session.overall() == pytest.approx({"happy": 2 / 5, "sad": 3 / 5})
    photos = store.add_photos(
        [AnalysedPhoto("a.jpg", result(0, 0.0, [happy(1), sad(2), happy(3, score=0.3)]))],
        metadata={},
    )
    shares = photos.overall()
    assert list(shares) == ["happy", "sad", "uncertain"]
    assert sum(shares.values()) == pytest.approx(1.0)
    empty = store.add_photos([AnalysedPhoto("a.jpg", result(0, 0.0, []))], metadata={})
    assert empty.overall() == {}


# -- changes that are taken back


def test_every_change_of_people_is_taken_back(session: StoredSession) -> None:
    edits = UndoableEdits(session)
    before = session.people.said()
    edits.people.name(1, "Anna")
    edits.people.set_baseline(1, 0.0, 1.0)
    edits.people.link(1, "Anna B.")
    edits.people.hide(2)
    edits.people.split(1, 2.0)
    edits.people.merge(2, 1)
    edits.people.remove_baseline(1)
    edits.people.link(1, "")
    edits.people.hide_all([1, 3])
    edits.people.join([1, 3], 3, "Anna")
    for _ in range(10):
        assert edits.people.undo() is True
    assert session.people.said() == before
    assert edits.people.undo() is False
    assert np.array_equal(read_session_rows(session).ids, [1, 2, 1, 1, 2, 0])


def test_every_change_of_markers_is_taken_back(session: StoredSession) -> None:
    edits = UndoableEdits(session)
    marker = edits.markers.add(1.0, 2.0, "joke")
    edits.markers.change(marker.id, text="the joke", kind=EXCLUDE)
    assert session.markers.list()[0].kind == EXCLUDE
    edits.markers.remove(marker.id)
    assert session.markers.list() == ()
    edits.markers.undo()
    edits.markers.undo()
    assert session.markers.list() == (marker,)
    edits.markers.undo()
    assert session.markers.list() == ()
    with pytest.raises(StoreError, match="no such marker"):
        edits.markers.change("gone", text="x")


def test_what_somebody_else_changed_meanwhile_is_not_undone(session: StoredSession) -> None:
    edits = UndoableEdits(session)
    edits.people.name(1, "Anna")
    session.people.name(2, "Ben")
    with pytest.raises(StoreError, match="changed elsewhere"):
        edits.people.undo()
    assert [person.name for person in session.people.list()] == ["Anna", "Ben"]
    assert edits.people.undo() is False


def test_the_version_changes_with_every_change(session: StoredSession) -> None:
    seen = {version_of(session)}
    session.people.name(1, "Anna")
    seen.add(version_of(session))
    session.markers.add(1.0)
    seen.add(version_of(session))
    assert len(seen) == 3


# -- lists


def test_sessions_are_found_by_everything_that_is_asked(
    store: Store, session: StoredSession
) -> None:
    session.people.name(1, "Anna")
    session.people.link(2, "Ben B.")
    session.add_tag("pilot")
    session.join_group("Study", "calm")
    info = session.info()
    day = info.created.astimezone().date()
    found = (
        SessionFilter(),
        SessionFilter(search="anna", kinds=("video",), tags=("pilot",), groups=("Study", "x")),
        SessionFilter(people=("Ben B.",)),
        SessionFilter(since=day, until=day),
        SessionFilter(least_s=4.0, most_s=4.0),
    )
    not_found = (
        SessionFilter(search="nobody"),
        SessionFilter(kinds=("live",)),
        SessionFilter(tags=("pilot", "x")),
        SessionFilter(groups=("x",)),
        SessionFilter(people=("Person 2",)),
        SessionFilter(since=day + timedelta(days=1)),
        SessionFilter(until=day - timedelta(days=1)),
        SessionFilter(least_s=4.1),
        SessionFilter(most_s=3.9),
    )
    assert [one for one in found if not one.apply([info])] == []
    assert [one for one in not_found if one.apply([info])] == []
    assert SessionFilter().is_empty
    assert not found[1].is_empty
    assert names_in(info) == {"Anna", "Ben B."}


def test_sessions_in_words(session: StoredSession) -> None:
    session.rename("Class")
    session.people.name(1, "Anna")
    info = replace(session.info(), created=datetime(2026, 3, 1, 12, 5, tzinfo=UTC))
    when = moment(info.created)
    assert title_of(info) == "Class"
    assert facts_of(info) == f"Video · {when} · 0:04 · 2 people: Anna"
    assert title_of(replace(info, name="")) == f"Video of {when}"
    people = tuple(
        replace(info.people[0], number=n, name=name) for n, name in enumerate("abcde", start=1)
    )
    assert facts_of(replace(info, people=people)).endswith("5 people: a, b, c and 2 more")
