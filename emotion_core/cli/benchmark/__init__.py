"""``benchmark``: how long each stage, a whole frame and the first result take on this machine."""

import argparse
from pathlib import Path

from emotion_core.cli.common import (
    EXIT_DONE,
    Subparsers,
    add_labels_option,
    message,
    print_json,
    whole_number_from,
)

_EXAMPLE = """\
python -m emotion_core benchmark
python -m emotion_core benchmark --peers --json"""


def register(subparsers: Subparsers) -> None:
    """Adds the command's parser."""
    parser = subparsers.add_parser(
        "benchmark",
        help="measure the speed on this machine",
        description="Times each stage and the whole frame (640x480, one and five faces, every "
        "detector at full and at half size), the classifier per face, start-up to the first "
        "result, and memory. Medians; contenders take turns frame by frame, so that a busy "
        "machine slows all of them.",
        example=_EXAMPLE,
    )
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    parser.add_argument(
        "--peers",
        action="store_true",
        help="run other people's packages beside ours and print the ratios; builds an environment "
        "for them the first time (a 0.6 GB download)",
    )
    parser.add_argument("--model", metavar="NAME", help="a folder of models/")
    add_labels_option(parser)
    parser.add_argument(
        "--detector", metavar="NAME", action="append", help="only this one; may be repeated"
    )
    parser.add_argument(
        "--photo",
        type=Path,
        metavar="FILE",
        help="a photo with a clear face to make the frames of (default: photographs that come "
        "with scikit-image and matplotlib)",
    )
    parser.add_argument(
        "--rounds",
        type=whole_number_from(1),
        default=10,
        metavar="N",
        help="how many turns of five frames each contender has (default: %(default)s)",
    )
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Measures and prints; returns 0, or raises what stands in the way."""
    # Here and not at the top: `--help` answers at once.
    from emotion_core.cli.benchmark.report import as_text
    from emotion_core.cli.benchmark.suite import run_suite

    figures = run_suite(
        model=args.model,
        labels=args.labels,
        detectors=args.detector,
        photo=args.photo,
        rounds=args.rounds,
        with_peers=args.peers,
        progress=message,
    )
    if args.json:
        print_json(figures)
    else:
        print(as_text(figures))
    return EXIT_DONE
