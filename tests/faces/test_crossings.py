"""People who cross, hide behind each other and leave: who keeps their number.

The paths are those of benchmarks/crossings.py, which prints the shares for many more.
"""

import importlib.util
import sys
from collections import Counter
from itertools import product
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from emotion_core.faces.tracking import FaceTracker

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("cross", "overtake", "passed", "behind", "turn_back", "sway")


@pytest.fixture(scope="module")
def crossings() -> ModuleType:
    spec = importlib.util.spec_from_file_location("crossings", ROOT / "benchmarks/crossings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["crossings"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("frames_per_s", [5, 15, 30])
@pytest.mark.parametrize("kind", KINDS)
def test_numbers_survive_two_thirds_of_a_second_behind_somebody(
    crossings: ModuleType, kind: str, frames_per_s: int
) -> None:
    for speed in (1.0, 2.0):
        outcomes = crossings.count(kind, speed, 0.66, frames_per_s, n=5, seed=11)
        assert outcomes == {crossings.KEPT: 5}, (speed, outcomes)


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_are_not_exchanged_at_any_speed_rate_or_gap(
    crossings: ModuleType, kind: str
) -> None:
    total: Counter[str] = Counter()
    for speed, gap_s, rate in product(crossings.SPEEDS, crossings.GAPS_S, crossings.FRAMES_PER_S):
        total += crossings.count(kind, speed, gap_s, rate, n=1, seed=12)
    assert total[crossings.SWITCHED] == 0
    # At 4 sides per second, 1.5 s are six sides: nobody knows whether that is the same person.
    assert total[crossings.KEPT] >= 0.93 * (total.total() - total[crossings.TOO_LONG])


def test_a_stranger_elsewhere_does_not_get_the_number_of_somebody_who_left(
    crossings: ModuleType,
) -> None:
    outcomes = Counter(
        crossings.strangers(FaceTracker(), speed, rate, np.random.default_rng((13, number)))
        for speed, rate in product((0.0, *crossings.SPEEDS), crossings.FRAMES_PER_S)
        for number in range(20)
    )
    # Two sides away is at the edge of what is still taken for the same face.
    assert outcomes[crossings.SWITCHED] <= 0.02 * outcomes.total()
