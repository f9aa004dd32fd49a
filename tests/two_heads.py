"""A model with two heads, as no shipped one is needed to have, and one with a single head."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from emotion_core.classifiers.card import LITERT_FILE, ModelCard
from emotion_core.classifiers.heads import Head
from emotion_core.classifiers.readme import save_with_readme
from emotion_core.classifiers.registry import MODELS_ROOT, ModelRegistry
from emotion_core.emotions import FER2013
from emotion_core.files.atomic_files import file_sha256

#: Name of the model with two heads, and of the shipped one with the original labels' beside it.
TWO, ONE = "duo", "emotion-cnn"

HEADS = {
    "fer2013": Head(first=0, outputs=7, temperature=1.2, threshold=0.4),
    "raters": Head(
        first=7, outputs=8, temperature=0.9, threshold=0.6, contrast=-0.2, sharpness=-0.3
    ),
}


def build_models(root: Path) -> Path:
    """A folder of two models: random weights, but outputs that differ from face to face."""
    import keras

    from emotion_core.classifiers.architectures import build_model
    from emotion_core.classifiers.export import export_litert

    keras.utils.set_random_seed(3)
    network = build_model("emotion-cnn", n_classes=15)
    noise = np.random.default_rng(0).uniform(0, 255, (64, 48, 48, 1)).astype(np.float32)
    logits = np.asarray(network(noise, training=False))
    last = network.get_layer("logits")
    kernel, bias = last.get_weights()
    spread = 2 / logits.std(axis=0).mean()
    last.set_weights([kernel * spread, bias - logits.mean(axis=0) * spread])
    folder = root / TWO
    folder.mkdir(parents=True)
    export_litert(network, folder / LITERT_FILE)
    save_with_readme(_card(folder, n_parameters=int(network.count_params())), folder)
    shutil.copytree(MODELS_ROOT / ONE, root / ONE)
    ModelRegistry(root).choose_default(TWO)
    return root


def _card(folder: Path, **changes: Any) -> ModelCard:
    like = ModelRegistry(MODELS_ROOT).card(ONE)

    def figures(accuracy: float, happy: float) -> dict[str, Any]:
        recalls = dict.fromkeys(FER2013.names, 0.5) | {"happy": happy}
        return {
            **like.metrics["test"],
            "accuracy": accuracy,
            "accuracy_ci95": [accuracy - 0.01, accuracy + 0.01],
            "per_class": {
                name: {"precision": 0.5, "recall": recall, "f1": 0.5, "support": 100}
                for name, recall in recalls.items()
            },
            "ece_shifted": accuracy / 20,
            "resting_misread": {
                "majority": accuracy / 10,
                "votes_8": accuracy / 100,
                "n": 1085,
                "n_votes_8": 400,
            },
        }

    return like.replaced(
        name=TWO,
        title="Two heads",
        use_for="tests: both kinds of labels",
        heads=HEADS,
        metrics={"test": figures(0.71, 0.91), "test_ferplus": figures(0.88, 0.97)},
        training={**like.training, "label_source": "multi-task"},
        files={LITERT_FILE: file_sha256(folder / LITERT_FILE)},
        **changes,
    )
