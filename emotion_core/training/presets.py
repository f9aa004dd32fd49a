"""Settings to begin with, and recipes in files."""

import json
from dataclasses import replace
from pathlib import Path

from emotion_core.errors import TrainingError
from emotion_core.training.augmentation import Augmentation
from emotion_core.training.config import TrainingConfig

# What benchmarks/experiments.md found best for the residual networks.
_RESIDUAL = TrainingConfig(
    batch_size=128,
    optimizer="muon",
    learning_rate=0.01,
    weight_decay=0.05,
    labels="both",
    ema=0.998,
    train_size_px=40,
    full_size_share=0.25,
    augmentation=Augmentation(
        shift=0.1, rotation_deg=15, scale=0.15, brightness=0.1, contrast=0.3, erase=0.3
    ),
)

#: ``smoke`` is for the practice set: its batches are small so that the running means of batch
#: normalisation have enough steps to settle.
#: Source of ``emotion-detection``: https://github.com/atulapra/Emotion-detection (Adam, 1e-4,
#: batches of 64, 50 epochs, no augmentation, all of Training).
PRESETS: dict[str, TrainingConfig] = {
    "smoke": TrainingConfig(
        architecture="mini-xception",
        epochs=15,
        batch_size=32,
        optimizer="adam",
        learning_rate=3e-3,
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
    "compact": replace(
        _RESIDUAL, architecture="compact", epochs=40, teachers=("flagship",), teacher_weight=0.5
    ),
    "flagship": replace(
        _RESIDUAL,
        architecture="flagship",
        epochs=40,
        teachers=("flagship", "compact"),
        teacher_weight=0.5,
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
