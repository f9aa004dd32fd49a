"""Settings, durations and states of runs in words: one wording for both pages."""

from collections.abc import Mapping
from typing import Any

#: Names of settings that their plain spelling would not explain.
_SETTINGS = {
    "architecture": "Network",
    "labels": "Labels",
    "optimizer": "Optimiser",
    "batch_size": "Batch size",
    "ema": "EMA weights",
    "progressive_resizing_px": "Progressive resizing (px)",
    "full_size_fraction": "Fraction at full size",
    "init_from": "Initialised from checkpoint",
    "leak_free": "Without leaked images",
    "dataset_sha256": "Data (SHA-256)",
    "git_commit": "Git commit",
    "n_training_images": "Training images",
    "n_images": "Training images",
    "label_source": "Labels",
    "machine": "Processor",
}
_STATES = {"done": "finished", "shipped": "shipped model", "damaged": "cannot be read"}


def setting_name(key: str) -> str:
    """``"augmentation.rotation_deg"`` -> ``"Augmentation: rotation deg"``."""
    head, _, tail = key.partition(".")
    words = _SETTINGS.get(head, head.replace("_", " ").capitalize())
    return f"{words}: {tail.replace('_', ' ')}" if tail else words


def setting_value(value: Any) -> str:
    """A setting's value as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value in ("", (), []):
        return "none"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(setting_value(part) for part in value)
    return str(value)


def flat_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings as one level, with dotted names."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            flat.update({f"{key}.{name}": part for name, part in flat_settings(value).items()})
        else:
            flat[key] = value
    return flat


def state_words(state: str) -> str:
    """A run's state for people."""
    return _STATES.get(state, state)
