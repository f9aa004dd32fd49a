"""Smoothing in time stays a probability, knows seconds and not frames, and does not flicker."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion_core.emotions import FER2013
from emotion_core.smoothing import ScoreSmoother
from emotion_core.types import EmotionScores

ONE = np.array([1], np.int64)


def scores(*rows: list[float]) -> EmotionScores:
    array = np.array(rows, np.float32).reshape(-1, 7)
    return EmotionScores(array / array.sum(axis=1, keepdims=True), FER2013)


def only(label: int) -> EmotionScores:
    return scores(np.eye(7)[label].tolist())


HAPPY, SAD = 3, 4


@pytest.mark.parametrize("frames_per_s", [5, 10, 30, 60])
def test_half_of_a_change_arrives_after_the_half_life(frames_per_s: int) -> None:
    smoother = ScoreSmoother(half_life_s=0.4)
    smoother.update(only(HAPPY), ONE, 0.0)
    for frame in range(1, round(0.4 * frames_per_s) + 1):
        shown = smoother.update(only(SAD), ONE, frame / frames_per_s)
    assert shown.scores.probabilities[0, SAD] == pytest.approx(0.5, abs=1e-4)


def test_no_half_life_means_raw_scores() -> None:
    smoother = ScoreSmoother(half_life_s=0)
    smoother.update(only(HAPPY), ONE, 0.0)
    shown = smoother.update(only(SAD), ONE, 0.01)
    np.testing.assert_array_equal(shown.scores.probabilities, only(SAD).probabilities)
    assert shown.labels.tolist() == [SAD]


def test_faces_do_not_mix() -> None:
    smoother = ScoreSmoother(half_life_s=1)
    both = scores(np.eye(7)[HAPPY].tolist(), np.eye(7)[SAD].tolist())
    smoother.update(both, np.array([1, 2]), 0.0)
    swapped = scores(np.eye(7)[SAD].tolist(), np.eye(7)[HAPPY].tolist())
    shown = smoother.update(swapped, np.array([2, 1]), 0.1)
    assert shown.labels.tolist() == [SAD, HAPPY]
    assert shown.scores.probabilities[0, SAD] == pytest.approx(1, abs=1e-6)


def close(first: float, second: float) -> EmotionScores:
    return scores([0, 0, 0, first, second, 0, 1 - first - second])


def test_small_leads_that_alternate_do_not_flicker() -> None:
    smoother = ScoreSmoother(half_life_s=0.0, hold_s=0.6)
    shown = []
    for frame in range(60):
        lead = close(0.45, 0.42) if frame % 4 < 2 else close(0.42, 0.45)
        shown.append(int(smoother.update(lead, ONE, frame / 30).labels[0]))
    assert set(shown) == {HAPPY}


def test_a_small_lead_that_lasts_wins() -> None:
    smoother = ScoreSmoother(half_life_s=0.0, hold_s=0.6)
    smoother.update(close(0.45, 0.42), ONE, 0.0)
    labels = [
        int(smoother.update(close(0.42, 0.45), ONE, 0.1 * step).labels[0]) for step in range(1, 9)
    ]
    assert labels[:5] == [HAPPY] * 5
    assert labels[-1] == SAD


def test_a_large_lead_wins_at_once() -> None:
    smoother = ScoreSmoother(half_life_s=0.0)
    smoother.update(close(0.8, 0.1), ONE, 0.0)
    assert smoother.update(close(0.1, 0.8), ONE, 0.01).labels.tolist() == [SAD]


def test_a_face_that_was_long_away_starts_afresh() -> None:
    smoother = ScoreSmoother(half_life_s=60)
    smoother.update(only(HAPPY), ONE, 0.0)
    shown = smoother.update(only(SAD), ONE, 6.0)
    assert shown.scores.probabilities[0, SAD] == 1


def test_wrong_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"wanted 1, one per face\. Received: 2"):
        ScoreSmoother().update(only(HAPPY), np.array([1, 2]), 0.0)
    with pytest.raises(ValueError, match="half_life_s"):
        ScoreSmoother(half_life_s=-1)


@settings(max_examples=60, deadline=None)
@given(
    half_life_s=st.floats(0, 10),
    frames=st.lists(
        st.tuples(st.floats(0, 2), st.lists(st.floats(0.001, 1), min_size=7, max_size=7)),
        min_size=1,
        max_size=20,
    ),
)
def test_smoothed_scores_stay_probabilities(
    half_life_s: float, frames: list[tuple[float, list[float]]]
) -> None:
    smoother, time_s = ScoreSmoother(half_life_s), 0.0
    for step_s, row in frames:
        time_s += step_s
        shown = smoother.update(scores(row), ONE, time_s)
        assert shown.scores.probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert (shown.scores.probabilities >= 0).all()
        assert 0 <= shown.labels[0] < 7


def about(share: float, threshold: float = 0.5) -> EmotionScores:
    rest = (1 - share) / 6
    row = [rest] * 3 + [share] + [rest] * 3
    return EmotionScores(np.array([row], np.float32), FER2013, threshold)


def test_a_score_about_the_threshold_does_not_flicker() -> None:
    smoother = ScoreSmoother(half_life_s=0.0, hold_s=0.6)
    shown = []
    for frame in range(60):
        share = 0.52 if frame % 4 < 2 else 0.48
        shown.append(bool(smoother.update(about(share), ONE, frame / 30).uncertain[0]))
    assert set(shown) == {False}


@pytest.mark.parametrize(("before", "after"), [(0.52, 0.48), (0.48, 0.52)])
def test_doubt_that_lasts_is_shown_and_taken_back(before: float, after: float) -> None:
    smoother = ScoreSmoother(half_life_s=0.0, hold_s=0.6)
    start = bool(smoother.update(about(before), ONE, 0.0).uncertain[0])
    assert start == (before < 0.5)
    shown = [
        bool(smoother.update(about(after), ONE, 0.1 * step).uncertain[0]) for step in range(1, 9)
    ]
    assert shown[:5] == [start] * 5
    assert shown[-1] != start


def test_clear_doubt_and_clear_answers_show_at_once() -> None:
    smoother = ScoreSmoother(half_life_s=0.0)
    shown = [
        bool(smoother.update(about(share), ONE, time_s).uncertain[0])
        for time_s, share in ((0.0, 0.9), (0.01, 0.3), (0.02, 0.9))
    ]
    assert shown == [False, True, False]


def test_a_threshold_that_is_changed_acts_at_once() -> None:
    smoother = ScoreSmoother(half_life_s=0.0)
    smoother.update(about(0.6), ONE, 0.0)
    assert smoother.update(about(0.6, threshold=0.9), ONE, 0.01).uncertain.tolist() == [True]


@settings(max_examples=100)
@given(st.lists(st.tuples(st.floats(0.2, 1.0), st.floats(0.005, 0.5)), min_size=1, max_size=40))
def test_doubt_never_contradicts_a_clear_score(frames: list[tuple[float, float]]) -> None:
    smoother, time_s = ScoreSmoother(half_life_s=0.0), 0.0
    for share, gap_s in frames:
        time_s += gap_s
        uncertain = bool(smoother.update(about(share), ONE, time_s).uncertain[0])
        if abs(share - 0.5) > 0.06:
            assert uncertain == (share < 0.5)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 7), st.integers(1, 2), st.lists(st.floats(0.01, 1), min_size=7, max_size=7)
        ),
        max_size=12,
    )
)
@settings(deadline=None)
def test_face_by_face_and_through_json_it_is_the_same(
    frames: list[tuple[float, int, list[float]]],
) -> None:
    """Absences of up to 7 s: longer than what is remembered."""
    whole, single, resumed = ScoreSmoother(), ScoreSmoother(), ScoreSmoother()
    time_s = 0.0
    for step_s, track, row in frames:
        time_s += step_s
        seen, number = scores(row), np.array([track], np.int64)
        wanted = whole.update(seen, number, time_s, threshold=0.3)
        found = single.step(track, seen.probabilities[0], time_s, 0.3)
        again = ScoreSmoother()
        again.restore(json.loads(json.dumps(resumed.state())))
        resumed = again
        other = resumed.update(seen, number, time_s, threshold=0.3)
        for rows in (found[0], other.scores.probabilities[0]):
            np.testing.assert_array_equal(rows, wanted.scores.probabilities[0])
        assert found[1] == other.labels[0] == wanted.labels[0]
        assert found[2] == other.uncertain[0] == wanted.uncertain[0]
