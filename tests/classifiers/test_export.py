import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from emotion_core.classifiers.export import export_litert, load_keras, parity
from emotion_core.classifiers.litert_network import LiteRTNetwork
from emotion_core.classifiers.preprocessing import crops_to_tensor
from emotion_core.classifiers.shrink import shrink_keras
from emotion_core.errors import ModelError
from emotion_core.types import UInt8Array

# TensorFlow's variables do not know NumPy 2's copy keyword; saving a model runs into it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

NAMES = ["compact", "emotion-cnn"]


@pytest.mark.parametrize("name", NAMES)
def test_the_served_file_answers_as_the_trained_model(
    networks: dict[str, Any], exported: dict[str, Path], faces: UInt8Array, name: str
) -> None:
    report = parity(networks[name], exported[name], faces)
    assert report.n == len(faces)
    # Networks whose outputs were stretched; trained ones agree better (test_shipped_models.py).
    assert report.agreement >= 0.95
    assert report.max_abs_diff < 0.15
    assert report.mean_abs_diff < 0.04


@pytest.mark.parametrize("name", NAMES)
def test_a_float_export_is_exact(
    networks: dict[str, Any], faces: UInt8Array, name: str, tmp_path: Path
) -> None:
    path = export_litert(networks[name], tmp_path / "float.tflite", mode="float32")
    report = parity(networks[name], path, faces)
    assert report.agreement == 1
    assert report.max_abs_diff < 1e-3


def test_parity_notices_another_scale_of_the_pixels(
    networks: dict[str, Any], exported: dict[str, Path], faces: UInt8Array, tmp_path: Path
) -> None:
    import keras

    inputs = keras.Input((48, 48, 1), name="pixels")
    scaled = keras.layers.Rescaling(1 / 255)(inputs)
    wrong = keras.Model(inputs, networks["compact"](scaled))
    report = parity(wrong, exported["compact"], faces)
    assert report.agreement < 0.6
    assert report.contradicted > 0.3
    assert report.max_abs_diff > 0.3
    # Where every class is as likely as any other, no answer contradicts another.
    tied = parity(wrong, exported["compact"], faces, temperature=1000)
    assert (tied.agreement, tied.contradicted) == (report.agreement, 0)


def test_int8_needs_crops_and_stays_small(
    networks: dict[str, Any], exported: dict[str, Path], faces: UInt8Array, tmp_path: Path
) -> None:
    path = tmp_path / "int8.tflite"
    with pytest.raises(ValueError, match="wanted crops"):
        export_litert(networks["emotion-cnn"], path, mode="int8")
    assert not path.exists()
    export_litert(networks["emotion-cnn"], path, mode="int8", representative=faces[:20])
    assert parity(networks["emotion-cnn"], path, faces).agreement > 0.8
    bytes_per_weight = 1.1
    limit = networks["emotion-cnn"].count_params() * bytes_per_weight
    assert path.stat().st_size < limit
    assert exported["emotion-cnn"].stat().st_size < limit


def test_an_unknown_mode_is_refused(networks: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mode: wanted one of"):
        export_litert(networks["compact"], tmp_path / "x", mode="int4")  # type: ignore[arg-type]


def test_another_backend_of_keras_is_refused(
    networks: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ModelError, match=r"KERAS_BACKEND=tensorflow.*Received: jax"):
        export_litert(networks["compact"], tmp_path / "model.tflite")


@pytest.mark.parametrize("name", NAMES)
def test_xnnpack_runs_the_whole_network(exported: dict[str, Path], name: str) -> None:
    interpreter = Interpreter(model_path=str(exported[name]), num_threads=1)
    for rows in (1, 8):
        interpreter.resize_tensor_input(0, (rows, 48, 48, 1))
        interpreter.allocate_tensors()
        # The interpreter has no public list of its operations.
        operations = [op["op_name"] for op in interpreter._get_ops_details()]
        # One block, or two where the batch size is read in between to flatten.
        assert 1 <= operations.count("DELEGATE") <= 2, operations


def test_parity_needs_crops(networks: dict[str, Any], exported: dict[str, Path]) -> None:
    with pytest.raises(ValueError, match="at least one crop"):
        parity(networks["compact"], exported["compact"], np.zeros((0, 48, 48), np.uint8))


def test_a_keras_file_gives_the_same_logits_after_loading(
    networks: dict[str, Any], faces: UInt8Array, tmp_path: Path
) -> None:
    path = tmp_path / "model.keras"
    networks["compact"].save(path)
    tensor = crops_to_tensor(faces[:4])
    loaded = np.asarray(load_keras(path)(tensor, training=False))
    np.testing.assert_array_equal(loaded, np.asarray(networks["compact"](tensor, training=False)))


def test_a_keras_file_with_code_of_its_own_is_refused(tmp_path: Path) -> None:
    import keras

    inputs = keras.Input((48, 48, 1))
    outputs = keras.layers.Lambda(lambda x: x[:, 0, 0, :])(inputs)
    path = tmp_path / "model.keras"
    keras.Model(inputs, outputs).save(path)
    with pytest.raises(ModelError, match="Cannot load"):
        load_keras(path)


def test_a_damaged_keras_file_is_refused(networks: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with pytest.raises(ModelError, match="Cannot load"):
        load_keras(path)
    path.write_bytes(b"not a zip")
    with pytest.raises(ModelError, match="Cannot load"):
        load_keras(path)
    networks["compact"].save(path)
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(ModelError, match="Cannot load"):
        load_keras(path)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("x", "y")
    with pytest.raises(ModelError, match="Cannot load"):
        load_keras(path)


@pytest.mark.parametrize("content", [b"", b"x" * 2000])
def test_a_damaged_litert_file_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="Wanted a LiteRT network"):
        LiteRTNetwork(content)


@pytest.mark.slow
def test_a_shrunk_file_is_half_as_large_and_answers_alike(
    networks: dict[str, Any], faces: np.ndarray, tmp_path: Path
) -> None:
    network = networks["compact"]
    network.save(tmp_path / "model.keras")
    shrink_keras(tmp_path / "model.keras", tmp_path / "small.keras")
    sizes = [(tmp_path / name).stat().st_size for name in ("model.keras", "small.keras")]
    assert sizes[1] < 0.65 * sizes[0]
    shrunk = load_keras(tmp_path / "small.keras")
    for one, other in zip(network.get_weights(), shrunk.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1 / 2048)
        assert other.dtype == np.float32
    shrink_keras(tmp_path / "small.keras", tmp_path / "again.keras")
    again = load_keras(tmp_path / "again.keras")
    for one, other in zip(shrunk.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
