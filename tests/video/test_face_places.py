"""Where faces are between samples: what is drawn, and what is covered."""

import numpy as np
import pandas as pd
import pytest

from emotion_core.emotions import Emotion
from emotion_core.video.face_places import FacePlaces, SampledFaces

SIZE = (200, 100)
Box = tuple[float, float, float, float]


def table(
    samples: dict[float, dict[int, Box]],
    *,
    shots: dict[float, int] | None = None,
    sizes: dict[float, tuple[int, int]] | None = None,
) -> pd.DataFrame:
    """A frame table of {time: {track: box}}; a sample without a face has one row."""
    rows = []
    for number, (time_s, faces) in enumerate(samples.items()):
        width, height = (sizes or {}).get(time_s, SIZE)
        shot = (shots or {}).get(time_s, 1)
        base = {"frame": number, "time_s": time_s, "width": width, "height": height, "shot": shot}
        if not faces:
            rows.append(base)
        for track, (x0, y0, x1, y1) in faces.items():
            rows.append(
                base
                | {"track": track, "x0": x0, "y0": y0, "x1": x1, "y1": y1, "expression": "happy"}
                | {"confidence": 0.9, "uncertain": False, "person": f"Person {track}"}
            )
    columns = [
        *("frame", "time_s", "width", "height", "track", "person", "x0", "y0", "x1", "y1"),
        *("expression", "confidence", "uncertain", "shot"),
    ]
    kinds = {"track": "Int32", "uncertain": "boolean"}
    return pd.DataFrame(rows, columns=columns).astype(kinds)


def places(*arguments: object, **options: object) -> FacePlaces:
    return FacePlaces(SampledFaces.from_table(table(*arguments, **options)))  # type: ignore[arg-type]


def contains(covers: np.ndarray, box: Box) -> bool:
    return any((c[:2] <= box[:2]).all() and (c[2:] >= box[2:]).all() for c in covers)


def test_a_table_in_one_line() -> None:
    frame = table({0.0: {1: (0, 0, 9, 9), 2: (20, 0, 29, 9)}, 0.2: {}, 0.4: {2: (20, 0, 29, 9)}})
    frame.loc[frame["track"] == 2, "person"] = "Ada"
    faces = SampledFaces.from_table(frame, hidden=(frame["track"] == 1).fillna(False).to_numpy())
    assert faces.times_s.tolist() == [0.0, 0.2, 0.4]
    assert faces.sample.tolist() == [0, 0, 2]
    assert faces.tracks.tolist() == [1, 2, 2]
    assert faces.names == ("1", "Ada", "Ada")
    assert faces.emotions == (Emotion.HAPPY,) * 3
    assert faces.shown.tolist() == [False, True, True]


def test_a_table_without_any_face() -> None:
    found = places({0.0: {}, 0.2: {}})
    assert found.drawn(0.1, SIZE).boxes.shape == (0, 4)
    assert found.covered(0.1, SIZE).shape == (0, 4)
    assert found.is_known(0.1, SIZE)


def test_an_empty_table_knows_nothing() -> None:
    found = places({})
    assert found.drawn(0.1, SIZE).boxes.shape == (0, 4)
    assert not found.is_known(0.1, SIZE)


def test_boxes_go_straight_from_sample_to_sample() -> None:
    found = places({0.0: {1: (0, 0, 20, 20)}, 0.2: {1: (40, 20, 60, 40)}})
    np.testing.assert_allclose(found.drawn(0.0, SIZE).boxes, [(0, 0, 20, 20)])
    np.testing.assert_allclose(found.drawn(0.05, SIZE).boxes, [(10, 5, 30, 25)], atol=1e-4)
    np.testing.assert_allclose(found.drawn(0.2, SIZE).boxes, [(40, 20, 60, 40)])


def test_boxes_do_not_cross_a_cut() -> None:
    found = places({0.0: {1: (0, 0, 20, 20)}, 0.2: {1: (40, 20, 60, 40)}}, shots={0.0: 1, 0.2: 2})
    np.testing.assert_allclose(found.drawn(0.08, SIZE).boxes, [(0, 0, 20, 20)])
    assert len(found.drawn(0.15, SIZE).boxes) == 0


def test_a_lost_face_is_drawn_for_half_the_way_and_no_new_one_before_it_is_found() -> None:
    found = places({0.0: {1: (0, 0, 20, 20)}, 0.2: {2: (40, 20, 60, 40)}})
    assert found.drawn(0.09, SIZE).rows.tolist() == [0]
    assert found.drawn(0.11, SIZE).rows.tolist() == []
    assert found.drawn(0.2, SIZE).rows.tolist() == [1]


def test_far_samples_are_not_joined_by_a_box_on_its_way() -> None:
    found = places({0.0: {1: (0, 0, 20, 20)}, 10.0: {1: (100, 20, 120, 40)}})
    np.testing.assert_allclose(found.drawn(0.4, SIZE).boxes, [(0, 0, 20, 20)])
    assert len(found.drawn(5.0, SIZE).boxes) == 0


def test_boxes_follow_the_size_of_the_frame() -> None:
    found = places({0.0: {1: (0, 0, 20, 20)}})
    np.testing.assert_allclose(found.drawn(0.0, (400, 300)).boxes, [(0, 0, 40, 60)])


@pytest.mark.parametrize("time_s", [0.2, 0.25, 0.3, 0.35, 0.4])
def test_the_whole_way_between_samples_is_covered(time_s: float) -> None:
    found = places({0.0: {}, 0.2: {1: (50, 40, 70, 60)}, 0.4: {1: (90, 50, 110, 70)}, 0.6: {}})
    x = 50 + 40 * (time_s - 0.2) / 0.2
    y = 40 + 10 * (time_s - 0.2) / 0.2
    assert contains(found.covered(time_s, SIZE), (x, y, x + 20, y + 20))


@pytest.mark.parametrize("time_s", [1.05, 1.6, 1.99, 2.41, 3.0, 3.39])
def test_a_face_is_covered_before_it_was_found_and_after_it_was_lost(time_s: float) -> None:
    times = {round(0.2 * i, 1): {} for i in range(30)}
    found = places(times | {2.0: {1: (50, 40, 70, 60)}, 2.2: {}, 2.4: {1: (50, 40, 70, 60)}})
    assert contains(found.covered(time_s, SIZE), (45, 35, 75, 65))
    assert len(found.covered(0.5, SIZE)) == 0
    assert len(found.covered(4.0, SIZE)) == 0


def test_a_face_that_is_missed_for_a_while_stays_covered() -> None:
    times = {round(0.2 * i, 1): {} for i in range(20)}
    found = places(times | {1.0: {1: (50, 40, 70, 60)}, 2.8: {1: (90, 40, 110, 60)}})
    for time_s in np.arange(1.0, 2.8, 0.1):
        assert contains(found.covered(float(time_s), SIZE), (50, 40, 110, 60))


def test_with_rare_samples_a_face_is_covered_to_the_next_one() -> None:
    found = places({0.0: {}, 5.0: {1: (50, 40, 70, 60)}, 10.0: {}})
    for time_s in (0.1, 4.9, 5.1, 9.9):
        assert contains(found.covered(time_s, SIZE), (50, 40, 70, 60))


def test_what_is_known() -> None:
    found = places({1.0: {}, 1.5: {}, 2.5: {}, 2.7: {}}, sizes={2.5: (300, 100), 2.7: SIZE})
    assert not found.is_known(0.9, SIZE)
    assert found.is_known(1.0, SIZE)
    assert found.is_known(1.4, SIZE)
    assert not found.is_known(1.4, (300, 100))
    assert not found.is_known(2.0, SIZE)
    assert found.is_known(2.5, (300, 100))
    assert not found.is_known(2.6, (300, 100)), "the size changes before the next sample"
    assert found.is_known(2.85, SIZE)
    assert not found.is_known(2.95, SIZE), "a sample would have been taken here"


def test_samples_out_of_order_are_refused() -> None:
    frame = table({0.2: {1: (0, 0, 9, 9)}, 0.0: {}})
    with pytest.raises(ValueError, match="in the order of time"):
        SampledFaces.from_table(frame)
