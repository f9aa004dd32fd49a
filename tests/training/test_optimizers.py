"""Adam in one kernel is Keras' Adam."""

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
