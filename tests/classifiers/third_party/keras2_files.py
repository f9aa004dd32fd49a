"""Writes HDF5 files as Keras 2 wrote them, from networks that Keras 3 built.

The descriptions follow those of published models: facial_expression_model_structure.json of
github.com/serengil/tensorflow-101 (Keras 2.0.8), fer2013_mini_XCEPTION.102-0.66.hdf5 of
github.com/oarriaga/face_classification (Keras 2.0.5), and tf.keras 2.3 to 2.15.
"""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

_INIT = {
    "class_name": "VarianceScaling",
    "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None},
}
_ZEROS = {"class_name": "Zeros", "config": {}}
_ONES = {"class_name": "Ones", "config": {}}
_L2 = {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.009999999776482582}}


def renamed(name: str) -> str:
    """As Keras 2 called layers in name scopes, which Keras 3 does not take."""
    return f"block/{name} x" if "batch" in name else name


def write(path: Path, model: Any, *, version: str = "2.0.5", whole: bool = True) -> None:
    """A whole model (``model.save``) or its weights (``save_weights``)."""
    with h5py.File(path, "w") as file:
        if whole:
            file.attrs["keras_version"] = version.encode()
            file.attrs["backend"] = b"tensorflow"
            file.attrs["model_config"] = json.dumps(description(model, version)).encode()
            group = file.create_group("model_weights")
        else:
            group = file
        group.attrs["backend"] = b"tensorflow"
        group.attrs["keras_version"] = version.encode()
        layers = list(model.layers)
        group.attrs["layer_names"] = [renamed(layer.name).encode() for layer in layers]
        for layer in layers:
            place = group.require_group(renamed(layer.name))
            variables = layer.trainable_weights + layer.non_trainable_weights
            names = [weight_name(layer, variable) for variable in variables]
            place.attrs["weight_names"] = [name.encode() for name in names]
            for name, variable in zip(names, variables, strict=True):
                place[name] = np.asarray(variable)


def weight_name(layer: Any, variable: Any) -> str:
    owner = layer.name
    for inner in getattr(layer, "layers", ()):
        if any(weight is variable for weight in inner.weights):
            owner = inner.name
    return f"{renamed(owner)}/{variable.name}:0"


def description(model: Any, version: str = "2.0.5") -> dict[str, Any]:
    """``model_config`` (and ``to_json``) of Keras 2."""
    import keras

    tf_keras = not version.startswith(("2.0.", "2.1.", "2.2."))
    if isinstance(model, keras.Sequential):
        layers = [_layer(layer, tf_keras) for layer in model.layers]
        shape = [None, *model.input_shape[1:]]
        if tf_keras:
            start = {"class_name": "InputLayer", "config": _input(f"{model.name}_input", shape)}
            start["config"]["ragged"] = False
            layers[0]["config"]["batch_input_shape"] = shape
            config: Any = {"name": model.name, "layers": [start, *layers]}
        else:  # a bare list
            layers[0]["config"]["batch_input_shape"] = shape
            layers[0]["config"]["dtype"] = "float32"
            config = layers
        return {"class_name": "Sequential", "config": config, "keras_version": version}
    layers = []
    for layer in model.layers:
        made = _layer(layer, tf_keras)
        sources = [
            node.arguments.keras_tensors for node in layer._inbound_nodes[:1] if node.input_tensors
        ]
        made["name"] = renamed(layer.name)
        made["inbound_nodes"] = [
            [[renamed(tensor._keras_history[0].name), 0, 0, {}] for tensor in tensors]
            for tensors in sources
        ]
        layers.append(made)
    return {
        "class_name": "Functional" if tf_keras else "Model",
        "config": {
            "name": model.name,
            "layers": layers,
            "input_layers": [[renamed(t._keras_history[0].name), 0, 0] for t in model.inputs],
            "output_layers": [[renamed(t._keras_history[0].name), 0, 0] for t in model.outputs],
        },
        "keras_version": version,
        "backend": "tensorflow",
    }


def _input(name: str, shape: list[Any]) -> dict[str, Any]:
    return {"batch_input_shape": shape, "dtype": "float32", "sparse": False, "name": name}


def _layer(layer: Any, tf_keras: bool) -> dict[str, Any]:
    kind, made = type(layer).__name__, layer.get_config()
    if kind in ("Sequential", "Functional"):
        return description(layer, "2.4.0" if tf_keras else "2.0.5")
    if kind == "InputLayer":
        return {
            "class_name": kind,
            "config": _input(layer.name, [None, *layer.batch_shape[1:]]),
        }
    config: dict[str, Any] = {"name": renamed(layer.name), "trainable": True}
    if tf_keras:
        config["dtype"] = "float32"
    kept = (
        "filters", "kernel_size", "strides", "padding", "data_format", "activation", "use_bias",
        "pool_size", "rate", "units", "depth_multiplier", "momentum", "epsilon", "center", "scale",
        "axis",
    )  # fmt: skip
    for key in kept:
        if key in made:
            value = made[key]
            config[key] = list(value) if isinstance(value, tuple) else value
    if kind == "GlobalAveragePooling2D":
        config.pop("keepdims", None)
    if kind == "Dropout":
        config |= {"noise_shape": None, "seed": None}
    if kind in ("Conv2D", "SeparableConv2D"):
        config |= {"dilation_rate": [1, 1], "bias_initializer": _ZEROS, "bias_regularizer": None}
        config |= {"activity_regularizer": None, "bias_constraint": None}
        config |= {
            "kernel_initializer": _INIT,
            "kernel_regularizer": _L2,
            "kernel_constraint": None,
        }
        if tf_keras:
            config["groups"] = 1
        elif kind == "SeparableConv2D":
            for part in ("initializer", "regularizer", "constraint"):
                del config[f"kernel_{part}"]
    if kind == "SeparableConv2D":
        config |= {"depthwise_initializer": _INIT, "pointwise_initializer": _INIT}
        config |= {"depthwise_regularizer": _L2, "pointwise_regularizer": None}
        config |= {"depthwise_constraint": None, "pointwise_constraint": None}
    if kind == "Dense":
        config |= {"kernel_initializer": _INIT, "bias_initializer": _ZEROS}
        config |= {"kernel_regularizer": None, "bias_regularizer": None, "kernel_constraint": None}
        config |= {"activity_regularizer": None, "bias_constraint": None}
    if kind == "BatchNormalization":
        config["axis"] = [3] if tf_keras else -1
        config |= {"beta_initializer": _ZEROS, "gamma_initializer": _ONES}
        config |= {"moving_mean_initializer": _ZEROS, "moving_variance_initializer": _ONES}
        config |= {
            f"{a}_{b}": None for a in ("beta", "gamma") for b in ("regularizer", "constraint")
        }
    return {"class_name": kind, "config": config}
