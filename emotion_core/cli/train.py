"""``train``: trains a network and writes a run folder."""

import argparse
from pathlib import Path
from typing import Any

from emotion_core.cli.common import (
    EXIT_DONE,
    Subparsers,
    message,
    print_json,
    value_of,
    whole_number_from,
)
from emotion_core.datasets import LABEL_SOURCES, EmotionDataset, load_dataset
from emotion_core.errors import EmotionLensError, TrainingError
from emotion_core.extras import need
from emotion_core.schema.old_names import present_labels
from emotion_core.schema.validation import value_types
from emotion_core.training.config import TrainingConfig
from emotion_core.training.distribution import join_cluster, own_folder
from emotion_core.training.presets import PRESETS, load_recipe
from emotion_core.training.run import load_run_config, resume_run, start_run
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.speed_estimate import measure
from emotion_core.training.teachers import check_sources

_EXAMPLE = """\
python -m emotion_core train --dataset data/fer2013.parquet --preset compact \\
    --epochs 40 --run-dir runs/compact-1
python -m emotion_core train --run-dir runs/compact-1 --resume
python -m emotion_core train --dataset synthetic --preset smoke --run-dir runs/smoke-1"""

# Options that set the setting of their name.
_SETTINGS = (
    "architecture", "epochs", "batch_size", "learning_rate", "labels", "seed", "teachers",
    "init_from",
)  # fmt: skip


def register(subparsers: Subparsers) -> None:
    """Adds the command's parser."""
    parser = subparsers.add_parser(
        "train",
        help="train a network on a data set",
        description="Trains a network; epochs are chosen on PublicTest, PrivateTest is not read. "
        "Ctrl-C or SIGTERM stops and keeps every finished epoch.",
        example=_EXAMPLE,
    )
    parser.add_argument(
        "--dataset",
        help="Parquet file, or the word synthetic (default: EMOTION_LENS_DATASET; with --resume "
        "the one of the run)",
    )
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--preset", choices=sorted(PRESETS), help="settings to start with")
    start.add_argument("--recipe", type=Path, help="JSON file of settings to start with")
    kinds = {name: value_of(kind) for name, kind in value_types(TrainingConfig).items()}
    parser.add_argument(
        "--architecture", type=kinds["architecture"], metavar="NAME", help="network, e.g. compact"
    )
    parser.add_argument("--epochs", type=kinds["epochs"], help="passes over the training images")
    parser.add_argument("--batch-size", type=kinds["batch_size"], help="images per step")
    parser.add_argument("--learning-rate", type=kinds["learning_rate"], help="its peak")
    parser.add_argument(
        "--labels",
        type=present_labels,
        choices=LABEL_SOURCES,
        help="targets: original labels, FER+ raters' votes, a mixture, votes by an auxiliary "
        "head, or both as tasks (ferplus is the older word for raters)",
    )
    parser.add_argument("--seed", type=kinds["seed"], help="decides weights, order, augmentation")
    parser.add_argument(
        "--teachers",
        nargs="*",
        metavar="NAME",
        help="knowledge distillation: models by name, runs by name or path, or .npz files of "
        "predictions, which are mixed into the targets; --teachers alone: none",
    )
    parser.add_argument(
        "--init-from",
        metavar="NAME",
        help="checkpoint to initialise the weights from: model by name, or run by name or path",
    )
    # Its name in earlier versions.
    parser.add_argument("--start-from", dest="init_from", help=argparse.SUPPRESS)
    parser.add_argument(
        "--all-training-images",
        action="store_true",
        help="keep training images that also stand in PublicTest or PrivateTest (to compare with "
        "published figures; such a model should not be shipped)",
    )
    parser.add_argument(
        "--corrections",
        action="store_true",
        help="apply the corrections that stand beside the data set",
    )
    parser.add_argument(
        "--tensorboard",
        action="store_true",
        help="also write TensorBoard logs (needs the extra tensorboard)",
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--run-dir", type=Path, help="folder of the run")
    where.add_argument(
        "--estimate",
        action="store_true",
        help="train for some seconds and print, as JSON, how long the run would take",
    )
    parser.add_argument(
        "--coordinator",
        metavar="HOST:PORT",
        help="train on several processes or machines (needs JAX): where process 0 listens. Start "
        "the same command on each with its own --process; the run folder must be shared",
    )
    parser.add_argument("--process", type=int, default=0, help="number of this process, from 0")
    parser.add_argument("--processes", type=whole_number_from(1), default=1, help="how many")
    parser.add_argument("--resume", action="store_true", help="resume after the last full epoch")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Starts or resumes a run, or estimates its time."""
    overrides = {name: value for name in _SETTINGS if (value := getattr(args, name)) is not None}
    overrides |= {name: True for name in ("corrections", "tensorboard") if getattr(args, name)}
    if args.all_training_images:
        overrides["leak_free"] = False
    settings = overrides or args.preset or args.recipe
    if args.resume and (settings or args.estimate):
        raise TrainingError("--resume continues with the settings of the run; give no others.")
    if args.coordinator:
        join_cluster(args.coordinator, args.process, args.processes)
    elif args.processes > 1 or args.process:
        raise TrainingError("Several processes want --coordinator HOST:PORT.")
    if args.estimate:
        return _start(args, overrides)
    with own_folder(args.run_dir) as args.run_dir:
        return _resume(args) if args.resume else _start(args, overrides)


def _start(args: argparse.Namespace, overrides: dict[str, Any]) -> int:
    need("keras", "Training")
    if args.recipe:
        config = load_recipe(args.recipe)
    else:
        config = PRESETS[args.preset] if args.preset else TrainingConfig()
    config = config.with_values(overrides)
    check_sources(config)
    if args.estimate:
        print_json(measure(config, _load(args.dataset, config)))
        return EXIT_DONE
    start_run(
        config, _load(args.dataset, config), args.run_dir, source=args.dataset or "", report=message
    )
    return EXIT_DONE


def _resume(args: argparse.Namespace) -> int:
    config, saved = load_run_config(args.run_dir)
    try:
        need("keras", "Training")
        check_sources(config, RunFolder(args.run_dir))
        dataset = _load(args.dataset or saved.get("dataset") or None, config)
    except EmotionLensError as error:
        # A queued run that could not even begin says so.
        RunFolder(args.run_dir).set_status("failed", error=str(error))
        raise
    resume_run(dataset, args.run_dir, report=message)
    return EXIT_DONE


def _load(source: str | None, config: TrainingConfig) -> EmotionDataset:
    return load_dataset(source, corrections=True) if config.corrections else load_dataset(source)
