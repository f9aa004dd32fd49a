"""What is used of Keras' inside is there, does what it did, and is in one file."""

import ast
import inspect
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from emotion_core.classifiers.keras_internals import (
    MuonHooks,
    adam_moments,
    averaged_variables,
    bring_weights,
    next_seed,
    seed_generators,
)

ROOT = Path(__file__).resolve().parents[2]

# Keras 3.15 reads TensorFlow variables in a way that NumPy 2 warns about.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

#: The names of them, wherever in Keras they belong.
HOOKS = {
    "seed_generator", "jax_state_sync", "_model_variables_moving_average", "_trainable_variables",
    "_get_variable_index", "_momentums", "_velocities", "_should_use_adamw", "_muon_update_step",
    "lr_adjust", "zeropower_via_newtonschulz5",
}  # fmt: skip


def numbers(value: Any) -> np.ndarray:
    return np.array(keras.ops.convert_to_numpy(value))


def stepped(optimizer: Any, steps: int = 1) -> list[keras.Variable]:
    """A kernel and a bias after some steps along a gradient of ones."""
    variables = [
        keras.Variable(np.zeros(shape, "float32"), name=name)
        for shape, name in (((3, 4), "kernel"), ((4,), "bias"))
    ]
    optimizer.build(variables)
    for _ in range(steps):
        optimizer.apply_gradients([(keras.ops.ones(v.shape), v) for v in variables])
    return variables


def test_layers_that_draw_numbers_are_found_and_follow_their_seed() -> None:
    model = keras.Sequential(
        [keras.Input((50,)), keras.layers.Dense(50), keras.layers.Dropout(0.5)]
    )
    ((number, generator),) = seed_generators(model)
    assert number == 1
    drawn = []
    for seed in ([1, 2], [1, 2], [3, 4]):
        generator.state.assign(seed)
        drawn.append(numbers(model.layers[1](np.ones((1, 50), "float32"), training=True)))
    assert (drawn[0] == drawn[1]).all()
    assert (drawn[0] != drawn[2]).any()


def test_the_seed_of_a_layer_moves_on() -> None:
    layer = keras.layers.Dropout(0.5, seed=1)
    first, second = numbers(next_seed(layer)), numbers(next_seed(layer))
    assert first.shape == (2,)
    assert (first != second).any()


def test_averages_belong_to_their_variables() -> None:
    optimizer = keras.optimizers.SGD(1.0, use_ema=True, ema_momentum=0.75)
    variables = stepped(optimizer, steps=2)
    pairs = averaged_variables(optimizer)
    assert all(variable is mine for (variable, _), mine in zip(pairs, variables, strict=True))
    for variable, average in pairs:
        np.testing.assert_allclose(numbers(variable), -2)
        # The average begins with the variable after the first step: -1.
        np.testing.assert_allclose(numbers(average), 0.75 * -1 + 0.25 * -2)


@pytest.mark.parametrize("kind", [keras.optimizers.Adam, keras.optimizers.AdamW])
def test_the_moments_of_adam(kind: Any) -> None:
    optimizer = kind(0.1, beta_1=0.9, beta_2=0.99)
    for variable in stepped(optimizer):
        first, second = adam_moments(optimizer, variable)
        assert first.shape == second.shape == variable.shape
        np.testing.assert_allclose(numbers(first), 0.1, rtol=1e-5)
        np.testing.assert_allclose(numbers(second), 0.01, rtol=1e-5)


def test_muon_asks_its_hooks() -> None:
    class Ours(MuonHooks, keras.optimizers.Muon):
        def left_to_adamw(self, variable: Any) -> bool:
            return len(variable.shape) == 1

        def muon_step(self, gradient: Any, variable: Any, rate: Any, moment: Any) -> None:
            assert moment.shape == variable.shape
            self.assign_sub(variable, gradient * 7)

    kernel, bias = stepped(Ours(0.5, weight_decay=0.0, adam_weight_decay=0.0))
    np.testing.assert_allclose(numbers(kernel), -7)
    np.testing.assert_allclose(numbers(bias), -0.5, rtol=1e-3)


def test_muons_own_step_is_orthogonal() -> None:
    class Ours(MuonHooks, keras.optimizers.Muon):
        pass

    optimizer = Ours(1.0, ns_steps=5, rms_rate=0.2)
    matrix = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
    step = numbers(optimizer.orthogonal_step(keras.ops.convert_to_tensor(matrix), 0.5))
    sizes = np.linalg.svd(step / (0.5 * 0.2 * np.sqrt(16)), compute_uv=False)
    assert sizes.min() > 0.6
    assert sizes.max() < 1.3


def test_weights_of_a_model_that_jax_trains_can_be_brought() -> None:
    class OfJax:
        brought = 0

        def jax_state_sync(self) -> None:
            self.brought += 1

    model: Any = OfJax()
    bring_weights(model)
    assert model.brought == 1
    bring_weights(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]))
    trainer = Path(inspect.getfile(keras)).parent / "src" / "backend" / "jax" / "trainer.py"
    assert "def jax_state_sync(self" in trainer.read_text(encoding="utf-8")


def uses_internals(source: str) -> list[str]:
    """What a file uses of Keras that is not its public interface, as code."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [x.name for x in node.names if x.name.startswith("keras.src")]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            inside = module.startswith("keras") and any(x.name == "src" for x in node.names)
            found += [module] * (module.startswith("keras.src") or inside)
        elif isinstance(node, ast.Attribute):
            private = node.attr.startswith("_") and not node.attr.startswith("__")
            foreign = ast.unparse(node.value) not in {"self", "cls"}
            if node.attr in HOOKS or (private and foreign) or ast.unparse(node) == "keras.src":
                found.append(ast.unparse(node))
        elif isinstance(node, ast.FunctionDef) and node.name in HOOKS:
            found.append(node.name)
        elif isinstance(node, ast.Constant) and node.value in HOOKS:
            found.append(str(node.value))
    return found


def test_no_other_file_uses_them() -> None:
    folders = [ROOT / "emotion_core" / part for part in ("classifiers", "training")]
    files = [path for folder in folders for path in folder.rglob("*.py")]
    used = {path.stem: uses_internals(path.read_text(encoding="utf-8")) for path in files}
    inside = used.pop("keras_internals")
    assert {name.rpartition(".")[2] for name in inside} >= HOOKS
    assert {name: found for name, found in used.items() if found} == {}


@pytest.mark.parametrize(
    "line",
    [
        "from keras.src import ops",
        "from keras import src",
        "import keras.src.backend",
        "keras.src.ops",
        "optimizer._momentums",
        "self._velocities",
        "self.seed_generator.next()",
        "getattr(layer, 'seed_generator', None)",
        "def _should_use_adamw(self): ...",
    ],
)
def test_a_use_is_seen(line: str) -> None:
    assert uses_internals(line)


@pytest.mark.parametrize("line", ["from keras import ops", "keras.ops.add(1, 2)", "self._own"])
def test_what_is_public_is_not_seen(line: str) -> None:
    assert uses_internals(line) == []
