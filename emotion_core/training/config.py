"""The settings of a run, the presets, and recipes in files."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from emotion_core.classifiers.architectures import ARCHITECTURES, FULLY_CONVOLUTIONAL
from emotion_core.datasets import LABEL_SOURCES
from emotion_core.errors import TrainingError
from emotion_core.training.augmentation import Augmentation

OPTIMIZERS = ("sgd", "adam", "adamw")


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """Everything that decides how a run goes. Written to ``config.json``.

    Attributes:
        architecture: a name of ``ARCHITECTURES``.
        epochs: passes over the training images.
        batch_size: images per step.
        optimizer: ``sgd`` (Nesterov momentum 0.9), ``adam`` or ``adamw``.
        learning_rate: the peak; it is reached after ``warmup`` and falls as a cosine to zero.
        warmup: share of all steps.
        weight_decay: decoupled; not applied to biases and normalisation.
        labels: ``fer2013``, ``ferplus`` or ``mixed``.
        vote_share: share of the FER+ votes in ``mixed``.
        label_smoothing: share of the target spread over all classes.
        leak_free: leave out training images that also stand, exactly or mirrored, in PublicTest
            or PrivateTest.
        ema: momentum of the averaged weights, 0 for none.
        train_size_px: side of the training faces during all but the last ``full_size_share``
            of the epochs; 0 for the full size. Only for fully convolutional networks.
        full_size_share: share of the epochs at the full size, at the end.
        augmentation: changes of the faces.
        seed: decides weights, order and augmentation.
    """

    architecture: str = "compact"
    epochs: int = 30
    batch_size: int = 128
    optimizer: str = "sgd"
    learning_rate: float = 0.05
    warmup: float = 0.05
    weight_decay: float = 0.0
    labels: str = "fer2013"
    vote_share: float = 0.4
    label_smoothing: float = 0.0
    leak_free: bool = True
    ema: float = 0.0
    train_size_px: int = 0
    full_size_share: float = 0.25
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = 1

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:
            _refuse("architecture", "one of " + ", ".join(ARCHITECTURES), self.architecture)
        if self.optimizer not in OPTIMIZERS:
            _refuse("optimizer", "one of " + ", ".join(OPTIMIZERS), self.optimizer)
        if self.labels not in LABEL_SOURCES:
            _refuse("labels", "one of " + ", ".join(LABEL_SOURCES), self.labels)
        if self.epochs < 1:
            _refuse("epochs", "at least 1", self.epochs)
        if self.batch_size < 2:
            _refuse("batch_size", "at least 2", self.batch_size)
        if not 0 < self.learning_rate < 10:
            _refuse("learning_rate", "between 0 and 10", self.learning_rate)
        for name in ("warmup", "vote_share", "label_smoothing", "ema", "full_size_share"):
            if not 0 <= getattr(self, name) <= 1:
                _refuse(name, "0 to 1", getattr(self, name))
        if self.train_size_px and self.architecture not in FULLY_CONVOLUTIONAL:
            _refuse("train_size_px", f"0 for {self.architecture}", self.train_size_px)
        if self.train_size_px and self.train_size_px < 24:
            _refuse("train_size_px", "0, or at least 24", self.train_size_px)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TrainingConfig":
        """Builds settings from a mapping as ``to_dict`` gives; what is missing has its default.

        Raises:
            TrainingError: unknown names or values outside their range.
        """
        return cls().with_values(values)

    def with_values(self, values: Mapping[str, Any]) -> "TrainingConfig":
        """A copy with some values replaced.

        Raises:
            TrainingError: unknown names or values outside their range.
        """
        changed = dict(values)
        if isinstance(changed.get("augmentation"), Mapping):
            parts = changed["augmentation"]
            _check_names(parts, Augmentation, "augmentation")
            changed["augmentation"] = replace(self.augmentation, **parts)
        _check_names(changed, TrainingConfig, "training")
        try:
            return replace(self, **changed)
        except TypeError as error:
            raise TrainingError(f"Training settings of a wrong type: {error}") from error

    def size_at(self, epoch: int, full_px: int) -> int:
        """Side of the training faces in an epoch (from 0)."""
        small = self.train_size_px and epoch < round(self.epochs * (1 - self.full_size_share))
        return self.train_size_px if small else full_px


def _check_names(values: Mapping[str, Any], kind: type, what: str) -> None:
    known = {f.name for f in fields(kind)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise TrainingError(
            f"Unknown {what} settings: {', '.join(unknown)}. Known: {', '.join(sorted(known))}"
        )


def _refuse(name: str, wanted: str, came: object) -> None:
    raise TrainingError(f"{name}: wanted {wanted}. Received: {came}")


#: Source of ``emotion-detection``: https://github.com/atulapra/Emotion-detection (Adam, 1e-4,
#: batches of 64, 50 epochs, no augmentation, all of Training).
PRESETS: dict[str, TrainingConfig] = {
    "smoke": TrainingConfig(
        architecture="mini-xception",
        epochs=8,
        batch_size=64,
        optimizer="adam",
        learning_rate=4e-3,
        augmentation=Augmentation(flip=True, rotation_deg=6, shift=0.04, scale=0.05),
    ),
    "emotion-detection": TrainingConfig(
        architecture="emotion-cnn",
        epochs=50,
        batch_size=64,
        optimizer="adam",
        learning_rate=1e-4,
        warmup=0.0,
        leak_free=False,
        augmentation=Augmentation(
            flip=False, shift=0, rotation_deg=0, scale=0, brightness=0, contrast=0
        ),
    ),
    "compact": TrainingConfig(
        architecture="compact",
        epochs=50,
        batch_size=128,
        optimizer="sgd",
        learning_rate=0.1,
        weight_decay=5e-3,
        labels="mixed",
        ema=0.998,
        train_size_px=40,
        full_size_share=0.25,
        augmentation=Augmentation(
            shift=0.1, rotation_deg=15, scale=0.15, brightness=0.1, contrast=0.3, erase=0.3
        ),
    ),
}


def load_recipe(path: Path) -> TrainingConfig:
    """Reads a recipe: a JSON object with the names of ``TrainingConfig``.

    A ``"preset"`` entry gives the values that are not named.

    Raises:
        TrainingError: missing, not JSON, or settings that cannot be used.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: wanted a recipe in JSON. {error}") from error
    if not isinstance(values, dict):
        raise TrainingError(f"{path}: wanted a JSON object. Received: {type(values).__name__}")
    values.pop("comment", None)
    preset = values.pop("preset", None)
    if preset is not None and preset not in PRESETS:
        raise TrainingError(f"preset: wanted one of {', '.join(PRESETS)}. Received: {preset}")
    return (PRESETS[preset] if preset else TrainingConfig()).with_values(values)
