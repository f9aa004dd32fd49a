"""Sessions of videos and photos: kept, found, edited, thrown away."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from emotion_core.errors import StoreError
from emotion_core.store.adding import AnalysedPhoto
from emotion_core.store.models import SessionKind, SessionState
from emotion_core.store.session import StoredSession
from emotion_core.store.store import Store
from emotion_core.video.markers import EXCLUDE, MarkersFile
from emotion_core.video.people import PeopleFile
from tests.video.tables import happy, result, sad, write_table

META = {
    "source": {"name": "class.mp4", "sha256": "ab" * 32, "size_bytes": 123, "duration_s": 4.0},
    "options": {"every_s": 1.0, "threshold": 0.5},
    "model": {"name": "compact", "sha256": "cd" * 32},
    "detector": {"name": "yunet"},
    "versions": {"emotion-lens": "0.2.0"},
    "notes": ["A note."],
}


def add_video(store: Store, folder: Path) -> StoredSession:
    """Four seconds: track 1 is happy, then sad; track 2 is there in the first and third."""
    folder.mkdir(exist_ok=True)
    write_table(
        folder / "frames.parquet",
        [
            (0.0, [happy(1), sad(2, x=100)]),
            (1.0, [happy(1)]),
            (2.0, [sad(1), sad(2, x=100)]),
            (3.0, []),
        ],
        **META,
    )
    return store.add_video(folder)


def test_a_video_is_kept_with_its_rows_and_what_is_known_of_it(
    store: Store, open_store: Callable[[], Store], tmp_path: Path
) -> None:
    session = add_video(store, tmp_path / "video")
    session.rename("Class 4b")
    info = open_store().session(session.id[:6]).info()
    assert (info.kind, info.state, info.name) == (SessionKind.VIDEO, SessionState.DONE, "Class 4b")
    assert (info.frames, info.rows, info.duration_s) == (4, 6, 4.0)
    assert (info.model, info.model_sha256, info.detector) == ("compact", "cd" * 32, "yunet")
    assert info.versions == META["versions"]
    assert info.options == META["options"]
    assert info.details == {"notes": ["A note."]}
    assert [(s.name, s.sha256, s.size_bytes) for s in info.sources] == [
        ("class.mp4", "ab" * 32, 123)
    ]
    assert [p.name for p in info.people] == ["Person 1", "Person 2"]
    frames = open_store().session(session.id).frames()
    assert frames["person"].fillna("").tolist() == [
        "Person 1", "Person 2", "Person 1", "Person 1", "Person 2", "",
    ]  # fmt: skip
    assert frames["until_s"].tolist() == [1, 1, 2, 3, 3, 4]
    assert frames["frame"].dtype == np.int64
    assert frames["expression"].dropna().tolist() == ["happy", "sad", "happy", "sad", "sad"]


def test_what_was_said_of_people_and_markers_of_a_video_comes_along(
    store: Store, tmp_path: Path
) -> None:
    folder = tmp_path / "video"
    folder.mkdir()
    people = PeopleFile(folder / "people.json")
    people.name(1, "Anna")
    people.split(1, 2.0)
    people.hide(2)
    MarkersFile(folder / "markers.json").add(1.0, 2.0, "noise", EXCLUDE)
    session = add_video(store, folder)
    assert [(p.number, p.name, p.hidden) for p in session.people.list()] == [
        (1, "Anna", False), (2, "Person 2", True), (3, "Person 3", False),
    ]  # fmt: skip
    assert [(m.start_s, m.end_s, m.text, m.kind) for m in session.markers.list()] == [
        (1.0, 2.0, "noise", EXCLUDE)
    ]
    assert session.frames()["person"].fillna("").tolist() == ["Anna", "Anna", "Person 3", ""]
    shares = session.shares()
    assert shares[["person", "expression", "seconds", "share"]].values.tolist() == [
        ["Anna", "happy", 1.0, 1.0],
        ["Person 3", "sad", 1.0, 1.0],
    ]


def test_seconds_by_person_and_interval(store: Store, tmp_path: Path) -> None:
    session = add_video(store, tmp_path / "video")
    shares = session.shares({"first": (0.0, 2.5), "second": (2.5, 4.0)})
    found = {
        (row.interval, row.person_id, row.expression): (row.seconds, row.share)
        for row in shares.itertuples()
    }
    assert found == {
        ("first", 1, "happy"): (2.0, 0.8),
        ("first", 1, "sad"): (0.5, 0.2),
        ("first", 2, "sad"): (1.5, 1.0),
        ("second", 1, "sad"): (0.5, 1.0),
        ("second", 2, "sad"): (0.5, 1.0),
    }


def test_a_face_twice_in_one_frame_counts_once(store: Store, tmp_path: Path) -> None:
    session = add_video(store, tmp_path / "video")
    session.people.merge(2, into=1)
    found = session.shares()
    # Both boxes are alike, so the first track counts.
    assert found[["person_id", "expression", "seconds"]].values.tolist() == [
        [1, "happy", 2.0],
        [1, "sad", 1.0],
    ]
    assert found["share"].sum() == pytest.approx(1.0)


def test_somebody_who_comes_back_under_another_number_counts_on(
    store: Store, tmp_path: Path
) -> None:
    folder = tmp_path / "video"
    folder.mkdir()
    times = [(0.0, [happy(1)]), (1.0, [happy(1), sad(2)]), (2.0, [sad(2)]), (3.0, [happy(3)])]
    write_table(folder / "frames.parquet", times, **META)
    session = store.add_video(folder)
    session.people.merge(3, into=1)
    found = session.shares()
    columns = ["person_id", "expression", "seconds"]
    assert found[columns].values.tolist() == [[1, "happy", 3.0], [2, "sad", 2.0]]


def test_several_people_are_joined_and_hidden_or_none(store: Store, tmp_path: Path) -> None:
    session = add_video(store, tmp_path / "video")
    session.people.name(2, "Ben")
    new = session.people.split(1, 1.5)
    with pytest.raises(StoreError, match="number 9"):
        session.people.join([2, 9], into=1)
    with pytest.raises(StoreError, match="number 9"):
        session.people.hide_all([1, 9])
    assert [(p.number, p.hidden) for p in session.people.list()] == [
        (1, False), (2, False), (new, False),
    ]  # fmt: skip
    session.people.join([1, 2, new], into=new)
    assert [(p.number, p.name) for p in session.people.list()] == [(new, "Ben")]
    assert set(session.frames()["person_id"]) == {0, new}
    session.people.hide_all([new])
    assert set(session.frames()["person_id"]) == {0}
    with pytest.raises(StoreError, match="at least two people"):
        session.people.join([new], into=new)


def test_people_are_named_merged_split_and_hidden(store: Store, tmp_path: Path) -> None:
    session = add_video(store, tmp_path / "video")
    session.people.name(2, "Ben")
    session.people.set_baseline(2, 0.0, 1.0)
    new = session.people.split(1, 1.5)
    assert session.frames()["person_id"].tolist() == [1, 2, 1, 3, 2, 0]
    session.people.merge(2, into=new)
    (first, merged) = session.people.list()
    assert (first.number, merged.number, merged.name) == (1, 3, "Ben")
    assert merged.baseline == (0.0, 1.0)
    assert session.frames()["person_id"].tolist() == [1, 3, 1, 3, 3, 0]
    session.people.hide(1)
    frames = session.frames()
    # The second frame showed only somebody who is hidden now.
    assert frames["person_id"].tolist() == [3, 0, 3, 3, 0]
    assert frames.loc[1, ["expression", "track", "x0", "happy"]].isna().all()
    assert frames.loc[1, "until_s"] == 2.0
    assert len(session.frames(hidden=True)) == 6
    assert set(session.shares()["person_id"]) == {3}


def test_photos_become_a_session_and_their_people_are_said_by_hand(
    store: Store, tmp_path: Path
) -> None:
    photos = [
        AnalysedPhoto("a.jpg", result(0, 0.0, [happy(1), sad(2)]), "aa" * 32, b"jpeg a"),
        AnalysedPhoto("b.jpg", result(0, 0.0, [sad(1)]), "bb" * 32),
        AnalysedPhoto("c.jpg", result(0, 0.0, [])),
    ]
    session = store.add_photos(photos, metadata={"model": {"name": "compact"}}, name="Party")
    info = session.info()
    assert (info.kind, info.frames, info.rows, len(info.people)) == (SessionKind.PHOTOS, 3, 4, 0)
    assert session.frames()["person"].isna().all()
    assert session.pictures() == ["source-0.jpg"]
    assert session.picture(source=0) == b"jpeg a"
    assert session.picture(source=1) is None
    anna = session.people.assign(0, 1)
    session.people.assign(1, 1, anna)
    session.people.name(anna, "Anna")
    assert session.frames()["person"].fillna("").tolist() == ["Anna", "", "Anna", ""]
    with pytest.raises(StoreError, match="no face 3 in source 0"):
        session.people.assign(0, 3)


def test_sessions_are_found_by_words_tags_groups_and_kind(store: Store, tmp_path: Path) -> None:
    one = add_video(store, tmp_path / "one")
    two = add_video(store, tmp_path / "two")
    one.rename("Müller, Stück 1")
    one.set_notes("100 % sure")
    one.add_tag("pilot")
    one.add_tag("pilot")
    two.people.name(1, "Anna")
    one.join_group("Study A", "calm")
    one.join_group("Study A", "loud")
    two.join_group("Study A", "calm")

    def found(search: str = "", **options: object) -> set[str]:
        return {info.id for info in store.sessions(search, **options)}  # type: ignore[arg-type]

    assert found() == {one.id, two.id}
    assert found("MÜLLER stück") == found("100 %") == found(tags=["pilot"]) == {one.id}
    assert found("anna") == {two.id}
    assert found("loud") == {one.id}
    assert found(group="Study A") == found("class.mp4") == {one.id, two.id}
    assert found(kind="live") == found("nobody") == found(tags=["pilot", "b"]) == set()
    assert one.info().groups == {"Study A": "loud"}
    one.leave_group("Study A")
    one.remove_tag("pilot")
    assert found(group="Study A") == {two.id}
    assert (one.info().tags, one.info().groups) == ((), {})


def test_bad_words_are_refused_in_a_sentence(store: Store, tmp_path: Path) -> None:
    session = add_video(store, tmp_path / "video")
    for change in (
        lambda: session.rename("x" * 101),
        lambda: session.rename("null \0"),
        lambda: session.rename("half \ud800"),
        lambda: session.add_tag("  "),
        lambda: session.people.name(9, "Anna"),
        lambda: session.people.merge(1, into=1),
        lambda: session.people.split(1, float("nan")),
        lambda: session.people.set_baseline(1, 2.0, 1.0),
        lambda: session.markers.add(-1.0),
        lambda: session.markers.add(1.0, 1.0),
        lambda: session.markers.add(1.0, None, "", EXCLUDE),
        lambda: session.markers.add(1.0, 2.0, "", "other"),
        lambda: session.markers.remove("other"),
        lambda: session.shares({"a": (2.0, 1.0)}),
        lambda: store.session("nosuch"),
        lambda: store.add_photos([], metadata={}),
    ):
        with pytest.raises(StoreError):
            change()
    assert session.info().name == "class.mp4"


def test_markers_are_set_changed_and_removed(store: Store, tmp_path: Path) -> None:
    session = add_video(store, tmp_path / "video")
    marker = session.markers.add(2.0, 3.0, " joke ")
    session.markers.add(1.0)
    session.markers.change(marker.id, 2.5, 3.5, "the joke")
    assert [(m.start_s, m.end_s, m.text) for m in session.markers.list()] == [
        (1.0, None, ""), (2.5, 3.5, "the joke"),
    ]  # fmt: skip
    session.markers.remove(marker.id)
    assert [m.start_s for m in session.markers.list()] == [1.0]
    other = add_video(store, tmp_path / "other")
    with pytest.raises(StoreError, match="no such marker"):
        other.markers.remove(session.markers.list()[0].id)


def test_somebody_is_known_across_sessions_by_hand(store: Store, tmp_path: Path) -> None:
    one, two = add_video(store, tmp_path / "one"), add_video(store, tmp_path / "two")
    one.people.link(1, "Anna")
    two.people.link(2, "Anna")
    assert [p.subject for p in two.people.list()] == ["", "Anna"]
    assert {info.id for info in store.sessions("Anna")} == {one.id, two.id}
    one.people.link(1, "")
    two.people.link(2, "Ben")
    with pytest.raises(StoreError, match="nobody of the name Anna"):
        store.forget_subject("Anna")
