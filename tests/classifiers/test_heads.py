"""Whose labels each head predicts, and how sure it is of a picture."""

import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from emotion_core.classifiers.card import CARD_FILE, LITERT_FILE, SCHEMA, ModelCard, load_card
from emotion_core.classifiers.export import parity
from emotion_core.classifiers.features import features
from emotion_core.classifiers.heads import (
    HEAD_MEANINGS,
    HEAD_NAMES,
    HEAD_TITLES,
    Head,
    picture_cues,
)
from emotion_core.classifiers.litert_network import LiteRTNetwork
from emotion_core.classifiers.preprocessing import crops_to_tensor
from emotion_core.classifiers.registry import ModelRegistry, load_model
from emotion_core.classifiers.runtime import LiteRTClassifier, softmax
from emotion_core.cli.common import HEADS
from emotion_core.datasets import VALIDATION, default_dataset_path, load_dataset
from emotion_core.errors import ModelError
from emotion_core.files.atomic_files import file_sha256
from emotion_core.types import UInt8Array
from tests.classifiers.conftest import one_head, two_heads
from tests.two_heads import ONE, TFLITE, TWO, build_network

MakeCard = Callable[..., ModelCard]
MakeFolder = Callable[..., Path]

OLD = Path(__file__).parent / "old_versions"


def test_every_head_has_words() -> None:
    assert set(HEAD_MEANINGS) == set(HEAD_TITLES) == set(HEAD_NAMES) == set(HEADS)
    assert all(sentence.endswith(".") for sentence in HEAD_MEANINGS.values())


# The cues and what they do to the temperature.


def test_cues_tell_flat_and_soft_pictures(faces: UInt8Array) -> None:
    usual = picture_cues(faces)
    flat = picture_cues((faces // 4 + 96).astype(np.uint8))
    soft = picture_cues(np.stack([cv2.GaussianBlur(face, (0, 0), 2.0) for face in faces]))
    assert usual.shape == (len(faces), 2)
    assert (flat[:, 0] < usual[:, 0] - 1).all()  # a quarter of the contrast: ln 4 = 1.4 less
    assert (soft[:, 1] < usual[:, 1] - 0.5).all()
    # Contrast is not sharpness: a flat picture has its details in the same proportion.
    assert np.abs(flat[:, 1] - usual[:, 1]).mean() < 0.35


def test_a_cue_by_hand() -> None:
    """Columns of 0 and 200: standard deviation 100, second difference 2 x 200 everywhere."""
    stripes = np.tile(np.array([0, 200], np.uint8), (48, 24))[np.newaxis]
    contrast, sharpness = picture_cues(stripes)[0]
    assert contrast == pytest.approx(math.log(101) - 4.0, abs=1e-5)
    assert sharpness == pytest.approx(math.log(400 / 101 + 1e-3) + 0.68, abs=1e-5)


def test_no_picture_is_stranger_than_so_far() -> None:
    black, noise = np.zeros((1, 48, 48), np.uint8), np.zeros((1, 48, 48), np.uint8)
    noise[0, ::2, ::2] = 255
    for picture in (black, noise):
        assert (np.abs(picture_cues(picture)) <= 2.5).all()
    assert picture_cues(black)[0].tolist() == [-2.5, -2.5]


def test_no_pictures_have_no_cues() -> None:
    none = np.zeros((0, 48, 48), np.uint8)
    assert picture_cues(none).shape == (0, 2)
    for head in (*one_head().values(), *two_heads(contrast=-0.4).values()):
        assert head.temperatures(none).shape == (0,)


@pytest.mark.skipif(not default_dataset_path().is_file(), reason="needs FER-2013")
def test_fer_2013_is_usual() -> None:
    cues = picture_cues(load_dataset().split(VALIDATION).images)
    assert np.abs(np.median(cues, axis=0)).max() < 0.06


def test_temperatures_follow_the_cues(faces: UInt8Array) -> None:
    plain = Head(first=0, outputs=7, temperature=1.5, threshold=0.4)
    assert plain.temperatures(faces).tolist() == [1.5] * len(faces)
    aware = replace(plain, contrast=-0.4, sharpness=-0.2)
    contrast, sharpness = picture_cues(faces).T
    wanted = 1.5 * np.exp(-0.4 * contrast - 0.2 * sharpness)
    np.testing.assert_allclose(aware.temperatures(faces), wanted, rtol=1e-12)
    # Less contrast, less confidence.
    flat = (faces // 4 + 96).astype(np.uint8)
    assert (replace(aware, sharpness=0.0).temperatures(flat) > 1.5).mean() > 0.9


# On the card.


def test_the_raters_answer_unless_others_are_asked(make_card: MakeCard) -> None:
    backwards = dict(reversed(list(two_heads().items())))
    for given in (two_heads(), backwards):
        card = make_card(heads=given)
        assert list(card.heads) == ["raters", "fer2013"]
        assert card.own_labels == "raters"
        assert card.head() is card.head("raters")
        assert card.head("fer2013").first == 0
        assert card.n_outputs == 15
    assert make_card().own_labels == "fer2013"
    assert make_card().n_outputs == 7


def test_labels_without_a_head_are_refused(make_card: MakeCard) -> None:
    with pytest.raises(ModelError, match=r"compact predicts those of fer2013\. Received: 'raters'"):
        make_card().head("raters")
    with pytest.raises(ModelError, match=r"those of raters and fer2013\. Received: 'nobody'"):
        make_card(heads=two_heads()).head("nobody")


def test_two_heads_survive_a_round_trip(make_card: MakeCard, tmp_path: Path) -> None:
    card = make_card(heads=two_heads(contrast=-0.25, sharpness=0.5))
    card.save(tmp_path)
    assert load_card(tmp_path) == card
    assert load_card(tmp_path).heads["raters"].contrast == -0.25


def _heads(**changes: Any) -> dict[str, Any]:
    return {"fer2013": {**one_head()["fer2013"].to_dict(), **changes}}


@pytest.mark.parametrize(
    ("heads", "where"),
    [
        ({}, "heads"),
        (None, "heads"),
        ([], "heads"),
        ({"experts": one_head()["fer2013"]}, "heads"),
        ({"fer2013": {}}, "heads.fer2013"),
        ({"fer2013": 7}, "heads.fer2013"),
        (_heads(colour="red"), "heads.fer2013.colour"),
        (_heads(first=-1), "heads.fer2013.first"),
        (_heads(first=1.5), "heads.fer2013.first"),
        (_heads(outputs=0), "heads.fer2013.outputs"),
        (_heads(outputs=6), "heads: fer2013"),
        (_heads(temperature=0), "heads.fer2013.temperature"),
        (_heads(temperature="1"), "heads.fer2013.temperature"),
        (_heads(temperature=float("nan")), "heads.fer2013.temperature"),
        (_heads(temperature=10**400), "heads.fer2013.temperature"),
        (_heads(temperature=1e-320), "heads.fer2013.temperature"),
        (_heads(threshold=1.2), "heads.fer2013.threshold"),
        (_heads(threshold=-0.1), "heads.fer2013.threshold"),
        (_heads(threshold=10**400), "heads.fer2013.threshold"),
        (_heads(contrast=2.5), "heads.fer2013.contrast"),
        (_heads(sharpness=None), "heads.fer2013.sharpness"),
    ],
)
def test_faulty_heads_are_refused(make_card: MakeCard, heads: Any, where: str) -> None:
    with pytest.raises(ModelError) as caught:
        make_card(heads=heads)
    assert where in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_card_of_schema_3_has_one_head(tmp_path: Path) -> None:
    """``old_versions/card3.json`` is the shipped ferplus's as commit e76fb03 had it."""
    old = json.loads((OLD / "card3.json").read_text(encoding="utf-8"))
    assert old["schema"] == 3
    assert "heads" not in old
    card = ModelCard.from_dict(old)
    assert list(card.heads) == ["raters"]
    head = card.head()
    assert (head.first, head.outputs) == (0, len(card.labels))
    assert (head.temperature, head.threshold) == (old["temperature"], old["threshold"])
    assert (head.contrast, head.sharpness) == (0.0, 0.0)
    card.save(tmp_path)
    written = json.loads((tmp_path / CARD_FILE).read_text(encoding="utf-8"))
    assert written["schema"] == SCHEMA
    assert not {"temperature", "threshold"} & set(written)
    assert load_card(tmp_path) == card


@pytest.mark.parametrize("missing", ["temperature", "threshold", "labels"])
def test_a_card_of_schema_3_without_what_makes_its_head(missing: str) -> None:
    old = json.loads((OLD / "card3.json").read_text(encoding="utf-8"))
    del old[missing]
    with pytest.raises(ModelError, match=r"Missing: .*heads"):
        ModelCard.from_dict(old)


# Served.


@pytest.fixture
def make_two(make_card: MakeCard, tmp_path: Path) -> Callable[..., Path]:
    """Builds a model folder with two heads; keyword arguments replace values of its card."""

    def make(**changes: Any) -> Path:
        folder = tmp_path / "models" / "compact"
        folder.mkdir(parents=True)
        shutil.copyfile(TFLITE, folder / LITERT_FILE)
        files = {LITERT_FILE: file_sha256(folder / LITERT_FILE)}
        make_card(**{"heads": two_heads(), "files": files, **changes}).save(folder)
        return folder

    return make


def test_each_head_gives_its_own_columns(make_two: MakeFolder, faces: UInt8Array) -> None:
    folder = make_two(flip_tta=False, heads=two_heads(contrast=-0.3))
    card = load_card(folder)
    outputs = LiteRTNetwork(TFLITE.read_bytes()).run(crops_to_tensor(faces))
    assert outputs.shape == (len(faces), 15)
    for labels, columns in {"fer2013": slice(0, 7), "raters": slice(7, 14)}.items():
        classifier = LiteRTClassifier(folder, card, labels=labels)
        assert classifier.labels == labels
        np.testing.assert_allclose(classifier.outputs(faces), outputs, atol=1e-5)
        np.testing.assert_allclose(classifier.logits(faces), outputs[:, columns], atol=1e-5)
        scores = classifier.predict(faces)
        wanted = softmax(outputs[:, columns], card.head(labels).temperatures(faces))
        np.testing.assert_allclose(scores.probabilities, wanted, atol=1e-5)
        assert scores.threshold == card.head(labels).threshold
        once = classifier.predict_once(faces)
        np.testing.assert_array_equal(once.probabilities, scores.probabilities)
    own = LiteRTClassifier(folder, card)
    assert own.labels == "raters"
    np.testing.assert_array_equal(own.predict(faces).probabilities, scores.probabilities)
    # Contempt, the eighth of the raters' outputs, is not served.
    assert scores.probabilities.shape == (len(faces), 7)


def test_averaging_with_the_mirror_image_is_by_head(
    make_two: MakeFolder, faces: UInt8Array
) -> None:
    folder = make_two(flip_tta=True)
    network = LiteRTNetwork(TFLITE.read_bytes())
    mirrored = np.ascontiguousarray(faces[:, :, ::-1])
    both = (network.run(crops_to_tensor(faces)) + network.run(crops_to_tensor(mirrored))) / 2
    for labels, columns in {"fer2013": slice(0, 7), "raters": slice(7, 14)}.items():
        classifier = LiteRTClassifier(folder, load_card(folder), labels=labels)
        np.testing.assert_allclose(classifier.logits(faces), both[:, columns], atol=1e-5)


def test_a_card_whose_heads_do_not_fit_the_network_is_refused(make_two: MakeFolder) -> None:
    folder = make_two(heads=two_heads(outputs=7))
    with pytest.raises(ModelError, match="does not fit its card"):
        LiteRTClassifier(folder, load_card(folder))


def test_a_model_without_that_head_is_not_opened(two_headed_models: Path) -> None:
    registry = ModelRegistry(two_headed_models)
    with pytest.raises(ModelError, match="leave the labels to it"):
        registry.open(ONE, labels="raters")
    assert registry.open(TWO).labels == "raters"
    assert registry.open(TWO, labels="fer2013").labels == "fer2013"
    assert registry.verify(TWO) == []
    with pytest.raises(ModelError, match="Received: 'nobody'"):
        load_model("emotion-cnn", labels="nobody")


def test_features_come_with_the_logits_of_all_heads(
    make_two: MakeFolder, faces: UInt8Array
) -> None:
    folder = make_two(flip_tta=True)
    values, logits = features(folder, faces[:20])
    served = LiteRTClassifier(folder, load_card(folder)).outputs(faces[:20])
    assert values.shape == (20, 16)
    np.testing.assert_allclose(logits, served, rtol=1e-4, atol=1e-4)
    assert features(folder, faces[:0])[1].shape == (0, 15)


def test_parity_looks_at_every_head(faces: UInt8Array, tmp_path: Path) -> None:
    network, heads = build_network(), tuple(two_heads().values())
    assert parity(network, TFLITE, faces, heads=heads).agreement == 1
    # Another raters' head in the trained network: the first head alone would not notice.
    kernel, bias = network.get_layer("logits").get_weights()
    kernel[:, 7:] *= -1
    network.get_layer("logits").set_weights([kernel, bias])
    assert parity(network, TFLITE, faces, heads=heads).agreement < 0.5
    assert parity(network, TFLITE, faces, heads=(two_heads()["fer2013"],)).agreement == 1


def test_the_file_is_the_networks(faces: UInt8Array) -> None:
    tensor = crops_to_tensor(faces)
    trained = np.asarray(build_network()(tensor, training=False))
    served = LiteRTNetwork(TFLITE.read_bytes()).run(tensor)
    np.testing.assert_allclose(served, trained, atol=1e-3)
