"""Numbers of faces stay with their faces."""

import json

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


def test_a_new_person_where_somebody_left_over_two_seconds_ago_gets_a_new_number() -> None:
    tracker = FaceTracker()
    for step in range(30):
        tracker.update(at((100, 100), (400, 100)), step / 30)
    for step in range(30, 95):
        assert tracker.update(at((400, 100)), step / 30).tolist() == [2]
    assert tracker.update(at((100, 100), (400, 100)), 95 / 30).tolist() == [3, 2]


def test_somebody_who_comes_close_does_not_move_the_numbers_on() -> None:
    """Two fair matches are not better than a good one: a hidden face's number stays its own."""
    tracker = FaceTracker()
    for step in range(30):
        tracker.update(at((100, 200), (200, 200)), step / 15)
    for step in range(30, 45):  # the second one is hidden
        tracker.update(at((100, 200)), step / 15)
    # A stranger appears on the other side of the first one: near enough to be the first one, if
    # the first one were the second.
    assert tracker.update(at((38.5, 200), (102, 200)), 44 / 15 + 0.2).tolist() == [3, 1]


# Frames of other sizes.

Size = tuple[int, int]
SENT_UNDER_LOAD = [(640, 480), (480, 360), (320, 240)]


def inside(size_px: Size, *places: tuple[float, float], side: float = 0.17) -> FaceDetections:
    """Square faces at places given as shares of the width and the height."""
    width, height = size_px
    centres = [(x * width, y * height) for x, y in places]
    return at(*centres, side=side * float(np.sqrt(width * height)))


def around_the_middle(size_px: Size, scale: float, *places: tuple[float, float]) -> FaceDetections:
    """Faces at places given from the middle of the picture: it was cut or turned, not stretched."""
    centres = [(size_px[0] / 2 + scale * x, size_px[1] / 2 + scale * y) for x, y in places]
    return at(*centres, side=80 * scale)


def test_numbers_survive_the_sizes_that_browsers_send_under_load() -> None:
    tracker = FaceTracker()
    for step, size_px in enumerate([*SENT_UNDER_LOAD, *SENT_UNDER_LOAD[::-1]]):
        faces = inside(size_px, (0.3, 0.5), (0.7, 0.5))
        assert tracker.update(faces, step / 10, size_px).tolist() == [1, 2]


sizes = st.tuples(st.integers(160, 1920), st.integers(160, 1920))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(SENT_UNDER_LOAD), sizes), min_size=2, max_size=12),
    st.lists(
        st.sampled_from([(x / 6, y / 4) for x in range(1, 6) for y in range(1, 4)]),
        min_size=1,
        max_size=6,
        unique=True,
    ),
    st.floats(0.01, 0.3),
)
def test_numbers_of_still_faces_survive_any_sequence_of_sizes(
    sequence: list[Size], places: list[tuple[float, float]], pause_s: float
) -> None:
    tracker = FaceTracker()
    for step, size_px in enumerate(sequence):
        width, height = size_px
        scale = np.array([width, height, width, height], np.float32)
        boxes = np.array([[x - 0.06, y - 0.1, x + 0.06, y + 0.1] for x, y in places], np.float32)
        n = len(places)
        found = FaceDetections(boxes * scale, np.ones(n, np.float32), np.zeros((n, 0, 2), "f4"))
        numbers = tracker.update(found, step * pause_s, size_px).tolist()
        assert numbers == list(range(1, n + 1))


@pytest.mark.parametrize(
    ("size_px", "scale"),
    [((480, 640), 1.0), ((240, 320), 0.5), ((640, 360), 1.0), ((480, 480), 1.0), ((320, 180), 0.5)],
    ids=["turned", "turned and smaller", "cut to 16:9", "cut to a square", "cut and smaller"],
)
def test_numbers_survive_a_picture_that_is_turned_or_cut(size_px: Size, scale: float) -> None:
    tracker = FaceTracker()
    places = ((-170, 20), (-10, -40), (150, 60))
    for step in range(5):
        assert tracker.update(
            around_the_middle((640, 480), 1, *places), step / 10, (640, 480)
        ).tolist() == [1, 2, 3]
    for step in range(5, 10):
        faces = around_the_middle(size_px, scale, *places)
        assert tracker.update(faces, step / 10, size_px).tolist() == [1, 2, 3]


def test_a_face_that_is_hidden_while_the_size_changes_keeps_its_number() -> None:
    tracker = FaceTracker()
    for step, size_px in enumerate([(640, 480), (640, 480), (320, 240), (320, 240)]):
        shown = [(0.3, 0.5), (0.7, 0.5)] if step < 2 else [(0.3, 0.5)]
        tracker.update(inside(size_px, *shown), step / 10, size_px)
    both = inside((480, 360), (0.3, 0.5), (0.7, 0.5))
    assert tracker.update(both, 0.5, (480, 360)).tolist() == [1, 2]


def test_faces_that_are_found_again_only_after_the_change_keep_their_numbers() -> None:
    tracker = FaceTracker()
    places = ((-170, 20), (150, 60))
    tracker.update(around_the_middle((640, 480), 1, *places), 0.0, (640, 480))
    for step in range(1, 8):
        assert tracker.update(at(), step / 10, (480, 640)).tolist() == []
    faces = around_the_middle((480, 640), 1, *places)
    assert tracker.update(faces, 0.8, (480, 640)).tolist() == [1, 2]


def test_with_a_change_of_size_one_leaves_and_the_other_keeps_their_number() -> None:
    for stays in (0, 1):
        tracker = FaceTracker()
        places = [(0.3, 0.5), (0.7, 0.5)]
        tracker.update(inside((640, 480), *places), 0.0, (640, 480))
        # In pixels the second face is now exactly where the first one was.
        numbers = tracker.update(inside((274, 206), places[stays]), 0.1, (274, 206))
        assert numbers.tolist() == [stays + 1]


def test_with_a_change_of_size_a_cut_to_somebody_elsewhere_gives_new_numbers() -> None:
    for size_px in ((320, 240), (480, 640), (640, 360)):
        tracker = FaceTracker()
        tracker.update(inside((640, 480), (0.2, 0.25), (0.3, 0.75)), 0.0, (640, 480))
        assert tracker.update(inside(size_px, (0.8, 0.3)), 0.1, size_px).tolist() == [3]


def test_a_moving_face_is_expected_where_it_goes_in_a_smaller_frame() -> None:
    tracker = FaceTracker()
    for step in range(15):
        tracker.update(inside((640, 480), (0.1 + step * 0.03, 0.5)), step / 15, (640, 480))
    # Hidden for 0.66 s, in which it goes on by more than two sides.
    again = inside((320, 240), (0.1 + 24 * 0.03, 0.5))
    assert tracker.update(again, 24 / 15, (320, 240)).tolist() == [1]


def test_numbers_survive_a_mirrored_picture() -> None:
    tracker = FaceTracker()
    assert tracker.update(inside((640, 480), (0.2, 0.5), (0.7, 0.5)), 0, (640, 480)).tolist() == [
        1,
        2,
    ]
    tracker.mirror()
    faces = inside((480, 360), (0.3, 0.5), (0.8, 0.5))
    assert tracker.update(faces, 0.1, (480, 360)).tolist() == [2, 1]


def test_nobody_goes_on_over_a_cut_and_no_number_comes_again() -> None:
    tracker = FaceTracker()
    assert tracker.update(at((100, 100), (400, 100)), 0.0).tolist() == [1, 2]
    tracker.cut()
    assert tracker.update(at((100, 100)), 0.03).tolist() == [3]
    tracker.cut()
    assert tracker.update(at((100, 100), (400, 100)), 0.07).tolist() == [4, 5]


def test_in_another_process_it_goes_on_with_the_same_numbers() -> None:
    """At every step; through crossings, an absence and frames of another size."""
    one, other = FaceTracker(), FaceTracker()
    for step in range(41):
        x = 10.0 * step
        faces = [(100 + x, 100.0), (500 - x, 130.0)][: 1 if 18 <= step < 24 else 2]
        scale, size_px = (2.0, (1280, 720)) if step > 30 else (1.0, (640, 360))
        found = at(*((px * scale, py * scale) for px, py in faces), side=80 * scale)
        resumed = FaceTracker()
        resumed.restore(json.loads(json.dumps(other.state())))
        other = resumed
        numbers = one.update(found, step / 10, size_px)
        assert other.update(found, step / 10, size_px).tolist() == numbers.tolist()
        assert other.state() == one.state()
