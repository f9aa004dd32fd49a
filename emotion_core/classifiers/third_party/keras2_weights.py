"""Weights in HDF5 as Keras 2 laid them out, put into a network by the names of its layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from emotion_core.classifiers.third_party.hdf5 import texts
from emotion_core.classifiers.third_party.keras2 import layer_name
from emotion_core.errors import ModelError

if TYPE_CHECKING:
    import h5py  # type: ignore[import-untyped]
    import keras


@dataclass(frozen=True, slots=True)
class SavedLayer:
    """The weights of one layer, in the order in which they were saved.

    Attributes:
        name: of the layer.
        names: of the weights, e.g. ``"conv2d_1/kernel:0"``.
        weights: the arrays.
    """

    name: str
    names: tuple[str, ...]
    weights: tuple[npt.NDArray[Any], ...]


def saved_layers(group: h5py.Group, name: str) -> list[SavedLayer]:
    """The layers with weights of ``save_weights`` (or of a whole model) under Keras 2.

    Raises:
        ModelError: names that lead nowhere.
    """
    import h5py

    layers = []
    for layer in texts(group, "layer_names"):
        place = group.get(layer)
        if not isinstance(place, h5py.Group):
            raise ModelError(f"{name}: a damaged file. It has no weights for its layer {layer!r}.")
        names = texts(place, "weight_names")
        found = [place.get(weight) for weight in names]
        if not all(isinstance(item, h5py.Dataset) for item in found):
            raise ModelError(f"{name}: a damaged file. Weights of its layer {layer!r} are missing.")
        if names:
            arrays = tuple(array_of(item, f"{name}: {layer}") for item in found)
            layers.append(SavedLayer(layer, tuple(names), arrays))
    return layers


def array_of(dataset: Any, where: str) -> npt.NDArray[Any]:
    """The numbers of a data set of weights.

    Raises:
        ModelError: no data set, or not of finite numbers.
    """
    if not hasattr(dataset, "dtype") or dataset.dtype.kind not in "fiub":
        raise ModelError(f"{where}: wanted weights that are numbers. Received: {dataset!r:.60}")
    values = np.asarray(dataset)
    if not np.isfinite(values).all():
        raise ModelError(f"{where}: wanted finite weights. Some are not.")
    return values


def assign(model: keras.Model, saved: list[SavedLayer], name: str) -> None:
    """Puts saved weights into a network, each to the layer of its name.

    Raises:
        ModelError: they are not of this network.
    """
    wanted = {layer.name: layer for layer in model.layers if layer.weights}
    given = {layer_name(layer.name): layer for layer in saved}
    if wanted.keys() != given.keys():
        # Some programs renamed the layers and kept their order.
        if len(wanted) != len(saved):
            raise ModelError(
                f"{name}: its weights are not those of its network: wanted {len(wanted)} layers "
                f"with weights. Received: {len(saved)}"
            )
        given = dict(zip(wanted, saved, strict=True))
    for layer_key, layer in wanted.items():
        _assign_layer(layer, given[layer_key], name)


def _assign_layer(layer: Any, saved: SavedLayer, name: str) -> None:
    # Keras 2 saves what is trained before what is not, across all layers of a nested model.
    variables = layer.trainable_weights + layer.non_trainable_weights
    order = _order_by_name(layer, saved) or range(len(saved.weights))
    wanted = [tuple(variable.shape) for variable in variables]
    received = [saved.weights[i].shape for i in order]
    if wanted != received:
        raise ModelError(
            f"{name}: the weights of its layer {saved.name} do not fit its network: wanted the "
            f"shapes {wanted}. Received: {received}"
        )
    for variable, i in zip(variables, order, strict=True):
        variable.assign(saved.weights[i])


def _order_by_name(layer: Any, saved: SavedLayer) -> list[int] | None:
    """Places of a nested model's weights by the names of its layers; None where they do not tell.

    Keras 3 may hold the layers of a nested model in another order than Keras 2 did.
    """
    if not hasattr(layer, "layers"):
        return None
    places: dict[tuple[str, str], int] = {}
    for i, weight in enumerate(saved.names):
        *_, owner, kind = ["", *weight.split("/")]
        places[layer_name(owner), kind.partition(":")[0]] = i
    order = []
    for variable in layer.trainable_weights + layer.non_trainable_weights:
        owner = next(
            (part.name for part in layer.layers if any(w is variable for w in part.weights)), ""
        )
        order.append(places.get((owner, variable.name), -1))
    return order if sorted(order) == list(range(len(saved.names))) else None
