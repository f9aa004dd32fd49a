"""Resting faces: which they are, and which of them are misread."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from emotion_core.datasets import TEST, EmotionDataset
from emotion_core.datasets.labels import vote_column
from emotion_core.emotions import FER2013, Emotion, LabelSet
from emotion_core.evaluation import EvaluatedModel, build_evaluation_split, evaluate_model
from emotion_core.evaluation.resting import MISREADINGS, resting_faces

NEUTRAL, HAPPY = vote_column(Emotion.NEUTRAL), vote_column(Emotion.HAPPY)


def voted(*neutral: int, label_set: LabelSet = FER2013) -> EmotionDataset:
    """Faces for which so many of ten raters say neutral, and the others happy."""
    n = len(neutral)
    votes = np.zeros((n, 10), np.int64)
    votes[:, NEUTRAL] = neutral
    votes[:, HAPPY] = 10 - np.array(neutral, np.int64)
    return EmotionDataset(
        np.random.default_rng(0).integers(0, 256, (n, 48, 48), dtype=np.uint8),
        np.zeros(n, np.int64),
        np.array([TEST] * n),
        votes,
        np.arange(n, dtype=np.int64),
        label_set=label_set,
    )


def said(*answers: tuple[str, float]) -> np.ndarray:
    rows = np.zeros((len(answers), 7), np.float32)
    for row, (name, share) in zip(rows, answers, strict=True):
        row[:] = (1 - share) / 6
        row[FER2013.index(name)] = share
    return rows


def test_rates_by_hand() -> None:
    images = voted(10, 8, 7, 6, 3, 5)  # the fifth is happy, the sixth a tie
    answers = said(
        ("angry", 0.9),  # misread, beyond doubt
        ("neutral", 0.9),
        ("sad", 0.5),  # misread
        ("fear", 0.3),  # uncertain
        ("angry", 0.9),
        ("angry", 0.9),
    )
    found = resting_faces(images, answers, 0.4)
    assert found is not None
    assert found.rows.tolist() == [0, 1, 2, 3]
    assert found.beyond_doubt.tolist() == [True, True, False, False]
    assert found.misread.tolist() == [True, False, True, False]
    assert [FER2013[int(label)].value for label in found.predicted] == [
        "angry", "neutral", "sad", "fear",
    ]  # fmt: skip
    assert found.confidences == pytest.approx([0.9, 0.9, 0.5, 0.3])
    assert found.to_dict() == {"votes_8": 0.5, "majority": 0.5, "n": 4, "n_votes_8": 2}
    calm = resting_faces(images, answers, 0.95)
    assert calm is not None
    assert (calm.rate, calm.rate_beyond_doubt) == (0.0, 0.0)


@pytest.mark.parametrize("emotion", FER2013.emotions)
def test_only_the_bad_ones_are_misreadings(emotion: Emotion) -> None:
    found = resting_faces(voted(9), said((emotion.value, 0.9)), 0.5)
    assert found is not None
    assert found.misread.tolist() == [emotion in MISREADINGS]
    assert (emotion in MISREADINGS) == (emotion.value in ("angry", "disgust", "fear", "sad"))


def test_nobody_at_rest_has_no_rate() -> None:
    found = resting_faces(voted(1, 2), said(("angry", 0.9), ("sad", 0.9)), 0.5)
    assert found is not None
    assert (found.n, found.rate, found.rate_beyond_doubt) == (0, None, None)
    few = resting_faces(voted(7), said(("angry", 0.9)), 0.5)
    assert few is not None
    assert (few.rate, few.rate_beyond_doubt) == (1.0, None)
    none = resting_faces(voted(), np.zeros((0, 7), np.float32), 0.5)
    assert none is None or none.n == 0


def test_without_votes_or_neutral_there_is_no_answer() -> None:
    silent = voted(9, 9)
    silent = replace(silent, votes=np.zeros((2, 10), np.int64))
    assert resting_faces(silent, said(("sad", 0.9), ("sad", 0.9)), 0.5) is None
    two = LabelSet((Emotion.HAPPY, Emotion.SAD))
    other = voted(9, label_set=two)
    assert resting_faces(other, np.array([[0.1, 0.9]], np.float32), 0.5) is None


def test_an_evaluation_tells_them_by_either_labels(
    make_model: Callable[..., EvaluatedModel], small_set: EmotionDataset
) -> None:
    """Every second face of the small set is called neutral by nine of ten."""
    model = make_model(threshold=0.3, temperature=20.0)
    by_labels = [
        evaluate_model(model, build_evaluation_split(small_set, "test", labels))
        for labels in ("fer2013", "raters")
    ]
    figures = [evaluation.figures()["resting_misread"] for evaluation in by_labels]
    assert figures[0] == figures[1]
    assert figures[0]["n"] == figures[0]["n_votes_8"] == 50
    found = by_labels[0].resting()
    assert found is not None
    everything = by_labels[0].everything.probabilities[found.rows]
    bad = np.isin(everything.argmax(axis=1), [FER2013.index(e) for e in MISREADINGS])
    wanted = bad & (everything.max(axis=1) >= 0.3)
    assert found.misread.tolist() == wanted.tolist()
    assert 0 < wanted.mean() < 1
    assert by_labels[0].figures(threshold=1.0)["resting_misread"]["majority"] == 0.0
