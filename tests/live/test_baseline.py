"""Scores relative to the resting face stay probabilities and read the resting face as neutral."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_core.emotions import FER2013, Emotion, LabelSet
from emotion_core.live.baseline import relative_scores
from emotion_core.types import EmotionScores, Float32Array

SAD, NEUTRAL, HAPPY = (FER2013.index(name) for name in ("sad", "neutral", "happy"))


def row(**shares: float) -> Float32Array:
    rest = (1 - sum(shares.values())) / (len(FER2013) - len(shares))
    values = [shares.get(name, rest) for name in FER2013.names]
    return np.array([values], np.float32)


probabilities = st.lists(st.floats(0, 1), min_size=7, max_size=7).filter(lambda v: sum(v) > 0.01)


@given(probabilities, probabilities)
def test_relative_scores_are_probabilities(face: list[float], rest: list[float]) -> None:
    scores = np.array([face], np.float32) / np.float32(sum(face))
    resting = np.array([rest], np.float32) / np.float32(sum(rest))
    relative = relative_scores(EmotionScores(scores, FER2013, 0.3), resting)
    assert relative.probabilities.min() >= 0
    assert relative.probabilities.sum() == pytest.approx(1, abs=1e-4)
    assert relative.threshold == 0.3


def test_a_resting_face_that_reads_as_sad_becomes_neutral() -> None:
    resting = row(sad=0.55, neutral=0.3)
    relative = relative_scores(EmotionScores(resting), resting)
    assert relative.labels.tolist() == [NEUTRAL]
    assert relative.probabilities[0, NEUTRAL] == pytest.approx(0.9, abs=0.02)


def test_a_smile_stays_a_smile_and_more_sadness_than_at_rest_stays_sad() -> None:
    resting = row(sad=0.55, neutral=0.3)
    assert relative_scores(EmotionScores(row(happy=0.9)), resting).labels.tolist() == [HAPPY]
    assert relative_scores(EmotionScores(row(sad=0.995)), resting).labels.tolist() == [SAD]


def test_a_face_that_rests_neutral_changes_little() -> None:
    resting = row(neutral=0.9)
    face = row(happy=0.6, neutral=0.3)
    relative = relative_scores(EmotionScores(face), resting)
    assert relative.probabilities == pytest.approx(face, abs=0.05)


def test_no_faces_is_no_error() -> None:
    assert len(relative_scores(EmotionScores.empty(), np.zeros((0, 7), np.float32))) == 0


def test_wrong_input_is_said() -> None:
    with pytest.raises(ValueError, match=r"resting: wanted \(1, 7\)"):
        relative_scores(EmotionScores(row()), np.zeros((2, 7), np.float32))
    labels = LabelSet((Emotion.HAPPY, Emotion.SAD))
    pair = np.array([[0.5, 0.5]], np.float32)
    with pytest.raises(ValueError, match="neutral"):
        relative_scores(EmotionScores(pair, labels), pair)
