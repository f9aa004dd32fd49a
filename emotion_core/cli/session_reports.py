"""``sessions export``, ``report``, ``compare`` and ``agreement``: what sessions say."""

import argparse
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emotion_core.cli.common import (
    EXIT_DONE,
    UsageError,
    message,
    print_json,
)
from emotion_core.cli.outputs import open_output
from emotion_core.cli.store import open_store

if TYPE_CHECKING:
    import pandas as pd

    from emotion_core.reports.session_frames import SessionFrames

_BINARY = frozenset({"parquet", "excel", "bids", "report-pdf"})
_REPORT_FORMS = {".html": "html", ".htm": "html", ".pdf": "pdf"}


def run_export(args: argparse.Namespace) -> int:
    """Writes sessions in a form."""
    from emotion_core.reports.exports.forms import export_sessions

    _check_output(args.output, args.form in _BINARY)
    content, suffix = export_sessions(load_sessions(args), args.form, created=_now())
    if args.output is not None and args.output.suffix.lower() != suffix:
        message(f"Note: {args.output.name} holds {suffix.removeprefix('.')}.")
    with open_output(args.output) as file:
        file.write(content)
    return EXIT_DONE


def run_report(args: argparse.Namespace) -> int:
    """Writes a report."""
    from emotion_core.extras import need

    form = args.form or _REPORT_FORMS.get(args.output.suffix.lower() if args.output else "", "html")
    _check_output(args.output, form == "pdf")
    need("vl_convert", "A report")  # before anything is read
    if form == "pdf":
        need("reportlab", "A PDF report")
    from emotion_core.reports.documents.content import build_report
    from emotion_core.reports.documents.html import to_html
    from emotion_core.reports.documents.pdf import to_pdf

    sessions = load_sessions(args)
    comparisons, curves = [], {}
    if args.compare:
        comparisons = [_compared(sessions, args.compare, args)]
        if args.compare != "interval" and all(s.kind != "photos" for s in sessions):
            curves = {"Percent of length": _curves(sessions, args.compare)}
    agreements = {}
    if args.coding:
        if len(sessions) != 1:
            raise UsageError(f"--coding is of one session. Received {len(sessions)}.")
        agreements = {sessions[0].name: _judged(sessions[0], args)}
    document = build_report(
        sessions, created=_now(), title=args.title, comparisons=comparisons, curves=curves,
        agreements=agreements,
    )  # fmt: skip
    content = to_html(document) if form == "html" else to_pdf(document)
    with open_output(args.output) as file:
        file.write(content)
    return EXIT_DONE


def run_compare(args: argparse.Namespace) -> int:
    """Compares conditions."""
    found = _compared(load_sessions(args), args.by, args, conditions=args.condition)
    for warning in found.warnings:
        message(f"Note: {warning}")
    if args.json:
        print_json({
            "measure": found.measure, "by": found.by, "conditions": list(found.conditions),
            "pairs": records(found.pairs), "omnibus": records(found.omnibus),
            "warnings": list(found.warnings),
        })  # fmt: skip
        return EXIT_DONE
    for row in records(found.pairs):
        span = "" if row["low"] is None else f" ({row['low']:+.3f} to {row['high']:+.3f})"
        p = "" if row["p_holm"] is None else f"  p {row['p']:.3f}, corrected {row['p_holm']:.3f}"
        difference = "-" if row["difference"] is None else f"{row['difference']:+.3f}{span}"
        print(f"{row['expression']:<10} {row['b']} less {row['a']}: {difference}{p}")
    return EXIT_DONE


def run_agreement(args: argparse.Namespace) -> int:
    """Compares a session with what people coded."""
    found = _judged(load_sessions(args)[0], args)
    for note in found.notes:
        message(f"Note: {note}")
    if args.json:
        labels = list(found.confusion.index)
        print_json({
            "window_s": found.window_s, "tolerance_s": found.tolerance_s,
            "kappa": records(found.kappas), "expressions": records(found.expressions),
            "labels": labels, "confusion": found.confusion.to_numpy().tolist(),
            "alpha_coders": _plain(found.alpha_coders), "alpha_all": _plain(found.alpha_all),
            "coverage": found.coverage, "notes": list(found.notes),
        })  # fmt: skip
        return EXIT_DONE
    for row in records(found.kappas):
        kappa = "-" if row["kappa"] is None else f"{row['kappa']:.2f}"
        span = "" if row["low"] is None else f" ({row['low']:.2f} to {row['high']:.2f})"
        print(
            f"{row['coder']}, {row['person']}: kappa {kappa}{span}, same label in "
            f"{row['agreement']:.0%} of {row['windows']} windows"
        )
    return EXIT_DONE


def load_sessions(args: argparse.Namespace) -> "list[SessionFrames]":
    """The sessions that were asked for, cut to an interval if one was.

    Raises:
        StoreError: there is no such session.
        ReportError: the interval lies outside.
    """
    from emotion_core.reports.stored import read_stored

    with open_store() as store:
        found = [
            read_stored(store.session(name), group=args.group, relative=args.relative)
            for name in dict.fromkeys(args.sessions)
        ]
    start_s, end_s = getattr(args, "start_s", None), getattr(args, "end_s", None)
    if start_s is None and end_s is None:
        return found
    return [
        session.within(
            session.view.window[0] if start_s is None else start_s,
            session.view.window[1] if end_s is None else end_s,
        )
        for session in found
    ]


def records(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """A table's rows as JSON; None where there is no number."""
    return [
        {str(name): _plain(value) for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _compared(
    sessions: "Sequence[SessionFrames]",
    by: str,
    args: argparse.Namespace,
    conditions: Sequence[str] = (),
) -> Any:
    from emotion_core.reports.comparison import compare
    from emotion_core.reports.statistics import marked_intervals, person_statistics

    intervals = [i for session in sessions for i in marked_intervals(session)]
    figures = person_statistics(sessions, intervals if by == "interval" else ())
    ids = {session.id for session in sessions}
    chosen = [_whole(name, ids) if by == "session" else name for name in conditions]
    return compare(figures, by=by, measure=args.measure, conditions=chosen, paired=args.paired)


def _whole(short: str, ids: set[str]) -> str:
    """The id that begins so, as everywhere where an ID is asked for."""
    found = [name for name in ids if name.startswith(short)]
    return found[0] if len(found) == 1 else short


def _curves(sessions: "Sequence[SessionFrames]", by: str) -> "pd.DataFrame":
    from emotion_core.reports.curves import aligned_curves

    names: Mapping[str, str] = {s.id: (s.group if by == "group" else s.name) for s in sessions}
    chosen = [session for session in sessions if names[session.id]]
    return aligned_curves(
        chosen, align="percent", step=2.0, condition=lambda session, _: names[session.id]
    )


def _judged(session: "SessionFrames", args: argparse.Namespace) -> Any:
    from emotion_core.emotions import Emotion
    from emotion_core.reports.agreement.coding_files import read_coding
    from emotion_core.reports.agreement.judging import agree

    return agree(
        session,
        read_coding(args.coding),
        window_s=args.window,
        tolerance_s=args.tolerance,
        uncoded=Emotion(args.uncoded) if args.uncoded else None,
    )


def _check_output(output: Path | None, binary: bool) -> None:
    import sys

    if binary and output is None and sys.stdout.isatty():
        raise UsageError("This form is binary and a terminal cannot show it. Give --output FILE.")


def _now() -> datetime:
    return datetime.now().astimezone()
