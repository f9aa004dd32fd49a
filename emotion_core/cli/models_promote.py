"""``models promote`` and ``models measure``: make a model folder, renew its time."""

import argparse
from pathlib import Path

from emotion_core.classifiers.readme import replace_card
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.classifiers.runtime import ms_per_face
from emotion_core.cli.common import EXIT_DONE, Subparsers, UsageError, message
from emotion_core.datasets import load_dataset
from emotion_core.evaluation.card_figures import measured_card
from emotion_core.files.outside_files import read_json

_EXAMPLE = """\
python -m emotion_core models promote runs/compact-1 --name compact --title Compact \\
    --description "Small residual network." --flip-tta"""


def register(actions: Subparsers) -> None:
    """Adds the action's parser."""
    parser = actions.add_parser(
        "promote",
        help="turn a run into a model",
        description="Exports a run's best epoch, checks that the exported file predicts alike, "
        "calibrates it on PublicTest, reports on PrivateTest and writes the card.",
        example=_EXAMPLE,
    )
    parser.add_argument("run_dir", type=Path, metavar="RUN")
    parser.add_argument("--name", required=True, help="name of the new folder in models/")
    parser.add_argument("--title", required=True, help="name for people")
    parser.add_argument("--description", required=True, help="one or two sentences")
    parser.add_argument(
        "--use-for", default="", help="what to take it for rather than another, in a few words"
    )
    parser.add_argument("--dataset", type=Path, help="Parquet file (default: EMOTION_LENS_DATASET)")
    parser.add_argument(
        "--flip-tta",
        action="store_true",
        help="horizontal-flip test-time augmentation: average the logits of a face and its mirror "
        "image",
    )
    # Its name in earlier versions.
    parser.add_argument(
        "--flip-average", dest="flip_tta", action="store_true", help=argparse.SUPPRESS
    )
    parser.add_argument("--replace", action="store_true", help="replace a model of that name")
    parser.add_argument(
        "--notes", type=Path, metavar="FILE", help="JSON object to add to the card's training"
    )
    parser.set_defaults(func=run)

    measure = actions.add_parser(
        "measure",
        help="time a model on this machine, or measure all its figures, and write it on its card",
        description="Times a model in batches of 8 on one thread, on a machine that should have "
        "nothing else to do, and renews its card and README. With --figures it is also calibrated "
        "on PublicTest and judged anew: for models that were added, whose cards have no figures.",
        example="python -m emotion_core models measure compact\n"
        "python -m emotion_core models measure my-model --figures",
    )
    measure.add_argument("name", metavar="NAME")
    measure.add_argument(
        "--figures",
        action="store_true",
        help="also calibrate it, and judge it on PublicTest and PrivateTest (minutes; logged as "
        "every look at PrivateTest is)",
    )
    measure.add_argument(
        "--dataset", type=Path, help="with --figures: Parquet file (default: EMOTION_LENS_DATASET)"
    )
    measure.set_defaults(func=run_measure)


def run_measure(args: argparse.Namespace) -> int:
    """Times a model, judges it if asked to, and renews its card."""
    registry = ModelRegistry()
    folder = registry.own_folder(args.name)
    if args.figures:
        card = measured_card(
            folder,
            registry.card(args.name),
            load_dataset(args.dataset),
            by="models measure",
            report=message,
        )
    elif args.dataset:
        raise UsageError("--dataset goes with --figures: the time needs no data set.")
    else:
        classifier = registry.open(args.name, threads=1)
        card = classifier.card.replaced(ms_per_face=ms_per_face(classifier))
    replace_card(card, folder)
    message(f"{args.name}: {card.ms_per_face:.2f} ms per face in batches of 8 on one thread.")
    return EXIT_DONE


def run(args: argparse.Namespace) -> int:
    """Promotes a run."""
    # Here, because it needs TensorFlow.
    from emotion_core.training.promote import promote_run

    notes = {}
    if args.notes:
        notes = read_json(args.notes, UsageError)
        if not isinstance(notes, dict):
            raise UsageError(f"{args.notes}: wanted a JSON object with more entries for the card.")
    registry, dataset = ModelRegistry(), load_dataset(args.dataset)
    if args.name in registry.names() and not args.replace:
        raise UsageError(
            f"There already is a model {args.name!r}. Give --replace, or another name."
        )
    promote_run(
        args.run_dir,
        dataset,
        registry.root,
        args.name,
        title=args.title,
        description=args.description,
        use_for=args.use_for,
        flip_tta=args.flip_tta,
        replace=args.replace,
        notes=notes,
        report=message,
    )
    return EXIT_DONE
