"""Cards, networks and model folders for the tests of this folder."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data

from emotion_core.classifiers.card import LITERT_FILE, ModelCard
from emotion_core.classifiers.export import export_litert
from emotion_core.classifiers.heads import Head
from emotion_core.classifiers.preprocessing import crops_to_tensor
from emotion_core.emotions import FER2013
from emotion_core.files.atomic_files import file_sha256
from emotion_core.types import UInt8Array


def one_head(labels: str = "fer2013", **changes: Any) -> dict[str, Head]:
    """The heads of a card that has only one, some of its values changed."""
    values: dict[str, Any] = {"first": 0, "outputs": 7, "temperature": 1.3, "threshold": 0.45}
    return {labels: Head(**{**values, **changes})}


def two_heads(**changes: Any) -> dict[str, Head]:
    """Those of a network with 7 and 8 outputs; the changes are the raters'."""
    raters: dict[str, Any] = {"first": 7, "outputs": 8, "temperature": 0.8, "threshold": 0.5}
    return {
        "raters": Head(**{**raters, **changes}),
        "fer2013": Head(first=0, outputs=7, temperature=1.3, threshold=0.45),
    }


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
        "heads": one_head(),
        "flip_tta": True,
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


@pytest.fixture(scope="session")
def faces() -> UInt8Array:
    """(100, 48, 48) uint8: real faces (Labeled Faces in the Wild, as scikit-image ships them)."""
    small = skimage.data.lfw_subset()[:100]
    return np.stack([cv2.resize(np.uint8(face * 255), (48, 48)) for face in small])


@pytest.fixture(scope="session")
def networks(faces: UInt8Array) -> dict[str, Any]:
    """Untrained networks by architecture, with outputs that differ from face to face.

    The outputs of a fresh network hardly depend on its input; any two would seem to agree.
    """
    import keras

    from emotion_core.classifiers.architectures import build_model

    built = {}
    for name in ("compact", "emotion-cnn"):
        keras.utils.set_random_seed(7)
        network = build_model(name)
        logits = np.asarray(network(crops_to_tensor(faces), training=False))
        last = network.get_layer("logits")
        kernel, bias = last.get_weights()
        spread = 2 / logits.std(axis=0).mean()
        last.set_weights([kernel * spread, bias - logits.mean(axis=0) * spread])
        built[name] = network
    return built


@pytest.fixture(scope="session")
def exported(networks: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same networks as ``.tflite`` files."""
    folder = tmp_path_factory.mktemp("exported")
    return {
        name: export_litert(network, folder / f"{name}.tflite")
        for name, network in networks.items()
    }


@pytest.fixture
def make_folder(
    make_card: Callable[..., ModelCard], exported: dict[str, Path], tmp_path: Path
) -> Callable[..., Path]:
    """Builds a whole model folder; keyword arguments replace values of its card."""

    def make(root: Path = tmp_path / "models", **changes: Any) -> Path:
        card = make_card(**changes)
        folder = root / card.name
        folder.mkdir(parents=True)
        shutil.copyfile(exported[card.architecture], folder / LITERT_FILE)
        files = {LITERT_FILE: file_sha256(folder / LITERT_FILE)}
        dataclasses.replace(card, files=changes.get("files", files)).save(folder)
        return folder

    return make
