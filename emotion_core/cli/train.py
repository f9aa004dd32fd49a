"""``train``: trains a network and writes a run folder."""

import argparse
import os
from pathlib import Path

from emotion_core.cli.common import EXIT_DONE, Subparsers, message
from emotion_core.datasets import LABEL_SOURCES, load_dataset
from emotion_core.errors import TrainingError
from emotion_core.training.config import PRESETS, TrainingConfig, load_recipe

_EXAMPLE = """\
python -m emotion_core train --dataset data/fer2013.parquet --preset compact \\
    --epochs 40 --run-dir runs/compact-1
python -m emotion_core train --run-dir runs/compact-1 --resume"""


def register(subparsers: Subparsers) -> None:
    """Adds the command's parser."""
    parser = subparsers.add_parser(
        "train",
        help="train a network on a data set",
        description="Trains a network; epochs are chosen on PublicTest, PrivateTest is not read. "
        "Ctrl-C or SIGTERM stops and keeps every finished epoch.",
        example=_EXAMPLE,
    )
    parser.add_argument("--dataset", type=Path, help="Parquet file (default: EMOTION_LENS_DATASET)")
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--preset", choices=sorted(PRESETS), help="settings to begin with")
    start.add_argument("--recipe", type=Path, help="JSON file of settings to begin with")
    parser.add_argument("--architecture", help="network, e.g. compact")
    parser.add_argument("--epochs", type=int, help="passes over the training images")
    parser.add_argument("--batch-size", type=int, help="images per step")
    parser.add_argument("--learning-rate", type=float, help="its peak")
    parser.add_argument("--labels", choices=LABEL_SOURCES, help="targets to train on")
    parser.add_argument("--seed", type=int, help="decides weights, order and augmentation")
    parser.add_argument(
        "--all-training-images",
        action="store_true",
        help="keep training images that also stand in PublicTest or PrivateTest (to compare with "
        "published figures; such a model should not be shipped)",
    )
    parser.add_argument("--run-dir", type=Path, required=True, help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on after the last full epoch")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Starts or resumes a run."""
    from emotion_core.training.run import resume_run, start_run

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    overrides = {
        name: value
        for name in ("architecture", "epochs", "batch_size", "learning_rate", "labels", "seed")
        if (value := getattr(args, name)) is not None
    }
    if args.all_training_images:
        overrides["leak_free"] = False
    if args.resume and (overrides or args.preset or args.recipe):
        raise TrainingError("--resume goes on with the settings of the run; give no others.")
    dataset = load_dataset(args.dataset)
    if args.resume:
        resume_run(dataset, args.run_dir, report=message)
        return EXIT_DONE
    if args.recipe:
        config = load_recipe(args.recipe)
    else:
        config = PRESETS[args.preset] if args.preset else TrainingConfig()
    start_run(config.with_values(overrides), dataset, args.run_dir, report=message)
    return EXIT_DONE
