"""Tests of a difference between people's values, effect sizes and Holm's correction."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emotion_core.reports.uncertainty import LEVEL
from emotion_core.types import Float64Array

# Above so many permutations a random sample of them stands for all.
_PERMUTATIONS = 9_999
_SEED = 20_261_130


@dataclass(frozen=True, slots=True)
class PairTest:
    """Two conditions A and B.

    Attributes:
        n_a: people in A; of pairs, as many as in B.
        n_b: people in B.
        mean_a: mean of A; NaN without anybody.
        mean_b: mean of B.
        low: lower end of the 95 % interval of the difference of means; NaN where there is none.
        high: its upper end.
        effect: Hedges' g, for pairs of the average spread; NaN where nothing varies.
        superiority: probability that B is more than A, equals counted half.
        statistic: Student's t for pairs, Welch's otherwise.
        p: two-sided, of permutations; NaN where there is no test.
        name: of the test.
    """

    n_a: int
    n_b: int
    mean_a: float
    mean_b: float
    low: float = math.nan
    high: float = math.nan
    effect: float = math.nan
    superiority: float = math.nan
    statistic: float = math.nan
    p: float = math.nan
    name: str = "none: too few people"


def paired_test(a: Float64Array, b: Float64Array) -> PairTest:
    """People compared with themselves: a permutation test of Student's t.

    Each person's two values change places. Effect: the mean difference by the root of the mean of
    both variances, corrected for small n (Hedges' g_av).

    Source: Lakens, Frontiers in Psychology 4 (2013) 863; Phipson & Smyth, Statistical Applications
    in Genetics and Molecular Biology 9 (2010) 39.

    Args:
        a: (N,) values.
        b: (N,) values of the same people.
    """
    n = len(a)
    if n < 2:
        return _untested(a, b)
    from scipy import stats

    differences = b - a
    result = _permuted(
        (differences,), lambda d, axis=-1: _ratio(d.mean(axis), _error(d, axis)), "samples"
    )
    half = stats.t.ppf(0.5 + LEVEL / 2, n - 1) * differences.std(ddof=1) / math.sqrt(n)
    middle = float(differences.mean())
    spread = math.sqrt((float(a.var(ddof=1)) + float(b.var(ddof=1))) / 2)
    more = float((differences > 0).mean() + (differences == 0).mean() / 2)
    kind = "exact" if 2**n <= _PERMUTATIONS else f"{_PERMUTATIONS:,} samples"
    return PairTest(
        n, n, float(a.mean()), float(b.mean()), middle - half, middle + half,
        _corrected(middle, spread, n - 1), more, *result,
        f"paired permutation test ({kind})",
    )  # fmt: skip


def unpaired_test(a: Float64Array, b: Float64Array) -> PairTest:
    """Different people: a permutation test of Welch's t, and Welch's interval.

    Source: Janssen, Statistics & Probability Letters 36 (1997) 9-21: with Welch's statistic the
    test holds its level where spreads differ; Hedges, Journal of Educational Statistics 6 (1981).

    Args:
        a: (N,) values.
        b: (M,) values of other people.
    """
    n, m = len(a), len(b)
    if min(n, m) < 2:
        return _untested(a, b)
    from scipy import stats

    def welch(x: Any, y: Any, axis: int = -1) -> Any:
        return _ratio(y.mean(axis) - x.mean(axis), np.hypot(_error(x, axis), _error(y, axis)))

    result = _permuted((a, b), welch, "independent")
    var_a, var_b = float(a.var(ddof=1)), float(b.var(ddof=1))
    middle = float(b.mean() - a.mean())
    error2 = var_a / n + var_b / m
    low = high = middle
    if error2 > 0:
        freedom = error2**2 / ((var_a / n) ** 2 / (n - 1) + (var_b / m) ** 2 / (m - 1))
        half = float(stats.t.ppf(0.5 + LEVEL / 2, freedom)) * math.sqrt(error2)
        low, high = middle - half, middle + half
    spread = math.sqrt(((n - 1) * var_a + (m - 1) * var_b) / (n + m - 2))
    more = float(np.sign(b[:, None] - a[None, :]).mean() + 1) / 2
    kind = "exact" if math.comb(n + m, n) <= _PERMUTATIONS else f"{_PERMUTATIONS:,} samples"
    return PairTest(
        n, m, float(a.mean()), float(b.mean()), low, high,
        _corrected(middle, spread, n + m - 2), more, *result,
        f"permutation test of Welch's t ({kind})",
    )  # fmt: skip


def omnibus_test(groups: Sequence[Float64Array], *, paired: bool) -> tuple[float, float, str]:
    """Whether any of three and more conditions differs: Friedman's test or Kruskal and Wallis'.

    Args:
        groups: values of each; of pairs, in the same order of people.
        paired: whether they are of the same people.

    Returns:
        statistic, p, name; NaN where there are too few people, p is 1 where nothing varies.
    """
    from scipy import stats

    name = "Friedman" if paired else "Kruskal-Wallis"
    if min(map(len, groups)) < 2:
        return math.nan, math.nan, f"none ({name}): too few people"
    table = np.concatenate(groups)
    same = (
        all(np.array_equal(group, groups[0]) for group in groups)
        if paired
        else bool(np.all(table == table[0]))
    )
    if same:
        return 0.0, 1.0, name
    result = stats.friedmanchisquare(*groups) if paired else stats.kruskal(*groups)
    return float(result.statistic), float(result.pvalue), name


def holm(p: Float64Array) -> Float64Array:
    """p-values corrected for their number by Holm's step-down rule.

    Source: Holm, Scandinavian Journal of Statistics 6 (1979) 65-70.

    Args:
        p: (N,) values; NaN are no tests and stay.
    """
    corrected = np.full(len(p), np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return corrected


def smallest_p(n_a: int, n_b: int, *, paired: bool) -> float:
    """The least p that a two-sided permutation test can give with so many people."""
    if paired:
        return max(2.0 ** (1 - n_a), 1 / (_PERMUTATIONS + 1))
    arrangements = math.comb(n_a + n_b, n_a)
    # Of equal numbers the mirrored arrangement is as extreme; SciPy doubles the smaller tail.
    return max(2 / arrangements, 1 / (_PERMUTATIONS + 1))


def _permuted(data: tuple[Float64Array, ...], statistic: Any, kind: str) -> tuple[float, float]:
    """(statistic, p); where no value differs from another, p is 1."""
    from scipy import stats

    if all(np.ptp(values) == 0 for values in data) and (
        (len(data) == 2 and data[0][0] == data[1][0]) or (len(data) == 1 and data[0][0] == 0)
    ):
        return 0.0, 1.0
    result = stats.permutation_test(
        data, statistic, permutation_type=kind, n_resamples=_PERMUTATIONS, vectorized=True,
        alternative="two-sided", rng=np.random.default_rng(_SEED),
    )  # fmt: skip
    return float(result.statistic), float(result.pvalue)


def _error(values: Any, axis: int) -> Any:
    return values.std(axis, ddof=1) / math.sqrt(values.shape[axis])


def _ratio(difference: Any, error: Any) -> Any:
    """A t value; a difference without any spread is larger than every other."""
    difference, error = np.asarray(difference, np.float64), np.asarray(error, np.float64)
    tiny = error < 1e-12
    huge = np.sign(np.where(np.abs(difference) < 1e-12, 0.0, difference)) * 1e12
    return np.where(tiny, huge, difference / np.where(tiny, 1.0, error))


def _corrected(difference: float, spread: float, freedom: int) -> float:
    """Hedges' g: the difference in standard deviations, without the bias of small numbers."""
    if spread < 1e-12:
        return math.nan
    return difference / spread * (1 - 3 / (4 * freedom - 1))


def _untested(a: Float64Array, b: Float64Array) -> PairTest:
    return PairTest(
        len(a), len(b),
        float(a.mean()) if len(a) else math.nan, float(b.mean()) if len(b) else math.nan,
    )  # fmt: skip
