"""Decisions come from scores, and cannot be kept when the scores are others."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from emotion_core.emotions import FER2013, Emotion, LabelSet
from emotion_core.types import Decisions, EmotionScores, FrameResult, is_uncertain

MakeResult = Callable[..., FrameResult]
HAPPY, SAD = FER2013.index("happy"), FER2013.index("sad")


def scores(*shares: float, label: int = HAPPY, threshold: float = 0.5) -> EmotionScores:
    rows = np.tile((1 - np.array(shares, np.float32)[:, None]) / 6, (1, 7))
    rows[:, label] = shares
    return EmotionScores(rows.astype(np.float32), FER2013, threshold)


def test_the_highest_score_and_the_threshold_decide() -> None:
    decisions = Decisions.from_scores(scores(0.9, 0.4))
    assert decisions.labels.tolist() == [HAPPY, HAPPY]
    assert decisions.uncertain.tolist() == [False, True]
    assert decisions.threshold == 0.5
    assert decisions.emotion(0) is Emotion.HAPPY
    np.testing.assert_allclose(decisions.confidences, [0.9, 0.4])


@pytest.mark.parametrize(("threshold", "wanted"), [(0.0, False), (0.3, False), (0.95, True)])
def test_another_threshold_decides_anew(threshold: float, wanted: bool) -> None:
    assert Decisions.from_scores(scores(0.9), threshold).uncertain.tolist() == [wanted]


def test_a_score_at_the_threshold_is_sure_whatever_the_number_type() -> None:
    assert not is_uncertain(np.float32(0.6), 0.6)
    assert not is_uncertain(0.6, 0.6)
    assert is_uncertain(0.6, 0.61)


def test_labels_of_other_scores_are_refused() -> None:
    old = Decisions.from_scores(scores(0.9))
    with pytest.raises(ValueError, match="decided from other scores"):
        replace(old, scores=scores(0.9, label=SAD))


def test_doubt_of_other_scores_is_refused() -> None:
    unsure = Decisions.from_scores(scores(0.3))
    with pytest.raises(ValueError, match="decided from other scores"):
        replace(unsure, scores=scores(0.9))
    with pytest.raises(ValueError, match="decided from other scores"):
        replace(unsure, threshold=0.1)


def test_a_steady_label_may_trail_a_little() -> None:
    close = np.array([[0, 0, 0, 0.42, 0.48, 0, 0.1]], np.float32)
    both = EmotionScores(close)
    steady = Decisions(both, 0.5, np.array([HAPPY]), np.array([False]))
    assert steady.emotion(0) is Emotion.HAPPY
    assert steady.confidences[0] == pytest.approx(0.42)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": np.array([7])}, "wanted 0 to 6"),
        ({"labels": np.array([HAPPY, HAPPY])}, "Decisions.labels: wanted"),
        ({"uncertain": np.array([0])}, "Decisions.uncertain: wanted"),
        ({"threshold": 1.5}, "wanted a number from 0 to 1"),
    ],
)
def test_impossible_decisions_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(Decisions.from_scores(scores(0.9)), **change)


def test_a_result_takes_its_labels_from_its_decisions(make_result: MakeResult) -> None:
    result = make_result(("happy", 0.9), ("sad", 0.8))
    assert result.labels.tolist() == [HAPPY, SAD]
    assert result.smoothed is result.decisions.scores
    for name in ("labels", "smoothed", "uncertain"):
        with pytest.raises(TypeError):
            replace(result, **{name: getattr(result, name)})
    with pytest.raises(ValueError, match=r"decisions: wanted 2 faces\. Received: 1"):
        replace(result, decisions=Decisions.from_scores(scores(0.9)))


def test_decisions_of_a_model_with_other_labels_are_refused(make_result: MakeResult) -> None:
    two = LabelSet((Emotion.HAPPY, Emotion.SAD))
    other = EmotionScores(np.array([[0.9, 0.1]], np.float32), two)
    with pytest.raises(ValueError, match="of the same model"):
        replace(make_result(("happy", 0.9)), scores=other)


def test_a_result_decided_anew_keeps_its_scores(make_result: MakeResult) -> None:
    result = make_result(("happy", 0.6))
    unsure = result.decided(0.7)
    assert (result.uncertain.tolist(), unsure.uncertain.tolist()) == ([False], [True])
    assert unsure.scores is result.scores
    smooth = replace(result, decisions=Decisions.from_scores(scores(0.9, label=SAD), 0.7))
    raw = smooth.decided(raw=True)
    assert (smooth.labels.tolist(), raw.labels.tolist()) == ([SAD], [HAPPY])
    assert (raw.decisions.threshold, raw.uncertain.tolist()) == (0.7, [True])
