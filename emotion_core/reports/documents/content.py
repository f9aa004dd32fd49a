"""What a report of sessions says, section by section."""

import math
from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from emotion_core.charts.sessions import UNCERTAIN, score_areas_chart, share_stack_chart
from emotion_core.errors import ReportError
from emotion_core.reports.agreement.judging import Agreement
from emotion_core.reports.comparison import ConditionComparison
from emotion_core.reports.curves import aligned_curves
from emotion_core.reports.documents.blocks import (
    Block,
    Document,
    Facts,
    Figure,
    Heading,
    Table,
    Text,
)
from emotion_core.reports.documents.findings import agreement_blocks, comparison_blocks
from emotion_core.reports.documents.methods import limits, method_blocks, origin_table
from emotion_core.reports.documents.model_facts import find_card, model_blocks
from emotion_core.reports.documents.words import (
    figure,
    interval,
    iter_rows,
    seconds,
    share_with_interval,
)
from emotion_core.reports.session_frames import SessionFrames, SessionKind
from emotion_core.reports.statistics import (
    WHOLE,
    is_numbered,
    marked_intervals,
    person_statistics,
)
from emotion_core.video.markers import MARKER
from emotion_core.video.summary import summarize
from emotion_core.wording import count_of, duration, percent

if TYPE_CHECKING:
    import pandas as pd

#: People with a section of their own; of more, the tables say what the charts leave out.
MAX_PEOPLE = 12
#: People with a table of their own; more stand in one table of shares and one of scores.
MAX_TABLES = 6
#: Sessions with a chart over time.
MAX_CURVES = 8
#: Steps of a curve over time.
_STEPS = 240
_MOST_MARKERS = 20
# More would fill a page, and leave the one before it empty.
_PEOPLE_OF_FIGURE = 3
_PERSON = ["session", "session_name", "person"]


def build_report(
    sessions: Sequence[SessionFrames],
    *,
    created: datetime,
    title: str = "",
    comparisons: Sequence[ConditionComparison] = (),
    curves: "Mapping[str, pd.DataFrame] | None" = None,
    agreements: Mapping[str, Agreement] | None = None,
) -> Document:
    """Puts a report together.

    Args:
        sessions: in order, at least one.
        created: when.
        title: empty: the session's name, or how many there are.
        comparisons: of these sessions.
        curves: {title of the axis: aligned curves of the conditions}.
        agreements: {name of the session: agreement with people who coded it}.

    Raises:
        ReportError: there is no session.
    """
    if not sessions:
        raise ReportError("Wanted at least one session to report. Received none.")
    intervals = [i for session in sessions for i in marked_intervals(session)]
    figures = person_statistics(sessions, intervals)
    blocks: list[Block] = [_overview(sessions, figures)]
    for session in sessions:
        about = f"{session.name}: " if len(sessions) > 1 else ""
        blocks += [Text(f"{about}{session.notes}", quiet=True)] if session.notes else []
    for comparison in comparisons:
        blocks += comparison_blocks(comparison, curves or {})
        curves = {}
    blocks += [Heading("Expressions"), *_expressions(sessions, figures)]
    blocks += _over_time(sessions)
    if intervals:
        blocks += [Heading("Intervals"), *_intervals(figures)]
    for name, agreement in (agreements or {}).items():
        blocks += agreement_blocks(name, agreement)
    blocks.append(Heading("Model, and how sure it is"))
    seen: set[str] = set()
    for session in sessions:
        key = str((session.metadata.get("model") or {}).get("sha256") or session.id)
        if key not in seen:
            blocks += model_blocks(session.metadata, find_card(session.metadata))
        seen.add(key)
    blocks += [Heading("Method"), *method_blocks(sessions, bool(comparisons), bool(agreements))]
    blocks += [Heading("Limits"), limits(), Heading("What was read"), origin_table(sessions)]
    names = sessions[0].name if len(sessions) == 1 else count_of(len(sessions), "session")
    return Document(
        title=title or names,
        subtitle="Facial expressions, read by Emotion Lens",
        created=created.strftime("%Y-%m-%d %H:%M"),
        blocks=blocks,
    )


def _overview(sessions: Sequence[SessionFrames], figures: "pd.DataFrame") -> Facts:
    parts = [summarize(session.view) for session in sessions]
    photos = all(session.kind is SessionKind.PHOTOS for session in sessions)
    frames = sum(part["sampled_frames"] for part in parts)
    with_face = sum(part["frames_with_face"] for part in parts)
    whole = figures[figures["interval"] == WHOLE]
    seen = float(whole.drop_duplicates(["session", "person"])["seen_s"].sum())
    shown = whole.groupby("expression", sort=False)["seconds"].sum()
    sure = shown.drop(labels=[UNCERTAIN], errors="ignore")
    items = [("Sessions", f"{len(sessions)}", "")] if len(sessions) > 1 else []
    if not photos:
        total = math.fsum(part["seconds"] for part in parts)
        items.append(("Length", duration(total), "without what is excluded"))
    name = "Photos" if photos else "Frames read"
    items.append((name, f"{frames:,}", f"{with_face:,} with a face"))
    if photos:
        items.append(("Faces", f"{sum(part['faces'] for part in parts):,}", "in all photos"))
    else:
        # Somebody with a name is one person in all sessions.
        people = {
            name if not is_numbered(name) else f"{session.id} {name}"
            for session in sessions
            for name in session.view.names.values()
        }
        items.append(("People", f"{len(people)}", "by their faces"))
    if seen and len(sure):
        most = str(sure.idxmax())
        of = "of faces" if photos else "of the time with a face"
        items.append(("Most shown", most, f"{percent(float(sure.max()) / seen)} {of}"))
        unsure = float(shown.get(UNCERTAIN, 0.0)) / seen
        items.append(("Uncertain", percent(unsure), of))
    return Facts(tuple(items))


def _expressions(sessions: Sequence[SessionFrames], figures: "pd.DataFrame") -> list[Block]:
    whole = figures[figures["interval"] == WHOLE]
    if not len(whole):
        return [Text("No face was found.")]
    several = len(sessions) > 1
    photos = all(session.kind is SessionKind.PHOTOS for session in sessions)
    by_person = [
        (_who(session, person, several), rows)
        for (_, session, person), rows in whole.groupby(_PERSON, sort=False)
    ]
    shares: dict[str, dict[str, float]] = {}
    for who, rows in by_person:
        # Two sessions may have one name: a chart needs a bar for each.
        label = who if who not in shares else f"{who} ({len(shares) + 1})"
        shares[label] = dict(zip(rows["expression"], rows["share"], strict=True))
    shown = dict(list(shares.items())[:MAX_PEOPLE])
    names = sessions[0].view.label_set.names
    of = _of(sessions)
    lead = "; ".join(f"{who}: mostly {max(s, key=lambda e: s[e])}" for who, s in shown.items())
    blocks: list[Block] = [
        Figure(
            share_stack_chart(shown, names),
            f"Share {of}, by person. Uncertain: the model is not sure enough to say."
            + _left_out(len(shares), len(shown)),
            f"Bars of the share of each expression. {lead}.",
        )
    ]
    if len(by_person) <= MAX_TABLES:
        return blocks + [_person_table(who, rows, sessions) for who, rows in by_person]
    columns = [*names, UNCERTAIN]
    blocks.append(
        _matrix("Share of time", "Seen", whole, columns, "share", several)
        if not photos
        else _matrix("Share of photos", "Photos", whole, columns, "share", several)
    )
    blocks.append(_matrix(_score_words(sessions), "", whole, names, "mean", several))
    return blocks


def _person_table(who: str, rows: "pd.DataFrame", sessions: Sequence[SessionFrames]) -> Table:
    first = rows.iloc[0]
    photos = math.isnan(float(rows["onsets"].max()))
    columns = ["Expression", "Share (95 % interval)", _score_words(sessions)]
    columns += [] if photos else ["Time", "Onsets", "Per minute", "First at", "Longest"]
    body = []
    for row in iter_rows(rows):
        cells = [
            row.expression,
            share_with_interval(row.share, row.share_low, row.share_high),
            "" if row.expression == UNCERTAIN else interval(row.mean, row.mean_low, row.mean_high),
        ]
        if not photos:
            cells += [
                seconds(row.seconds), figure(row.onsets, 0), figure(row.onsets_per_min, 1),
                seconds(row.first_s), seconds(row.longest_s) if row.longest_s else "",
            ]  # fmt: skip
        body.append(tuple(cells))
    unit = (
        count_of(int(first["frames"]), "photo")
        if photos
        else f"{seconds(float(first['seen_s']))} seen"
    )
    worth = "" if photos else f", worth {first['effective_frames']:.0f} independent moments"
    return Table(
        tuple(columns),
        tuple(body),
        caption=f"{who}: {unit}{worth}",
        numbers=tuple(range(1, len(columns))),
        weights=(1.1, 1.9, 1.7, 0.9, 0.8, 1, 0.9, 0.9)[: len(columns)],
    )


def _score_words(sessions: Sequence[SessionFrames]) -> str:
    relative = any(session.baselines for session in sessions)
    return "Mean score, change from rest" if relative else "Mean score"


def _matrix(
    caption: str,
    amount: str,
    rows: "pd.DataFrame",
    names: Sequence[str],
    measure: str,
    several: bool,
) -> Table:
    """A row per person, a column per expression; ``amount`` heads how much was seen."""
    body = []
    for (_, session, person), own in rows.groupby(_PERSON, sort=False):
        by_name = dict(zip(own["expression"], own[measure], strict=True))
        seen = float(own["seen_s"].iloc[0])
        cells = [
            percent(by_name[name]) if measure == "share" else figure(float(by_name[name]), 2)
            for name in names
        ]
        much = [f"{seen:.0f}" if amount == "Photos" else seconds(seen)] * bool(amount)
        body.append((_who(session, person, several), *much, *cells))
    longest = max((len(row[0]) for row in body), default=0)
    head = ("Person", amount) if amount else ("Person",)
    return Table(
        (*head, *names),
        tuple(body),
        caption=caption,
        numbers=tuple(range(1, len(names) + len(head))),
        weights=(
            min(3.4, max(1.6, 0.11 * longest)),
            # No heading is broken: "uncertain" is half as wide again as "angry".
            *(max(1.0, 0.15 * len(name)) for name in (*head[1:], *names)),
        ),
    )


def _over_time(sessions: Sequence[SessionFrames]) -> list[Block]:
    blocks: list[Block] = []
    timed = [
        session
        for session in sessions
        if session.kind is not SessionKind.PHOTOS and session.view.names
    ]
    for session in timed[:MAX_CURVES]:
        begin, end = session.view.window
        step = _nice_step((end - begin) / _STEPS)
        order = list(session.view.names.values())
        curves = aligned_curves([session], step=step, condition=lambda _, person: person)
        shown = order[:MAX_PEOPLE]
        curves = curves[curves["condition"].isin(shown)]
        if not len(curves):
            continue
        marks = [m for m in session.markers if m.kind == MARKER][:_MOST_MARKERS]
        texts = ", ".join(
            f"{number} {m.text or 'marker'} ({seconds(m.start_s)})"
            for number, m in enumerate(marks, start=1)
        )
        about = f"{session.name}: mean" if len(sessions) > 1 else "Mean"
        caption = (
            f"{about} scores in steps of {step:g} s; where the band is empty, the person was "
            "not seen or the time is excluded." + _left_out(len(order), len(shown))
        )
        groups = [shown[i : i + _PEOPLE_OF_FIGURE] for i in range(0, len(shown), _PEOPLE_OF_FIGURE)]
        for people in groups:
            last = people is groups[-1]
            blocks.append(
                Figure(
                    score_areas_chart(
                        curves[curves["condition"].isin(people)],
                        session.view.label_set.names,
                        step=step,
                        markers=[(m.start_s - begin, m.text) for m in marks],
                        span=(0.0, end - begin),
                    ),
                    (caption + (f" Markers: {texts}." if texts else ""))
                    if last
                    else f"{', '.join(people)}.",
                    f"Bands of scores over {duration(end - begin)} for {', '.join(people)}.",
                )
            )
    if len(timed) > MAX_CURVES:
        blocks.append(Text(f"The first {MAX_CURVES} of {len(timed)} sessions.", quiet=True))
    return [Heading("Over time"), *blocks] if blocks else []


def _intervals(figures: "pd.DataFrame") -> list[Block]:
    blocks: list[Block] = []
    rows = figures[figures["interval"] != WHOLE]
    names = list(dict.fromkeys(rows["expression"]))
    several = rows["session"].nunique() > 1
    for interval_name, part in rows.groupby("interval", sort=False):
        blocks.append(_matrix(str(interval_name), "Seen", part, names, "share", several))
    return blocks


def _of(sessions: Sequence[SessionFrames]) -> str:
    photos = all(session.kind is SessionKind.PHOTOS for session in sessions)
    return "of the photos with this face" if photos else "of the time in which the face was seen"


def _who(session: Hashable, person: Hashable, several: bool) -> str:
    if several and str(person) in str(session):
        return str(session)  # "Anna, second visit"
    return f"{session} · {person}" if several else str(person)


def _left_out(n: int, shown: int) -> str:
    return f" The first {shown} of {n} people." if n > shown else ""


def _nice_step(least: float) -> float:
    """The next of 0.1, 0.2, 0.5, 1, 2, 5 ... that is no shorter."""
    power = 10.0 ** math.floor(math.log10(max(least, 0.1)))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least - 1e-12)
