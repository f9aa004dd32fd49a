"""Live recordings: on disk from the first second, told to the database, taken up again."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotion_core.emotions import Emotion, LabelSet
from emotion_core.errors import DiskFullError, StoreError, StoreUnavailableError
from emotion_core.live import timeline
from emotion_core.store import recorder as recorder_module
from emotion_core.store import recordings, row_times
from emotion_core.store.live_clock import SessionClock, resumed_at
from emotion_core.store.models import SessionKind, SessionState
from emotion_core.store.places import SessionPlace
from emotion_core.store.recorder import Recorder
from emotion_core.store.row_parts import RowParts
from emotion_core.store.row_times import gaps, live_ends
from emotion_core.store.store import Store
from emotion_core.store.waiting import read_waiting
from emotion_core.types import Decisions, EmotionScores
from tests.video.tables import happy, result, sad

# So that nothing is written before a test wants it, or at once.
LATER, AT_ONCE = 3600.0, 0.01


def wait_for(happened: Callable[[], Any]) -> None:
    """Threads of the recorder work on their own; a test that waits in vain ends by its timeout."""
    while not happened():
        time.sleep(0.01)


def rows_of(store: Store, session: str) -> Any:
    return SessionPlace(store.root, session).parts


@pytest.fixture
def record(store: Store) -> Iterator[Callable[..., Recorder]]:
    """Begins recordings that end with the test."""
    begun: list[Recorder] = []

    def begin(flush_s: float = LATER, **options: Any) -> Recorder:
        options = {"model": "compact", "detector": "yunet", **options}
        begun.append(store.record(flush_s=flush_s, **options))
        return begun[-1]

    yield begin
    for each in begun:
        each.stop()


def test_a_recording_becomes_a_session(store: Store, record: Callable[..., Recorder]) -> None:
    live = record(name="Anna", model_sha256="ab" * 32, options={"half_life_s": 0.4})
    for index, time_s in enumerate((100.0, 100.5, 101.0, 104.0, 104.5)):
        faces = [happy(1)] if index < 2 else [sad(1), happy(2, x=100)] if index < 4 else []
        live.add(result(index + 7, time_s, faces))
        if index == 2:
            live.mark("a joke")
            live.mark()  # the same moment again
    live.stop()
    live.stop()
    assert (live.problem, live.note) == ("", "")
    (info,) = store.sessions()
    assert (info.kind, info.state, info.name) == (SessionKind.LIVE, SessionState.DONE, "Anna")
    assert (info.frames, info.rows, info.duration_s) == (5, 7, 4.5)
    assert (info.model, info.model_sha256, info.detector) == ("compact", "ab" * 32, "yunet")
    assert info.options == {"half_life_s": 0.4}
    assert [p.name for p in info.people] == ["Person 1", "Person 2"]
    session = store.session(live.id)
    frames = session.frames()
    assert frames["frame"].tolist() == [0, 1, 2, 2, 3, 3, 4]
    assert frames["time_s"].tolist() == [0, 0.5, 1, 1, 4, 4, 4.5]
    # Before a gap a frame stands for the usual time between two.
    assert frames["until_s"].tolist() == [0.5, 1, 1.5, 1.5, 4.5, 4.5, 5]
    assert [(m.start_s, m.end_s, m.text, m.kind) for m in session.markers.list()] == [
        (1.0, None, "a joke", "marker"),
        (1.0, 4.0, "", "gap"),
    ]
    assert not session.place.waiting.exists()


def test_rows_are_on_the_disk_while_it_records_and_the_database_knows_of_it(
    store: Store, record: Callable[..., Recorder], open_store: Callable[[], Store]
) -> None:
    live = record(AT_ONCE)
    wait_for(lambda: store.sessions())
    live.add(result(0, 0.0, [happy()]))
    wait_for(lambda: rows_of(store, live.id).n_rows() == 1)
    wait_for(lambda: store.sessions()[0].people)
    other = open_store()
    assert other.notes == ()
    session = other.session(live.id)
    assert session.info().state == SessionState.RECORDING
    assert session.frames()["expression"].tolist() == ["happy"]
    with pytest.raises(StoreError, match="being recorded"):
        other.delete(live.id)
    with pytest.raises(StoreError, match="being recorded"):
        other.resume(live.id)
    with pytest.raises(StoreError, match="being recorded"):
        other.forget_person(live.id, 1)
    live.stop()
    with pytest.raises(StoreError, match="has ended"):
        other.resume(live.id)
    other.delete(live.id)


def test_small_files_are_joined_and_no_row_is_lost(
    store: Store, record: Callable[..., Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "JOIN_FILES", 3)
    live = record()
    for index in range(8):
        live.add(result(index, index / 4, [happy()]))
        live._flush()
    names = [part.path.name for part in rows_of(store, live.id).parts()]
    assert names == [
        "part-00000000-00000002.parquet", "part-00000003-00000005.parquet",
        "part-00000006-00000006.parquet", "part-00000007-00000007.parquet",
    ]  # fmt: skip
    live.stop()
    (only,) = rows_of(store, live.id).parts()
    assert (only.first, only.last) == (0, 7)
    frames = store.session(live.id).frames()
    assert frames["frame"].tolist() == list(range(8))
    assert np.allclose(frames["until_s"], (np.arange(8) + 1) / 4)


def test_a_reader_never_counts_what_is_joined_twice(tmp_path: Path) -> None:
    parts = RowParts(tmp_path)
    for first, last in ((0, 0), (1, 1), (2, 2), (0, 1), (3, 3), (0, 2)):
        (tmp_path / f"part-{first:08d}-{last:08d}.parquet").touch()
    (tmp_path / ".part-00000004.partial").touch()
    assert [(p.first, p.last) for p in parts.parts()] == [(0, 2), (3, 3)]
    assert parts.next_number() == 4
    parts.clean()
    assert len(list(tmp_path.glob("part-*"))) == 2


def test_a_new_connection_goes_on_with_the_time_of_the_session(
    record: Callable[..., Recorder], store: Store
) -> None:
    now = [50.0]
    clock = SessionClock(now=lambda: now[0])
    assert [clock.at(9.0), clock.at(9.5)] == [0.0, 0.5]
    now[0] = 53.0  # a reload: the stream begins at 0 again
    assert [clock.at(0.0), clock.at(0.1)] == [3.0, pytest.approx(3.1)]
    now[0] = 40.0  # a clock that should never go back
    assert clock.at(0.0) > 3.1
    live = record()
    live._clock = SessionClock(now=lambda: now[0])
    live.add(result(0, 5.0, [happy()]))
    now[0] += 2.0
    live.add(result(0, 0.0, [sad()]))
    live.stop()
    assert store.session(live.id).frames()["time_s"].tolist() == [0.0, 2.0]


def test_a_gap_is_the_same_on_the_page_and_in_the_store() -> None:
    assert row_times.MAX_GAP_S == timeline.MAX_GAP_S


def test_a_gap_stands_for_nothing_and_a_last_frame_for_the_usual_time() -> None:
    times = np.array([0.0, 0.5, 0.5, 1.0, 5.0])
    assert live_ends(times).tolist() == [0.5, 1, 1, 1.5, 5.5]
    assert live_ends(times, 5.25).tolist() == [0.5, 1, 1, 1.5, 5.25]
    assert live_ends(np.array([3.0])).tolist() == [3.0]
    assert live_ends(np.zeros(0)).tolist() == []
    assert gaps(times) == [(1.0, 5.0)]


def abandon(live: Recorder) -> None:
    """What a kill leaves: the threads end, and nothing is finished."""
    live._stopping.set()
    live._changed.set()
    for thread in live._threads:
        thread.join()
    live._held.close()


def test_an_interrupted_recording_is_found_and_resumed(
    store: Store, open_store: Callable[[], Store]
) -> None:
    live = store.record(model="compact", detector="yunet", flush_s=LATER)
    live.add(result(0, 0.0, [happy(1)]))
    live.mark("before")
    live._flush()
    live.add(result(1, 0.1, [happy(1)]))  # never written
    live._write_known()
    abandon(live)
    other = open_store()
    (info,) = other.sessions()
    assert (info.state, info.frames, info.rows) == (SessionState.INTERRUPTED, 1, 1)
    other.session(live.id).people.name(1, "Anna")
    other.session(live.id).markers.remove(other.session(live.id).markers.list()[0].id)
    again = other.resume(live.id, flush_s=LATER)
    again._clock._begin_s += 10
    again.add(result(0, 0.0, [sad(1)]))
    again.stop()
    session = open_store().session(live.id)
    assert session.info().state == SessionState.DONE
    frames = session.frames()
    assert frames["frame"].tolist() == [0, 1]
    # Who comes after a reload may be somebody else.
    assert frames["person"].tolist() == ["Anna", "Person 2"]
    assert frames["time_s"].iloc[1] > 10
    (gap,) = session.markers.list()  # what its user removed does not come back
    assert (gap.kind, gap.start_s, gap.end_s) == ("gap", 0.0, frames["time_s"].iloc[1])


def test_a_clock_that_was_set_back_is_said_and_harms_nothing(
    store: Store, open_store: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert resumed_at(7.0, 1000.0, 1010.0) == (17.0, True)
    assert resumed_at(7.0, 1000.0, 990.0) == (9.0, False)
    live = store.record(model="compact", detector="yunet", flush_s=LATER)
    for index in range(3):
        live.add(result(index, index / 2, [happy(1)]))
    live._flush()
    abandon(live)
    monkeypatch.setattr(recordings.time, "time", lambda: 1.0)
    again = open_store().resume(live.id, flush_s=LATER)
    again.add(result(0, 0.0, [happy(1)]))
    again.stop()
    session = open_store().session(live.id)
    times = session.frames()["time_s"]
    assert times.is_monotonic_increasing
    assert times.iloc[-1] > 2.9
    texts = [m.text for m in session.markers.list()]
    assert sum("set back" in text for text in texts) == 1


def test_rows_that_the_disk_does_not_take_are_written_later(
    store: Store, record: Callable[..., Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    live = record()
    write = RowParts.write

    def full(*_: Any, **__: Any) -> None:
        raise DiskFullError("The disk is full: free some.")

    monkeypatch.setattr(RowParts, "write", full)
    for index in range(3):
        live.add(result(index, index / 4, [happy()]))
        live._flush()
    assert live.note == "The disk is full: free some."
    assert live.problem == ""
    monkeypatch.setattr(RowParts, "write", write)
    live.add(result(3, 0.75, [happy()]))
    live._flush()
    assert live.note == ""
    live.stop()
    assert store.session(live.id).frames()["frame"].tolist() == [0, 1, 2, 3]


def test_a_disk_that_stays_full_ends_the_recording_with_a_sentence(
    store: Store, record: Callable[..., Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    live = record()

    def full(*_: Any, **__: Any) -> None:
        raise DiskFullError("The disk is full: free some.")

    with monkeypatch.context() as patch:
        patch.setattr(RowParts, "write", full)
        patch.setattr(recorder_module, "MAX_WAITING_FRAMES", 2)
        for index in range(4):
            live.add(result(index, index / 4, [happy()]))
            live._flush()
        assert live.problem.startswith("The recording ended early: its rows cannot be written.")
        assert "free some" in live.problem
    live.stop()
    assert store.session(live.id).frames()["frame"].tolist() == [0, 1]


def test_what_gave_the_scores_of_each_part_is_kept(
    store: Store, record: Callable[..., Recorder]
) -> None:
    live = record(labels="raters", model_sha256="ab" * 32)
    live.use("compact", "yunet", labels="raters", model_sha256="ab" * 32)
    live.use("compact", "haar", labels="raters")  # before the first frame: no change
    live.add(result(0, 0.0, [happy()]))
    live.use("flagship", "haar", labels="raters")
    live.use("flagship", "haar", labels="fer2013")
    live.add(result(1, 0.1, [happy()]))
    live.stop()
    info = store.session(live.id).info()
    readers = info.details["read_by"]
    assert [(r["from_frame"], r["model"], r["labels"], r["detector"]) for r in readers] == [
        (0, "compact", "raters", "haar"),
        (1, "flagship", "fer2013", "haar"),
    ]
    assert info.details["model"] == {"labels": "fer2013"}
    assert (info.model, info.options) == ("flagship", {})
    texts = [m.text for m in store.session(live.id).markers.list()]
    # The recorder marks each; on the page only what a frame was read with comes this far.
    assert sorted(texts) == ["flagship, fer2013, haar", "flagship, raters, haar"]


def test_a_recording_that_is_interrupted_loses_nothing_and_can_be_resumed_or_ended(
    store: Store, record: Callable[..., Recorder], open_store: Callable[[], Store]
) -> None:
    first, second = record(), record()
    for live in (first, second):
        live.add(result(0, 0.0, [happy()]))
        live.mark("here")
    assert store.interrupted() == ()
    for live in (first, second):
        live.interrupt()
    found = store.interrupted()
    assert {info.id for info in found} == {first.id, second.id}
    assert {(info.frames, info.state) for info in found} == {(1, SessionState.INTERRUPTED)}
    store.end(first.id)
    with pytest.raises(StoreError, match="has ended"):
        store.end(first.id)
    again = store.resume(second.id, flush_s=LATER)
    assert store.interrupted() == ()
    with pytest.raises(StoreError, match="being recorded"):
        store.end(second.id)
    again._clock._begin_s += 5
    again.add(result(0, 0.0, [happy()]))
    again.stop()
    other = open_store()
    assert other.notes == ()
    assert {info.state for info in other.sessions()} == {SessionState.DONE}
    assert len(other.session(second.id).frames()) == 2
    kinds = [m.kind for m in other.session(second.id).markers.list()]
    assert sorted(kinds) == ["gap", "marker"]
    assert list(store.root.glob("*/waiting.json")) == []


def test_a_deleted_recording_is_not_offered_again(
    store: Store, record: Callable[..., Recorder]
) -> None:
    live = record()
    live.interrupt()
    store.delete(live.id)
    assert store.interrupted() == ()


def test_what_is_resumed_and_stopped_while_the_database_is_away_is_brought_in_later(
    store: Store,
    record: Callable[..., Recorder],
    open_store: Callable[[], Store],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live = record()
    live.add(result(0, 0.0, [happy()]))
    live.interrupt()
    with monkeypatch.context() as patch:

        def away(*_: Any) -> None:
            raise StoreUnavailableError("The store does not answer.")

        patch.setattr(recorder_module, "bring_in", away)
        again = store.resume(live.id, flush_s=LATER)
        again.add(result(0, 0.0, [happy()]))
        again.stop()
        assert again.note == "The store does not answer."
    info = open_store().session(live.id).info()
    assert (info.state, info.frames) == (SessionState.DONE, 2)


def test_a_marker_is_on_the_disk_at_once(store: Store, record: Callable[..., Recorder]) -> None:
    live = record()
    live.add(result(0, 0.0, [happy()]))
    live.mark("now")
    known = read_waiting(SessionPlace(store.root, live.id).waiting)
    assert [marker["text"] for marker in known["markers"]] == ["now"]


def test_another_model_is_marked_and_one_with_other_labels_ends_it(
    store: Store, record: Callable[..., Recorder]
) -> None:
    live = record()
    live.add(result(0, 0.0, [happy()]))
    live.use("compact", "yunet")
    live.use("flagship", "yunet")
    two = LabelSet((Emotion.HAPPY, Emotion.NEUTRAL))
    frame = result(1, 0.1, [])
    scores = EmotionScores(np.zeros((0, 2), np.float32), two)
    other = type(frame)(
        1, 0.1, frame.size_px, frame.detections, scores, Decisions.from_scores(scores),
        frame.track_ids, frame.crops,
    )  # fmt: skip
    live.add(other)
    assert "other expressions" in live.problem
    live.add(result(2, 0.2, [happy()]))
    live.stop()
    info = store.session(live.id).info()
    assert (info.frames, info.model) == (1, "flagship")
    assert [m.text for m in store.session(live.id).markers.list()] == ["flagship, yunet"]


def test_what_a_damaged_file_of_a_recorder_says_is_told_and_stops_nobody(
    store: Store, open_store: Callable[[], Store]
) -> None:
    folder = store.root / "feedc0de"
    folder.mkdir(parents=True)
    (folder / "waiting.json").write_text('{"id": 3}')
    (note,) = open_store().notes
    assert "waiting.json" in note
    assert open_store().sessions() == ()
