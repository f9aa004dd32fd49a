import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotion_core.classifiers.card import LITERT_FILE, ModelCard, load_card
from emotion_core.classifiers.litert_network import MAX_ROWS, LiteRTNetwork
from emotion_core.classifiers.preprocessing import crops_to_tensor
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.classifiers.runtime import LiteRTClassifier, softmax
from emotion_core.emotions import FER2013
from emotion_core.errors import ModelError
from emotion_core.files.atomic_files import file_sha256
from emotion_core.types import UInt8Array
from tests.classifiers.conftest import one_head

MakeFolder = Callable[..., Path]


def open_model(folder: Path) -> LiteRTClassifier:
    return LiteRTClassifier(folder, load_card(folder))


def test_gives_calibrated_scores(
    make_folder: MakeFolder, networks: dict[str, Any], faces: UInt8Array
) -> None:
    """From the pixels to the answer, beside the trained network and a softmax written out."""
    folder = make_folder(flip_tta=False, heads=one_head(temperature=1.7, threshold=0.4))
    scores = open_model(folder).predict(faces)
    logits = np.asarray(networks["compact"](crops_to_tensor(faces), training=False), np.float64)
    powers = np.exp(logits / 1.7)
    wanted = powers / powers.sum(axis=1, keepdims=True)
    assert np.abs(scores.probabilities - wanted).max() < 0.12
    assert np.abs(scores.probabilities - wanted).mean() < 0.01
    assert (scores.labels == wanted.argmax(axis=1)).mean() >= 0.95
    assert scores.label_set == FER2013
    assert scores.threshold == 0.4


def test_temperature_is_applied(make_folder: MakeFolder, faces: UInt8Array) -> None:
    cold = open_model(make_folder(heads=one_head(temperature=1.0), name="cold")).predict(faces)
    warm = open_model(make_folder(heads=one_head(temperature=3.0), name="warm")).predict(faces)
    assert (warm.confidences < cold.confidences).all()
    np.testing.assert_array_equal(warm.labels, cold.labels)


def test_flip_tta_is_the_mean_of_both_passes(make_folder: MakeFolder, faces: UInt8Array) -> None:
    plain = open_model(make_folder(flip_tta=False, name="plain"))
    averaged = open_model(make_folder(flip_tta=True, name="averaged"))
    mirrored = np.ascontiguousarray(faces[:, :, ::-1])
    wanted = (plain.logits(faces) + plain.logits(mirrored)) / 2
    np.testing.assert_array_equal(averaged.logits(faces), wanted)
    np.testing.assert_array_equal(averaged.logits(mirrored), wanted)
    assert np.abs(plain.logits(faces) - wanted).max() > 0.1


@pytest.mark.parametrize("architecture", ["compact", "emotion-cnn"])
def test_an_answer_does_not_depend_on_the_others_in_the_batch(
    make_folder: MakeFolder, faces: UInt8Array, architecture: str
) -> None:
    classifier = open_model(make_folder(architecture=architecture))
    together = classifier.predict(faces).probabilities
    assert len(faces) > 2 * MAX_ROWS
    for size in (1, 3, 8, 40):
        parts = [
            classifier.predict(faces[start : start + size]).probabilities
            for start in range(0, len(faces), size)
        ]
        np.testing.assert_array_equal(np.concatenate(parts), together)


def test_no_crops_give_no_scores(make_folder: MakeFolder) -> None:
    folder = make_folder(heads=one_head(threshold=0.5))
    scores = open_model(folder).predict(np.zeros((0, 48, 48), np.uint8))
    assert scores.probabilities.shape == (0, 7)
    assert scores.threshold == 0.5


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((1, 40, 40), np.uint8),
        np.zeros((48, 48), np.uint8),
        np.zeros((1, 48, 48), np.float32),
        np.zeros((1, 48, 48, 1), np.uint8),
        np.zeros((0, 40, 40), np.uint8),
    ],
)
def test_refuses_other_crops(make_folder: MakeFolder, images: Any) -> None:
    classifier = open_model(make_folder())
    with pytest.raises(ValueError, match=r"crops: wanted \(any, 48, 48\) uint8. Received"):
        classifier.predict(images)


def test_an_altered_file_is_not_loaded(make_folder: MakeFolder) -> None:
    folder = make_folder()
    content = bytearray((folder / LITERT_FILE).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / LITERT_FILE).write_bytes(content)
    with pytest.raises(ModelError, match=r"not the file that its card describes.*Received"):
        open_model(folder)


def test_a_missing_file_is_named(make_folder: MakeFolder) -> None:
    folder = make_folder()
    (folder / LITERT_FILE).unlink()
    with pytest.raises(ModelError, match=r"Cannot read .*model\.tflite: No such file"):
        open_model(folder)


@pytest.mark.parametrize(
    "changes", [{"input_size_px": 64}, {"heads": one_head(outputs=8)}, {"heads": one_head(first=1)}]
)
def test_a_card_of_another_network_is_refused(
    make_folder: MakeFolder, changes: dict[str, Any]
) -> None:
    folder = make_folder(**changes)
    with pytest.raises(ModelError, match="does not fit its card"):
        open_model(folder)


def test_a_model_for_colour_is_refused(make_folder: MakeFolder) -> None:
    folder = make_folder(input_channels=3)
    with pytest.raises(ModelError, match=r"wanted a model for gray crops.*3 channels"):
        open_model(folder)


def test_a_file_that_is_no_network_is_refused(
    make_folder: MakeFolder, make_card: Callable[..., ModelCard]
) -> None:
    folder = make_folder()
    path = folder / LITERT_FILE
    path.write_bytes(b"no network at all")
    card = make_card(files={LITERT_FILE: file_sha256(path)})
    with pytest.raises(ModelError, match="Wanted a LiteRT network"):
        LiteRTClassifier(folder, card)


def test_the_network_takes_only_its_own_shape(exported: dict[str, Path]) -> None:
    network = LiteRTNetwork(exported["compact"].read_bytes())
    assert network.input_shape == (48, 48, 1)
    assert network.n_classes == 7
    assert network.run(np.zeros((0, 48, 48, 1), np.float32)).shape == (0, 7)
    with pytest.raises(ValueError, match="tensor: wanted"):
        network.run(np.zeros((1, 48, 48), np.float32))


def test_faces_that_are_shared_out_among_threads_get_the_same_answers() -> None:
    content = (ModelRegistry().folder("flagship") / LITERT_FILE).read_bytes()
    one, three = LiteRTNetwork(content), LiteRTNetwork(content, threads=3)
    faces = np.random.default_rng(3).random((MAX_ROWS * 3 + 7, 48, 48, 1), np.float32)
    for n in (0, 1, 2, 3, 5, len(faces)):
        np.testing.assert_array_equal(three.run(faces[:n]), one.run(faces[:n]))
    # Their threads end with the network.
    waiting = {t for t in threading.enumerate() if t.name.startswith("faces")}
    assert len(waiting) == 2
    del three
    for thread in waiting:
        thread.join(10)
        assert not thread.is_alive()
    with pytest.raises(ValueError, match="threads: wanted at least 1"):
        LiteRTNetwork(content, threads=0)


def test_faces_of_which_threads_share_out_every_layer_get_the_same_answers() -> None:
    content = (ModelRegistry().folder("flagship") / LITERT_FILE).read_bytes()
    one, two = LiteRTNetwork(content), LiteRTNetwork(content, threads=2, spin=True)
    faces = np.random.default_rng(3).random((3, 48, 48, 1), np.float32)
    for n in (1, 3, 1):
        np.testing.assert_array_equal(two.run(faces[:n]), one.run(faces[:n]))


def test_a_fault_in_any_of_the_threads_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    content = (ModelRegistry().folder("compact") / LITERT_FILE).read_bytes()
    network = LiteRTNetwork(content, threads=2)
    faces = np.zeros((4, 48, 48, 1), np.float32)
    network.run(faces)

    def fails(rows: np.ndarray) -> np.ndarray:
        raise RuntimeError("no room")

    for interpreter in network._interpreters:
        with monkeypatch.context() as changed:
            changed.setattr(interpreter, "run", fails)
            with pytest.raises(ModelError, match=r"cannot be run; choose another model\. no room"):
                network.run(faces)
        assert np.isfinite(network.run(faces)).all()


def test_softmax() -> None:
    given = softmax([[0.0, np.log(3.0)], [1000.0, 0.0]])
    np.testing.assert_allclose(given, [[0.25, 0.75], [1.0, 0.0]], atol=1e-7)
    assert given.dtype == np.float32
    np.testing.assert_allclose(softmax([[0.0, 2 * np.log(3.0)]], 2.0), [[0.25, 0.75]], atol=1e-7)
    assert softmax(np.zeros((0, 7))).shape == (0, 7)


_SERVE = """
import sys
import threading
from pathlib import Path
import numpy as np
import emotion_core.classifiers
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.classifiers.worker import InferenceWorker
from emotion_core.classifiers.readme import render_readme

registry = ModelRegistry(Path(sys.argv[1]))
render_readme(registry.card("compact"))
with InferenceWorker(registry.open("compact")) as worker:
    assert len(worker.predict(np.zeros((3, 48, 48), np.uint8))) == 3
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_serving_needs_neither_tensorflow_nor_keras(make_folder: MakeFolder) -> None:
    folder = make_folder()
    run = subprocess.run(
        [sys.executable, "-c", _SERVE, str(folder.parent)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    loaded = set(run.stdout.split())
    assert "ai_edge_litert" in loaded
    assert not loaded & {"tensorflow", "keras", "streamlit", "cv2"}
