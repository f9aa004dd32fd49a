"""Models that Keras 2 wrote, brought into the form that Keras 3 reads.

Most published FER networks are such HDF5 files (2017 to 2023). Keras 3 reads many of them and
fails on the rest: lists in place of one input or output, a Sequential model that is a bare list,
names with a slash, arguments that never meant anything.
"""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from emotion_core.classifiers.third_party.keras_description import (
    check_known,
    keras_errors,
    rehearse,
)
from emotion_core.errors import ModelError

if TYPE_CHECKING:
    import keras

_MODELS = frozenset({"Model", "Functional", "Sequential"})
# Arguments that Keras 2 wrote where they have no meaning or only one that is always kept:
# SeparableConv2D has no kernel of its own, and one group is no grouping.
_MEANINGLESS: dict[str, tuple[Any, ...]] = {
    "groups": (1,),
    "kernel_initializer": (),
    "kernel_regularizer": (),
    "kernel_constraint": (),
    "ragged": (False,),
    "sparse": (False,),
    "implementation": (),
    "input_dtype": (),
    "noise_shape": (None,),
    "virtual_batch_size": (None,),
    "fused": (),
    "renorm": (False,),
    "output_padding": (None,),
    "interpolation": ("nearest",),
}
# What a name scope of TensorFlow may not hold, and a layer of Keras 3 may not be called.
_ODD = re.compile(r"[^A-Za-z0-9_.-]")
_BATCH = ("batch_input_shape", "batch_shape")


def is_keras_2(version: str, config: Any) -> bool:
    """Whether a description is Keras 2's (or 1's): by the version, or by how it looks."""
    if version:
        return version.startswith(("1.", "2."))
    return not any("module" in part for part in _layers_of(config))


def build_keras_2(config: dict[str, Any], name: str) -> keras.Model:
    """The network of a description by Keras 2, without its weights.

    Args:
        config: the description.
        name: of the file, for errors.

    Raises:
        ModelError: it is not a model, or Keras 3 does not have what it asks for.
    """
    import keras

    try:
        modern = _modern(config)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise ModelError(
            f"{name}: wanted the description of a Keras model. It is damaged: {error!r:.100}"
        ) from error
    check_known(modern, name)
    kind = keras.Sequential if modern["class_name"] == "Sequential" else keras.Model

    def build() -> Any:
        return kind.from_config(copy.deepcopy(modern["config"]))

    rehearse(build, name)
    with keras_errors(name):
        return build()


def layer_name(name: str) -> str:
    """A layer's name as Keras 3 and TensorFlow take it: no slash, no blank."""
    plain = _ODD.sub("_", name)
    return plain if plain[:1].isalnum() else f"layer{plain}"


def _modern(config: dict[str, Any]) -> dict[str, Any]:
    """A model's description in the form of Keras 3."""
    inner = config["config"]
    if config["class_name"] == "Sequential":
        return {**config, "config": _sequential(inner, config.get("name"))}
    if not isinstance(inner, dict) or not isinstance(inner.get("layers"), list):
        raise ValueError("no list of layers")
    return {
        "class_name": "Functional",
        "config": {
            "name": layer_name(str(inner.get("name") or "model")),
            "trainable": inner.get("trainable", True),
            "layers": [_node(layer) for layer in inner["layers"]],
            "input_layers": _ends(inner["input_layers"]),
            "output_layers": _ends(inner["output_layers"]),
        },
    }


def _sequential(inner: Any, name: Any) -> dict[str, Any]:
    """Before 2.2.3 a Sequential model was a bare list of its layers."""
    bare = isinstance(inner, list)
    layers = inner if bare else inner["layers"]
    found = [_layer(layer) for layer in layers]
    first = found[0]["config"]
    if found[0]["class_name"] in _MODELS or found[0]["class_name"] == "InputLayer":
        start = []
    else:
        shape: Any = next(
            (layers[0]["config"][key] for key in _BATCH if key in layers[0]["config"]), 0
        )
        if not shape and not bare:
            shape = inner.get("build_input_shape")
        if not shape:
            raise ValueError("no size of the input")
        start = [
            {
                "class_name": "InputLayer",
                "config": {"batch_shape": list(shape), "name": f"{first['name']}_input"},
            }
        ]
    title = name if bare else inner.get("name", name)
    return {"name": layer_name(str(title or "sequential")), "layers": [*start, *found]}


def _node(layer: dict[str, Any]) -> dict[str, Any]:
    """A layer of a functional model, with what flows into it."""
    made = _layer(layer)
    name = layer_name(layer.get("name") or made["config"]["name"])
    made["config"]["name"] = name
    nodes = [_calls(node) for node in layer.get("inbound_nodes", [])]
    return {**made, "name": name, "inbound_nodes": nodes}


def _calls(node: Any) -> list[Any]:
    """One use of a layer: [[layer, node, tensor, arguments], ...]."""
    if node and isinstance(node[0], str):  # only one tensor flows in
        node = [node]
    calls = []
    for owner, *rest in node:
        numbers, arguments = rest[:2], rest[2] if len(rest) > 2 else {}
        calls.append([layer_name(owner), *numbers, arguments])
    return calls


def _layer(layer: dict[str, Any]) -> dict[str, Any]:
    kind = str(layer["class_name"]).rpartition(">")[2]
    if kind in _MODELS:
        # The whole of a nested model stands where other layers have their settings.
        nested = _modern({**layer, "class_name": kind})
        return {"class_name": nested["class_name"], "config": nested["config"]}
    values = dict(layer["config"])
    shape: Any = next((values.pop(key) for key in _BATCH if key in values), None)
    if kind == "InputLayer":
        name = layer_name(str(values.get("name") or layer.get("name") or "input"))
        return {
            "class_name": kind,
            "config": {"batch_shape": list(shape), "dtype": "float32", "name": name},
        }
    values["name"] = layer_name(str(values.get("name") or layer.get("name")))
    # How the pieces were trained has no part in what they compute.
    for key in list(values):
        if key.endswith(("_regularizer", "_constraint")) and isinstance(values[key], dict):
            values[key] = None
    if isinstance(values.get("dtype"), dict):  # a mixed precision policy
        values["dtype"] = "float32"
    axis = values.get("axis")
    if isinstance(axis, list) and len(axis) == 1:
        values["axis"] = int(axis[0])
    return {"class_name": kind, "config": _known_arguments(kind, values)}


def _known_arguments(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """Leaves out what Keras 3's layer does not take, where that changes nothing."""
    from keras import layers

    cls = getattr(layers, kind, None)
    if cls is None:
        return values
    known = {"name", "dtype", "trainable", *inspect.signature(cls.__init__).parameters}
    for key in set(values) - known:
        harmless = _MEANINGLESS.get(key)
        if harmless is not None and (not harmless or values[key] in harmless):
            del values[key]
    return values


def _ends(ends: Any) -> Any:
    """Inputs or outputs; one alone is not a list, so that the model gives a tensor."""
    if ends and isinstance(ends[0], str):
        ends = [ends]
    found = [[layer_name(owner), *rest] for owner, *rest in ends]
    return found[0] if len(found) == 1 else found


def _layers_of(config: Any) -> Iterator[dict[str, Any]]:
    inner = config.get("config") if isinstance(config, dict) else None
    layers: Iterable[Any] = inner if isinstance(inner, list) else ()
    if isinstance(inner, dict) and isinstance(inner.get("layers"), list):
        layers = inner["layers"]
    yield from (layer for layer in layers if isinstance(layer, dict))
