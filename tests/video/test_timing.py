"""Time stamps become times that start at 0 and only go on."""

import pytest

from emotion_core.video.timing import (
    CLAMP_NOTE,
    JUMP_NOTE,
    NO_TIMES_NOTE,
    StampGuesser,
    Timeline,
)


def times(
    stamps: list[float | None], start_s: float | None = 0.0, *, may_jump: bool = False
) -> tuple[list[float], list[str]]:
    timeline = Timeline(start_s, may_jump=may_jump)
    return [round(timeline.time_of(stamp), 4) for stamp in stamps], list(timeline.notes)


def test_times_count_from_the_start_of_the_video() -> None:
    assert times([5.0, 5.04, 5.5], 5.0) == ([0.0, 0.04, 0.5], [])
    assert times([5.0, 5.04, 5.5], None) == ([0.0, 0.04, 0.5], [])
    assert times([5.0, 5.04], 4.9) == ([0.1, 0.14], [])


def test_a_first_frame_before_the_start_is_at_0() -> None:
    assert times([-0.08, -0.04, 0.0, 0.04])[0] == [0.0, 0.001, 0.002, 0.04]


def test_a_clock_that_goes_back_goes_on_at_the_last_pace() -> None:
    assert times([0.0, 0.4, 0.8, 0.0, 0.4]) == ([0.0, 0.4, 0.8, 1.2, 1.6], [JUMP_NOTE])


@pytest.mark.parametrize(("may_jump", "last"), [(True, 0.08), (False, 100.0)])
def test_a_long_step_is_a_jump_only_where_clocks_jump(may_jump: bool, last: float) -> None:
    assert times([0.0, 0.04, 100.0], may_jump=may_jump)[0] == [0.0, 0.04, last]


def test_a_single_frame_out_of_order_changes_no_other_time() -> None:
    found, notes = times([0.0, 0.04, 0.02, 0.08, 0.08, 0.12])
    assert found == [0.0, 0.04, 0.041, 0.08, 0.081, 0.12]
    assert notes == [CLAMP_NOTE]


def test_frames_without_a_time_follow_at_the_last_pace() -> None:
    found, notes = times([0.0, 0.1, None, None, 0.4])
    assert found == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert notes == [NO_TIMES_NOTE]


def test_the_stamps_that_go_backwards_more_rarely_are_taken() -> None:
    guesser = StampGuesser()
    pairs = [(4, 0), (3, 1), (2, 2), (5, 3), (4, 4), (6, 5)]
    assert [guesser.stamp(pts, dts) for pts, dts in pairs] == [4, 1, 2, 3, 4, 5]
    guesser = StampGuesser()
    assert [guesser.stamp(pts, dts) for pts, dts in [(0, 0), (3, 0), (5, None)]] == [0, 3, 5]
    assert StampGuesser(decoding_only=True).stamp(7, 3) == 3
