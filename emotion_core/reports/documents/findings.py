"""Sections of a report on comparisons and on agreement with people."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from emotion_core.charts.comparisons import (
    CONVINCING,
    condition_curves_chart,
    differences_chart,
)
from emotion_core.charts.models import confusion_chart
from emotion_core.charts.sessions import UNCERTAIN
from emotion_core.reports.agreement.judging import Agreement
from emotion_core.reports.comparison import ConditionComparison
from emotion_core.reports.documents.blocks import Block, Figure, Heading, Points, Table, Text
from emotion_core.reports.documents.words import figure, interval, iter_rows, p_value
from emotion_core.reports.statistics import MEASURES
from emotion_core.wording import percent

if TYPE_CHECKING:
    import pandas as pd

# Of curves; more would fill pages with lines near 0.
_MOST_CURVES = 4
_MOST_PAIRS = 3


def comparison_blocks(
    comparison: ConditionComparison, curves: "Mapping[str, pd.DataFrame]"
) -> list[Block]:
    """A comparison: what differs by how much, how sure that is, and what n allows."""
    measure = MEASURES[comparison.measure]
    blocks: list[Block] = [Heading(f"Comparison: {measure}")]
    blocks += [Text(warning, warning=True) for warning in comparison.warnings]
    states = list(dict.fromkeys(comparison.pairs["expression"]))
    names = [state for state in states if state != UNCERTAIN]
    pairs = list(comparison.pairs.groupby(["a", "b"], sort=False))
    if len(pairs) <= _MOST_PAIRS:
        which = "; ".join(f"{b} minus {a}" for (a, b), _ in pairs)
        blocks.append(
            Figure(
                differences_chart(
                    comparison.pairs, names, title=f"Difference in {measure}",
                    percent=comparison.measure == "share",
                ),
                f"{which}: differences in {measure}, with 95 % intervals, Hedges' g and corrected "
                f"p. A filled dot: p below {CONVINCING:g}.",
                _differences_text(comparison),
            )
        )  # fmt: skip
    for (a, b), rows in pairs:
        blocks.append(_pair_table(str(a), str(b), rows, percents=comparison.measure == "share"))
    for axis, table in curves.items():
        spread = table.groupby("expression")["value"].max().sort_values(ascending=False)
        shown = [name for name in names if name in set(spread.index[:_MOST_CURVES])]
        blocks.append(
            Figure(
                condition_curves_chart(table, shown, title=axis),
                f"Mean scores by {axis.lower()}; the bands are 95 % intervals over people. "
                f"The {len(shown)} expressions with the highest scores.",
                f"Lines of the mean scores of {', '.join(shown)} by {axis.lower()}.",
            )
        )
    if len(comparison.omnibus):
        body = tuple(
            (
                str(row.expression), f"{row.people}", figure(row.statistic, 2), p_value(row.p),
                p_value(row.p_holm), str(row.test),
            )
            for row in iter_rows(comparison.omnibus)
        )  # fmt: skip
        blocks.append(
            Table(
                ("Expression", "People", "Statistic", "p", "p, corrected", "Test"),
                body,
                caption=f"All {len(comparison.conditions)} conditions at once",
                numbers=(1, 2, 3, 4),
            )
        )
    return blocks


def _pair_table(a: str, b: str, rows: "pd.DataFrame", *, percents: bool) -> Table:
    scale, digits = (100, 1) if percents else (1, 3)
    unit = " in points" if percents else ""
    first = rows.iloc[0]
    people = (
        f"{first['people_a']} people in both"
        if first["paired"]
        else f"{first['people_a']} and {first['people_b']} people"
    )
    body = tuple(
        (
            str(row.expression), _value(row.mean_a, percents), _value(row.mean_b, percents),
            interval(scale * row.difference, scale * row.low, scale * row.high, digits),
            figure(row.effect, 2),
            p_value(row.p), p_value(row.p_holm),
        )
        for row in iter_rows(rows)
    )  # fmt: skip
    tests = ", ".join(dict.fromkeys(str(test) for test in rows["test"] if "nobody" not in test))
    return Table(
        (
            "Expression",
            a,
            b,
            f"Difference{unit} (95 %)",
            "Effect (g)",
            "p",
            "p, corrected",
        ),
        body,
        caption=f"{a} and {b}: {people}",
        note=f"Test: {tests or 'none'}. Effect: Hedges' g. Corrected by Holm's rule for all tests "
        "of this comparison. Without a p, nobody shows the expression or nothing can be tested.",
        numbers=(1, 2, 3, 4, 5, 6),
        weights=(1.1, 0.9, 0.9, 2, 0.9, 0.8, 1.1),
    )


def _value(value: float, percents: bool) -> str:
    if not percents:
        return figure(value, 3)
    return "" if math.isnan(value) else percent(value, 1)


def _differences_text(comparison: ConditionComparison) -> str:
    rows = comparison.pairs
    if not rows["difference"].notna().any():
        return "No difference can be given."
    largest = rows.iloc[int(rows["difference"].abs().argmax())]
    return (
        f"Dots with intervals. The largest difference: {largest['expression']}, "
        f"{figure(float(largest['difference']), 3)} from {largest['a']} to {largest['b']}."
    )


def agreement_blocks(name: str, agreement: Agreement) -> list[Block]:
    """Agreement with people who coded a session: kappa, confusion, ICC, alpha."""
    window = f"{agreement.window_s:g} s"
    tolerance = (
        f", {agreement.tolerance_s:g} s early or late allowed" if agreement.tolerance_s else ""
    )
    kappas = tuple(
        (
            str(row.coder), str(row.person), f"{row.windows:,}", f"{row.effective_windows:.0f}",
            percent(float(row.agreement)), interval(row.kappa, row.low, row.high),
        )
        for row in iter_rows(agreement.kappas)
    )  # fmt: skip
    counts = [[round(value) for value in row] for row in agreement.confusion.to_numpy().tolist()]
    labels = list(agreement.confusion.index)
    by_expression = tuple(
        (
            str(row.expression), f"{row.human_windows:,.0f}", f"{row.model_windows:,.0f}",
            _percent(row.precision), _percent(row.recall),
            interval(row.icc_agreement, row.icc_agreement_low, row.icc_agreement_high),
            interval(row.icc_consistency, row.icc_consistency_low, row.icc_consistency_high),
        )
        for row in iter_rows(agreement.expressions)
    )  # fmt: skip
    points = list(agreement.notes)
    points.append(f"The model gave a clear label in {percent(agreement.coverage)} of the coded "
                  "windows.")  # fmt: skip
    if not math.isnan(agreement.alpha_coders):
        points.append(
            f"Krippendorff's alpha: {agreement.alpha_coders:.2f} among the coders, "
            f"{agreement.alpha_all:.2f} with the model as one more."
        )
    return [
        Heading(f"Agreement with people: {name}"),
        Text(f"Windows of {window}{tolerance}; each has the label that fills most of it."),
        Table(
            ("Coder", "Person", "Windows", "Independent", "Same label", "Cohen's kappa (95 %)"),
            kappas,
            caption="Agreement beyond chance",
            numbers=(2, 3, 4, 5),
            weights=(1, 1.2, 1, 1.1, 1, 1.8),
        ),
        Figure(
            confusion_chart(counts, labels, sides=("Coded", "Model")),
            "Rows: what people coded. Columns: what the model says. Percent of each row.",
            "Table of what the model says for each expression that people coded.",
            width_px=520,
        ),
        Table(
            ("Expression", "Coded", "Said", "Right when said", "Found", "ICC, agreement",
             "ICC, consistency"),
            by_expression,
            caption="By expression",
            note="ICC of the share of a window, single ratings, two-way: A,1 and C,1.",
            numbers=(1, 2, 3, 4, 5, 6),
            weights=(1, 0.7, 0.7, 0.9, 0.8, 1.7, 1.7),
        ),
        Points(tuple(points)),
    ]  # fmt: skip


def _percent(value: float) -> str:
    return "" if math.isnan(value) else percent(value)
