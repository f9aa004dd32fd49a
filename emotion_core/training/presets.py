"""Settings to begin with, and recipes in files."""

from dataclasses import replace
from pathlib import Path

from emotion_core.errors import TrainingError
from emotion_core.files.atomic_files import readable
from emotion_core.files.outside_files import read_json
from emotion_core.schema.validation import shortened, told
from emotion_core.training.augmentation import Augmentation
from emotion_core.training.config import TrainingConfig

# What benchmarks/experiments.md found best for the residual networks.
_RESIDUAL = TrainingConfig(
    batch_size=128,
    optimizer="muon",
    learning_rate=0.01,
    weight_decay=0.05,
    labels="multi-task",
    vote_share=0.5,
    ema=0.998,
    progressive_resizing_px=40,
    full_size_fraction=0.25,
    augmentation=Augmentation(
        shift=0.1,
        rotation_deg=15,
        scale=0.15,
        brightness=0.1,
        contrast=0.3,
        random_erasing=0.3,
        sharp_share=0.5,
        degradation=0.1,
        mixup=0.15,
    ),
    teachers=("fer2013", "flagship"),
    rater_teachers=("flagship",),
    teacher_weight=0.6,
)

#: ``smoke`` is for the synthetic data set: its batches are small so that the running means of batch
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
    "compact": replace(_RESIDUAL, architecture="compact", epochs=36),
    "flagship": replace(_RESIDUAL, architecture="flagship-lean", epochs=36),
}


def load_recipe(path: Path) -> TrainingConfig:
    """Reads a recipe: a JSON object with the names of ``TrainingConfig``.

    A ``"preset"`` entry gives the values that are not named.

    Raises:
        TrainingError: missing, no regular file, not JSON, or settings that cannot be used; one
            sentence with every fault.
    """
    name, values = readable(path), read_json(path, TrainingError)
    if not isinstance(values, dict):
        raise TrainingError(
            f"{name}: wanted an object of names and values. Received: {shortened(values)}"
        )
    values.pop("comment", None)
    preset = values.pop("preset", None)
    if preset is None:
        return TrainingConfig().with_values(values, name)
    if isinstance(preset, str) and preset in PRESETS:
        return PRESETS[preset].with_values(values, name)
    wrong = f"preset: wanted one of {', '.join(PRESETS)}. Received: {shortened(preset)}"
    raise TrainingError(told(name, [wrong, *TrainingConfig().faults_of(values)]))
