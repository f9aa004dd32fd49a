"""Faces that are missed in single frames are known from the frames around."""

import numpy as np
import pytest

from emotion_core.types import Frame
from emotion_core.video import looking_around
from emotion_core.video.looking_around import looked_around

BOX = np.array([[40, 40, 60, 60]], np.float32)
NONE = np.zeros((0, 4), np.float32)


def frames(n: int, *, step_s: float = 0.1, size: tuple[int, int] = (200, 100)) -> list[Frame]:
    image = np.zeros((size[1], size[0], 3), np.uint8)
    return [Frame(image, i, i * step_s) for i in range(n)]


def boxes(found: dict[int, np.ndarray], given: list[Frame]) -> list[np.ndarray]:
    looked = list(looked_around(given, lambda frame: found.get(frame.index, NONE)))
    assert [frame.index for frame, _ in looked] == [frame.index for frame in given]
    assert all(frame is before for (frame, _), before in zip(looked, given, strict=True))
    return [covered for _, covered in looked]


def test_a_face_is_hidden_half_a_second_before_and_a_second_after() -> None:
    covered = boxes({20: BOX}, frames(40))
    assert [i for i, c in enumerate(covered) if len(c)] == list(range(15, 31))
    for found in covered[15:31]:
        assert (found[0, :2] <= 40).all()
        assert (found[0, 2:] >= 60).all()
    np.testing.assert_array_equal(covered[20], BOX)
    assert covered[30][0, 0] < covered[21][0, 0] < 34, "more room the longer ago"


def test_a_face_that_is_found_is_not_covered_twice() -> None:
    covered = boxes({i: BOX + i / 2 for i in range(10)}, frames(10))
    assert [len(c) for c in covered] == [1] * 10


def test_another_face_is_no_stand_in() -> None:
    covered = boxes({4: BOX, 5: BOX + 80, 6: BOX}, frames(10))
    assert any((c[:2] <= 40).all() and (c[2:] >= 60).all() for c in covered[5])


def test_places_follow_the_size_of_the_picture() -> None:
    small, large = frames(2)[0], Frame(np.zeros((200, 400, 3), np.uint8), 1, 0.1)
    covered = boxes({0: BOX}, [small, large])[1]
    assert (covered[0, :2] <= 80).all()
    assert (covered[0, 2:] >= 120).all()


def test_few_frames_wait_when_they_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    given = frames(30)
    monkeypatch.setattr(looking_around, "_MOST_BYTES", 3 * given[0].image.nbytes)
    asked = []
    most = 0
    for n, _ in enumerate(looked_around(given, lambda frame: asked.append(frame) or NONE)):
        most = max(most, len(asked) - n)
    assert len(asked) == 30
    assert most <= 4


def test_no_frames() -> None:
    assert boxes({}, []) == []
