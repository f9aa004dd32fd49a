"""Loads Keras models of any age, once everything in the file is known to be harmless."""

from __future__ import annotations

import copy
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emotion_core.classifiers.quiet import load_tensorflow
from emotion_core.classifiers.third_party.hdf5 import MAX_MODEL_BYTES, text_of
from emotion_core.classifiers.third_party.keras2 import build_keras_2, is_keras_2
from emotion_core.classifiers.third_party.keras2_weights import assign, saved_layers
from emotion_core.classifiers.third_party.keras_archive import (
    WEIGHTS_FILE,
    is_zip,
    read_description,
)
from emotion_core.classifiers.third_party.keras_description import (
    check_description,
    check_known,
    keras_errors,
    rehearse,
)
from emotion_core.classifiers.third_party.weights_files import (
    check_archive,
    open_h5,
    read_weights,
)
from emotion_core.errors import ModelError
from emotion_core.files.outside_files import open_regular, parse_json
from emotion_core.native_messages import quiet

if TYPE_CHECKING:
    import keras

_CONFIG = "model_config"
_WEIGHTS = "model_weights"


def load_keras(path: Path) -> keras.Model:
    """Loads a Keras model for training, export or evaluation; see ``open_keras``.

    Raises:
        ModelError: it cannot be loaded.
    """
    try:
        return open_keras(path)
    except ModelError as error:
        raise ModelError(f"Cannot load a Keras model. {error}") from error


def open_keras(path: Path) -> keras.Model:
    """Loads a ``.keras`` file, or an HDF5 file with a whole model, of Keras 2 or 3.

    Args:
        path: the file; which form it has is seen from its content.

    Raises:
        ModelError: missing, damaged, larger than it says, with code or classes of its own, or
            reaching outside itself.
    """
    config, version = check_keras_file(path)
    load_tensorflow()
    with quiet():
        if is_zip(path):
            if is_keras_2(version, config):
                return _archive_of_keras_2(path, config)
            _rehearse_modern(config, path.name)
            return _by_keras(path, ".keras")
        if is_keras_2(version, config):
            model = build_keras_2(config, path.name)
            with open_h5(path, path.name) as file:
                weights = file.get(_WEIGHTS, file)
                assign(model, saved_layers(weights, path.name), path.name)
            return model
        _rehearse_modern(config, path.name)
        return _by_keras(path, ".h5")


def check_keras_file(path: Path) -> tuple[dict[str, Any], str]:
    """Looks through a Keras model without building it. Needs neither Keras nor TensorFlow.

    Returns:
        The description of the network, and the version of Keras that wrote it.

    Raises:
        ModelError: something is wrong with it.
    """
    if is_zip(path):
        check_archive(path)
        config, version = read_description(path)
    else:
        with open_h5(path, path.name) as file:
            if _CONFIG not in file.attrs:
                raise ModelError(f"{path.name}: wanted a whole Keras model. It holds weights only.")
            text = text_of(file.attrs[_CONFIG], f"{path.name}: {_CONFIG}")
            version = text_of(file.attrs.get("keras_version", ""), f"{path.name}: keras_version")
        config = parse_json(text, f"{path.name}: {_CONFIG}", ModelError)
    check_description(config, path.name)
    return config, version


def build_from_json(path: Path) -> keras.Model:
    """An untrained network by the file of ``model.to_json``, of Keras 2 or 3.

    Raises:
        ModelError: not such a file, or not a harmless one.
    """
    with open_regular(path, ModelError, max_bytes=32_000_000) as file:
        config = parse_json(file.read(), path.name, ModelError)
    check_description(config, path.name)
    load_tensorflow()
    with quiet():
        if is_keras_2(str(config.get("keras_version", "")), config):
            return build_keras_2(config, path.name)
        _rehearse_modern(config, path.name)
        with keras_errors(path.name):
            return _modern(config)


def _modern(config: dict[str, Any]) -> keras.Model:
    import keras

    plain = {**copy.deepcopy(config), "compile_config": None}
    if "module" not in plain:  # in HDF5, Keras 3 leaves out where its models come from
        kind = keras.Sequential if plain["class_name"] == "Sequential" else keras.Model
        return kind.from_config(plain["config"])
    return keras.models.model_from_json(json.dumps(plain))


def _rehearse_modern(config: dict[str, Any], name: str) -> None:
    check_known(config, name)
    rehearse(lambda: _modern(config), name)


def _by_keras(path: Path, suffix: str) -> keras.Model:
    """Keras goes by the file's name, so one with another name is copied."""
    import keras

    with tempfile.TemporaryDirectory(prefix="emotion-lens-") as folder, keras_errors(path.name):
        if path.suffix != suffix:
            renamed = Path(folder) / f"model{suffix}"
            with (
                open_regular(path, ModelError, max_bytes=MAX_MODEL_BYTES) as file,
                renamed.open("wb") as target,
            ):
                shutil.copyfileobj(file, target)
            path = renamed
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    if not isinstance(model, keras.Model):
        raise ModelError(f"{path.name}: wanted a Keras model. Received: {type(model).__name__}")
    return model


def _archive_of_keras_2(path: Path, config: dict[str, Any]) -> keras.Model:
    """Keras 2.12 to 2.15 wrote ``.keras`` files too, with Keras 2's descriptions."""
    model = build_keras_2(config, path.name)
    with tempfile.TemporaryDirectory(prefix="emotion-lens-") as folder, keras_errors(path.name):
        weights = Path(folder) / WEIGHTS_FILE
        weights.write_bytes(read_weights(path))
        model.load_weights(weights)
    return model
