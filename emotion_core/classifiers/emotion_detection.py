"""Weights that users of the project Emotion-detection have: numbers without their network.

Source: https://github.com/atulapra/Emotion-detection, which saves ``model.h5`` by
``save_weights`` and trains on folders in alphabetical order.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from emotion_core.classifiers.foreign_files import open_h5
from emotion_core.emotions import Emotion
from emotion_core.errors import ModelError

if TYPE_CHECKING:
    import h5py  # type: ignore[import-untyped]
    import keras

#: The order of Emotion-detection's outputs.
EMOTION_DETECTION_LABELS = (
    Emotion.ANGRY.value,
    Emotion.DISGUST.value,
    Emotion.FEAR.value,
    Emotion.HAPPY.value,
    Emotion.NEUTRAL.value,
    Emotion.SAD.value,
    Emotion.SURPRISE.value,
)

_Weights = list[npt.NDArray[Any]]


def load_emotion_detection(path: Path) -> keras.Model:
    """The 4-layer CNN with the weights of a file. Only numbers are read from it.

    Args:
        path: ``model.h5`` of ``save_weights`` under Keras 2, or ``.weights.h5`` of Keras 3.

    Returns:
        A model from (N, 48, 48, 1) float32 in 0-255 to (N, 7) logits.

    Raises:
        ModelError: these are not the weights of that network.
    """
    from emotion_core.classifiers.architectures import build_emotion_cnn

    model = build_emotion_cnn()
    wanted = [tuple(weight.shape) for weight in model.weights]
    with open_h5(path) as file:
        found = _in_order(file)
    received = [weight.shape for weight in found]
    if received != wanted:
        raise ModelError(
            f"{path.name} holds weights without their network, and they are not those of "
            f"Emotion-detection's. Wanted the shapes {wanted}. Received: {received}. Save the "
            "whole model (model.save) and add that."
        )
    if not all(np.isfinite(weight).all() for weight in found):
        raise ModelError(f"{path.name}: wanted finite weights. Some are not.")
    model.set_weights(found)
    return model


def _in_order(file: h5py.File) -> _Weights:
    """Kernel and bias of each layer, from the first to the last."""
    if "layer_names" in file.attrs:  # Keras 2
        layers = [file[_text(name)] for name in file.attrs["layer_names"]]
        return [
            np.asarray(layer[_text(name)])
            for layer in layers
            for name in layer.attrs.get("weight_names", ())
        ]
    # Keras 3: layers/conv2d_1/vars/0 and so on, in alphabetical order, convolutions before dense.
    found: list[tuple[str, int, _Weights]] = []
    layers_group = file.get("layers", file.get("_layer_checkpoint_dependencies", {}))
    for name, layer in layers_group.items():
        variables = layer.get("vars", {})
        if len(variables):
            kind, number = re.fullmatch(r"(.*?)_?(\d*)", name).groups()  # type: ignore[union-attr]
            values = [np.asarray(variables[key]) for key in sorted(variables, key=int)]
            found.append((kind, int(number or 0), values))
    return [
        value for _, _, values in sorted(found, key=lambda layer: layer[:2]) for value in values
    ]


def _text(name: bytes | str) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
