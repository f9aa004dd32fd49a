"""Cards and model folders for the tests of this folder."""

from collections.abc import Callable
from typing import Any

import pytest

from emotion_core.classifiers.card import ModelCard
from emotion_core.emotions import FER2013


def card_values(**changes: Any) -> dict[str, Any]:
    """Arguments of a valid card, some of them changed."""
    metrics = {
        "n": 3589,
        "accuracy": 0.66,
        "accuracy_ci95": [0.644, 0.675],
        "macro_f1": 0.64,
        "per_class": {
            name: {"precision": 0.6, "recall": 0.5 + label / 20, "f1": 0.6, "support": 500}
            for label, name in enumerate(FER2013.names)
        },
        "confusion": [[400 if i == j else 10 for j in range(7)] for i in range(7)],
        "ece": 0.02,
        "n_unseen": 3265,
        "accuracy_unseen": 0.65,
        "threshold": 0.45,
        "coverage": 0.8,
        "accuracy_covered": 0.75,
    }
    values: dict[str, Any] = {
        "name": "compact",
        "title": "Compact residual network",
        "description": "A small residual network for 48x48 gray faces.",
        "architecture": "compact",
        "labels": FER2013.names,
        "input_size_px": 48,
        "input_channels": 1,
        "crop_framing": "fer2013",
        "n_parameters": 1_200_000,
        "temperature": 1.3,
        "threshold": 0.45,
        "flip_average": True,
        "metrics": {"validation": {**metrics, "n": 3588}, "test": metrics},
        "training": {
            "dataset": "fer2013",
            "dataset_sha256": "0" * 64,
            "n_images": 27_000,
            "label_source": "mixed",
            "epochs": 50,
            "recipe": "compact",
            "seed": 0,
            "leak_free": True,
        },
        "licence": "MIT",
        "sources": ("FER-2013, arXiv 1307.0414", "FER+, arXiv 1608.01041"),
        "files": {"model.keras": "a" * 64, "model.tflite": "b" * 64},
        "ms_per_face": 0.7,
        "created": "2025-11-22",
    }
    return {**values, **changes}


@pytest.fixture
def make_card() -> Callable[..., ModelCard]:
    """Builds a valid card; keyword arguments replace its values."""

    def make(**changes: Any) -> ModelCard:
        return ModelCard(**card_values(**changes))

    return make
