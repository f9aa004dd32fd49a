"""Other people's ``.tflite`` files: taken after a trial, or refused in one sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotion_core.classifiers.card import ModelCard
from emotion_core.classifiers.preprocessing import crops_to_tensor
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.classifiers.runtime import LiteRTClassifier
from emotion_core.classifiers.third_party import litert_trial, own_process
from emotion_core.classifiers.third_party.litert_import import packed
from emotion_core.classifiers.third_party.third_party_models import (
    SCALES,
    ThirdPartyModel,
    build_third_party_folder,
)
from emotion_core.errors import ModelError
from emotion_core.files.atomic_files import file_sha256
from emotion_core.types import UInt8Array

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

_LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def told(**changes: Any) -> ThirdPartyModel:
    values = {"name": "lite", "title": "Lite", "description": "Lite.", "labels": _LABELS}
    return ThirdPartyModel(**{**values, "scale": "0-1", **changes})


@pytest.fixture(scope="module")
def network() -> Callable[..., Any]:
    import keras
    from keras import layers

    def build(channels: int = 1, last: str | None = "softmax", n: int = 7) -> Any:
        keras.utils.set_random_seed(3)
        model = keras.Sequential(
            [
                keras.Input((48, 48, channels)),
                layers.Conv2D(6, 3, strides=2, activation="relu"),
                layers.MaxPooling2D(4),
                layers.Flatten(),
                layers.Dense(n, activation=last),
            ]
        )
        kernel, bias = model.layers[-1].get_weights()
        model.layers[-1].set_weights([kernel * 4, bias])
        return model

    return build


def converted(model: Any, *, rows: int | None = None, int8: str = "", scale: str = "0-1") -> bytes:
    """As people convert: for any number of rows or one, with float or 8-bit ends."""
    import tensorflow as tf

    shape = (rows, *model.input_shape[1:])
    function = tf.function(
        lambda x: model(x, training=False), input_signature=[tf.TensorSpec(shape, tf.float32)]
    )
    holder = tf.Module()
    holder.weights = [variable.value for variable in model.variables]
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [function.get_concrete_function()], holder
    )
    if int8:
        factor, offset = SCALES[scale]
        random = np.random.default_rng(0)

        def samples() -> Any:
            for _ in range(40):
                pixels = random.integers(0, 256, (1, *shape[1:])) * factor + offset
                yield [pixels.astype(np.float32)]

        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = samples
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = getattr(tf, int8)
    return converter.convert()


@pytest.fixture
def served(tmp_path: Path) -> Callable[..., LiteRTClassifier]:
    def make(content: bytes, what: ThirdPartyModel) -> LiteRTClassifier:
        path = tmp_path / "theirs.tflite"
        path.write_bytes(content)
        folder = tmp_path / "folder"
        folder.mkdir()
        return LiteRTClassifier(folder, build_third_party_folder(path, what, folder))

    return make


@pytest.mark.parametrize("rows", [None, 1])
@pytest.mark.parametrize(
    ("channels", "last", "scale"),
    [(1, "softmax", "0-1"), (3, None, "-1-1"), (1, None, "0-255"), (3, "softmax", "-1-1")],
)
def test_a_float_network_answers_as_at_home(
    network, served, faces: UInt8Array, rows: int | None, channels: int, last: str, scale: str
) -> None:
    model = network(channels, last)
    classifier = served(converted(model, rows=rows), told(scale=scale))
    factor, offset = SCALES[scale]
    pixels = crops_to_tensor(faces).repeat(channels, axis=-1) * factor + offset
    expected = np.asarray(model(pixels, training=False))
    if last:
        assert expected.std(axis=0).max() > 0.01
        assert classifier.predict(faces).probabilities == pytest.approx(expected, abs=1e-3)
    else:
        assert classifier.logits(faces) == pytest.approx(expected, rel=1e-3, abs=1e-3)
    assert classifier.card.architecture == "third-party (LiteRT)"
    assert list(classifier.card.files) == ["model.tflite"]


@pytest.mark.parametrize("kind", ["int8", "uint8"])
@pytest.mark.parametrize("rows", [None, 1])
def test_a_network_in_8_bits(network, served, faces, kind: str, rows: int | None) -> None:
    model = network()
    classifier = served(converted(model, rows=rows, int8=kind), told())
    expected = np.asarray(model(crops_to_tensor(faces) / 255, training=False))
    found = classifier.predict(faces).probabilities
    # Rounded to 8 bits on the way: nearly, and the same winner where it is clear.
    assert np.abs(found - expected).max() < 0.1
    assert (found.argmax(1) == expected.argmax(1)).mean() > 0.9


def refused(tmp_path: Path, content: bytes, **changes: Any) -> str:
    path, folder = tmp_path / "theirs.tflite", tmp_path / "folder"
    path.write_bytes(content)
    folder.mkdir(exist_ok=True)
    with pytest.raises(ModelError) as caught:
        build_third_party_folder(path, told(**changes), folder)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 500
    return text


@pytest.mark.slow
def test_what_does_not_fit_is_said(network, tmp_path: Path) -> None:
    import keras
    from keras import layers

    good = converted(network())
    assert "--labels" in refused(tmp_path, good, labels=())
    assert "--scale" in refused(tmp_path, good, scale="")
    assert "5 outputs, but 7 labels" in refused(tmp_path, converted(network(n=5)))
    assert "4 at a time" in refused(tmp_path, converted(network(), rows=4))
    wide = keras.Sequential([keras.Input((48, 40, 1)), layers.Flatten(), layers.Dense(7)])
    assert "(any, S, S, 1 or 3)" in refused(tmp_path, converted(wide))
    flat = keras.Sequential([keras.Input((2304,)), layers.Dense(7)])
    assert "one input" in refused(tmp_path, converted(flat))
    pictures = keras.Sequential([keras.Input((48, 48, 1)), layers.Conv2D(7, 3)])
    assert "one output per emotion" in refused(tmp_path, converted(pictures))
    sigmoid = refused(tmp_path, converted(network(last="sigmoid")))
    assert "one independent score" in sigmoid
    for damaged in (good[:4000], good[:8] + bytes(5000), b"\0\0\0\0TFL3" + b"\xff" * 999):
        assert refused(tmp_path, damaged).startswith("theirs.tflite: ")


def wrecked(content: bytes) -> bytes:
    """A valid file whose network cannot be prepared: a convolution with the wrong channels."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        if code.builtinCode == schema.BuiltinOperator.CONV_2D:
            operator.inputs = [operator.inputs[0], operator.inputs[2], operator.inputs[2]]
    return packed(model)


@pytest.fixture
def broken(make_folder: Callable[..., Path]) -> Path:
    """A model folder with a right hash whose network cannot be run."""
    folder = make_folder()
    network = folder / "model.tflite"
    network.write_bytes(wrecked(network.read_bytes()))
    card = ModelRegistry(folder.parent).card(folder.name)
    card.replaced(files={"model.tflite": file_sha256(network)}).save(folder)
    return folder


def test_a_network_that_cannot_be_run_is_found_before_a_photo_meets_it(
    broken: Path, tmp_path: Path
) -> None:
    registry = ModelRegistry(broken.parent)
    (problem,) = registry.verify(broken.name)
    assert "model.tflite cannot be used" in problem
    assert "\n" not in problem
    with pytest.raises(ModelError, match=r"model\.tflite cannot be used"):
        ModelRegistry(tmp_path / "other").add(broken)
    assert not (tmp_path / "other" / "compact").exists()
    with pytest.raises(ModelError):
        registry.open(broken.name).predict(np.zeros((1, 48, 48), np.uint8))


def test_a_file_that_crashes_or_hangs_is_survived(
    make_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder()
    card: ModelCard = ModelRegistry(folder.parent).card("compact")
    assert litert_trial.trial_problem(folder, card) == ""
    monkeypatch.setattr(own_process.sys, "executable", "/bin/false")
    assert "crashes" in litert_trial.trial_problem(folder, card)
    monkeypatch.undo()
    monkeypatch.setattr(own_process, "_TIMEOUT_S", 0.001)
    assert "was stopped" in litert_trial.trial_problem(folder, card)
