"""Calibrates a model folder and measures it for its card."""

from collections.abc import Callable
from pathlib import Path

from emotion_core.classifiers.card import ModelCard
from emotion_core.classifiers.runtime import LiteRTClassifier, ms_per_face, softmax
from emotion_core.datasets import EmotionDataset
from emotion_core.evaluation.cache import LogitsCache
from emotion_core.evaluation.calibration import fit_temperature, fit_threshold
from emotion_core.evaluation.curves import coverage_curve
from emotion_core.evaluation.evaluated_model import EvaluatedModel
from emotion_core.evaluation.evaluation_split import build_evaluation_split
from emotion_core.evaluation.report import Evaluation, evaluate_model
from emotion_core.evaluation.test_set_log import record_access
from emotion_core.files.publishing import scratch_folder

# Share of correct predictions above the threshold. People agree on the labels of FER-2013 in about
# 65 % (arXiv 1307.0414), and on a clear majority of ten raters by definition.
_TARGETS = {"fer2013": 0.75, "raters": 0.9}


def measured_card(
    folder: Path,
    card: ModelCard,
    dataset: EmotionDataset,
    *,
    by: str,
    target_accuracy: float | None = None,
    report: Callable[[str], None] = print,
) -> ModelCard:
    """Temperature and threshold from PublicTest; figures on PublicTest and PrivateTest.

    A model trained on FER+ labels is calibrated against their clear majority, any other against
    the original labels.

    Args:
        folder: the model's folder.
        card: its card so far.
        dataset: the data set, with both splits.
        by: who reads figures on PrivateTest; every access is logged.
        target_accuracy: share of correct predictions above the threshold, on PublicTest; by default
            75 % by the original labels and 90 % by the majority of the FER+ raters.
        report: gets one line of text per step.

    Returns:
        The card with temperature, threshold, metrics and time per face.

    Raises:
        DatasetError: a split is empty.
        ModelError: the files are not those of the card.
    """
    rows = build_evaluation_split(dataset, "validation", card.own_labels)
    plain = evaluate_model(_evaluated(folder, card.replaced(temperature=1.0)), rows)
    logits = plain.predictions.logits
    temperature = round(fit_temperature(logits, rows.truth), 4)
    threshold = fit_threshold(
        softmax(logits, temperature),
        rows.truth,
        target_accuracy=target_accuracy or _TARGETS[card.own_labels],
    )
    report(f"Temperature {temperature:.2f}, threshold {threshold:.2f} (both from PublicTest).")
    card = card.replaced(temperature=temperature, threshold=threshold)
    wanted = {"validation": ("validation", "fer2013"), "test": ("test", "fer2013")}
    if dataset.has_votes:
        wanted["test_ferplus"] = ("test", "raters")
    if card.own_labels == "raters":
        wanted["validation_ferplus"] = ("validation", "raters")
    model, metrics = _evaluated(folder, card), {}
    # Both kinds of labels ask about the same images.
    with scratch_folder() as predictions:
        cache = LogitsCache(predictions, not_kept=report)
        for name, (split, labels) in wanted.items():
            record_access(by=by, model=model, dataset=dataset, split=split, labels=labels)
            found = evaluate_model(
                model, build_evaluation_split(dataset, split, labels), cache=cache
            )
            metrics[name] = {**found.figures(), "coverage_curve": _coverage_points(found)}
            report(f"{name}: {100 * metrics[name]['accuracy']:.2f} % of {metrics[name]['n']}")
    return card.replaced(metrics=metrics, ms_per_face=ms_per_face(LiteRTClassifier(folder, card)))


def _coverage_points(found: Evaluation) -> list[dict[str, float]]:
    """The thresholds that leave nine, eight, ... tenths of the faces above them."""
    curve = coverage_curve(found.probabilities.max(axis=1), found.correct)
    points: list[dict[str, float]] = []
    for tenths in range(10, 1, -1):
        nearest = min(curve, key=lambda point: abs(point["coverage"] - tenths / 10))
        point = {name: nearest[name] for name in ("coverage", "threshold", "accuracy")}
        if point not in points:  # where most predictions are certain, there is nothing in between
            points.append(point)
    return points


def _evaluated(folder: Path, card: ModelCard) -> EvaluatedModel:
    return EvaluatedModel(
        name=card.name,
        key=card.sha256 + ("-mirrored" if card.flip_tta else ""),
        label_set=card.label_set,
        size_px=card.input_size_px,
        temperature=card.temperature,
        threshold=card.threshold,
        open=lambda: LiteRTClassifier(folder, card).logits,
    )
