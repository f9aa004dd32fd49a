"""Features of the served file are those of the trained model's layer "features"."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotion_core.classifiers.card import LITERT_FILE, load_card
from emotion_core.classifiers.export import export_litert
from emotion_core.classifiers.features import features, with_features
from emotion_core.classifiers.preprocessing import crops_to_tensor
from emotion_core.classifiers.runtime import LiteRTClassifier
from emotion_core.errors import ModelError
from emotion_core.types import UInt8Array

MakeFolder = Callable[..., Path]


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["compact", "emotion-cnn"])
def test_features_are_those_of_the_trained_layer(
    architecture: str,
    networks: dict[str, Any],
    faces: UInt8Array,
    tmp_path: Path,
    make_folder: MakeFolder,
) -> None:
    import keras

    from emotion_core.files.atomic_files import file_sha256

    network = networks[architecture]
    folder = make_folder(architecture=architecture, flip_tta=False)
    # Without 8-bit weights the served file computes what the trained model does.
    export_litert(network, folder / LITERT_FILE, mode="float32")
    load_card(folder).replaced(files={LITERT_FILE: file_sha256(folder / LITERT_FILE)}).save(folder)
    inner = keras.Model(network.input, network.get_layer("features").output)
    wanted = np.asarray(inner(crops_to_tensor(faces[:40]), training=False))
    values, logits = features(folder, faces[:40])
    assert values.dtype == logits.dtype == np.float32
    np.testing.assert_allclose(values, wanted, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(
        logits,
        np.asarray(network(crops_to_tensor(faces[:40]), training=False)),
        rtol=1e-2,
        atol=1e-3,
    )


@pytest.mark.parametrize("flip_tta", [True, False])
def test_logits_are_those_that_are_served(
    flip_tta: bool, faces: UInt8Array, make_folder: MakeFolder
) -> None:
    folder = make_folder(flip_tta=flip_tta)
    _, logits = features(folder, faces)  # more than one batch
    served = LiteRTClassifier(folder, load_card(folder)).logits(faces)
    np.testing.assert_allclose(logits, served, rtol=1e-4, atol=1e-4)


def test_the_last_layer_turns_averaged_features_into_averaged_logits(
    networks: dict[str, Any], faces: UInt8Array, make_folder: MakeFolder
) -> None:
    values, logits = features(make_folder(flip_tta=True), faces[:10])
    kernel, bias = networks["compact"].get_layer("logits").get_weights()
    # The served weights have 8 bits, these have 32.
    np.testing.assert_allclose(values @ kernel + bias, logits, atol=0.05 * np.abs(logits).max())


def test_no_faces_and_progress(faces: UInt8Array, make_folder: MakeFolder) -> None:
    folder = make_folder()
    values, logits = features(folder, faces[:0])
    assert values.shape == (0, 256)
    assert logits.shape == (0, 7)
    told: list[tuple[int, int]] = []
    features(folder, faces[:20], progress=lambda done, total: told.append((done, total)))
    assert told == [(16, 20), (20, 20)]


def test_wrong_crops_and_altered_files_are_refused(
    faces: UInt8Array, make_folder: MakeFolder
) -> None:
    folder = make_folder()
    with pytest.raises(ValueError, match=r"crops: wanted \(any, 48, 48\)"):
        features(folder, faces[:, :40, :40])
    (folder / LITERT_FILE).write_bytes(b"something else")
    with pytest.raises(ModelError, match="is not the file that its card describes"):
        features(folder, faces)


def test_a_network_without_a_dense_end_is_refused(tmp_path: Path) -> None:
    import keras

    from emotion_core.classifiers.architectures import build_model

    keras.utils.set_random_seed(0)
    path = export_litert(build_model("mini-xception"), tmp_path / "model.tflite")
    with pytest.raises(ModelError, match="ends in a dense layer"):
        with_features(path.read_bytes())
