"""Clock, health, timeline, baseline and viewers of a live session."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_core.live.clock import FrameClock
from emotion_core.live.health import HealthMeter
from emotion_core.live.resting_face import LEARN_S, RestingFaces
from emotion_core.live.timeline import (
    NO_FACE,
    NO_FRAME,
    SPAN_S,
    UNCERTAIN,
    ExpressionTime,
    Timeline,
    time_note,
)
from emotion_core.live.viewers import ViewerGate, limit_from_environment
from emotion_core.types import Decisions, EmotionScores, FrameResult

BASE = Fraction(1, 90_000)
MakeResult = Callable[..., FrameResult]


@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(-(10**9), 10**9)), st.floats(0, 5))))
def test_time_never_goes_back_and_follows_the_wall_clock(
    steps: list[tuple[int | None, float]],
) -> None:
    now = 50.0
    frames = FrameClock(lambda: now)
    last, start = 0.0, None
    for pts, passed in steps:
        now += passed
        start = now if start is None else start
        time_s = frames.read(pts, BASE)
        assert time_s >= last
        assert abs(time_s - (now - start)) <= 1.0 + 1e-6
        last = time_s


def test_time_stamps_are_steadier_than_arrival(clock: Any) -> None:
    frames = FrameClock(clock)
    times = []
    for index, late in enumerate((0.0, 0.02, 0.0, 0.05)):
        clock.now = 100 + index / 30 + late
        times.append(frames.read(7_000_000 + index * 3000, BASE))
    assert times == pytest.approx([0, 1 / 30, 2 / 30, 3 / 30])


def test_health_tells_rates_of_the_last_seconds_and_falls_to_zero(clock: Any) -> None:
    meter = HealthMeter(clock)
    for _ in range(100):
        clock.now += 0.1
        meter.count(queued=3, stage_ms={"detect": 4.0, "draw": 1.0}, faces=2, failed=False)
    health = meter.read()
    assert health.fps_out == pytest.approx(10, rel=0.05)
    assert health.fps_in == pytest.approx(30, rel=0.05)
    assert (health.frames, health.skipped, health.faces) == (100, 200, 2)
    assert health.frame_ms == pytest.approx(5.0)
    clock.now += 60
    assert meter.read().fps_out == 0


def at(result: FrameResult, time_s: float) -> FrameResult:
    return replace(result, timestamp_s=time_s)


def test_the_timeline_holds_one_minute_however_long_it_runs(make_result: MakeResult) -> None:
    timeline, spent = Timeline(), ExpressionTime()
    result = make_result(("happy", 0.8), ("sad", 0.7))
    for index in range(30 * 300):
        timeline.add(at(result, index / 30))
        spent.add(at(result, index / 30))
    moments = timeline.moments()
    assert len(moments) <= SPAN_S / 0.5 + 2
    assert moments[-1].time_s - moments[0].time_s <= SPAN_S
    assert set(moments[-1].scores) == {1, 2}
    assert spent.seconds() == pytest.approx({"happy": 150, "sad": 150}, abs=0.1)


def test_the_timeline_shows_the_faces_that_were_seen_last(make_result: MakeResult) -> None:
    timeline = Timeline()
    result = make_result(("happy", 0.8), ("sad", 0.7))
    for index in range(5):
        numbers = np.array([2 * index + 1, 2 * index + 2], np.int64)
        timeline.add(at(replace(result, track_ids=numbers), float(index)))
    shown = {face for moment in timeline.moments() for face in moment.scores}
    assert shown == {7, 8, 9, 10}


def test_breaks_and_unclear_faces_are_not_counted_as_an_expression(
    make_result: MakeResult,
) -> None:
    spent = ExpressionTime()
    result = make_result(("happy", 0.3))
    unclear = result.decided(0.5)
    for time_s in (0.0, 0.5, 30.0, 30.5):
        spent.add(at(unclear, time_s))
    assert spent.seconds() == pytest.approx({UNCERTAIN: 1.0, NO_FRAME: 29.5})


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 4)), min_size=1, max_size=60))
def test_the_times_of_all_states_add_up_to_the_length_whoever_is_there(
    steps: list[tuple[float, int]],
) -> None:
    spent, now = ExpressionTime(), 100.0
    for passed_s, faces in steps:
        now += passed_s
        spent.add(FakeFrame(now, faces))  # type: ignore[arg-type]
    length_s = now - 100.0 - steps[0][0]
    seconds = spent.seconds()
    assert sum(seconds.values()) == pytest.approx(length_s, abs=1e-6)
    gaps_s = sum(passed_s for passed_s, _ in steps[1:] if passed_s > 1.0)
    assert seconds.get(NO_FRAME, 0.0) == pytest.approx(gaps_s, abs=1e-6)
    empty_s = sum(passed_s for passed_s, faces in steps[1:] if passed_s <= 1.0 and not faces)
    assert seconds.get(NO_FACE, 0.0) == pytest.approx(empty_s, abs=1e-6)


class FakeFrame:
    """As much of a result as time is counted from; made by the thousand."""

    def __init__(self, timestamp_s: float, faces: int) -> None:
        self.timestamp_s = timestamp_s
        rows = np.full((faces, 7), 0.1, np.float32)
        rows[np.arange(faces), np.arange(faces)] = 0.4
        self.decisions = Decisions.from_scores(EmotionScores(rows))
        self.uncertain = self.decisions.uncertain

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.decisions)))


def test_the_page_says_what_the_shares_of_time_are_shares_of() -> None:
    assert time_note({}) == ""
    assert time_note({"happy": 0.0}) == ""
    told = time_note({"happy": 4.0, UNCERTAIN: 2.0, NO_FACE: 3.0, NO_FRAME: 1.1})
    assert "Of 10 s" in told
    assert "2 s uncertain, 3 s without a face, 1 s without video" in told
    assert "of which" not in time_note({"happy": 4.0})


def test_a_resting_face_is_learned_applied_and_forgotten(make_result: MakeResult) -> None:
    resting = RestingFaces()
    sad = make_result(("sad", 0.6))
    resting.learn()
    for index in range(int(LEARN_S * 10) + 2):
        state = resting.state()
        assert state.progress is None or 0 <= state.progress <= 1
        resting.apply(at(sad, index / 10), 0.0)
    assert resting.state().faces == (1,)
    relative = resting.apply(at(sad, 20.0), 0.0)
    assert relative.smoothed.emotion(0) == "neutral"
    assert relative.smoothed.probabilities.sum() == pytest.approx(1, abs=1e-4)
    assert relative.scores.emotion(0) == "sad"  # the raw scores stay for the export
    resting.forget()
    assert resting.apply(at(sad, 21.0), 0.0) is not relative
    assert resting.apply(at(sad, 21.0), 0.0).smoothed.emotion(0) == "sad"


def test_a_face_without_a_baseline_keeps_its_scores(make_result: MakeResult) -> None:
    resting = RestingFaces()
    resting.learn()
    for index in range(int(LEARN_S * 10) + 2):
        resting.apply(at(make_result(("sad", 0.6)), index / 10), 0.0)
    two = at(make_result(("sad", 0.6), ("sad", 0.6)), 30.0)
    names = [resting.apply(two, 0.0).smoothed.emotion(face) for face in (0, 1)]
    assert names == ["neutral", "sad"]


def test_nobody_there_means_no_baseline(make_result: MakeResult) -> None:
    resting = RestingFaces()
    resting.learn()
    for second in range(int(LEARN_S) + 1):
        resting.apply(at(make_result(), float(second)), 0.4)
    assert resting.state().failed
    assert resting.state().faces == ()


def test_a_third_viewer_waits_until_a_place_is_free(clock: Any) -> None:
    gate = ViewerGate(2, now=clock)
    assert gate.enter("a")
    assert gate.enter("b")
    assert not gate.enter("c")
    assert not gate.has_room("c")
    assert gate.has_room("a")
    gate.leave("a")
    assert gate.enter("c")
    assert gate.viewers() == 2


def test_a_viewer_who_vanished_gives_the_place_back(clock: Any) -> None:
    gate = ViewerGate(1, now=clock)
    assert gate.enter("a")
    clock.now += 5
    assert not gate.has_room("b")
    clock.now += 6
    assert gate.has_room("b")


@pytest.mark.parametrize(("text", "limit"), [("", 2), ("5", 5), ("0", 2), ("many", 2)])
def test_the_limit_comes_from_the_environment(
    text: str, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_LENS_MAX_VIEWERS", text)
    assert limit_from_environment() == limit
