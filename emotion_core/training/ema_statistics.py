"""EMA weights: judged and saved instead of the last ones, with statistics that fit them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from emotion_core.classifiers.keras_internals import averaged_variables
from emotion_core.types import Float32Array

# Batches that the statistics are taken from: 2,000 faces at the usual size.
_BATCHES = 16


def swap_averages(model: keras.Model) -> None:
    """Exchanges the weights with their running averages, exactly."""
    for variable, average in averaged_variables(model.optimizer):
        value = np.array(keras.ops.convert_to_numpy(variable))
        variable.assign(np.array(keras.ops.convert_to_numpy(average)))
        average.assign(value)


@contextmanager
def averaged(model: keras.Model, faces: Callable[[int], Float32Array] | None) -> Iterator[None]:
    """Inside, the model has its EMA weights.

    The moving statistics of batch normalisation belong to the weights as they are, not to their
    averages; early in a run the averages are useless with them. So inside they are those of the
    EMA weights, as stochastic weight averaging does it (Izmailov et al., arXiv 1803.05407).

    Args:
        model: a compiled model whose optimizer averages.
        faces: gives the training faces of a batch by its number; None leaves the statistics.
    """
    layers = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    statistics = [v for layer in layers for v in (layer.moving_mean, layer.moving_variance)]
    kept = [np.array(keras.ops.convert_to_numpy(variable)) for variable in statistics]
    swap_averages(model)
    try:
        if faces is not None:
            _renew(model, layers, faces)
        yield
    finally:
        swap_averages(model)
        for variable, value in zip(statistics, kept, strict=True):
            variable.assign(value)


def _renew(model: keras.Model, layers: list[Any], faces: Callable[[int], Float32Array]) -> None:
    """Makes the moving statistics the plain mean over some batches."""
    momenta = [layer.momentum for layer in layers]
    for i in range(_BATCHES if layers else 0):
        for layer in layers:
            layer.momentum = i / (i + 1)
        model(faces(i), training=True)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
