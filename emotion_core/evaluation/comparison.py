"""Two models on the same images: is the difference more than chance, and where do they differ."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models, A and B, on the same N images.

    Attributes:
        both_right: images that both get right.
        only_a: images that only A gets right.
        only_b: images that only B gets right.
        both_wrong: images that neither gets right.
        difference: accuracy of B less that of A.
        difference_ci95: its 95 % interval.
        p_exact: probability of so uneven a split of ``only_a`` and ``only_b`` if the models were
            equally good.
        chi2: McNemar's statistic with continuity correction.
        p_chi2: its p-value; close to ``p_exact`` where the models differ on many images.
    """

    both_right: int
    only_a: int
    only_b: int
    both_wrong: int
    difference: float
    difference_ci95: tuple[float, float]
    p_exact: float
    chi2: float
    p_chi2: float

    @property
    def n(self) -> int:
        """Images that both judged."""
        return self.both_right + self.only_a + self.only_b + self.both_wrong


def compare(right_a: npt.NDArray[np.bool_], right_b: npt.NDArray[np.bool_]) -> Comparison:
    """McNemar's test and the difference in accuracy.

    Source: McNemar, Psychometrika 12 (1947) 153-157; continuity correction, Edwards,
    Psychometrika 13 (1948) 185-187; exact form, the sign test on the images where they differ.

    Args:
        right_a: (N,) bool, where A is right; N at least 1.
        right_b: (N,) bool, where B is right.

    Raises:
        ValueError: no rows, or lengths that differ.
    """
    from scipy.stats import binomtest  # nearly a second: only who compares waits for it

    n = len(right_a)
    if n == 0 or len(right_b) != n:
        raise ValueError(
            "Wanted predictions of both models for the same images. "
            f"Received: {n} and {len(right_b)}"
        )
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    differ = only_a + only_b
    difference = (only_b - only_a) / n
    spread = _Z95 * math.sqrt(max(0.0, differ - (only_b - only_a) ** 2 / n)) / n
    chi2 = max(0, abs(only_a - only_b) - 1) ** 2 / differ if differ else 0.0
    return Comparison(
        both_right=int((right_a & right_b).sum()),
        only_a=only_a,
        only_b=only_b,
        both_wrong=int((~right_a & ~right_b).sum()),
        difference=difference,
        difference_ci95=(difference - spread, difference + spread),
        p_exact=float(binomtest(only_a, differ).pvalue) if differ else 1.0,
        chi2=chi2,
        # The survival function of chi-squared with one degree of freedom.
        p_chi2=math.erfc(math.sqrt(chi2 / 2)),
    )
