"""Somebody's network as a Keras model from our pixels to logits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion_core.classifiers.quiet import load_tensorflow
from emotion_core.classifiers.third_party.keras_description import keras_errors
from emotion_core.classifiers.third_party.litert_trial import gives_probabilities, trial_crops
from emotion_core.errors import ModelError

if TYPE_CHECKING:
    import keras

_TRIALS = 64


@dataclass(frozen=True, slots=True)
class InnerNetwork:
    """Somebody's network: tensor in, tensor out."""

    call: Any
    size_px: int
    channels: int


def check_ends(path: Path, model: Any) -> None:
    """One input, one output; which of several is meant cannot be told from a file."""
    for what, ends in (("input", model.inputs), ("output", model.outputs)):
        if len(ends) != 1:
            listed = ", ".join(f"{end.name} {tuple(end.shape)}" for end in ends)
            raise ModelError(
                f"{path.name}: wanted a network with one {what}. It has {len(ends)}: {listed}. "
                f"Save a model with the {what} of the expressions alone."
            )


def is_many(shape: Any) -> bool:
    """Whether a model's input shape is a list or a dict of shapes, as it may be for one input."""
    return bool(shape) and isinstance(shape[0] if not isinstance(shape, dict) else shape, tuple)


def saved_model(path: Path, size_px: int) -> InnerNetwork:
    """Opens a TensorFlow SavedModel for faces of one size."""
    load_tensorflow()
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
    shape = checked_input(path, tuple(given.shape), size_px)
    return InnerNetwork(lambda tensor: layer(tensor)[output], *shape)


def checked_input(path: Path, shape: Any, size_px: int) -> tuple[int, int]:
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


def wrapped(inner: InnerNetwork, path: Path, scale: tuple[float, float]) -> keras.Model:
    """A Keras model around a network: gray faces in, scaled as the network wants them."""
    from keras import Model, layers, ops

    from emotion_core.classifiers.preprocessing import crops_to_tensor

    inputs = layers.Input((inner.size_px, inner.size_px, 1), name="pixels")
    x = inputs
    if inner.channels == 3:
        x = layers.Concatenate()([x, x, x])
    factor, offset = scale
    if (factor, offset) != (1.0, 0.0):
        x = layers.Rescaling(factor, offset=offset)(x)
    with keras_errors(path.name):
        outputs = inner.call(x)
        if isinstance(outputs, list | tuple):  # one, as a list
            (outputs,) = outputs
    if len(outputs.shape) != 2:
        raise ModelError(f"Wanted one output per emotion. Received the shape {outputs.shape}")
    trial = crops_to_tensor(trial_crops(inner.size_px, _TRIALS))
    with keras_errors(path.name):
        answers = np.asarray(Model(inputs, outputs)(trial, training=False))
    if gives_probabilities(answers):
        # The logarithms of probabilities are logits, less a constant that softmax ignores.
        outputs = ops.log(ops.maximum(outputs, 1e-30))
    return Model(inputs, outputs, name="third_party")
