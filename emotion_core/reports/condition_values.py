"""The figures of conditions one by one: what a comparison compares, with intervals."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion_core.reports.comparison import ConditionComparison, condition_rows
from emotion_core.reports.session_frames import SessionFrames
from emotion_core.reports.statistics import unit_values
from emotion_core.reports.uncertainty import mean_interval

if TYPE_CHECKING:
    import pandas as pd

#: What an interval is about: other people, or another stretch of the same recording.
OVER_PEOPLE, OVER_TIME = "people", "time"
VALUE_COLUMNS = ("condition", "expression", "value", "low", "high", "people", "interval_of")


def condition_values(
    statistics: "pd.DataFrame", *, by: str, measure: str, conditions: Sequence[str]
) -> "pd.DataFrame":
    """Means over people of each condition and expression, with their 95 % intervals.

    Args:
        statistics: of ``person_statistics``.
        by: as for ``compare``.
        measure: a key of ``MEASURES``.
        conditions: in order, as ``compare`` found them.

    Returns:
        Columns ``VALUE_COLUMNS``. The interval of a single person, about whom nothing can be said
        of people, is that of their recording; ``interval_of`` says which, empty for none.

    Raises:
        ReportError: the measure is unknown.
    """
    import pandas as pd

    rows = condition_rows(statistics, by)
    values = unit_values(rows, measure, [by])
    found: list[dict[str, Any]] = []
    for (condition, expression), own in values.groupby([by, "expression"], sort=False):
        if condition not in conditions:
            continue
        n, value = len(own), float(own["value"].mean())
        spread = float(own["value"].std(ddof=1)) if n > 1 else math.nan
        low, high = mean_interval(value, spread, n)
        if measure == "share":
            low, high = float(np.maximum(low, 0.0)), float(np.minimum(high, 1.0))
        about = OVER_PEOPLE if n > 1 else ""
        if n == 1 and f"{measure}_low" in rows:
            single = rows[(rows[by] == condition) & (rows["expression"] == expression)]
            if len(single) == 1:
                low, high = (float(single[f"{measure}_{end}"].iloc[0]) for end in ("low", "high"))
                about = OVER_TIME if not math.isnan(low) else ""
        found.append(
            dict(
                zip(
                    VALUE_COLUMNS,
                    (condition, expression, value, low, high, n, about),
                    strict=True,
                )
            )
        )
    table = pd.DataFrame(found, columns=list(VALUE_COLUMNS))
    order = {name: place for place, name in enumerate(conditions)}
    places = table["condition"].map(order)
    return table.assign(_place=places).sort_values("_place", kind="stable").drop(columns="_place")


def session_names(sessions: Sequence[SessionFrames]) -> dict[str, str]:
    """{id: name}, each name once: a chart has a place for each."""
    found: dict[str, str] = {}
    for session in sessions:
        name, number = session.name, 2
        while name in found.values():
            name, number = f"{session.name} ({number})", number + 1
        found[session.id] = name
    return found


def with_names(comparison: ConditionComparison, names: Mapping[str, str]) -> ConditionComparison:
    """A comparison whose conditions, ids of sessions, go by their names.

    Args:
        comparison: of sessions.
        names: {id: name}.
    """
    pairs = comparison.pairs.assign(
        **{side: comparison.pairs[side].map(lambda one: names.get(one, one)) for side in "ab"}
    )
    warnings = []
    for warning in comparison.warnings:
        for id, name in names.items():
            warning = warning.replace(f'"{id}"', f'"{name}"')
        warnings.append(warning)
    return replace(
        comparison,
        conditions=tuple(names.get(one, one) for one in comparison.conditions),
        pairs=pairs,
        warnings=tuple(warnings),
    )
