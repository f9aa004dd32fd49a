"""Numbers of faces stay with their faces."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion_core.faces.tracking import FaceTracker
from emotion_core.types import FaceDetections


def at(*centres: tuple[float, float], side: float = 80) -> FaceDetections:
    boxes = np.array(
        [[x - side / 2, y - side / 2, x + side / 2, y + side / 2] for x, y in centres], np.float32
    ).reshape(-1, 4)
    n = len(boxes)
    return FaceDetections(boxes, np.ones(n, np.float32), np.zeros((n, 0, 2), np.float32))


def test_numbers_follow_moving_faces_in_any_order() -> None:
    tracker = FaceTracker()
    assert tracker.update(at((100, 100), (400, 100)), 0.0).tolist() == [1, 2]
    for step in range(1, 20):
        x = 10.0 * step
        numbers = tracker.update(at((400 - x, 300), (100 + x, 100)), step / 30)
        # The second face jumped down once; the first one keeps going.
        assert numbers[1] == 1
    assert len(set(numbers.tolist())) == 2


def test_crossing_faces_keep_their_numbers() -> None:
    tracker = FaceTracker()
    for step in range(41):
        x = 10.0 * step
        numbers = tracker.update(at((100 + x, 100), (500 - x, 160)), step / 30)
        assert numbers.tolist() == [1, 2]


def test_assignment_beats_greedy_choice() -> None:
    """Greedy matching would give the middle box to the nearest track and orphan the other."""
    tracker = FaceTracker()
    tracker.update(at((100, 100), (140, 100)), 0.0)
    assert tracker.update(at((135, 100), (175, 100)), 0.03).tolist() == [1, 2]


def test_a_face_comes_back_with_its_number() -> None:
    tracker = FaceTracker(max_absence_s=2.0)
    tracker.update(at((100, 100)), 0.0)
    assert tracker.update(at(), 1.0).tolist() == []
    assert tracker.update(at((130, 110)), 1.5).tolist() == [1]


def test_a_face_that_was_away_too_long_is_a_new_one() -> None:
    tracker = FaceTracker(max_absence_s=2.0)
    tracker.update(at((100, 100)), 0.0)
    assert tracker.update(at((100, 100)), 2.5).tolist() == [2]


def test_a_face_elsewhere_or_of_another_size_is_a_new_one() -> None:
    tracker = FaceTracker()
    tracker.update(at((100, 100)), 0.0)
    assert tracker.update(at((500, 400)), 0.1).tolist() == [2]
    tracker.reset()
    tracker.update(at((100, 100), side=40), 0.0)
    assert tracker.update(at((100, 100), side=160), 0.1).tolist() == [2]


def test_time_may_not_run_backwards() -> None:
    tracker = FaceTracker()
    tracker.update(at((100, 100)), 1.0)
    with pytest.raises(ValueError, match=r"wanted at least 1\.0"):
        tracker.update(at((100, 100)), 0.5)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.floats(0, 600), st.floats(0, 400)), max_size=6),
        min_size=1,
        max_size=12,
    )
)
def test_numbers_are_unique_in_every_frame(frames: list[list[tuple[float, float]]]) -> None:
    tracker = FaceTracker()
    for step, centres in enumerate(frames):
        numbers = tracker.update(at(*centres), step * 0.1)
        assert len(numbers) == len(centres)
        assert len(set(numbers.tolist())) == len(centres)
        assert (numbers >= 1).all()
