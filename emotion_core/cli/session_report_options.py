"""Options of ``sessions export``, ``report``, ``compare`` and ``agreement``."""

import argparse

from emotion_core.cli.common import CommandParser, Subparsers, local_path, number_between
from emotion_core.cli.session_reports import run_agreement, run_compare, run_export, run_report
from emotion_core.emotions import FER2013

_FORMS = (
    "csv", "parquet", "json", "jsonl", "excel", "bids", "elan", "boris", "pyfeat", "openface",
    "webvtt", "report-html", "report-pdf",
)  # fmt: skip
_BY = ("group", "session", "interval")
_MEASURES = ("share", "mean", "onsets_per_min")
_LONGEST_S = 1e9
_CALL = "python -m emotion_core sessions"


def add_actions(actions: Subparsers) -> None:
    """Adds the parsers of the four actions."""
    export = actions.add_parser(
        "export",
        help="files that other tools read",
        description="Rows, events and figures of sessions: CSV, Parquet, JSON, Excel, BIDS, ELAN, "
        "BORIS, Py-Feat, OpenFace, WebVTT, and reports. Of several sessions, forms that hold one "
        "each come as a zip.",
        example=f"{_CALL} export 3f9a1c2b --form elan --output talk.eaf",
    )
    _add_sessions(export)
    export.add_argument("--form", choices=_FORMS, required=True)
    _add_output(export)
    export.set_defaults(func=run_export)

    report = actions.add_parser(
        "report",
        help="a report as a page or PDF",
        description="What was read, with which model and how sure it is, charts, tables, a method "
        "paragraph to cite, and limits; with --compare also what differs.",
        example=f"{_CALL} report 3f9a1c2b 77b0 --compare group --output study.pdf",
    )
    _add_sessions(report)
    report.add_argument("--form", choices=("html", "pdf"), help="default: as --output ends")
    report.add_argument("--title", default="", help="of the report")
    report.add_argument("--compare", choices=_BY, help="add a comparison")
    _add_measure(report)
    _add_coding(report, required=False)
    _add_output(report)
    report.set_defaults(func=run_report)

    compare = actions.add_parser(
        "compare",
        help="what differs between groups, sessions or intervals",
        description="Compares people, expression by expression, by permutation tests: with "
        "themselves where they are in both conditions. Corrected for many by Holm's rule.",
        example=f"{_CALL} compare 3f9a1c2b 77b0 --by session --measure mean",
    )
    _add_sessions(compare)
    compare.add_argument("--by", choices=_BY, default="session", help="default: session")
    compare.add_argument(
        "--condition",
        action="append",
        default=[],
        metavar="NAME",
        help="only these; may come again",
    )
    _add_measure(compare)
    compare.add_argument("--json", action="store_true", help="as JSON")
    compare.set_defaults(func=run_compare)

    agreement = actions.add_parser(
        "agreement",
        help="how far the model agrees with people who coded a session",
        description="Compares a session with a coding by people: CSV, ELAN (.eaf), BORIS (.boris "
        "or its tables) or BIDS events. Cohen's kappa over time windows, ICC, confusion.",
        example=f"{_CALL} agreement 3f9a1c2b --coding talk.eaf --window 0.5",
    )
    agreement.add_argument("sessions", nargs=1, metavar="ID", help="as in sessions list")
    _add_coding(agreement, required=True)
    agreement.add_argument("--relative", action="store_true", help=argparse.SUPPRESS)
    agreement.add_argument("--group", default="", help=argparse.SUPPRESS)
    agreement.add_argument("--json", action="store_true", help="as JSON")
    agreement.set_defaults(func=run_agreement)


def _add_sessions(parser: CommandParser) -> None:
    parser.add_argument("sessions", nargs="+", metavar="ID", help="as in sessions list")
    parser.add_argument(
        "--group", default="", metavar="NAME", help="the group whose conditions count"
    )
    parser.add_argument(
        "--relative", action="store_true", help="subtract resting faces from the scores"
    )
    time = number_between(0, _LONGEST_S)
    parser.add_argument("--from", dest="start_s", type=time, metavar="S", help="from this second")
    parser.add_argument("--to", dest="end_s", type=time, metavar="S", help="to this second")


def _add_measure(parser: CommandParser) -> None:
    parser.add_argument("--measure", choices=_MEASURES, default="share", help="default: share")
    paired = parser.add_mutually_exclusive_group()
    paired.add_argument(
        "--paired", action="store_true", default=None, help="compare people with themselves"
    )
    paired.add_argument(
        "--unpaired", dest="paired", action="store_false", help="take them for different people"
    )


def _add_coding(parser: CommandParser, *, required: bool) -> None:
    parser.add_argument(
        "--coding", type=local_path("a coding"), metavar="FILE", required=required,
        help="what people coded: CSV, TSV, .eaf or .boris",
    )  # fmt: skip
    seconds = number_between(0.01, 3600)
    parser.add_argument("--window", type=seconds, default=1.0, metavar="S", help="default: 1")
    parser.add_argument(
        "--tolerance", type=number_between(0, 3600), default=0.0, metavar="S",
        help="a label may come so much early or late",
    )  # fmt: skip
    parser.add_argument("--uncoded", choices=FER2013.names, help="what time without a code shows")


def _add_output(parser: CommandParser) -> None:
    parser.add_argument(
        "--output", type=local_path("a file"), metavar="FILE", help="default: standard output"
    )
