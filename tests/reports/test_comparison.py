"""Conditions compared: the right test, corrected for many, and what few people allow."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emotion_core.emotions import FER2013
from emotion_core.errors import ReportError
from emotion_core.reports.comparison import (
    COMPARISON_COLUMNS,
    ConditionComparison,
    compare,
)
from emotion_core.reports.difference_tests import (
    holm,
    omnibus_test,
    paired_test,
    smallest_p,
    unpaired_test,
)
from emotion_core.reports.statistics import PERSON_COLUMNS, Interval, person_statistics
from emotion_core.reports.uncertainty import share_interval
from emotion_core.video.summary import UNCERTAIN
from tests.reports.sessions import mixture, session


def statistics(
    shares: dict[str, list[float]], *, named: bool = True, first: int = 0
) -> pd.DataFrame:
    """Figures of a session per person: {group: shares of happy, the rest is sad}."""
    rows = []
    for place, (group, values) in enumerate(shares.items()):
        for i, happy_share in enumerate(values):
            for name in (*FER2013.names, UNCERTAIN):
                share = {"happy": happy_share, "sad": 1 - happy_share}.get(name, 0.0)
                low, high = share_interval(share, 25)
                rows.append({
                    **dict.fromkeys(PERSON_COLUMNS, 0.0), "session": f"{group}{i}",
                    "session_name": f"{group}{i}", "group": group, "interval": "whole",
                    "person": f"P{first * place + i}" if named else "Person 1",
                    "expression": name, "share": share, "share_low": low, "share_high": high,
                    "mean": share, "effective_frames": 25.0,
                })  # fmt: skip
    return pd.DataFrame(rows)


def happy_row(comparison: ConditionComparison) -> "pd.Series":
    rows = comparison.pairs[comparison.pairs["expression"] == "happy"]
    assert len(rows) == 1
    return rows.iloc[0]


def test_people_in_both_groups_are_compared_with_themselves() -> None:
    low = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    high = [value + gain for value, gain in zip(low, [0.2, 0.1, 0.3, 0.2, 0.1, 0.3], strict=True)]
    found = compare(statistics({"A": low, "B": high}))
    row = happy_row(found)
    assert tuple(found.pairs.columns) == COMPARISON_COLUMNS
    assert (row["paired"], row["people_a"], row["people_b"]) == (True, 6, 6)
    assert row["difference"] == pytest.approx(0.2)
    assert row["low"] < 0.2 < row["high"]
    assert row["p"] == pytest.approx(2 / 2**6)  # all six go up: the rarest of 64 arrangements
    assert row["superiority"] == 1.0
    # Two expressions vary; what nobody shows is not among the tests.
    assert found.pairs["p"].notna().sum() == 2
    assert row["p_holm"] == pytest.approx(2 * row["p"])


def test_different_people_are_compared_as_different() -> None:
    shares = {"A": [0.1, 0.2, 0.3, 0.2], "B": [0.5, 0.6, 0.7, 0.9]}
    row = happy_row(compare(statistics(shares, first=10)))
    assert not row["paired"]
    assert row["p"] == pytest.approx(2 / math.comb(8, 4))
    assert row["difference"] == pytest.approx(0.475)
    unnamed = happy_row(compare(statistics(shares, named=False)))
    assert not unnamed["paired"]
    assert unnamed["p"] == row["p"]
    asked = happy_row(compare(statistics(shares, named=False), paired=True))
    assert asked["paired"]
    assert asked["people_a"] == 1  # "Person 1" is then one person, four times


def test_some_people_in_both() -> None:
    shares = {"A": [0.1, 0.2, 0.3, 0.4], "B": [0.5, 0.6, 0.7, 0.9]}
    most = compare(statistics(shares, first=1))  # P1, P2, P3 are in both
    assert happy_row(most)["people_a"] == 3
    assert any("2 of 5 people are only in one" in warning for warning in most.warnings)
    few = compare(statistics(shares, first=3))  # P3 alone
    assert happy_row(few)["people_a"] == 4
    assert any("1 people are in both" in warning for warning in few.warnings)
    with pytest.raises(ReportError, match="Nobody is in both"):
        compare(statistics(shares, first=10), paired=True)


def test_small_numbers_are_warned_of() -> None:
    three = compare(statistics({"A": [0.1, 0.2, 0.3], "B": [0.4, 0.6, 0.8]}))
    assert any("no corrected p can come below 0.5" in warning for warning in three.warnings)
    ten = [0.05 * i for i in range(1, 11)]
    many = compare(statistics({"A": ten, "B": [2 * s for s in ten]}))
    assert any("only 10 people" in warning for warning in many.warnings)


def test_one_person_each_is_a_difference_of_recordings() -> None:
    table = statistics({"A": [0.2], "B": [0.8]})
    found = compare(table, by="session")
    row = happy_row(found)
    assert (row["a"], row["b"]) == ("A0", "B0")
    assert row["difference"] == pytest.approx(0.6)
    assert 0 < row["low"] < 0.6 < row["high"] <= 1
    assert math.isnan(row["p"])
    assert any("says nothing about people in general" in warning for warning in found.warnings)


def test_intervals_of_one_person(tmp_path: Path) -> None:
    found = session(tmp_path, mixture(50, 0) + mixture(50, 50), names=["Ann"])
    table = person_statistics([found], [Interval("before", 0, 10), Interval("after", 10, 20)])
    row = happy_row(compare(table, by="interval"))
    assert (row["a"], row["b"], row["difference"]) == ("before", "after", pytest.approx(1.0))


def test_three_groups_get_a_test_of_all() -> None:
    base = [0.1, 0.2, 0.3, 0.2, 0.1]
    shares = {"A": base, "B": [s + 0.2 for s in base], "C": [s + 0.5 for s in base]}
    found = compare(statistics(shares))
    assert len(found.pairs) == 3 * 8
    row = found.omnibus[found.omnibus["expression"] == "happy"].iloc[0]
    assert (row["test"], row["people"]) == ("Friedman", 5)
    assert row["statistic"] == pytest.approx(10)  # every person ranks them alike
    others = compare(statistics(shares, first=10))
    assert set(others.omnibus["test"]) == {"Kruskal-Wallis"}
    two = compare(statistics(shares), conditions=["C", "A"])
    assert happy_row(two)["difference"] == pytest.approx(-0.5)


def test_what_cannot_be_compared_is_one_sentence() -> None:
    table = statistics({"A": [0.2, 0.3]})
    for options, words in (
        ({}, "at least two of group.*Put sessions into groups"),
        ({"by": "interval"}, "Mark intervals with a text"),
        ({"by": "age"}, "by: wanted one of group, session, interval"),
        ({"by": "session", "conditions": ["A0", "Z"]}, "Received: Z"),
        ({"by": "session", "conditions": ["A0", "A0"]}, "at least two of session"),
        ({"by": "session", "measure": "joy"}, "measure: wanted one of"),
    ):
        with pytest.raises(ReportError, match=words):
            compare(table, **options)


def test_the_permutation_test_agrees_with_students_where_both_hold() -> None:
    from scipy import stats

    rng = np.random.default_rng(3)
    a = rng.normal(0, 1, 40)
    b = a + rng.normal(0.4, 1, 40)
    paired, other = paired_test(a, b), unpaired_test(a, b[:30])
    student, welch = stats.ttest_rel(b, a), stats.ttest_ind(b[:30], a, equal_var=False)
    assert paired.statistic == pytest.approx(student.statistic)
    assert paired.p == pytest.approx(student.pvalue, abs=0.01)
    assert (paired.low, paired.high) == pytest.approx(tuple(student.confidence_interval()))
    assert other.statistic == pytest.approx(welch.statistic)
    assert other.p == pytest.approx(welch.pvalue, abs=0.02)
    assert (other.low, other.high) == pytest.approx(tuple(welch.confidence_interval()))


def test_an_effect_as_others_compute_it() -> None:
    """Pingouin 0.7.0: ``compute_effsize([1, 2, 3, 4], [3, 4, 6, 8], eftype="hedges")``."""
    found = unpaired_test(np.array([1.0, 2, 3, 4]), np.array([3.0, 4, 6, 8]))
    assert found.effect == pytest.approx(1.3180349566750118)
    assert found.superiority == pytest.approx((16 - 1 - 2 * 0.5) / 16)


def test_values_that_do_not_vary() -> None:
    same = np.full(4, 0.5)
    assert (paired_test(same, same).p, unpaired_test(same, same).p) == (1.0, 1.0)
    apart = unpaired_test(np.zeros(4), np.ones(4))
    assert apart.p == pytest.approx(smallest_p(4, 4, paired=False))
    assert math.isnan(apart.effect)
    assert paired_test(np.zeros(5), np.ones(5)).p == pytest.approx(smallest_p(5, 5, paired=True))
    assert omnibus_test([same, same, same], paired=True)[1] == 1.0
    assert omnibus_test([same, same, same], paired=False)[1] == 1.0
    assert math.isnan(unpaired_test(same[:1], same).p)
    assert math.isnan(omnibus_test([same[:1], same, same], paired=False)[1])


def test_holm() -> None:
    """As statsmodels and R's ``p.adjust`` have it."""
    found = holm(np.array([0.01, np.nan, 0.04, 0.03, 0.2]))
    assert found == pytest.approx([0.04, np.nan, 0.09, 0.09, 0.2], nan_ok=True)
    assert holm(np.array([0.6, 0.7])).tolist() == [1.0, 1.0]
    assert len(holm(np.array([]))) == 0
