"""Targets from other models: knowledge distillation.

Source: Hinton et al., arXiv 1503.02531. The teachers look once at each training image and at its
mirror image; what they say is kept in the run folder.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from emotion_core.classifiers.card import KERAS_FILE
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.classifiers.runtime import softmax
from emotion_core.emotions import LabelSet
from emotion_core.errors import Cancelled, EmotionLensError, TrainingError
from emotion_core.evaluation.evaluated_model import (
    EvaluatedModel,
    evaluated_model,
    evaluated_run,
    fitted,
)
from emotion_core.files.atomic_files import AtomicFile
from emotion_core.files.outside_files import open_regular
from emotion_core.paths import ROOT, runs_folder
from emotion_core.schema.validation import told
from emotion_core.training.config import TrainingConfig
from emotion_core.training.data import TrainingData
from emotion_core.training.run_folder import CHECKPOINT_ERRORS, RunFolder
from emotion_core.training.teacher_predictions import SUFFIX, read_teacher_predictions
from emotion_core.types import Float32Array, UInt8Array

_BATCH = 256
# Which setting names the teachers of which labels.
_SETTINGS = {"fer2013": "teachers", "raters": "rater_teachers"}
# Of a probability that a file's 16 bits have rounded to nothing.
_LEAST = np.float32(1e-7)


def with_teachers(
    data: TrainingData,
    config: TrainingConfig,
    folder: RunFolder,
    report: Callable[[str], None],
    stop: Callable[[], bool] = lambda: False,
) -> TrainingData:
    """Mixes the teachers' predictions into the targets.

    Raises:
        Cancelled: ``stop`` said so.
        TrainingError: a teacher cannot be found or read.
    """
    n_classes = len(data.rows.label_set)
    share, targets = np.float32(config.teacher_weight), data.targets.copy()
    for first, names, file in (
        (0, config.teachers, folder.teachers),
        (n_classes, config.rater_teachers, folder.rater_teachers),
    ):
        labels = "raters" if first else "fer2013"
        if not names or not share:
            continue
        predictions = _asked(names, labels, file, data, config.teacher_temperature, report, stop)
        # Outputs that the teachers do not have keep their targets.
        head = targets[..., first : first + n_classes]
        head[:] = (1 - share) * head + share * predictions * head.sum(axis=-1, keepdims=True)
    return replace(data, targets=targets)


def _asked(
    names: Sequence[str],
    labels: str,
    path: Path,
    data: TrainingData,
    temperature: float,
    report: Callable[[str], None],
    stop: Callable[[], bool],
) -> Float32Array:
    """(2, N, C) mean predictions of some teachers, kept in a file of the run."""
    predictions = _kept(path, (*data.targets.shape[:2], len(data.rows.label_set)))
    if predictions is None:
        found = []
        for name in names:
            if name.endswith(SUFFIX):
                found.append(_read(name, labels, data, temperature))
                continue
            report(f"Asking {name} about {len(data.rows)} images and their mirror images.")
            found.append(_ask(teacher(name, labels), data, temperature, stop))
        predictions = np.mean(found, axis=0, dtype=np.float32)
        with AtomicFile(path) as file:
            np.save(file, predictions)
    return predictions


def check_sources(config: TrainingConfig, folder: RunFolder | None = None) -> None:
    """Looks whether the networks that a run takes something over from are there.

    Before anything heavy begins.

    Args:
        config: settings of the run.
        folder: of a run that is resumed; what it has taken over already need not be there any more.

    Raises:
        TrainingError: one or more of them are not; one sentence with every fault.
    """
    faults: list[str] = []
    wanted: list[Callable[[], object]] = []
    began = folder is not None and folder.epochs_done > 0
    if config.init_from and not began:
        wanted.append(partial(trained_file, config.init_from))
    for labels, names, asked in (
        ("fer2013", config.teachers, folder and folder.teachers),
        ("raters", config.rater_teachers, folder and folder.rater_teachers),
    ):
        if not config.teacher_weight or (asked and asked.is_file()):
            continue
        for name in names:
            wanted.append(partial(_file if name.endswith(SUFFIX) else teacher, name, labels))
    for find in wanted:
        try:
            find()
        except TrainingError as error:
            faults.append(str(error).removesuffix("."))
    if faults:
        raise TrainingError(told("", faults))


def teacher(name: str, labels: str = "fer2013") -> EvaluatedModel:
    """A run folder by its path or name, or a model by its name.

    Args:
        name: of the model or run.
        labels: whose labels are asked for: of two heads the one for these answers.

    Raises:
        TrainingError: neither.
    """
    setting = _SETTINGS[labels]
    registry, folder = ModelRegistry(), _folder(setting, name)
    try:
        if folder.parent in registry.roots:
            return evaluated_model(registry, folder.name, labels)
        return evaluated_run(folder, labels)
    except EmotionLensError as error:
        raise TrainingError(f"{setting}: {error}") from error


def trained_file(name: str) -> Path:
    """The Keras file of a run (by path or name) or of a model (by name).

    Raises:
        TrainingError: there is none.
    """
    path = _folder("init_from", name) / KERAS_FILE
    if not path.is_file():
        raise TrainingError(f"init_from: wanted {KERAS_FILE} in the folder of {name}. None there.")
    return path


def _file(name: str, labels: str) -> Path:
    """A file of predictions, by its path from here or from where the program stands.

    Args:
        name: its path.
        labels: whose it is asked for.

    Raises:
        TrainingError: there is none.
    """
    for path in (Path(name), ROOT / name):
        if path.is_file():
            return path
    raise TrainingError(f"{_SETTINGS[labels]}: wanted a file of predictions. Received: {name!r}")


def _folder(setting: str, name: str) -> Path:
    """The folder of a model by its name, else of a run by its path or name."""
    registry = ModelRegistry()
    if name in registry.names():
        return registry.folder(name)
    for path in (Path(name), runs_folder() / name):
        if path.is_dir():
            return path
    raise TrainingError(
        f"{setting}: wanted a run folder or the name of a run or model. Received: {name!r}"
    )


def _ask(
    model: EvaluatedModel, data: TrainingData, temperature: float, stop: Callable[[], bool]
) -> Float32Array:
    """(2, N, C) softened probabilities of the images and of their mirror images."""
    ask, images = model.open(), data.rows.images
    label_set = data.rows.label_set
    both = (images, np.ascontiguousarray(images[:, :, ::-1]))
    return np.stack(
        [_predictions(ask, model, faces, label_set, temperature, stop) for faces in both]
    )


def _read(name: str, labels: str, data: TrainingData, temperature: float) -> Float32Array:
    """(2, N, C) softened probabilities out of a file."""
    n_classes = len(data.rows.label_set)
    path = _file(name, labels)
    try:
        said = read_teacher_predictions(path, labels, data.rows.images, n_classes)
    except TrainingError as error:
        raise TrainingError(f"{_SETTINGS[labels]}: {name}: {error}") from error
    return np.stack([softmax(np.log(np.maximum(side, _LEAST)), temperature) for side in said])


def _predictions(
    ask: Callable[[UInt8Array], Float32Array],
    model: EvaluatedModel,
    images: UInt8Array,
    label_set: LabelSet,
    temperature: float,
    stop: Callable[[], bool],
) -> Float32Array:
    found = []
    for start in range(0, len(images), _BATCH):
        if stop():
            raise Cancelled("Stopped while the teachers were asked.")
        faces = fitted(images[start : start + _BATCH], model.size_px)
        logits = model.logits(ask(faces), label_set)
        found.append(softmax(logits, model.head.temperatures(faces) * temperature))
    return np.concatenate(found)


def _kept(path: Path, shape: tuple[int, ...]) -> Float32Array | None:
    """The predictions of an earlier start of the same run."""
    try:
        with open_regular(path, TrainingError) as file:
            predictions = np.load(file, allow_pickle=False)
    except (TrainingError, *CHECKPOINT_ERRORS):
        return None
    return np.asarray(predictions, np.float32) if predictions.shape == shape else None
