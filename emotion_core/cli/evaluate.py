"""``evaluate``: judges a model on one split of a data set."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.cli.common import EXIT_DONE, Subparsers, add_corrections, message
from emotion_core.datasets import EmotionDataset, load_dataset
from emotion_core.errors import OutputError
from emotion_core.evaluation import (
    LABELS,
    SPLITS,
    EvaluatedModel,
    EvaluationSplit,
    build_evaluation_split,
    evaluate_model,
    evaluated_model,
    evaluated_run,
)
from emotion_core.evaluation.cache import LogitsCache
from emotion_core.evaluation.comparison import compare
from emotion_core.evaluation.robustness import RobustnessTest, robustness_figures
from emotion_core.evaluation.shift_figures import ShiftTest
from emotion_core.evaluation.shifts import SHIFTS
from emotion_core.evaluation.test_set_log import is_test, read_accesses, record_access
from emotion_core.files.atomic_files import write_atomic
from emotion_core.schema.old_names import present_labels
from emotion_core.wording import count_of, percent

_EXAMPLE = """\
python -m emotion_core evaluate --model compact --split validation
python -m emotion_core evaluate --model compact --split test --labels raters --json
python -m emotion_core evaluate --model compact --split validation --compare emotion-cnn"""


def register(subparsers: Subparsers) -> None:
    """Adds the command's parser."""
    parser = subparsers.add_parser(
        "evaluate",
        help="judge a model on a data set",
        description="Accuracy with its interval, per-class figures, confusion matrix and "
        "calibration of the model as it is served. Predictions are kept in data/evaluations, "
        "and so is the test-set access log.",
        example=_EXAMPLE,
    )
    judged = parser.add_mutually_exclusive_group()
    judged.add_argument("--model", metavar="NAME", help="a folder of models/ (default: the app's)")
    judged.add_argument(
        "--run",
        metavar="DIR",
        type=Path,
        help="the best epoch of a run, uncalibrated, without shipping it",
    )
    parser.add_argument(
        "--dataset",
        metavar="PATH",
        help="Parquet file, or synthetic (default: EMOTION_LENS_DATASET)",
    )
    add_corrections(parser)
    parser.add_argument("--split", choices=sorted(SPLITS), default="test")
    parser.add_argument(
        "--labels",
        type=present_labels,
        choices=LABELS,
        default="fer2013",
        help="which head answers, and what counts as right. raters: the majority of the FER+ "
        "raters, on the rows where it is clear (ferplus is the older word for it)",
    )
    parser.add_argument(
        "--robustness",
        action="store_true",
        help="also on blurred, noisy, darker, covered, turned and small pictures (1,500 at most)",
    )
    parser.add_argument(
        "--compare", metavar="NAME", help="a second model, on the same images (McNemar's test)"
    )
    parser.add_argument("--json", action="store_true", help="machine-readable output")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write there, not to stdout")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Prints the figures."""
    registry = ModelRegistry()
    if args.run:
        model = evaluated_run(args.run, args.labels)
    else:
        model = evaluated_model(registry, args.model or registry.default_name(), args.labels)
    other = evaluated_model(registry, args.compare, args.labels) if args.compare else None
    dataset = load_dataset(args.dataset, corrections=args.corrections)
    rows = build_evaluation_split(dataset, args.split, args.labels)
    cache = LogitsCache(not_kept=message)
    figures = _figures(model, other, rows, cache)
    if args.robustness:
        figures["robustness"] = _robustness(model, rows, cache)
    if is_test(args.split):
        figures["test_set_accesses"] = _log_access([model, other], dataset, args)
    if args.run and args.labels == "fer2013" and not args.corrections:
        from emotion_core.training.run_folder import RunFolder  # where the history page reads them

        try:
            RunFolder(args.run).add_evaluation(args.split, figures)
        except OutputError as error:  # the figures are told all the same
            message(f"The figures are not kept with the run. {error}")
    text = json.dumps(figures, indent=2) if args.json else _text(figures)
    if args.output:
        write_atomic(args.output, f"{text}\n".encode())
    else:
        print(text)
    return EXIT_DONE


def _figures(
    model: EvaluatedModel, other: EvaluatedModel | None, rows: EvaluationSplit, cache: LogitsCache
) -> dict[str, Any]:
    with _bar(f"{model.name} on {rows.split}", "face") as bar:
        evaluation = evaluate_model(model, rows, cache=cache, progress=_shown(bar))
    with _bar("shifted faces", "face") as bar:
        test = ShiftTest(rows)
        shifts = test.report(test.predictions(model, cache, progress=_shown(bar)))
    figures = {"model": model.name, **evaluation.figures(), **shifts.to_dict()}
    if other is not None:
        with _bar(f"{other.name} on {rows.split}", "face") as bar:
            second = evaluate_model(other, rows, cache=cache, progress=_shown(bar))
        found = compare(evaluation.correct, second.correct)
        figures["compared"] = {
            "model": other.name,
            "accuracy": float(second.correct.mean()),
            "difference": found.difference,
            "difference_ci95": list(found.difference_ci95),
            "both_right": found.both_right,
            "only_first": found.only_a,
            "only_second": found.only_b,
            "both_wrong": found.both_wrong,
            "p_exact": found.p_exact,
            "chi2": found.chi2,
            "p_chi2": found.p_chi2,
        }
    return figures


def _robustness(model: EvaluatedModel, rows: EvaluationSplit, cache: LogitsCache) -> dict[str, Any]:
    with _bar("robustness", "condition") as bar:
        points = RobustnessTest(model, rows, cache).run(progress=_shown(bar))
    return robustness_figures(points)


def _log_access(
    models: list[EvaluatedModel | None], dataset: EmotionDataset, args: argparse.Namespace
) -> int:
    """Logs this access to the test images, tells of all of them and returns their number."""
    for model in filter(None, models):
        record_access(
            by="command line",
            model=model,
            dataset=dataset,
            split=args.split,
            labels=args.labels,
        )
    accesses = read_accesses(dataset)
    n_models = count_of(len({access.model_key for access in accesses}), "model")
    message(
        f"Test-set access log: {count_of(len(accesses), 'access', 'accesses')} so far, with "
        f"{n_models}. Choose on validation, and use the test images only to report."
    )
    return len(accesses)


def _bar(title: str, unit: str) -> "tqdm[Any]":
    return tqdm(desc=title, unit=unit, disable=None)


def _shown(bar: "tqdm[Any]") -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)

    return progress


def _text(figures: dict[str, Any]) -> str:
    low, high = figures["accuracy_ci95"]
    chance = [f"{100 * bound:.1f}" for bound in figures["ece_perfect_ci95"]]
    lines = [
        f"{figures['model']} on {figures['split']} ({figures['labels']} labels), "
        f"n = {figures['n']:,}",
        f"accuracy          {100 * figures['accuracy']:.1f} % "
        f"(95 % interval {100 * low:.1f} % to {100 * high:.1f} %)",
        f"macro-F1          {100 * figures['macro_f1']:.1f} %",
        f"calibration error {100 * figures['ece']:.1f} % (by chance alone "
        f"{chance[0]} % to {chance[1]} %)",
    ]
    lines.append(
        f"on shifted faces  {100 * figures['ece_shifted']:.1f} % calibration error; "
        + ", ".join(
            f"{SHIFTS[name].title.lower()} {100 * found['accuracy']:.0f} % right at "
            f"{100 * found['confidence']:.0f} % confidence"
            for name, found in figures["shifts"].items()
        )
    )
    if (resting := figures["resting_misread"]) and resting["majority"] is not None:
        lines.append(
            f"resting faces     {100 * resting['majority']:.1f} % of {resting['n']:,} are called "
            "angry, disgusted, afraid or sad"
            + (
                f", {100 * resting['votes_8']:.1f} % of the {resting['n_votes_8']:,} that 8 of 10 "
                "raters call neutral"
                if resting["votes_8"] is not None
                else ""
            )
        )
    if figures["accuracy_unseen"] is not None:
        lines.append(
            f"not in Training   {100 * figures['accuracy_unseen']:.1f} % "
            f"(n = {figures['n_unseen']:,})"
        )
    if figures["accuracy_covered"] is not None:
        lines.append(
            f"when confident    {100 * figures['accuracy_covered']:.1f} % "
            f"({percent(figures['coverage'])} of faces, threshold {percent(figures['threshold'])})"
        )
    lines.append("")
    lines.append(f"{'':10}precision  recall      F1  support")
    for name, row in figures["per_class"].items():
        lines.append(
            f"{name:10}{row['precision']:9.3f}{row['recall']:8.3f}{row['f1']:8.3f}"
            f"{row['support']:9,}"
        )
    if "compared" in figures:
        lines += ["", *_compared(figures["model"], figures["compared"])]
    if "robustness" in figures:
        lines += ["", *_robust(figures["robustness"])]
    return "\n".join(lines)


def _compared(model: str, compared: dict[str, Any]) -> list[str]:
    low, high = (f"{100 * bound:+.1f}" for bound in compared["difference_ci95"])
    return [
        f"{compared['model']}: {100 * compared['accuracy']:.1f} %, "
        f"{100 * compared['difference']:+.1f} points (95 % interval {low} to {high})",
        f"only {model} right: {compared['only_first']:,}; "
        f"only {compared['model']} right: {compared['only_second']:,}; "
        f"McNemar p = {compared['p_exact']:.3g}",
    ]


def _robust(curves: dict[str, Any]) -> list[str]:
    lines = []
    for name, curve in curves.items():
        steps = (
            f"{level:g}: {100 * accuracy:.1f} %"
            for level, accuracy in zip(curve["levels"], curve["accuracy"], strict=True)
        )
        lines.append(f"{name} ({curve['unit']}, n = {curve['n']:,})  " + ", ".join(steps))
    return lines
