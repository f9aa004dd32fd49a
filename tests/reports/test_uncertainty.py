"""Intervals hold what they promise, though neighbouring frames resemble each other."""

import math

import numpy as np
import pytest

from emotion_core.reports.uncertainty import (
    autocorrelation_time,
    difference_interval,
    effective_rows,
    mean_interval,
    share_interval,
)


def chain(rng: np.random.Generator, n: int, dwell: float, share: float) -> np.ndarray:
    """Two states, of which state 1 lasts ``dwell`` rows and fills ``share`` of the time."""
    leave, come = 1 / dwell, share / (1 - share) / dwell
    draws = rng.random(n)
    states = np.empty(n, np.int64)
    states[0] = draws[0] < share
    for i in range(1, n):
        states[i] = states[i - 1] ^ (draws[i] < (leave if states[i - 1] else come))
    return states


@pytest.mark.parametrize(("n", "dwell", "share"), [(60, 10, 0.5), (300, 30, 0.3), (1500, 50, 0.1)])
def test_the_interval_of_a_share_holds_the_true_share(n: int, dwell: float, share: float) -> None:
    rng = np.random.default_rng(1)
    held = naive = 0
    for _ in range(200):
        states = chain(rng, n, dwell, share)
        rows = effective_rows(np.stack([states, 1 - states], axis=1).astype(float), states)
        low, high = share_interval(states.mean(), rows)
        held += low <= share <= high
        low, high = share_interval(states.mean(), n)
        naive += low <= share <= high
    assert held >= 0.93 * 200
    assert naive < 0.6 * 200  # what counting frames as independent would say


def test_autocorrelation_time_of_a_known_process() -> None:
    """Of an autoregressive process with coefficient a it is (1 + a) / (1 - a)."""
    rng, a = np.random.default_rng(0), 0.8
    noise = rng.normal(size=60_000)
    series = np.empty_like(noise)
    series[0] = noise[0]
    for i in range(1, len(noise)):
        series[i] = a * series[i - 1] + noise[i]
    assert autocorrelation_time(series) == pytest.approx((1 + a) / (1 - a), rel=0.2)
    assert autocorrelation_time(noise) == pytest.approx(1, abs=0.1)


def test_what_never_varies_is_worth_one_moment() -> None:
    assert math.isnan(autocorrelation_time(np.ones(50)))
    assert effective_rows(np.ones((50, 3)), np.zeros(50)) == 1
    assert effective_rows(np.ones((0, 3)), np.zeros(0)) == 1


def test_wilson_and_student() -> None:
    """Source: Newcombe, Statistics in Medicine 17 (1998) 857-872, table I: 81 of 263."""
    assert share_interval(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert share_interval(0.0, 10)[0] == 0.0
    assert mean_interval(10.0, 2.0, 4) == pytest.approx((10 - 3.18245, 10 + 3.18245), abs=1e-4)
    assert all(map(math.isnan, mean_interval(1.0, 1.0, 1)))


def test_the_interval_of_a_difference() -> None:
    """56 of 70 and 48 of 80: Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10."""
    a, b = 48 / 80, 56 / 70
    found = difference_interval(a, share_interval(a, 80), b, share_interval(b, 70))
    assert found == pytest.approx((0.0524, 0.3339), abs=5e-5)
