"""Conditions compared over people: paired where paired, corrected for many, honest at small n."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion_core.errors import ReportError
from emotion_core.reports.difference_tests import (
    PairTest,
    holm,
    omnibus_test,
    paired_test,
    smallest_p,
    unpaired_test,
)
from emotion_core.reports.statistics import WHOLE, unit_values
from emotion_core.reports.uncertainty import difference_interval

if TYPE_CHECKING:
    import pandas as pd

#: What can be compared: columns of ``person_statistics``.
CONDITIONS = ("group", "session", "interval")
#: Fewer people in a condition are few: the mean of 20 has an interval of about a standard
#: deviation's half.
FEW_PEOPLE = 20
_ALPHA = 0.05

COMPARISON_COLUMNS = (
    "expression", "a", "b", "people_a", "people_b", "paired", "mean_a", "mean_b", "difference",
    "low", "high", "effect", "superiority", "statistic", "p", "p_holm", "test",
)  # fmt: skip
OMNIBUS_COLUMNS = ("expression", "conditions", "people", "statistic", "p", "p_holm", "test")


@dataclass(frozen=True, slots=True, eq=False)
class ConditionComparison:
    """What a comparison found.

    Attributes:
        measure: key of ``MEASURES``.
        by: what was compared, of ``CONDITIONS``.
        conditions: their names, in order.
        pairs: a row per expression and pair; columns ``COMPARISON_COLUMNS``. ``difference`` is b
            less a, ``low`` and ``high`` its 95 % interval, ``effect`` Hedges' g, ``superiority``
            how probable it is that b is more than a, and ``p_holm`` corrected for all its rows.
        omnibus: of three and more conditions, a row per expression; ``OMNIBUS_COLUMNS``.
        warnings: sentences, among them what the numbers of people allow.
    """

    measure: str
    by: str
    conditions: tuple[str, ...]
    pairs: "pd.DataFrame"
    omnibus: "pd.DataFrame"
    warnings: tuple[str, ...]


def compare(
    statistics: "pd.DataFrame",
    *,
    by: str = "group",
    measure: str = "share",
    conditions: Sequence[str] = (),
    paired: bool | None = None,
) -> ConditionComparison:
    """Compares conditions, expression by expression. People are what is counted, never frames.

    Two conditions are tested by permutations of people, which asks nothing of the distribution
    (shares of time are skewed, and many are 0): exact for few people, of a statistic that stands
    unequal spread. Of single people only the difference between the two recordings is given.

    Args:
        statistics: of ``person_statistics``. Rows of intervals are used where ``by`` is
            ``interval``, those of whole sessions otherwise.
        by: what is compared, of ``CONDITIONS``.
        measure: key of ``MEASURES``.
        conditions: names (ids of sessions), in order; empty: all.
        paired: whether people are compared with themselves. None: if at least half of the people
            of the smaller condition are in both. Named people are recognised by their names;
            "Person 1" of two sessions is taken for one person only if True is given.

    Raises:
        ReportError: fewer than two conditions, an unknown word, or pairs asked for where nobody is
            in both.
    """
    import pandas as pd

    if by not in CONDITIONS:
        raise ReportError(f"by: wanted one of {', '.join(CONDITIONS)}. Received: {by!r}")
    rows = condition_rows(statistics, by)
    names = _condition_names(rows, by, conditions)
    values = unit_values(rows if paired is not True else _same_names(rows), measure, [by])
    wide = {
        str(expression): part.pivot(index="unit", columns=by, values="value")
        for expression, part in values.groupby("expression", sort=False)
    }
    single = {
        (str(r[by]), str(r["expression"])): r for _, r in rows.iterrows()
    }  # fmt: skip
    found: list[dict[str, Any]] = []
    notes: list[str] = []
    for a, b in itertools.combinations(names, 2):
        pairing = _pairing(next(iter(wide.values())), a, b, paired, notes)
        for expression, table in wide.items():
            x, y = table[a].dropna(), table[b].dropna()
            if pairing:
                both = x.index.intersection(y.index)
                x, y = x[both], y[both]
            test = (paired_test if pairing else unpaired_test)(x.to_numpy(), y.to_numpy())
            row = _row(expression, a, b, test, pairing)
            if np.ptp(np.concatenate([x, y, [0.0]])) == 0:
                # What nobody shows is no question, and must not count among the tests.
                row.update(statistic=math.nan, p=math.nan, test="none: nobody shows it")
            if test.n_a == test.n_b == 1:
                one, other = single.get((a, expression)), single.get((b, expression))
                row.update(_of_single(one, other, measure))
            found.append(row)
    pairs = pd.DataFrame(found, columns=list(COMPARISON_COLUMNS))
    pairs["p_holm"] = holm(pairs["p"].to_numpy(np.float64))
    omnibus = _omnibus(wide, names, pairs)
    warnings = tuple(dict.fromkeys([*notes, *_warnings(pairs, rows)]))
    return ConditionComparison(measure, by, names, pairs, omnibus, warnings)


def condition_rows(statistics: "pd.DataFrame", by: str) -> "pd.DataFrame":
    """The rows that a comparison counts: those of intervals, or of whole sessions."""
    whole = (statistics["interval"] == WHOLE).to_numpy(np.bool_)
    if by == "interval":
        return statistics[~whole]
    rows = statistics[whole]
    return rows[(rows["group"] != "").to_numpy(np.bool_)] if by == "group" else rows


def _condition_names(rows: "pd.DataFrame", by: str, wanted: Sequence[str]) -> tuple[str, ...]:
    there = tuple(dict.fromkeys(rows[by].astype(str)))
    unknown = [name for name in wanted if name not in there]
    if unknown:
        raise ReportError(
            f"{by}: wanted some of {', '.join(there) or 'none'}. Received: {', '.join(unknown)}"
        )
    names = tuple(dict.fromkeys(wanted)) or there
    if len(names) < 2:
        few = {"group": "Put sessions into groups.", "interval": "Mark intervals with a text."}
        raise ReportError(
            f"Wanted at least two of {by} to compare. Received: {', '.join(names) or 'none'}. "
            f"{few.get(by, 'Choose two sessions.')}"
        )
    return names


def _same_names(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Rows in which "Person 1" is the same in every session, as whoever asks for pairs says."""
    return rows.assign(person="= " + rows["person"])


def _pairing(table: "pd.DataFrame", a: str, b: str, paired: bool | None, notes: list[str]) -> bool:
    in_a, in_b = set(table[a].dropna().index), set(table[b].dropna().index)
    both = in_a & in_b
    if paired and not both:
        raise ReportError(
            f'Wanted people who are in "{a}" and in "{b}" to compare them with themselves. Nobody '
            "is in both. Give a person the same name in both, or compare without pairs."
        )
    smaller = min(len(in_a), len(in_b))
    pairing = 2 * len(both) >= max(smaller, 1) if paired is None else paired
    left = len(in_a | in_b) - len(both)
    if pairing and left:
        notes.append(f'"{a}" and "{b}": {left} of {len(in_a | in_b)} people are only in one of '
                     "them and were left out.")  # fmt: skip
    if both and not pairing:
        notes.append(f'"{a}" and "{b}": {len(both)} people are in both and were counted as though '
                     "they were strangers.")  # fmt: skip
    return pairing


def _row(expression: str, a: str, b: str, test: PairTest, paired: bool) -> dict[str, Any]:
    return {
        "expression": expression, "a": a, "b": b, "people_a": test.n_a, "people_b": test.n_b,
        "paired": paired, "mean_a": test.mean_a, "mean_b": test.mean_b,
        "difference": test.mean_b - test.mean_a, "low": test.low, "high": test.high,
        "effect": test.effect, "superiority": test.superiority, "statistic": test.statistic,
        "p": test.p, "p_holm": math.nan, "test": test.name,
    }  # fmt: skip


def _of_single(one: Any, other: Any, measure: str) -> dict[str, Any]:
    """The interval of a difference between two recordings, where these have intervals."""
    if measure not in ("share", "mean") or one is None or other is None:
        return {}
    of_a = float(one[f"{measure}_low"]), float(one[f"{measure}_high"])
    of_b = float(other[f"{measure}_low"]), float(other[f"{measure}_high"])
    low, high = difference_interval(float(one[measure]), of_a, float(other[measure]), of_b)
    return {"low": low, "high": high, "test": "none: one person each"}


def _omnibus(
    wide: dict[str, "pd.DataFrame"], names: tuple[str, ...], pairs: "pd.DataFrame"
) -> "pd.DataFrame":
    import pandas as pd

    found: list[dict[str, Any]] = []
    if len(names) > 2:
        paired = bool(pairs["paired"].all())
        for expression, table in wide.items():
            columns = [table[name] for name in names]
            if paired:
                columns = [table[list(names)].dropna()[name] for name in names]
            groups = [column.dropna().to_numpy(np.float64) for column in columns]
            statistic, p, test = omnibus_test(groups, paired=paired)
            people = len(groups[0]) if paired else sum(map(len, groups))
            found.append({
                "expression": expression, "conditions": len(names), "people": people,
                "statistic": statistic, "p": p, "p_holm": math.nan, "test": test,
            })  # fmt: skip
    table = pd.DataFrame(found, columns=list(OMNIBUS_COLUMNS))
    table["p_holm"] = holm(table["p"].to_numpy(np.float64))
    return table


def can_convince(pairs: "pd.DataFrame") -> bool:
    """Whether any difference could be found at all, were it as large as can be.

    Args:
        pairs: of a comparison.
    """
    tested = int(pairs["p"].notna().sum())
    sizes = pairs[["people_a", "people_b", "paired"]].drop_duplicates()
    return any(
        smallest_p(a, b, paired=paired) * tested <= _ALPHA
        for a, b, paired in sizes.itertuples(index=False)
        if min(a, b) >= 2
    )


def _warnings(pairs: "pd.DataFrame", rows: "pd.DataFrame") -> list[str]:
    found = []
    tested = int(pairs["p"].notna().sum())
    sizes = pairs[["a", "b", "people_a", "people_b", "paired"]].drop_duplicates(["a", "b"])
    for a, b, n_a, n_b, paired in sizes.itertuples(index=False):
        who = f'"{a}" and "{b}"'
        if min(n_a, n_b) < 2:
            found.append(
                f"{who}: {n_a} and {n_b} people. This is a difference between recordings, and says "
                "nothing about people in general; no test can."
            )
            continue
        people = f"{n_a} people" if paired else f"{n_a} and {n_b} people"
        least = smallest_p(n_a, n_b, paired=paired)
        if least * tested > _ALPHA:
            found.append(
                f"{who}: with {people} and {tested} tests no corrected p can come below "
                f"{min(1.0, least * tested):.2g}, however large the difference. Look at the "
                "intervals, or compare more people."
            )
        elif min(n_a, n_b) < FEW_PEOPLE:
            found.append(
                f"{who}: only {people}. Small differences are easily missed, and effects that are "
                "found are easily overrated."
            )
    worth = rows["effective_frames"].astype(float)
    if len(worth) and float(worth.min()) < 10:
        found.append(
            f"The shortest stretch of a person is worth {float(worth.min()):.0f} independent "
            "moments: its figures are rough."
        )
    return found
