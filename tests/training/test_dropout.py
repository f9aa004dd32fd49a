"""Cheap dropout does what dropout does, and stays out of what is kept."""

import keras
import numpy as np
import pytest

from emotion_core.classifiers.architectures import build_model
from emotion_core.training.config import TrainingConfig
from emotion_core.training.fit import compiled_model

pytestmark = [
    pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="kernels of TensorFlow"),
    # Keras 3.15 reads TensorFlow variables in a way that NumPy 2 warns about.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

_SHAPE = (64, 31, 33)  # not a multiple of the four bytes of a random word


@pytest.mark.parametrize("rate", [0.25, 0.3, 0.5])
def test_it_drops_the_share_that_was_asked_for_and_keeps_the_mean(rate: float) -> None:
    from emotion_core.training.dropout import ByteDropout

    out = np.asarray(ByteDropout(rate, seed=3)(np.ones(_SHAPE, np.float32), training=True))
    n = out.size
    nearest = round(256 * rate) / 256
    assert abs(np.mean(out == 0) - nearest) < 4 * np.sqrt(rate * (1 - rate) / n)
    assert np.unique(out[out > 0]) == pytest.approx(1 / (1 - nearest))
    # No place is special: neither the position in a word nor the row.
    for axis in range(3):
        others = tuple({0, 1, 2} - {axis})
        share = (out == 0).mean(axis=others)
        assert np.abs(share - nearest).max() < 5 * np.sqrt(0.25 * out.shape[axis] / n)
    neighbours = np.corrcoef(out.ravel()[:-1], out.ravel()[1:])[0, 1]
    assert abs(neighbours) < 5 / np.sqrt(n)


def test_the_gradient_goes_where_the_numbers_went() -> None:
    import tensorflow as tf

    from emotion_core.training.dropout import ByteDropout

    numbers = tf.constant(np.random.default_rng(0).normal(size=_SHAPE).astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(numbers)
        out = ByteDropout(0.25, seed=1)(numbers, training=True)
    slope = tape.gradient(out, numbers).numpy()
    np.testing.assert_allclose(slope * numbers.numpy(), out.numpy(), rtol=1e-6)
    assert set(np.unique(slope)) == {0.0, np.float32(256 / 192)}


def test_each_step_draws_anew_and_one_seed_draws_the_same() -> None:
    from emotion_core.training.dropout import ByteDropout

    numbers = np.ones(_SHAPE, np.float32)
    one, other = ByteDropout(0.5, seed=7), ByteDropout(0.5, seed=7)
    first, second = (np.asarray(one(numbers, training=True)) for _ in range(2))
    assert (first != second).mean() > 0.4
    np.testing.assert_array_equal(first, other(numbers, training=True))


def test_serving_drops_nothing() -> None:
    from emotion_core.training.dropout import ByteDropout

    numbers = np.random.default_rng(0).normal(size=_SHAPE).astype(np.float32)
    np.testing.assert_array_equal(ByteDropout(0.5)(numbers, training=False), numbers)
    np.testing.assert_array_equal(ByteDropout(0.001)(numbers, training=True), numbers)


@pytest.mark.parametrize("name", ["emotion-cnn", "compact"])
def test_the_network_in_training_has_the_weights_of_the_plain_one(name: str) -> None:
    from emotion_core.training.dropout import ByteDropout, with_byte_dropout

    plain = build_model(name)
    copy = with_byte_dropout(plain)
    assert not any(isinstance(layer, ByteDropout) for layer in plain.layers)
    kinds = [type(layer) for layer in copy.layers]
    assert kinds.count(ByteDropout) == [type(x) for x in plain.layers].count(keras.layers.Dropout)
    assert keras.layers.Dropout not in kinds
    faces = np.random.default_rng(0).uniform(0, 255, (2, 48, 48, 1)).astype(np.float32)
    np.testing.assert_array_equal(copy(faces, training=False), plain(faces, training=False))


def test_a_run_uses_it_on_a_cpu() -> None:
    import tensorflow as tf

    from emotion_core.training.dropout import ByteDropout

    if tf.config.list_physical_devices("GPU"):
        pytest.skip("this machine has a GPU")
    model = compiled_model(TrainingConfig(architecture="emotion-cnn"), 48, 7, 10)
    assert sum(isinstance(layer, ByteDropout) for layer in model.layers) == 3
