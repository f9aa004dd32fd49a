"""The optimizers of a run, by their names in the settings."""

from typing import Any

import keras

from emotion_core.classifiers.keras_internals import MuonHooks, adam_moments
from emotion_core.training.config import TrainingConfig

# Left out of weight decay: biases, and scale and shift of normalisation.
_NO_DECAY = ("bias", "gamma", "beta")

# Iterations that make a step orthogonal: as many as in the author's fastest training of a small
# convolutional network (https://github.com/KellerJordan/cifar10-airbench).
_MUON_STEPS = 3

# Muon's rates are too fast for what is left to AdamW.
_ADAM_SHARE = 0.4


class _OnePass:
    """Adam's update as one kernel of TensorFlow instead of a dozen.

    The formula is Keras' own. On a CPU a dozen passes over 2.3 million numbers took a tenth of
    the time of a training step (benchmarks/training.py).
    """

    def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Updates one variable and its two moments in place."""
        import tensorflow as tf

        first_moment, second_moment = adam_moments(self, variable)
        kind = variable.dtype
        step = keras.ops.cast(self.iterations + 1, kind)
        first, second = (keras.ops.cast(beta, kind) for beta in (self.beta_1, self.beta_2))
        tf.raw_ops.ResourceApplyAdam(
            var=_resource(variable),
            m=_resource(first_moment),
            v=_resource(second_moment),
            beta1_power=keras.ops.power(first, step),
            beta2_power=keras.ops.power(second, step),
            lr=keras.ops.cast(learning_rate, kind),
            beta1=first,
            beta2=second,
            epsilon=keras.ops.cast(self.epsilon, kind),
            grad=keras.ops.cast(gradient, kind),
        )


class OnePassAdam(_OnePass, keras.optimizers.Adam):  # type: ignore[misc]
    """Adam; TensorFlow only."""


class OnePassAdamW(_OnePass, keras.optimizers.AdamW):  # type: ignore[misc]
    """AdamW; TensorFlow only."""


class ConvolutionMuon(MuonHooks, keras.optimizers.Muon):  # type: ignore[misc]
    """Muon for convolutions: a kernel is a matrix from the picture's patch to the channels.

    Keras' own Muon leaves kernels to AdamW. What sees the pixels, the last layer, biases and
    normalisation are AdamW's here as well, at ``adam_lr_ratio`` of the learning rate.

    Source: Jordan et al., https://github.com/KellerJordan/Muon; scale of the steps as in
    arXiv 2502.16982.
    """

    def left_to_adamw(self, variable: Any) -> bool:
        """Whether a variable is no kernel, or one that sees the pixels."""
        shape = variable.shape
        return len(shape) != 4 or shape[2] == 1

    def muon_step(self, gradient: Any, variable: Any, rate: Any, moment: Any) -> None:
        """Updates a kernel as a matrix, and its moment, with Nesterov's momentum."""
        ops = keras.ops
        self.assign_add(moment, ops.add(gradient, moment * (self.momentum - 1)))
        matrix = ops.reshape(gradient + self.momentum * moment, (-1, variable.shape[-1]))
        step = self.orthogonal_step(matrix, rate)
        self.assign_sub(variable, ops.reshape(step, variable.shape))


def build_optimizer(config: TrainingConfig, rates: Any) -> keras.optimizers.Optimizer:
    """The optimizer of a run.

    Args:
        config: its name, weight decay and averaging.
        rates: the learning rate, or a schedule of it.
    """
    shared: dict[str, Any] = {
        "learning_rate": rates,
        "weight_decay": config.weight_decay or None,
        "use_ema": bool(config.ema),
        "ema_momentum": config.ema or 0.99,
    }
    tensorflow = keras.backend.backend() == "tensorflow"
    if config.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(momentum=0.9, nesterov=True, **shared)
    elif config.optimizer == "adam":
        optimizer = (OnePassAdam if tensorflow else keras.optimizers.Adam)(**shared)
    elif config.optimizer == "muon":
        shared["weight_decay"] = config.weight_decay
        optimizer = ConvolutionMuon(
            adam_weight_decay=config.weight_decay,
            adam_lr_ratio=_ADAM_SHARE,
            ns_steps=_MUON_STEPS,
            **shared,
        )
    else:
        shared["weight_decay"] = config.weight_decay
        optimizer = (OnePassAdamW if tensorflow else keras.optimizers.AdamW)(**shared)
    if config.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=list(_NO_DECAY))
    return optimizer


def _resource(variable: Any) -> Any:
    """TensorFlow's handle of a variable of Keras or of TensorFlow."""
    inner = variable.value if isinstance(variable, keras.Variable) else variable
    return inner.handle
