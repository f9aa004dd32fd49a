"""Other people's models: they answer here as at home, or are refused with the reason."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from emotion_core.classifiers.card import ModelCard
from emotion_core.classifiers.readme import render_readme
from emotion_core.classifiers.runtime import LiteRTClassifier
from emotion_core.classifiers.third_party.known_networks import EMOTION_DETECTION_LABELS
from emotion_core.classifiers.third_party.third_party_models import (
    ThirdPartyModel,
    build_third_party_folder,
)
from emotion_core.errors import ModelError
from emotion_core.types import UInt8Array

# TensorFlow's variables do not know NumPy 2's copy keyword; saving a model runs into it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

_ORDER = ("angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised")


def told(**changes: Any) -> ThirdPartyModel:
    values = {"name": "theirs", "title": "Theirs", "description": "A model.", "labels": _ORDER}
    return ThirdPartyModel(**{**values, "scale": "0-1", **changes})


@pytest.fixture(scope="module")
def network() -> Callable[..., Any]:
    """Builds a small network as people publish them."""
    import keras
    from keras import layers

    def build(*, size: int = 48, channels: int = 1, n: int = 7, last: str = "softmax") -> Any:
        keras.utils.set_random_seed(3)
        return keras.Sequential(
            [
                keras.Input((size, size, channels)),
                layers.Conv2D(4, 3, strides=2, activation="relu"),
                layers.BatchNormalization(),
                layers.GlobalAveragePooling2D(),
                layers.Dense(n, activation=None if last == "logits" else last),
            ]
        )

    return build


@pytest.fixture
def add(tmp_path: Path) -> Callable[..., tuple[ModelCard, LiteRTClassifier]]:
    """Makes a model folder and opens what is served from it."""

    def make(path: Path, what: ThirdPartyModel) -> tuple[ModelCard, LiteRTClassifier]:
        folder = tmp_path / "folder"
        folder.mkdir()
        card = build_third_party_folder(path, what, folder)
        return card, LiteRTClassifier(folder, card)

    return make


def at_home(model: Any, faces: UInt8Array, scale: float, offset: float = 0.0) -> np.ndarray:
    """What a model answers when it is fed as its maker feeds it."""
    pixels = faces.astype(np.float32)[..., np.newaxis].repeat(model.input_shape[-1], axis=-1)
    return np.asarray(model(pixels * scale + offset, training=False))


def test_a_keras_file_answers_as_at_home(network, add, faces: UInt8Array, tmp_path: Path) -> None:
    model = network()
    model.save(tmp_path / "a.keras")
    card, served = add(tmp_path / "a.keras", told())
    assert card.labels == EMOTION_DETECTION_LABELS
    # One head, uncalibrated, for the labels of a data set: what it was trained on nobody knows.
    assert {name: (head.first, head.outputs) for name, head in card.heads.items()} == {
        "fer2013": (0, 7)
    }
    assert (card.head().temperature, card.head().threshold) == (1.0, 0.0)
    assert served.predict(faces).probabilities == pytest.approx(
        at_home(model, faces, 1 / 255), abs=1e-3
    )
    assert card.training["third_party"] is True
    assert "What it learned from is not known" in render_readme(card)


def test_an_old_h5_file_with_logits_and_three_channels(
    network, add, faces: UInt8Array, tmp_path: Path
) -> None:
    model = network(channels=3, last="logits")
    model.save(tmp_path / "b.h5")
    card, served = add(tmp_path / "b.h5", told(scale="-1-1", flip_tta=False))
    assert served.logits(faces) == pytest.approx(at_home(model, faces, 1 / 127.5, -1.0), abs=1e-3)
    assert card.input_channels == 1


def test_a_saved_model_answers_as_at_home(
    network, add, faces: UInt8Array, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = network()
    model.export(tmp_path / "saved")
    card, served = add(tmp_path / "saved", told(scale="0-255"))
    assert served.predict(faces).probabilities == pytest.approx(
        at_home(model, faces, 1.0), abs=1e-3
    )
    assert list(card.files) == ["model.tflite"]


@pytest.fixture(scope="module")
def emotion_detection() -> Any:
    """The network as that project builds it, for pixels / 255."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(5)
    model = keras.Sequential(
        [
            keras.Input((48, 48, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Conv2D(128, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(128, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(1024, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(7, activation="softmax"),
        ]
    )
    for layer in model.layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel * 1.5, np.linspace(-0.1, 0.1, len(bias))])
    return model


def save_as_keras_2(model: Any, path: Path) -> None:
    """The layout of ``save_weights("model.h5")`` under Keras 2."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        file.attrs["backend"] = b"tensorflow"
        for layer in model.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}/{w.name}:0".encode() for w in layer.weights]
            group.attrs["weight_names"] = names
            for name, weight in zip(names, layer.get_weights(), strict=True):
                group[name.decode()] = weight


@pytest.mark.parametrize("file", ["model.h5", "model.weights.h5"])
def test_weights_of_emotion_detection_need_nothing_said(
    emotion_detection: Any, add, faces: UInt8Array, tmp_path: Path, file: str
) -> None:
    path = tmp_path / file
    if file == "model.h5":
        save_as_keras_2(emotion_detection, path)
    else:
        emotion_detection.save_weights(path)
    card, served = add(path, told(labels=(), scale=""))
    assert card.labels == ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
    assert card.architecture == "emotion-cnn"
    expected = at_home(emotion_detection, faces, 1 / 255)
    assert expected.std() > 0.02  # or any two models would agree
    assert served.predict(faces).probabilities == pytest.approx(expected, abs=1e-3)


def test_files_that_carry_code_are_refused_before_they_are_loaded(add, tmp_path: Path) -> None:
    import keras
    import tensorflow as tf
    from keras import layers

    evil = keras.Sequential(
        [keras.Input((48, 48, 1)), layers.Lambda(lambda x: x), layers.Flatten(), layers.Dense(7)]
    )
    for name in ("evil.keras", "evil.h5"):
        evil.save(tmp_path / name)
        with pytest.raises(ModelError, match=rf"{name} is refused: its layers Lambda carry code"):
            build_third_party_folder(tmp_path / name, told(), tmp_path)

    class Writes(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 48, 48, 1), tf.float32)])
        def __call__(self, pixels: Any) -> Any:
            tf.io.write_file(str(tmp_path / "written"), "x")
            return tf.reshape(pixels, (-1, 48 * 48))[:, :7]

    module = Writes()
    tf.saved_model.save(module, str(tmp_path / "writes"), signatures=module.__call__)
    with pytest.raises(ModelError, match="writes is refused: it holds WriteFile"):
        build_third_party_folder(tmp_path / "writes", told(), tmp_path)
    assert not (tmp_path / "written").exists()


def test_what_is_missing_or_does_not_fit_is_told(network, tmp_path: Path) -> None:
    def refused(name: str, what: ThirdPartyModel) -> str:
        with pytest.raises(ModelError) as caught:
            build_third_party_folder(tmp_path / name, what, tmp_path)
        return str(caught.value)

    network().save(tmp_path / "a.keras")
    assert "--labels" in refused("a.keras", told(labels=()))
    assert "--scale" in refused("a.keras", told(scale=""))
    assert "Unknown emotion" in refused("a.keras", told(labels=("bored",) * 7))
    network(n=5).save(tmp_path / "five.keras")
    assert "5 outputs, but 7 labels" in refused("five.keras", told())
    network(last="sigmoid").save(tmp_path / "sigmoid.keras")
    assert "sum to" in refused("sigmoid.keras", told())
    network().save_weights(tmp_path / "other.weights.h5")
    assert "not those of Emotion-detection" in refused(
        "other.weights.h5", told(labels=(), scale="")
    )
    (tmp_path / "junk.h5").write_bytes(b"not a model")
    assert "neither a zip nor an HDF5" in refused("junk.h5", told())
    assert "There is no such thing" in refused("nothing.h5", told())
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "saved_model.pb").write_bytes(b"\xff\xff")
    assert "cannot be read" in refused("saved", told())
