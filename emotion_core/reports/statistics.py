"""The figures of sessions as tables: a row per person and expression, and means over people."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion_core.errors import ReportError
from emotion_core.reports.session_frames import FACE, SessionFrames, SessionKind
from emotion_core.reports.uncertainty import effective_rows, mean_interval, share_interval
from emotion_core.video.events import find_events
from emotion_core.video.frame_table import person_name
from emotion_core.video.markers import MARKER
from emotion_core.video.summary import UNCERTAIN, summarize
from emotion_core.video.view import VideoView

if TYPE_CHECKING:
    import pandas as pd

#: The interval that is the whole session.
WHOLE = "whole"
#: What is compared and averaged, with its words.
MEASURES: Mapping[str, str] = {
    "share": "share of time",
    "mean": "mean score",
    "onsets_per_min": "onsets per minute",
}

PERSON_COLUMNS = (
    "session", "session_name", "group", "interval", "person", "expression", "seen_s", "frames",
    "effective_frames", "seconds", "share", "share_low", "share_high", "mean", "mean_low",
    "mean_high", "onsets", "onsets_per_min", "first_s", "longest_s",
)  # fmt: skip
GROUP_COLUMNS = ("expression", "measure", "people", "value", "low", "high", "deviation")


@dataclass(frozen=True, slots=True)
class Interval:
    """A named stretch of a session.

    Attributes:
        name: what it is called.
        start_s: from when.
        end_s: until when.
        session: id of the session that it belongs to; empty: of every one.
    """

    name: str
    start_s: float
    end_s: float
    session: str = ""


def marked_intervals(session: SessionFrames) -> tuple[Interval, ...]:
    """The markers of a session that are intervals with a text; no exclusions, no gaps."""
    return tuple(
        Interval(m.text, m.start_s, m.end_s, session.id)
        for m in session.markers
        if m.end_s is not None and m.text and m.kind == MARKER
    )


def person_statistics(
    sessions: Sequence[SessionFrames], intervals: Sequence[Interval] = ()
) -> "pd.DataFrame":
    """Share of time, mean score, onsets, first and longest of each person and expression.

    A person's time is that in which their face was found, without what is excluded; shares are of
    it and add up to 1 with ``uncertain``. Intervals (``_low``, ``_high``) are of 95 % and take
    into account that neighbouring frames resemble each other (``effective_frames``).

    Args:
        sessions: each id once.
        intervals: beside the whole session; one that lies outside of a session is left out there.

    Returns:
        Columns ``PERSON_COLUMNS``: ``interval`` is ``whole`` or an interval's name; ``mean`` and
        its interval are NaN for ``uncertain``; of photos, which have no onsets, these are NaN.

    Raises:
        ReportError: an id stands twice.
    """
    import pandas as pd

    ids = [session.id for session in sessions]
    if len(set(ids)) != len(ids):
        raise ReportError(f"sessions: wanted each once. Received: {', '.join(ids)}")
    rows: list[dict[str, Any]] = []
    for session in sessions:
        rows += _of_view(session, WHOLE, session.view)
        begin, end = session.view.window
        for interval in intervals:
            inside = interval.start_s < end and interval.end_s > begin
            if interval.session in ("", session.id) and inside:
                part = session.within(interval.start_s, interval.end_s)
                rows += _of_view(session, interval.name, part.view)
    return pd.DataFrame(rows, columns=list(PERSON_COLUMNS))


def session_statistics(session: SessionFrames) -> "pd.DataFrame":
    """Seconds and share of the time of all faces, a row per expression and ``uncertain``.

    Returns:
        Columns ``expression``, ``seconds``, ``share``, ``people`` (how many showed it).
    """
    import pandas as pd

    figures = summarize(session.view)
    people = figures["per_person"]
    rows = [
        {
            "expression": name,
            "seconds": math.fsum(person["time"][name] for person in people),
            "share": share,
            "people": sum(person["time"][name] > 0 for person in people),
        }
        for name, share in figures["share"].items()
    ]
    return pd.DataFrame(rows, columns=["expression", "seconds", "share", "people"])


def unit_values(statistics: "pd.DataFrame", measure: str, by: Sequence[str]) -> "pd.DataFrame":
    """One value per person, condition and expression: what tests and means are made of.

    Somebody with a name is one person, in whichever session; "Person 1" is another one in each.
    Somebody who stands several times in a condition counts once, with the mean.

    Args:
        statistics: of ``person_statistics``.
        measure: a key of ``MEASURES``.
        by: columns that make the condition.

    Returns:
        Columns ``unit``, those of ``by``, ``expression``, ``value``.

    Raises:
        ReportError: the measure is unknown.
    """
    if measure not in MEASURES:
        wanted = ", ".join(MEASURES)
        raise ReportError(f"measure: wanted one of {wanted}. Received: {measure!r}")
    rows = statistics.loc[statistics[measure].notna()]
    units = [
        person if not is_numbered(person) else f"{session} · {person}"
        for session, person in zip(rows["session"], rows["person"], strict=True)
    ]
    table = rows.assign(unit=units, value=rows[measure].astype(float))
    keys = ["unit", *by, "expression"]
    return table.groupby(keys, sort=False)["value"].mean().reset_index()


def group_statistics(
    statistics: "pd.DataFrame", by: Sequence[str] = ("group", "interval")
) -> "pd.DataFrame":
    """Means over people with their 95 % intervals (Student's), for each condition.

    Args:
        statistics: of ``person_statistics``.
        by: columns that make the condition.

    Returns:
        Columns of ``by`` and ``GROUP_COLUMNS``; the interval of a single person is NaN.
    """
    import pandas as pd

    found: list[dict[str, Any]] = []
    for measure in MEASURES:
        values = unit_values(statistics, measure, by)
        for key, rows in values.groupby([*by, "expression"], sort=False):
            n, value = len(rows), float(rows["value"].mean())
            deviation = float(rows["value"].std(ddof=1)) if n > 1 else math.nan
            low, high = mean_interval(value, deviation, n)
            if measure == "share":
                low, high = max(low, 0.0), min(high, 1.0)
            found.append(
                {
                    **dict(zip([*by, "expression"], key, strict=True)),
                    "measure": measure, "people": n, "value": value,
                    "low": low, "high": high, "deviation": deviation,
                }
            )  # fmt: skip
    return pd.DataFrame(found, columns=[*by, *GROUP_COLUMNS])


def is_numbered(person: str) -> bool:
    """Whether nobody has named a person: ``"Person 3"``, in photos ``"Face 3"``."""
    number = person.rpartition(" ")[2]
    if not (number.isascii() and number.isdigit()):
        return False
    return person in (person_name(int(number)), f"{FACE} {int(number)}")


def _of_view(session: SessionFrames, interval: str, view: VideoView) -> list[dict[str, Any]]:
    has_events = session.kind is not SessionKind.PHOTOS
    onsets: dict[tuple[int, str], int] = {}
    for event in find_events(view) if has_events else ():
        key = event.person_id, event.expression
        onsets[key] = onsets.get(key, 0) + 1
    rows = []
    for person in summarize(view)["per_person"]:
        number, seconds = person["id"], person["seconds"]
        if not seconds:
            continue
        n, deviations, frames = _worth(view, number, independent=not has_events)
        for name in (*view.label_set.names, UNCERTAIN):
            count = onsets.get((number, name), 0) if has_events else math.nan
            mean = person["mean"].get(name, math.nan)
            share = person["share"][name]
            share_low, share_high = share_interval(share, n)
            mean_low, mean_high = mean_interval(mean, deviations.get(name, math.nan), n)
            least = -1.0 if session.baselines else 0.0  # NaN stays NaN
            mean_low, mean_high = (
                float(np.maximum(mean_low, least)),
                float(np.minimum(mean_high, 1)),
            )
            known = has_events and name != UNCERTAIN
            rows.append(
                {
                    "session": session.id, "session_name": session.name, "group": session.group,
                    "interval": interval, "person": person["name"], "expression": name,
                    "seen_s": seconds, "frames": frames, "effective_frames": round(n, 1),
                    "seconds": person["time"][name], "share": share,
                    "share_low": share_low, "share_high": share_high,
                    "mean": mean, "mean_low": mean_low, "mean_high": mean_high,
                    "onsets": count if known else math.nan,
                    "onsets_per_min": 60 * count / seconds if known else math.nan,
                    "first_s": person["first"].get(name, math.nan) if known else math.nan,
                    "longest_s": _longest(person, name) if known else math.nan,
                }
            )  # fmt: skip
    return rows


def _longest(person: Mapping[str, Any], name: str) -> float:
    longest = person["longest"].get(name)
    return float(longest["duration_s"]) if longest else 0.0


def _worth(
    view: VideoView, person: int, *, independent: bool
) -> tuple[float, dict[str, float], int]:
    """Independent rows, {expression: standard deviation of its score} and rows of a person."""
    frames = view.frames
    rows = frames[((frames["person_id"] == person) & frames["counts"]).to_numpy(np.bool_)]
    rows = rows[rows["seconds"].to_numpy() > 0]
    names = view.label_set.names
    scores = rows[[f"smoothed_{name}" for name in names]].to_numpy(np.float64)
    sure = ~rows["uncertain"].to_numpy(np.bool_)
    shown = rows["expression"].astype(object).to_numpy()
    states = np.stack([(shown == name) & sure for name in names] + [~sure], axis=1)
    if independent:
        n = float(max(1, len(rows)))
    else:
        state = states.argmax(axis=1)
        n = effective_rows(np.concatenate([scores, states.astype(np.float64)], axis=1), state)
    weights = rows["seconds"].to_numpy(np.float64)
    weights = weights / weights.sum() if len(weights) else weights
    means = weights @ scores
    variances = weights @ (scores - means) ** 2 * (n / (n - 1) if n > 1 else math.nan)
    return n, dict(zip(names, np.sqrt(variances).tolist(), strict=True)), len(rows)
