"""A tiny model with two heads, so that tests need no shipped one, beside one with a single head.

``two_heads.tflite`` is ``build_network``'s, written by ``python -m tests.two_heads``.
"""

import shutil
from pathlib import Path
from typing import Any

from emotion_core.classifiers.card import LITERT_FILE, ModelCard
from emotion_core.classifiers.heads import Head
from emotion_core.classifiers.readme import save_with_readme
from emotion_core.classifiers.registry import MODELS_ROOT, ModelRegistry
from emotion_core.emotions import FER2013
from emotion_core.files.atomic_files import file_sha256

#: Name of the model with two heads, and of the shipped one with the original labels' beside it.
TWO, ONE = "duo", "emotion-cnn"

#: 15 outputs: seven by the original labels, eight by the raters.
TFLITE = Path(__file__).with_suffix(".tflite")

HEADS = {
    "fer2013": Head(first=0, outputs=7, temperature=1.2, threshold=0.4),
    "raters": Head(
        first=7, outputs=8, temperature=0.9, threshold=0.6, contrast=-0.2, sharpness=-0.3
    ),
}


def build_network() -> Any:
    """A tiny Keras network with 15 outputs that differ from face to face."""
    import keras

    keras.utils.set_random_seed(3)
    inputs = keras.Input((48, 48, 1))
    x = keras.layers.Rescaling(1 / 127.5, -1.0)(inputs)
    x = keras.layers.AveragePooling2D(6)(x)
    x = keras.layers.Flatten()(x)
    features = keras.layers.Dense(16, activation="relu", name="features")(x)
    normal = keras.initializers.RandomNormal(stddev=1.0, seed=4)
    logits = keras.layers.Dense(15, kernel_initializer=normal, name="logits")(features)
    return keras.Model(inputs, logits)


def build_models(root: Path) -> Path:
    """A folder of these two models, made without TensorFlow."""
    folder = root / TWO
    folder.mkdir(parents=True)
    shutil.copyfile(TFLITE, folder / LITERT_FILE)
    save_with_readme(_card(folder), folder)
    shutil.copytree(MODELS_ROOT / ONE, root / ONE)
    ModelRegistry(root).choose_default(TWO)
    return root


def _card(folder: Path) -> ModelCard:
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
    )


if __name__ == "__main__":
    from emotion_core.classifiers.export import export_litert

    export_litert(build_network(), TFLITE, mode="float32")
