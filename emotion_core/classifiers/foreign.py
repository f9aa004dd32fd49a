"""Makes a model folder of somebody else's model: Keras, SavedModel or weights alone.

The only part beside ``export`` that needs TensorFlow; it runs once, when a model is added.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from emotion_core.classifiers.card import KERAS_FILE, LITERT_FILE, ModelCard
from emotion_core.classifiers.emotion_detection import (
    EMOTION_DETECTION_LABELS,
    load_emotion_detection,
)
from emotion_core.classifiers.foreign_files import Form, check_safe, form_of
from emotion_core.errors import ModelError
from emotion_core.files import file_sha256
from emotion_core.types import UInt8Array

if TYPE_CHECKING:
    import keras

#: What a network wants its pixels to be -> (factor, offset) from 0-255.
SCALES = {"0-255": (1.0, 0.0), "0-1": (1 / 255, 0.0), "-1-1": (1 / 127.5, -1.0)}

#: Weights are kept as they are: a foreign model shall answer as it does at home.
_EXPORT_MODE: Literal["float32"] = "float32"
_MAX_DIFFERENCE = 1e-3
_TRIALS = 64


#: What a card says where nobody told.
UNKNOWN_LICENCE = "unknown: ask whoever made the model"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignModel:
    """What has to be said of a foreign model, because its file does not.

    Attributes:
        name: of the new folder.
        title: name for people.
        description: one or two sentences.
        labels: emotions in the order of the outputs; empty for weights of Emotion-detection,
            whose order is known.
        scale: key of ``SCALES``; empty for weights of Emotion-detection.
        size_px: side of the input, where the file leaves it open.
        licence: of the weights.
        sources: where the model comes from.
        flip_average: whether the logits of a face and its mirror image are averaged.
    """

    name: str
    title: str
    description: str
    labels: tuple[str, ...] = ()
    scale: str = ""
    size_px: int = 48
    licence: str = UNKNOWN_LICENCE
    sources: tuple[str, ...] = ()
    flip_average: bool = False


def build_foreign_folder(path: Path, told: ForeignModel, folder: Path) -> ModelCard:
    """Writes the files of a model folder.

    Args:
        path: ``.keras`` or ``.h5`` file, or SavedModel folder.
        told: what is known of it.
        folder: an existing, empty folder.

    Returns:
        The card; it is not written yet.

    Raises:
        ModelError: unsafe, of no known form, labels or scale missing or wrong, or it cannot be
            converted.
    """
    # Here, because it needs TensorFlow, which takes seconds.
    from emotion_core.classifiers.export import export_litert, parity

    form = form_of(path)
    check_safe(path, form)
    labels = _labels(told, form)
    model = _as_served(path, form, told)
    if model.output_shape[-1] != len(labels):
        raise ModelError(
            f"{path.name} has {model.output_shape[-1]} outputs, but {len(labels)} labels were "
            f"given: {', '.join(labels)}. Give one label per output with --labels."
        )
    files = [LITERT_FILE]
    if form != Form.SAVED_MODEL:  # Keras does not store what it did not build
        model.save(folder / KERAS_FILE)
        files.append(KERAS_FILE)
    export_litert(model, folder / LITERT_FILE, mode=_EXPORT_MODE)
    size_px, channels = model.input_shape[1], 1
    agreement = parity(model, folder / LITERT_FILE, _trial_crops(size_px))
    if agreement.max_abs_diff > _MAX_DIFFERENCE:
        raise ModelError(
            f"{path.name}: the converted model answers otherwise, by up to "
            f"{agreement.max_abs_diff:.3f}. Wanted at most {_MAX_DIFFERENCE}. Not added."
        )
    return ModelCard(
        name=told.name,
        title=told.title,
        description=told.description,
        architecture="emotion-cnn" if form == Form.H5_WEIGHTS else f"foreign ({form})",
        labels=labels,
        input_size_px=size_px,
        input_channels=channels,
        crop_framing="fer2013",
        n_parameters=max(1, int(model.count_params())),
        temperature=1.0,
        threshold=0.0,
        flip_average=told.flip_average,
        metrics={},
        training=_training(path, form),
        licence=told.licence,
        sources=told.sources,
        files={name: file_sha256(folder / name) for name in files},
        created=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )


def _labels(told: ForeignModel, form: Form) -> tuple[str, ...]:
    from emotion_core.emotions import LabelSet

    if form == Form.H5_WEIGHTS and not told.labels:
        return EMOTION_DETECTION_LABELS
    if not told.labels:
        raise ModelError(
            "The file does not say what its outputs mean. Give their order with --labels, for "
            "example --labels angry,disgust,fear,happy,neutral,sad,surprise."
        )
    try:
        return LabelSet.from_names(told.labels).names
    except ValueError as error:
        raise ModelError(f"--labels: {error}") from error


def _training(path: Path, form: Form) -> dict[str, Any]:
    """What is known of its training: nothing, and the card says so."""
    file = path / "saved_model.pb" if form == Form.SAVED_MODEL else path
    return {
        "dataset": "unknown",
        "dataset_sha256": "",
        "n_images": 0,
        "label_source": "unknown",
        "epochs": 0,
        "recipe": f"trained elsewhere; added from {path.name} ({form})",
        "seed": 0,
        "leak_free": False,
        "foreign": True,
        "source_sha256": file_sha256(file),
    }


def _as_served(path: Path, form: Form, told: ForeignModel) -> keras.Model:
    """The model with our input (gray, 0-255) and our output (logits)."""
    if form == Form.H5_WEIGHTS:
        if told.scale:
            raise ModelError(
                "--scale: weights of Emotion-detection are for pixels in 0-1, which their network "
                "does by itself. Leave the option out."
            )
        return load_emotion_detection(path)
    if told.scale not in SCALES:
        raise ModelError(
            "The file does not say what its pixels must be. Give --scale: wanted one of "
            f"{', '.join(SCALES)}, as in its own training. Received: {told.scale or 'nothing'}."
        )
    inner = _inner(path, form, told.size_px)
    return _wrapped(inner, told)


@dataclass(frozen=True, slots=True)
class _Inner:
    """Somebody's network: tensor in, tensor out."""

    call: Any
    size_px: int
    channels: int


def _inner(path: Path, form: Form, size_px: int) -> _Inner:
    import keras as keras_library

    from emotion_core.classifiers.export import load_keras

    if form == Form.SAVED_MODEL:
        return _saved_model(path, size_px)
    model: Any = load_keras(path)
    if not isinstance(model, keras_library.Model):
        raise ModelError(f"{path.name}: wanted a Keras model. Received: {type(model).__name__}")
    return _Inner(model, *_checked_input(path, model.input_shape, size_px))


def _saved_model(path: Path, size_px: int) -> _Inner:
    import keras as keras_library
    import tensorflow as tf

    try:
        loaded = tf.saved_model.load(str(path))
        names = list(loaded.signatures)
        endpoint = "serving_default" if "serving_default" in names else names[0]
        signature = loaded.signatures[endpoint]
        (given,) = signature.structured_input_signature[1].values()
        (output,) = signature.structured_outputs
        layer = keras_library.layers.TFSMLayer(str(path), call_endpoint=endpoint)
    except (ValueError, IndexError, OSError, AttributeError, tf.errors.OpError) as error:
        raise ModelError(
            f"{path.name}: wanted a SavedModel with one signature of one input and one "
            f"output. {error}"
        ) from error
    shape = _checked_input(path, tuple(given.shape), size_px)
    return _Inner(lambda tensor: layer(tensor)[output], *shape)


def _checked_input(path: Path, shape: Any, size_px: int) -> tuple[int, int]:
    """(size, channels) of a network's input."""
    match shape:
        case (None, int() | None as height, int() | None as width, 1 | 3 as channels) if (
            height == width
        ):
            return height or size_px, channels
    raise ModelError(
        f"{path.name}: wanted one input (any, S, S, 1 or 3), rows and columns before channels. "
        f"Received: {shape}"
    )


def _wrapped(inner: _Inner, told: ForeignModel) -> keras.Model:
    from keras import Model, layers, ops

    inputs = layers.Input((inner.size_px, inner.size_px, 1), name="pixels")
    x = inputs
    if inner.channels == 3:
        x = layers.Concatenate()([x, x, x])
    factor, offset = SCALES[told.scale]
    if (factor, offset) != (1.0, 0.0):
        x = layers.Rescaling(factor, offset=offset)(x)
    outputs = inner.call(x)
    if len(outputs.shape) != 2:
        raise ModelError(f"Wanted one output per emotion. Received the shape {outputs.shape}")
    if _gives_probabilities(Model(inputs, outputs), inner.size_px):
        # The logarithms of probabilities are logits, less a constant that softmax ignores.
        outputs = ops.log(ops.maximum(outputs, 1e-30))
    return Model(inputs, outputs, name="foreign")


def _gives_probabilities(model: Any, size_px: int) -> bool:
    """Whether the outputs are probabilities; if not, they are taken for logits."""
    from emotion_core.classifiers.preprocessing import crops_to_tensor

    outputs = np.asarray(model(crops_to_tensor(_trial_crops(size_px)), training=False))
    if not np.isfinite(outputs).all():
        raise ModelError("The model's answers to trial pictures are not finite numbers.")
    sums = outputs.sum(axis=1)
    if (outputs >= 0).all() and np.allclose(sums, 1, atol=1e-3):
        return True
    if (outputs >= 0).all() and (outputs <= 1).all():
        raise ModelError(
            "Wanted logits, or probabilities that sum to 1. The outputs lie between 0 and 1 and "
            f"sum to {sums.min():.2f} to {sums.max():.2f}: one independent score per emotion is "
            "not supported."
        )
    return False


def _trial_crops(size_px: int) -> UInt8Array:
    """Noise of many grains: no faces, but it reaches every part of a network."""
    random = np.random.default_rng(0)
    crops = np.empty((_TRIALS, size_px, size_px), np.uint8)
    for crop in crops:
        side = int(random.integers(2, size_px + 1))
        coarse = random.integers(0, 256, (side, side), dtype=np.uint8)
        places = np.arange(size_px) * side // size_px
        crop[:] = coarse[np.ix_(places, places)]
    return crops
