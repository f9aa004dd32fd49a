"""The audit with a model: features, label issues and a map, computed once and kept."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np

from emotion_core.classifiers.card import ModelCard
from emotion_core.classifiers.features import features
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.classifiers.runtime import softmax
from emotion_core.datasets import EmotionDataset, load_dataset
from emotion_core.datasets.audit import AuditReport, Progress, audit_dataset
from emotion_core.datasets.audit.storage import audit_key, save_report, stored_report
from emotion_core.errors import DatasetError, OutputError
from emotion_core.paths import data_folder
from emotion_core.types import Float32Array

#: Stands for no model at all: copies and bad pictures only, which takes seconds.
WITHOUT_MODEL = ""

# Features take about three quarters of the whole time.
_FEATURES_SHARE = 0.7


def audit_folder(dataset: EmotionDataset, model: str | None = None) -> Path:
    """Where the audit of a data set by a model is kept; it may not exist yet.

    Args:
        dataset: the data set.
        model: a model's name; None: the default one; empty: the audit without a model.

    Raises:
        ModelError: there is no such model.
    """
    sha256 = _card(model).sha256 if model != WITHOUT_MODEL else ""
    return data_folder() / "audits" / audit_key(dataset, sha256)


def cached_audit(dataset: EmotionDataset, model: str | None = None) -> AuditReport | None:
    """The kept report, or None if this set was not audited yet by this model.

    Arguments and errors as in ``audit_folder``.
    """
    return stored_report(audit_folder(dataset, model))


def run_audit(
    dataset: EmotionDataset | Path | str | None = None,
    model: str | None = None,
    *,
    progress: Callable[[str, float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    again: bool = False,
    not_kept: Callable[[str], None] | None = None,
) -> AuditReport:
    """Audits a data set by a model and keeps the report.

    Args:
        dataset: the data set or what ``load_dataset`` takes.
        model: a model's name; None: the default one; empty: no model, so no label issues, no
            predictions and no map.
        progress: gets the stage in words and the share that is done, 0-1.
        cancelled: asked often whether to stop.
        again: audit also where a report is kept.
        not_kept: is told why the report cannot be kept; without it that is an error.

    Returns:
        The report, from the cache where it is there.

    Raises:
        Cancelled: the user stopped it; nothing is kept then.
        DatasetError: the data set cannot be read or does not fit the model.
        ModelError: there is no such model, or its network has no features.
        OutputError: the report cannot be kept, and ``not_kept`` is not given.
    """
    steps = Progress(progress, cancelled)
    steps.tell("Loading the data set", 0.0)
    if not isinstance(dataset, EmotionDataset):
        dataset = load_dataset(dataset)
    folder = audit_folder(dataset, model)
    kept = None if again else stored_report(folder)
    if kept is not None:
        steps.tell("Done", 1.0)
        return kept
    if model == WITHOUT_MODEL:
        report = audit_dataset(dataset, progress=progress, cancelled=cancelled)
    else:
        card = _card(model)
        seen, scores = _model_view(dataset, card, steps.part(0.0, _FEATURES_SHARE))
        rest = steps.part(_FEATURES_SHARE, 1.0)
        found = audit_dataset(dataset, features=seen, probabilities=scores, progress=rest.tell)
        report = dataclasses.replace(found, model=card.name, model_sha256=card.sha256)
    try:
        save_report(report, folder)
    except OutputError as error:
        if not_kept is None:
            raise
        not_kept(str(error))
    return report


def _card(model: str | None) -> ModelCard:
    registry = ModelRegistry()
    return registry.card(model or registry.default_name())


def _model_view(
    dataset: EmotionDataset, card: ModelCard, steps: Progress
) -> tuple[Float32Array, Float32Array]:
    """Features, and calibrated scores in the order of the data set's labels."""
    if dataset.size_px != card.input_size_px:
        raise DatasetError(
            f"The model {card.name} takes pictures of {card.input_size_px} pixels. The data set "
            f"has {dataset.size_px}. Import it again in that size, or audit without a model."
        )
    known = [
        card.label_set.index(emotion) for emotion in dataset.label_set if emotion in card.labels
    ]
    if len(known) != len(dataset.label_set):
        raise DatasetError(
            f"The model {card.name} knows {', '.join(card.labels)}. The data set also has other "
            "labels. Choose another model, or audit without one."
        )

    def progress(done: int, total: int) -> None:
        steps.tell("Looking at every picture", done / total)

    seen, logits = features(ModelRegistry().folder(card.name), dataset.images, progress=progress)
    # The audit asks about the labels of the data set, so the head for those answers.
    head = card.head(card.answering("fer2013"))
    own = logits[:, head.first : head.first + len(card.labels)]
    probabilities = softmax(own, head.temperatures(dataset.images))
    return seen, np.ascontiguousarray(probabilities[:, known])
