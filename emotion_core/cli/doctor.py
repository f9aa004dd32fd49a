"""``doctor``: is everything in place, and if not, what to do about it."""

import argparse
from dataclasses import asdict

from emotion_core.cli.common import EXIT_DONE, EXIT_PARTLY, Subparsers, print_json
from emotion_core.cli.doctor_checks import run_checks
from emotion_core.cli.doctor_report import PROBLEM

_MARKS = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}


def register(subparsers: Subparsers) -> None:
    """Adds the command's parser."""
    parser = subparsers.add_parser(
        "doctor",
        help="check that everything is in place",
        description="Checks Python, packages, models, face detectors, camera, data set and disk: "
        "one line each. Exit code 1 when something is wrong, with what to do about it.",
        example="python -m emotion_core doctor",
    )
    parser.add_argument("--json", action="store_true", help="the checks as JSON")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Prints the checks and returns 1 if there is a problem."""
    checks = run_checks()
    problems = [check for check in checks if check.status == PROBLEM]
    if args.json:
        document = {"ok": not problems, "checks": [asdict(check) for check in checks]}
        print_json(document)
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            advice = f" What to do: {check.advice}" if check.advice else ""
            print(f"{_MARKS[check.status]}  {check.name:{width}}  {check.detail}{advice}")
    return EXIT_PARTLY if problems else EXIT_DONE
