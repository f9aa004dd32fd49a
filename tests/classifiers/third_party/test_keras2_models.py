"""The classic files of FER projects: Keras 2's HDF5, whole or weights alone, answer as at home."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from emotion_core.classifiers.preprocessing import crops_to_tensor
from emotion_core.classifiers.runtime import LiteRTClassifier
from emotion_core.classifiers.third_party.known_networks import KNOWN_NETWORKS
from emotion_core.classifiers.third_party.third_party_models import (
    SCALES,
    ThirdPartyModel,
    build_third_party_folder,
)
from emotion_core.errors import ModelError
from emotion_core.images import resize_image
from emotion_core.types import UInt8Array
from tests.classifiers.third_party import keras2_files

# TensorFlow's variables do not know NumPy 2's copy keyword; saving a model runs into it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

_LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def told(**changes: Any) -> ThirdPartyModel:
    values = {"name": "old", "title": "Old", "description": "Old.", "labels": _LABELS}
    return ThirdPartyModel(**{**values, "scale": "-1-1", **changes})


def known(title: str) -> Any:
    return next(network for network in KNOWN_NETWORKS if network.title.startswith(title))


def trained(model: Any) -> Any:
    """The network with weights as if it had been trained: no two layers alike."""
    random = np.random.default_rng(4)
    for variable in model.weights:
        shape = tuple(variable.shape)
        spread = 1.6 / np.sqrt(max(1, np.prod(shape[:-1])))
        if variable.name in ("moving_variance", "gamma"):
            value = random.uniform(0.5, 1.5, shape)
        else:
            value = random.normal(0, spread if len(shape) > 1 else 0.1, shape)
        variable.assign(value.astype(np.float32))
    return model


@pytest.fixture(scope="module")
def mini_xception() -> Any:
    return trained(known("mini_XCEPTION").build(64))


@pytest.fixture(scope="module")
def vgg_like() -> Any:
    return trained(known("facial_expression_model").build(48))


@pytest.fixture(scope="module")
def nested() -> Any:
    """A model in a model, as transfer learning makes it, with a residual inside."""
    from keras import Model, Sequential, layers

    inputs = layers.Input((48, 48, 3))
    x = layers.Conv2D(6, 3, strides=2, padding="same")(inputs)
    side = layers.Conv2D(6, 1, padding="same")(x)
    x = layers.BatchNormalization()(layers.Conv2D(6, 3, padding="same")(x))
    base = Model(inputs, layers.Add()([x, side]), name="base")
    layers_after = [layers.GlobalAveragePooling2D(), layers.Dense(7, activation="softmax")]
    return trained(Sequential([layers.Input((48, 48, 3)), base, *layers_after]))


@pytest.fixture
def served(tmp_path: Path) -> Callable[..., LiteRTClassifier]:
    def make(path: Path, what: ThirdPartyModel) -> LiteRTClassifier:
        folder = tmp_path / "folder"
        folder.mkdir()
        return LiteRTClassifier(folder, build_third_party_folder(path, what, folder))

    return make


def agrees(classifier: LiteRTClassifier, model: Any, faces: UInt8Array, scale: str) -> None:
    side = classifier.card.input_size_px
    crops = np.stack([resize_image(face, (side, side)) for face in faces[:40]])
    factor, offset = SCALES[scale]
    pixels = crops_to_tensor(crops).repeat(model.input_shape[-1], axis=-1) * factor + offset
    expected = np.asarray(model(pixels, training=False))
    assert expected.std(axis=0).max() > 0.01  # or any two models would agree
    assert classifier.predict(crops).probabilities == pytest.approx(expected, abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("mini.hdf5", "2.0.5"),
        ("mini.h5", "2.2.2"),
        ("mini.h5", "2.3.0-tf"),
        ("mini.hdf5", "2.15.0"),
        ("mini.model", "2.0.5"),
    ],
)
def test_a_mini_xception_of_keras_2(
    mini_xception: Any, served, faces: UInt8Array, tmp_path: Path, name: str, version: str
) -> None:
    keras2_files.write(tmp_path / name, mini_xception, version=version)
    classifier = served(tmp_path / name, told())
    assert classifier.card.input_size_px == 64
    agrees(classifier, mini_xception, faces, "-1-1")


@pytest.mark.parametrize("version", ["2.0.8", "2.4.0"])
def test_a_sequential_model_of_keras_2(
    vgg_like: Any, served, faces: UInt8Array, tmp_path: Path, version: str
) -> None:
    keras2_files.write(tmp_path / "vgg.h5", vgg_like, version=version)
    agrees(served(tmp_path / "vgg.h5", told(scale="0-1")), vgg_like, faces, "0-1")


@pytest.mark.parametrize("version", ["2.0.8", "2.4.0"])
def test_a_model_in_a_model_of_keras_2(
    nested: Any, served, faces: UInt8Array, tmp_path: Path, version: str
) -> None:
    keras2_files.write(tmp_path / "nested.h5", nested, version=version)
    agrees(served(tmp_path / "nested.h5", told(scale="0-1")), nested, faces, "0-1")


@pytest.mark.parametrize(
    ("title", "scale", "size_px"), [("mini_X", "-1-1", 64), ("facial_", "0-1", 48)]
)
def test_weights_of_well_known_networks_need_nothing_said(
    served, faces: UInt8Array, tmp_path: Path, title: str, scale: str, size_px: int
) -> None:
    model = trained(known(title).build(size_px))
    keras2_files.write(tmp_path / "w.hdf5", model, whole=False)
    classifier = served(tmp_path / "w.hdf5", told(labels=(), scale=""))
    assert classifier.card.labels == _LABELS
    assert classifier.card.input_size_px == size_px
    agrees(classifier, model, faces, scale)


@pytest.mark.parametrize("version", ["2.0.8", "2.4.0", "3"])
def test_weights_with_the_json_of_their_network(
    nested: Any, served, faces: UInt8Array, tmp_path: Path, version: str
) -> None:
    network, weights = tmp_path / "fer.json", tmp_path / "fer.weights.h5"
    if version == "3":
        network.write_text(nested.to_json())
        nested.save_weights(weights)
    else:
        network.write_text(json.dumps(keras2_files.description(nested, version)))
        keras2_files.write(weights, nested, whole=False, version=version)
    agrees(served(weights, told(scale="0-1", network=network)), nested, faces, "0-1")


def test_a_keras_file_of_keras_2(vgg_like: Any, served, faces: UInt8Array, tmp_path: Path) -> None:
    """Keras 2.12 to 2.15 wrote zips, with Keras 2's descriptions."""
    import zipfile

    vgg_like.save(tmp_path / "new.keras")
    old = tmp_path / "old.keras"
    with zipfile.ZipFile(tmp_path / "new.keras") as given, zipfile.ZipFile(old, "w") as made:
        config = keras2_files.description(vgg_like, "2.13.1")
        for layer in config["config"]["layers"]:
            layer |= {"module": "keras.layers", "registered_name": None}
        config |= {"module": "keras.src.engine.sequential", "registered_name": "Sequential"}
        made.writestr("config.json", json.dumps(config))
        made.writestr("metadata.json", json.dumps({"keras_version": "2.13.1"}))
        made.writestr("model.weights.h5", given.read("model.weights.h5"))
    agrees(served(old, told(scale="0-1")), vgg_like, faces, "0-1")


def refused(path: Path, what: ThirdPartyModel) -> str:
    with pytest.raises(ModelError) as caught:
        build_third_party_folder(path, what, path.parent)
    text = str(caught.value)
    assert len(text) < 700
    assert "\n" not in text
    return text


def test_two_outputs_are_named(mini_xception: Any, tmp_path: Path) -> None:
    from keras import Model, layers

    pooled = mini_xception.layers[-2].output
    age = layers.Dense(1, name="age")(pooled)
    both = Model(mini_xception.inputs, [mini_xception.outputs[0], age])
    keras2_files.write(tmp_path / "two.hdf5", both)
    both.save(tmp_path / "two.keras")
    for name in ("two.hdf5", "two.keras"):
        text = refused(tmp_path / name, told())
        assert "one output. It has 2" in text
        assert "(None, 1)" in text


def test_a_class_of_ones_own_is_named_with_what_to_do(tmp_path: Path) -> None:
    import keras
    from keras import layers

    @keras.saving.register_keras_serializable(package="Mine")
    class Wobble(layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    class Plain(layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    def bend(x: Any) -> Any:
        return x

    for name, layer in (
        ("Wobble", Wobble()), ("Plain", Plain()), ("bend", layers.Activation(bend))
    ):  # fmt: skip
        model = keras.Sequential(
            [keras.Input((48, 48, 1)), layer, layers.Flatten(), layers.Dense(7)]
        )
        for path in (tmp_path / f"{name}.keras", tmp_path / f"{name}.h5"):
            model.save(path)
            text = refused(path, told())
            assert f"{name} is a class of its maker's own" in text, text
            assert "SavedModel" in text
    # As Keras 2 wrote it: by its bare name.
    config = {"class_name": "Sequential", "config": [
        {"class_name": "Gabor", "config": {"name": "g", "batch_input_shape": [None, 48, 48, 1]}}
    ]}  # fmt: skip
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(config).encode()
    assert "Gabor is a class of its maker's own" in refused(tmp_path / "old.h5", told())


def test_weights_that_belong_nowhere_are_described(mini_xception: Any, tmp_path: Path) -> None:
    from keras import Sequential, layers

    other = Sequential([layers.Input((48, 48, 1)), layers.Conv2D(3, 3)])
    keras2_files.write(tmp_path / "w.h5", other, whole=False)
    text = refused(tmp_path / "w.h5", told(labels=(), scale=""))
    assert "(3, 3, 1, 3)" in text
    assert "--network" in text
    (tmp_path / "n.json").write_text(json.dumps(keras2_files.description(mini_xception)))
    text = refused(tmp_path / "w.h5", told(network=tmp_path / "n.json"))
    assert "layers with weights. Received: 1" in text
