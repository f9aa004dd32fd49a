"""The script that leaves channels of the flagship out: nothing else changes."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from emotion_core.classifiers.architectures import LEAN_MIDDLES, build_model

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
FACES = np.random.default_rng(1).uniform(0, 255, (4, 48, 48, 1)).astype(np.float32)

pytestmark = pytest.mark.slow


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """benchmarks/narrow.py, which is no part of the package."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import narrow

    yield narrow
    sys.modules.pop("narrow", None)


def test_channels_that_say_nothing_are_left_out_without_a_trace(script: ModuleType) -> None:
    model = build_model("flagship", n_classes=15)
    rng = np.random.default_rng(2)
    for layer in model.layers:  # as after a training
        weights = layer.get_weights()
        if "normalization" in layer.name:
            weights = [rng.uniform(0.5, 1.5, len(values)) for values in weights]
            layer.set_weights(weights)
    whole = script.narrowed(model, script.WHOLE)
    np.testing.assert_allclose(whole(FACES), model(FACES), rtol=1e-4, atol=1e-4)
    wanted = []
    for (_, norm, second, last), kept in zip(script._blocks(model), LEAN_MIDDLES, strict=True):
        gamma, beta, mean, variance = norm.get_weights()
        silent = rng.permutation(len(gamma))[kept:]
        gamma[silent], beta[silent] = 0, rng.uniform(-1, 1, len(silent))
        norm.set_weights([gamma, beta, mean, variance])
        read = second.get_weights()[0][:, :, silent].sum(axis=(0, 1))
        wanted.append(last.get_weights()[2] - np.maximum(beta[silent], 0) @ read)
    lean = script.narrowed(model, LEAN_MIDDLES)
    assert lean.count_params() == build_model("flagship-lean", n_classes=15).count_params()
    assert lean.count_params() < 0.85 * model.count_params()
    for (_, _, _, last), mean in zip(script._blocks(lean), wanted, strict=True):
        np.testing.assert_allclose(last.get_weights()[2], mean, rtol=1e-3, atol=1e-5)
    # A channel that says the same everywhere stands in the next mean; but for the frame's edge,
    # where a window reads zeros beside it, nothing tells the networks apart.
    middle = np.corrcoef(np.ravel(lean(FACES)), np.ravel(model(FACES)))[0, 1]
    assert middle > 0.99
