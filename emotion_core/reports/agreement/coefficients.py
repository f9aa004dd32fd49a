"""Coefficients of agreement: Cohen's kappa, intraclass correlation, Krippendorff's alpha."""

import math
from collections.abc import Sequence

import numpy as np

from emotion_core.extras import need
from emotion_core.reports.uncertainty import LEVEL
from emotion_core.types import Float64Array, Int64Array


def cohen_kappa(confusion: Int64Array | Float64Array, n: float | None = None) -> tuple[float, ...]:
    """Cohen's kappa with its large-sample 95 % interval.

    Source: Cohen, Educational and Psychological Measurement 20 (1960) 37-46; the standard error is
    that of Fleiss, Cohen & Everitt, Psychological Bulletin 72 (1969) 323-327.

    Args:
        confusion: (C, C), rows and columns in the same order.
        n: independent units that it is worth; None: its sum.

    Returns:
        kappa, low, high; NaN where both say always the same one thing.
    """
    total = float(confusion.sum())
    if not total > 0:
        return math.nan, math.nan, math.nan
    p = np.asarray(confusion, np.float64) / total
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    observed, chance = float(np.trace(p)), float(rows @ columns)
    if chance >= 1 - 1e-12:
        return math.nan, math.nan, math.nan
    kappa = (observed - chance) / (1 - chance)
    # With 1 - kappa, as in the paper: three parts of the variance.
    diagonal = np.diag(p) @ (1 - (rows + columns) * (1 - kappa)) ** 2
    margins = (columns[:, None] + rows[None, :]) ** 2
    others = (p * margins).sum() - np.diag(p) @ np.diag(margins)
    variance = diagonal + (1 - kappa) ** 2 * others - (kappa - chance * (1 - kappa)) ** 2
    from scipy.stats import norm

    z = float(norm.ppf(0.5 + LEVEL / 2))
    half = z * math.sqrt(max(0.0, variance) / (n or total)) / (1 - chance)
    return kappa, max(-1.0, kappa - half), min(1.0, kappa + half)


def intraclass_correlation(values: Float64Array, *, absolute: bool) -> tuple[float, float, float]:
    """ICC of single ratings in a two-way model, with its 95 % interval.

    Source: McGraw & Wong, Psychological Methods 1 (1996) 30-46: ICC(A,1), in which a rater who is
    always higher disagrees, and ICC(C,1), in which only the order and the distances count.

    Args:
        values: (N, K) of N units by K raters.
        absolute: ICC(A,1) instead of ICC(C,1).

    Returns:
        ICC, low, high; NaN for fewer than two units or where nothing varies.
    """
    n, k = values.shape
    if n < 2 or k < 2 or np.ptp(values) < 1e-12:
        return math.nan, math.nan, math.nan
    from scipy.stats import f

    grand = values.mean()
    between = k * float(((values.mean(axis=1) - grand) ** 2).sum()) / (n - 1)
    raters = n * float(((values.mean(axis=0) - grand) ** 2).sum()) / (k - 1)
    rest = float(((values - grand) ** 2).sum()) - between * (n - 1) - raters * (k - 1)
    error = max(0.0, rest) / ((n - 1) * (k - 1))
    tail = 0.5 + LEVEL / 2
    if not absolute:
        icc = (between - error) / (between + (k - 1) * error)
        if error < 1e-15:
            return icc, icc, icc
        ratio = between / error
        low = ratio / float(f.ppf(tail, n - 1, (n - 1) * (k - 1)))
        high = ratio * float(f.ppf(tail, (n - 1) * (k - 1), n - 1))
        return icc, (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)
    icc = (between - error) / (between + (k - 1) * error + k / n * (raters - error))
    a = k * icc / (n * (1 - icc)) if icc < 1 else math.inf
    b = 1 + k * icc * (n - 1) / (n * (1 - icc)) if icc < 1 else math.inf
    if math.isinf(a) or (error < 1e-15 and raters < 1e-15):
        return icc, icc, icc
    freedom = (a * raters + b * error) ** 2 / (
        (a * raters) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1))
    )
    lower, upper = float(f.ppf(tail, n - 1, freedom)), float(f.ppf(tail, freedom, n - 1))
    spread = k * raters + (k * n - k - n) * error
    low = n * (between - lower * error) / (lower * spread + n * between)
    high = n * (upper * between - error) / (spread + n * upper * between)
    return icc, low, high


def krippendorff_alpha(labels: Sequence[Int64Array]) -> float:
    """Krippendorff's alpha of nominal labels; units that somebody left out count for the others.

    Args:
        labels: (N,) of each coder; negative where they said nothing.

    Returns:
        NaN where no two coders judged a unit, or only one label was ever given.

    Raises:
        MissingExtraError: the package krippendorff is not installed.
    """
    need("krippendorff", "Krippendorff's alpha")
    import krippendorff

    table = np.stack(labels).astype(np.float64)
    table[table < 0] = np.nan
    judged = np.isfinite(table).sum(axis=0) >= 2
    if not judged.any() or len(np.unique(table[:, judged][np.isfinite(table[:, judged])])) < 2:
        return math.nan
    return float(krippendorff.alpha(reliability_data=table, level_of_measurement="nominal"))
