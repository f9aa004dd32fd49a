"""Adam in one kernel is Keras' Adam; Muon's steps are orthogonal."""

import keras
import numpy as np
import pytest

from emotion_core.training.config import TrainingConfig
from emotion_core.training.optimizers import build_optimizer

pytestmark = [
    pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a kernel of TensorFlow"),
    # Keras 3.15 reads TensorFlow variables in a way that NumPy 2 warns about.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


@pytest.mark.parametrize(
    ("name", "decay"), [("adam", 0.0), ("adam", 0.01), ("adamw", 0.0), ("adamw", 0.1)]
)
def test_it_gives_what_keras_gives(name: str, decay: float) -> None:
    config = TrainingConfig(optimizer=name, weight_decay=decay, ema=0.9)
    ours = build_optimizer(config, 0.01)
    keras_class = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW}[name]
    decay_or_none = decay if name == "adamw" else decay or None
    theirs = keras_class(0.01, weight_decay=decay_or_none, use_ema=True, ema_momentum=0.9)
    theirs.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    rng = np.random.default_rng(0)
    start = [rng.normal(size=shape).astype("float32") for shape in ((5, 4), (4,))]
    found = []
    gradients = [[rng.normal(size=v.shape).astype("float32") for v in start] for _ in range(20)]
    for optimizer in (ours, theirs):
        variables = [
            keras.Variable(v, name=n) for v, n in zip(start, ("kernel", "bias"), strict=True)
        ]
        optimizer.build(variables)
        for step in gradients:
            optimizer.apply_gradients(
                [(keras.ops.convert_to_tensor(g), v) for g, v in zip(step, variables, strict=True)]
            )
        found.append([keras.ops.convert_to_numpy(v) for v in (*variables, *optimizer.variables)])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)
    assert np.abs(found[0][0] - start[0]).max() > 0.05


def test_muon_steps_of_a_convolution_are_nearly_orthogonal() -> None:
    rate = 0.01
    optimizer = build_optimizer(TrainingConfig(optimizer="muon", learning_rate=rate), rate)
    rng = np.random.default_rng(0)
    # One direction of the gradient is a hundred times as strong as the others.
    strong = np.outer(rng.normal(size=72), rng.normal(size=16))
    gradient = (rng.normal(size=(72, 16)) + 100 * strong).reshape(3, 3, 8, 16).astype("float32")
    kernel = keras.Variable(np.zeros((3, 3, 8, 16), "float32"), name="kernel")
    first = keras.Variable(np.zeros((5, 5, 1, 16), "float32"), name="kernel")
    bias = keras.Variable(np.zeros(16, "float32"), name="bias")
    optimizer.build([kernel, first, bias])
    steps = [gradient, rng.normal(size=(5, 5, 1, 16)), rng.normal(size=16)]
    optimizer.apply_gradients(
        [
            (keras.ops.convert_to_tensor(np.asarray(g, "float32")), v)
            for g, v in zip(steps, (kernel, first, bias), strict=True)
        ]
    )
    moved = -keras.ops.convert_to_numpy(kernel).reshape(72, 16)
    assert (moved * gradient.reshape(72, 16)).sum() > 0
    scale = rate * 0.2 * np.sqrt(72)  # arXiv 2502.16982
    sizes = np.linalg.svd(moved / scale, compute_uv=False)
    assert sizes[0] < 1.3
    assert sizes[-1] > 0.01  # 100 times smaller in the gradient, and more
    # The others are AdamW's, whose first step has the same size everywhere.
    for variable in (first, bias):
        np.testing.assert_allclose(
            np.abs(keras.ops.convert_to_numpy(variable)), 0.4 * rate, rtol=0.01
        )
