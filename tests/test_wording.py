import numpy as np
import pytest

from emotion_core.emotions import FER2013
from emotion_core.types import Decisions, EmotionScores, FaceCrops, FaceDetections, FrameResult
from emotion_core.wording import alt_text, count_of, describe_face, file_size, percent


def _scores(*tops: tuple[str, float], threshold: float = 0.5) -> EmotionScores:
    rows = np.zeros((len(tops), len(FER2013)), np.float32)
    for row, (name, share) in zip(rows, tops, strict=True):
        row[:] = (1 - share) / (len(FER2013) - 1)
        row[FER2013.index(name)] = share
    return EmotionScores(rows, threshold=threshold)


def _result(*tops: tuple[str, float]) -> FrameResult:
    n, scores = len(tops), _scores(*tops)
    found = FaceDetections(
        np.zeros((n, 4), np.float32), np.ones(n, np.float32), np.zeros((n, 0, 2), np.float32)
    )
    crops = FaceCrops(np.zeros((n, 48, 48), np.uint8), np.zeros((n, 2, 3), np.float32))
    return FrameResult(
        0,
        0.0,
        (9, 9),
        found,
        scores,
        Decisions.from_scores(scores),
        np.arange(1, n + 1, dtype=np.int64),
        crops,
    )


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (0.001, "<1 %"),
        (0.005, "<1 %"),
        (0.933, "93 %"),
        (0.995, ">99 %"),
        (0.994, "99 %"),
        (1.0, "100 %"),
    ],
)
def test_percent_shows_no_false_digits(share: float, text: str) -> None:
    assert percent(share) == text


def test_a_face_looks_but_is_not() -> None:
    decisions = Decisions.from_scores(_scores(("happy", 0.93), ("fear", 0.8), ("happy", 0.41)))
    assert [describe_face(decisions, face) for face in range(3)] == [
        "looks happy (93 %)",
        "looks fearful (80 %)",
        "uncertain (happy 41 %)",
    ]


def test_counts_read_as_words() -> None:
    assert [count_of(n, "face") for n in (0, 1, 2, 3589)] == [
        "no faces",
        "1 face",
        "2 faces",
        "3,589 faces",
    ]


def test_alt_text_tells_every_face_of_a_small_group() -> None:
    text = alt_text("a.jpg", _result(("happy", 0.9), ("sad", 0.3)))
    assert text == "a.jpg: 2 faces. face 1 looks happy (90 %); face 2 uncertain (sad 30 %)."


def test_alt_text_counts_the_rest_of_a_crowd() -> None:
    assert alt_text("a.jpg", _result(*[("happy", 0.9)] * 29)).endswith(" and 23 more.")


def test_alt_text_says_when_there_is_no_face() -> None:
    assert alt_text("a.jpg", _result()) == "a.jpg: no face found."


@pytest.mark.parametrize(
    ("n_bytes", "words"),
    [
        (0, "0 kB"),
        (34_600, "35 kB"),
        (100_000, "0.1 MB"),
        (20_100_000, "20.1 MB"),
        (1_900_000_000, "1.9 GB"),
    ],
)
def test_a_size_is_never_a_false_nothing(n_bytes: int, words: str) -> None:
    assert file_size(n_bytes) == words
