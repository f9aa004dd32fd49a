"""``doctor``: is everything in place, and if not, what to do about it."""

import argparse
from dataclasses import asdict

from emotion_core.cli.common import EXIT_DONE, EXIT_PARTLY, Subparsers, print_json
from emotion_core.cli.doctor_checks import run_checks
from emotion_core.cli.doctor_report import PROBLEM, Check
from emotion_core.extras import need

_MARKS = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}


def register(subparsers: Subparsers) -> None:
    """Adds the command's parser."""
    parser = subparsers.add_parser(
        "doctor",
        help="check that everything is in place",
        description="Checks Python, packages, models, face detectors, camera, data set and disk: "
        "one line each. Exit code 1 when something is wrong, with what to do about it.",
        example="python -m emotion_core doctor\n"
        "python -m emotion_core doctor --network https://faces.example.org",
    )
    parser.add_argument(
        "--network",
        nargs="?",
        const="",
        metavar="URL",
        help="check what a browser elsewhere would meet instead: HTTPS, the app, its WebSocket, "
        "several backends, STUN, TURN (by the variables of the app) and UDP; URL: by which people "
        "open the app",
    )
    parser.add_argument("--json", action="store_true", help="the checks as JSON")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Prints the checks and returns 1 if there is a problem."""
    checks = run_checks() if args.network is None else _network(args.network)
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


def _network(url: str) -> list[Check]:
    need("streamlit", "A look at the served app")
    # Here: it brings what the live page is made of, and `doctor` has to start without.
    from emotion_core.cli.doctor_network import network_checks

    return list(network_checks(url))
