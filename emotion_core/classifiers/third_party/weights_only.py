"""Weights without their network: those of well-known FER projects, or any with its JSON.

Many projects publish ``save_weights`` beside ``to_json``, or beside nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emotion_core.classifiers.quiet import load_tensorflow
from emotion_core.classifiers.third_party.keras2_weights import (
    SavedLayer,
    array_of,
    assign,
    saved_layers,
)
from emotion_core.classifiers.third_party.keras_description import keras_errors
from emotion_core.classifiers.third_party.keras_loading import build_from_json
from emotion_core.classifiers.third_party.known_networks import KNOWN_NETWORKS, KnownNetwork
from emotion_core.classifiers.third_party.weights_files import open_h5
from emotion_core.errors import ModelError
from emotion_core.native_messages import quiet

if TYPE_CHECKING:
    import h5py  # type: ignore[import-untyped]
    import keras

# Where Keras 3 keeps the layers of a model.
_KERAS_3 = ("layers", "_layer_checkpoint_dependencies")


def load_known(path: Path, size_px: int | None = None) -> tuple[keras.Model, KnownNetwork]:
    """The network that weights belong to, with the weights. Only numbers are read from the file.

    Args:
        path: HDF5 of ``save_weights`` under Keras 2 or 3.
        size_px: side of the input, for networks that take any.

    Raises:
        ModelError: these are not the weights of a network that is known here.
    """
    with open_h5(path, path.name) as file:
        saved = _layers(file, path.name)
    load_tensorflow()
    with quiet():
        for known in KNOWN_NETWORKS:
            side = size_px if known.any_size and size_px else known.size_px
            model = known.build(side)
            if _put(model, saved):
                return model, known
    shapes = [weight.shape for layer in saved for weight in layer.weights]
    listed = ", ".join(map(str, shapes[:6])) + (", ..." if len(shapes) > 6 else "")
    raise ModelError(
        f"{path.name} holds weights without their network, and they are not those of "
        f"{', '.join(known.title for known in KNOWN_NETWORKS)}. Received {len(shapes)} arrays of "
        f"the shapes {listed or 'none'}. Give the network with --network FILE (the JSON of "
        "model.to_json()), or save the whole model (model.save) and add that."
    )


def load_with_network(path: Path, network: Path) -> keras.Model:
    """A network by its JSON, with weights from another file.

    Args:
        path: HDF5 of ``save_weights`` under Keras 2 or 3.
        network: the file of ``model.to_json()``.

    Raises:
        ModelError: one of them is damaged or unsafe, or they do not fit each other.
    """
    model = build_from_json(network)
    with open_h5(path, path.name) as file:
        if "layer_names" in file.attrs or "layer_names0" in file.attrs:
            assign(model, saved_layers(file, path.name), path.name)
            return model
    if not path.name.endswith(".weights.h5"):
        raise ModelError(
            f"{path.name}: weights of Keras 3 must be in a file whose name ends in .weights.h5. "
            "Rename it."
        )
    with quiet(), keras_errors(path.name):
        model.load_weights(path)
    return model


def _layers(file: h5py.File, name: str) -> list[SavedLayer]:
    if "layer_names" in file.attrs or "layer_names0" in file.attrs:
        return saved_layers(file, name)
    import h5py

    # Keras 3: layers/conv2d_1/vars/0 and so on.
    found = []
    group: Any = next((file[key] for key in _KERAS_3 if key in file), {})
    for key, layer in group.items() if isinstance(group, h5py.Group) else ():
        variables = layer.get("vars") if isinstance(layer, h5py.Group) else None
        if not isinstance(variables, h5py.Group) or not len(variables):
            continue
        names = sorted((n for n in variables if n.isdecimal()), key=int)
        arrays = tuple(array_of(variables[n], f"{name}: {key}") for n in names)
        found.append(SavedLayer(key, tuple(names), arrays))
    return found


def _put(model: keras.Model, saved: list[SavedLayer]) -> bool:
    """Sets the weights if they fit: in the order of the file, or in that of their making."""
    layers = [layer for layer in model.layers if layer.weights]
    for given, wanted in ((saved, layers), (_as_made(saved), _as_made(layers))):
        shapes = [[weight.shape for weight in layer.weights] for layer in given]
        if shapes == [[tuple(v.shape) for v in _variables(layer)] for layer in wanted]:
            for layer, source in zip(wanted, given, strict=True):
                for variable, weight in zip(_variables(layer), source.weights, strict=True):
                    variable.assign(weight)
            return True
    return False


def _variables(layer: Any) -> list[Any]:
    return list(layer.trainable_weights + layer.non_trainable_weights)


def _as_made(layers: Sequence[Any]) -> list[Any]:
    """Sorted by kind and number: conv2d, conv2d_1, ..., dense, ...; numbers start anywhere."""

    def place(layer: Any) -> tuple[str, int]:
        kind, number = re.fullmatch(r"(.*?)_?(\d*)", layer.name, re.DOTALL).groups()  # type: ignore[union-attr]
        return kind, int(number[:9] or 0)

    return sorted(layers, key=place)
