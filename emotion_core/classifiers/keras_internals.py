"""What is not the public interface of Keras, used here and nowhere else.

``tests/classifiers/test_keras_internals.py`` fails when a new version changes one of these, and
when another file uses any. Needs no Keras to be imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


def seed_generators(model: keras.Model) -> Iterator[tuple[int, keras.random.SeedGenerator]]:
    """(number of the layer, its generator) of each layer that draws random numbers."""
    for number, layer in enumerate(model.layers):
        generator = getattr(layer, "seed_generator", None)
        if generator is not None:
            yield number, generator


def next_seed(layer: keras.layers.Dropout) -> Any:
    """The next two whole numbers to draw random ones from, of one of Keras' own layers."""
    return layer.seed_generator.next()


def bring_weights(model: keras.Model) -> None:
    """Puts the newest weights into a model that is being trained.

    JAX keeps them elsewhere during an epoch; other backends have nothing to bring.
    """
    if hasattr(model, "jax_state_sync"):
        model.jax_state_sync()


def averaged_variables(optimizer: keras.optimizers.Optimizer) -> list[tuple[Any, Any]]:
    """(variable, its running average) of everything that an optimizer with ``use_ema`` trains."""
    averages = optimizer._model_variables_moving_average
    return list(zip(optimizer._trainable_variables, averages, strict=True))


def adam_moments(optimizer: keras.optimizers.Adam, variable: Any) -> tuple[Any, Any]:
    """The first and the second moment that Adam keeps of a variable."""
    at = optimizer._get_variable_index(variable)
    return optimizer._momentums[at], optimizer._velocities[at]


class MuonHooks:
    """The two places where a class before ``keras.optimizers.Muon`` says what it does otherwise."""

    def left_to_adamw(self, variable: Any) -> bool:
        """Whether a variable is updated by AdamW."""
        raise NotImplementedError

    def muon_step(self, gradient: Any, variable: Any, rate: Any, moment: Any) -> None:
        """Updates one variable and its moment in place."""
        raise NotImplementedError

    def orthogonal_step(self: Any, matrix: Any, rate: Any) -> Any:
        """What Muon takes off a weight matrix whose gradient with momentum is this matrix."""
        return self.lr_adjust(rate * self.zeropower_via_newtonschulz5(matrix, self.ns_steps))

    def _should_use_adamw(self, variable: Any) -> bool:
        return self.left_to_adamw(variable)

    def _muon_update_step(self, gradient: Any, variable: Any, lr: Any, m: Any) -> None:
        self.muon_step(gradient, variable, lr, m)
