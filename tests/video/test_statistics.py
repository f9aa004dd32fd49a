"""Figures, events and changes of people and markers, on tables whose truth is known."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from emotion_core.emotions import FER2013
from emotion_core.errors import VideoError
from emotion_core.video.events import find_events
from emotion_core.video.frame_table import (
    LANDMARK_COLUMNS,
    FrameRows,
    FrameTable,
    read_frame_table,
    to_pandas,
)
from emotion_core.video.markers import EXCLUDE, MarkersFile
from emotion_core.video.people import PeopleFile
from emotion_core.video.summary import summarize
from emotion_core.video.view import build_view
from tests.video.tables import Face, happy, result, sad, write_table


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., FrameTable]:
    """Writes and reads a table: ``table(frames, **metadata)`` of (time, faces)."""

    def make(frames: Sequence[tuple[float, Sequence[Face]]], **metadata: object) -> FrameTable:
        return write_table(tmp_path / "frames.parquet", frames, **metadata)

    return make


def test_a_frame_without_a_face_has_one_row_with_empty_columns(
    table: Callable[..., FrameTable],
) -> None:
    frames = table([(0.0, []), (0.2, [happy(1), sad(2, x=100)]), (0.4, [])]).frames
    assert frames["frame"].tolist() == [0, 1, 1, 2]
    assert frames["time_s"].tolist() == [0.0, 0.2, 0.2, 0.4]
    assert frames["width"].tolist() == [320] * 4
    empty = frames.iloc[[0, 3]]
    columns = [c for c in frames if c not in ("frame", "time_s", "width", "height", "shot")]
    assert empty[columns].isna().all(axis=None)
    faces = frames.iloc[1:3]
    assert faces[columns].notna().all(axis=None)
    assert faces["face"].tolist() == [0, 1]
    assert faces["track"].tolist() == [1, 2]
    assert faces["person"].tolist() == ["Person 1", "Person 2"]
    assert faces["expression"].tolist() == ["happy", "sad"]
    assert faces["x0"].tolist() == [10.0, 100.0]
    assert set(LANDMARK_COLUMNS) <= set(frames.columns)


def test_a_table_without_any_frame_can_be_read(table: Callable[..., FrameTable]) -> None:
    empty = table([])
    assert len(empty.frames) == 0
    assert empty.label_set == FER2013
    figures = summarize(build_view(empty))
    assert (figures["seconds"], figures["people"], figures["sampled_frames"]) == (0.0, 0, 0)


def test_metadata_come_back(table: Callable[..., FrameTable]) -> None:
    found = table([(0.0, [])], source={"name": "a.mp4"}).metadata
    assert found["source"] == {"name": "a.mp4"}


@pytest.mark.parametrize("content", [b"", b"no table", b"PAR1" + bytes(40) + b"PAR1"])
def test_a_file_that_is_no_table_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "frames.parquet"
    path.write_bytes(content)
    with pytest.raises(VideoError, match="wanted a frame table"):
        read_frame_table(path)


def test_another_table_is_refused(tmp_path: Path) -> None:
    import pandas as pd

    path = tmp_path / "frames.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(path)
    with pytest.raises(VideoError, match=r"Received: a\."):
        read_frame_table(path)
    with pytest.raises(VideoError, match="No such file"):
        read_frame_table(tmp_path / "none.parquet")


def test_a_frame_stands_for_the_time_until_the_next_one(
    table: Callable[..., FrameTable],
) -> None:
    """Variable frame rate: shares are shares of time, not of frames."""
    frames = [(0.0, [happy()]), (0.1, [sad()]), (1.1, [sad()]), (1.2, [happy()])]
    figures = summarize(build_view(table(frames, source={"duration_s": 2.0})))
    # Steps 0.1, 1.0, 0.1; the last frame stands for their median.
    person = figures["per_person"][0]
    assert person["time"]["happy"] == pytest.approx(0.2)
    assert person["time"]["sad"] == pytest.approx(1.1)
    assert person["share"]["sad"] == pytest.approx(1.1 / 1.3, abs=1e-6)
    assert sum(person["share"].values()) == pytest.approx(1, abs=1e-5)


def test_the_last_frame_ends_with_the_video(table: Callable[..., FrameTable]) -> None:
    frames = [(0.0, [happy()]), (0.4, [happy()])]
    assert build_view(table(frames, source={"duration_s": 0.5})).window == (0.0, 0.5)
    assert build_view(table(frames, options={"to_s": 0.45})).window == (0.0, 0.45)
    one = table([(0.0, [happy()])], source={"duration_s": 3.0})
    assert summarize(build_view(one))["per_person"][0]["seconds"] == 3.0


def test_time_without_a_face_and_uncertain_time(table: Callable[..., FrameTable]) -> None:
    frames = [(0.0, []), (1.0, [happy(score=0.4)]), (2.0, [happy()]), (3.0, [])]
    figures = summarize(build_view(table(frames, source={"duration_s": 4.0})))
    assert figures["seconds_without_face"] == 2.0
    assert figures["sampled_frames"] == 4
    assert figures["frames_with_face"] == 2
    person = figures["per_person"][0]
    assert person["time"]["uncertain"] == 1.0
    assert person["time"]["happy"] == 1.0
    assert (person["first_s"], person["last_s"]) == (1.0, 3.0)
    assert person["first"] == {"happy": 2.0}


def test_onsets_and_offsets(table: Callable[..., FrameTable]) -> None:
    frames = [
        (0.0, [happy(score=0.7)]), (0.2, [happy(score=0.95)]), (0.4, [sad()]),
        (0.6, [happy(score=0.3)]), (0.8, [happy()]), (1.0, []), (1.2, [happy()]),
        (1.4, []), (1.6, []), (1.8, []), (2.0, []), (2.2, [happy()]),
    ]  # fmt: skip
    events = find_events(build_view(table(frames, source={"duration_s": 2.4})))
    shown = [(e.expression, round(e.onset_s, 3), round(e.offset_s, 3)) for e in events]
    # An absence of 0.2 s is bridged; one of 0.8 s is not.
    assert shown == [
        ("happy", 0.0, 0.4), ("sad", 0.4, 0.6), ("happy", 0.8, 1.4), ("happy", 2.2, 2.4),
    ]  # fmt: skip
    assert events[0].apex_s == 0.2
    assert events[0].peak == pytest.approx(0.95)
    assert events[0].mean == pytest.approx(0.825)
    assert len(find_events(build_view(table(frames)), least_s=0.3)) == 2
    longest = summarize(build_view(table(frames)))["per_person"][0]["longest"]["happy"]
    assert (longest["onset_s"], longest["duration_s"]) == (0.8, 0.6)


def two_people() -> list[tuple[float, list[Face]]]:
    return [(i / 5, [happy(1), sad(2, x=100)] if i < 5 else [happy(3)]) for i in range(10)]


def names_in(video: FrameTable, people: PeopleFile) -> dict[int, str]:
    """{person: name} as it is shown now."""
    return dict(build_view(video, people=people.edits()).names)


def test_people_are_named_merged_split_hidden_and_all_of_it_undone(
    table: Callable[..., FrameTable], tmp_path: Path
) -> None:
    video = table(two_people(), source={"duration_s": 2.0})
    people = PeopleFile(tmp_path / "people.json")
    names = partial(names_in, video, people)

    assert names() == {1: "Person 1", 2: "Person 2", 3: "Person 3"}
    people.name(1, " Anna ")
    people.merge(3, into=1)
    assert names() == {1: "Anna", 2: "Person 2"}
    seconds = {
        p["name"]: (p["seconds"], p["tracks"])
        for p in summarize(build_view(video, people=people.edits()))["per_person"]
    }
    assert seconds == {"Anna": (2.0, [1, 3]), "Person 2": (1.0, [2])}
    people.split(1, 1.0)
    assert names() == {1: "Anna", 2: "Person 2", 4: "Person 4"}
    people.hide(2)
    assert names() == {1: "Anna", 4: "Person 4"}
    people.hide(2, hidden=False)
    assert 2 in names()
    while people.undo():
        pass
    assert names() == {1: "Person 1", 2: "Person 2", 3: "Person 3"}


def test_several_people_are_joined_and_hidden_and_each_is_undone_at_once(
    table: Callable[..., FrameTable], tmp_path: Path
) -> None:
    video = table(two_people(), source={"duration_s": 2.0})
    people = PeopleFile(tmp_path / "people.json")
    names = partial(names_in, video, people)

    people.name(2, "Ben")
    people.join([1, 2, 3, 3], into=3, name=" Anna ")
    assert names() == {3: "Anna"}
    assert people.undo()
    assert names() == {1: "Person 1", 2: "Ben", 3: "Person 3"}
    people.join([1, 2], into=1)  # the name that there is stays
    assert names() == {1: "Ben", 3: "Person 3"}
    people.hide_all([1, 3])
    assert names() == {}
    people.hide_all([1, 3], hidden=False)
    assert len(names()) == 2
    for _ in range(3):
        assert people.undo()
    assert people.undo()
    assert names() == {1: "Person 1", 2: "Person 2", 3: "Person 3"}
    with pytest.raises(VideoError, match="at least two people"):
        people.join([3, 3], into=3)
    with pytest.raises(VideoError, match="name"):
        people.join([1, 2], into=1, name="x" * 200)
    assert people.edits() == ()


def test_a_frame_whose_faces_are_hidden_stays_as_one_without_a_face(
    table: Callable[..., FrameTable], tmp_path: Path
) -> None:
    people = PeopleFile(tmp_path / "people.json")
    people.hide(1)
    video = table([(0.0, [happy(1)]), (0.2, [happy(1), sad(2, x=100)]), (0.4, [])])
    frames = build_view(video, people=people.edits()).frames
    assert frames["frame"].tolist() == [0, 1, 2]
    assert frames["track"].isna().tolist() == [True, False, True]
    assert frames.loc[0, ["x0", "expression", "happy", "uncertain", "person"]].isna().all()
    assert frames["person"].tolist()[1] == "Person 2"


def test_two_faces_of_one_person_in_one_frame_count_once(
    table: Callable[..., FrameTable], tmp_path: Path
) -> None:
    people = PeopleFile(tmp_path / "people.json")
    people.merge(2, into=1)
    view = build_view(table(two_people(), source={"duration_s": 2.0}), people=people.edits())
    figures = summarize(view)
    assert figures["per_person"][0]["seconds"] == 1.0
    assert len(view.frames) == 15  # nothing is dropped from the table


def test_merging_one_person_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="one and the same"):
        PeopleFile(tmp_path / "people.json").merge(1, into=1)
    with pytest.raises(VideoError, match="name"):
        PeopleFile(tmp_path / "people.json").name(1, "x" * 200)
    assert not (tmp_path / "people.json").exists()


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"edits": 3}', '{"edits": [{"edit": "name"}]}',
     '{"edits": [{"edit": "fly", "person": 1}]}', '{"edits": [{"edit": "merge", "person": 1}]}'],
)  # fmt: skip
def test_a_damaged_list_of_changes_is_one_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "people.json"
    path.write_text(content)
    with pytest.raises(VideoError, match=r"people\.json"):
        PeopleFile(path).edits()
    path.write_text(content)
    with pytest.raises(VideoError):
        MarkersFile(path).load()


def test_markers_are_set_changed_removed_and_all_of_it_undone(tmp_path: Path) -> None:
    markers = MarkersFile(tmp_path / "markers.json")
    late = markers.add(5.0, text=" laughs ")
    early = markers.add(1.0, 2.0, "question")
    assert [m.text for m in markers.load()] == ["question", "laughs"]
    markers.change(early.id, text="first question", end_s=2.5)
    assert markers.load()[0].end_s == 2.5
    markers.remove(late.id)
    assert [m.text for m in markers.load()] == ["first question"]
    assert markers.undo()
    assert [m.text for m in markers.load()] == ["first question", "laughs"]
    assert markers.undo()
    assert markers.load()[0].text == "question"
    assert markers.undo()
    assert markers.undo()
    assert markers.load() == ()
    assert not markers.undo()


def test_markers_that_cannot_be_are_refused(tmp_path: Path) -> None:
    markers = MarkersFile(tmp_path / "markers.json")
    with pytest.raises(VideoError, match="wanted a time after 2 s"):
        markers.add(2.0, 1.0)
    with pytest.raises(VideoError, match="no end"):
        markers.add(2.0, kind=EXCLUDE)
    with pytest.raises(VideoError, match="at most 500"):
        markers.add(2.0, text="x" * 501)
    with pytest.raises(VideoError, match="start_s"):
        markers.add(float("nan"))
    with pytest.raises(VideoError, match="no such marker"):
        markers.remove("abc")
    assert markers.load() == ()


def test_what_is_excluded_counts_nowhere(table: Callable[..., FrameTable], tmp_path: Path) -> None:
    frames = [(i / 5, [happy() if i < 5 else sad()]) for i in range(10)]
    markers = MarkersFile(tmp_path / "markers.json")
    markers.add(0.5, 1.3, kind=EXCLUDE)
    markers.add(1.1, 1.5, kind=EXCLUDE)  # they overlap
    view = build_view(table(frames, source={"duration_s": 2.0}), markers=markers.load())
    figures = summarize(view)
    assert figures["excluded"] == [[0.5, 1.5]]
    assert figures["seconds"] == 1.0
    assert figures["per_person"][0]["time"]["happy"] == pytest.approx(0.5)
    assert figures["per_person"][0]["time"]["sad"] == pytest.approx(0.5)
    shown = [(e.expression, e.onset_s, e.offset_s) for e in find_events(view)]
    assert shown == [("happy", 0.0, 0.5), ("sad", 1.6, 2.0)]
    assert view.frames["excluded"].sum() == 5


def test_figures_of_a_part(table: Callable[..., FrameTable]) -> None:
    frames = [(i / 5, [happy() if i < 5 else sad()]) for i in range(10)]
    view = build_view(table(frames, source={"duration_s": 2.0}))
    part = summarize(view.within(0.9, 1.3))
    assert part["seconds"] == pytest.approx(0.4)
    assert part["per_person"][0]["time"]["happy"] == pytest.approx(0.1)
    assert part["per_person"][0]["time"]["sad"] == pytest.approx(0.3)
    assert summarize(view.within(5, 6))["people"] == 0


def test_another_threshold_and_smoothing(table: Callable[..., FrameTable]) -> None:
    frames = [(i / 5, [happy(score=0.6) if i % 2 else sad(score=0.55)]) for i in range(10)]
    video = table(frames, options={"half_life_s": 0.0, "threshold": 0.5})
    assert not build_view(video).frames["uncertain"].any()
    strict = build_view(video, threshold=0.9).frames
    assert strict["uncertain"].all()
    assert strict["happy"].tolist() == video.frames["happy"].tolist()
    calm = build_view(video, half_life_s=5.0).frames
    assert calm["expression"].nunique() == 1  # it does not flicker any more
    assert video.frames["expression"].nunique() == 2
    assert calm["smoothed_happy"].std() < 0.5 * video.frames["smoothed_happy"].std()
    with pytest.raises(VideoError, match="threshold"):
        build_view(video, threshold=1.5)
    with pytest.raises(VideoError, match="half_life_s"):
        build_view(video, half_life_s=-1)


def test_rows_of_pandas_keep_whole_numbers_whole() -> None:
    rows = FrameRows()
    rows.add(result(0, 0.0, []))
    rows.add(result(1, 0.2, [happy()]))
    frames = to_pandas(rows.take())
    assert frames["track"].dtype == "Int32"
    assert frames["uncertain"].dtype == "boolean"
