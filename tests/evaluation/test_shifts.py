"""Shifted faces: the conditions themselves, and what is made of a model under them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from skimage import data as pictures

from emotion_core.datasets import EmotionDataset
from emotion_core.emotions import FER2013
from emotion_core.errors import Cancelled
from emotion_core.evaluation import EvaluatedModel, build_evaluation_split
from emotion_core.evaluation.cache import LogitsCache
from emotion_core.evaluation.predictor import Predictions
from emotion_core.evaluation.shift_figures import ShiftTest
from emotion_core.evaluation.shifts import SHIFTS, shifted
from emotion_core.types import UInt8Array

MakeModel = Callable[..., EvaluatedModel]


@pytest.fixture(scope="module")
def faces() -> UInt8Array:
    """(12, 48, 48) uint8: real faces, in the size of FER-2013's."""
    from emotion_core.images import resize_image

    small = pictures.lfw_subset()[:12]
    return np.stack([resize_image(np.uint8(face * 255), (48, 48)) for face in small])


@pytest.mark.parametrize("name", SHIFTS)
def test_the_same_call_gives_the_same_faces(faces: UInt8Array, name: str) -> None:
    before = faces.copy()
    once, again = shifted(faces, name), shifted(faces, name)
    assert once.shape == faces.shape
    assert once.dtype == np.uint8
    np.testing.assert_array_equal(once, again)
    np.testing.assert_array_equal(faces, before)
    assert (once != faces).any(axis=(1, 2)).all()


@pytest.mark.parametrize("name", SHIFTS)
def test_a_face_becomes_the_same_whatever_its_company(faces: UInt8Array, name: str) -> None:
    together = shifted(faces, name)
    np.testing.assert_array_equal(shifted(faces[3:4], name), together[3:4])
    np.testing.assert_array_equal(shifted(faces[::-1], name), together[::-1])


@pytest.mark.parametrize("name", SHIFTS)
def test_no_faces_and_faces_of_another_size(faces: UInt8Array, name: str) -> None:
    assert shifted(faces[:0], name).shape == (0, 48, 48)
    larger = np.repeat(np.repeat(faces[:2], 2, axis=1), 2, axis=2)
    assert shifted(larger, name).shape == (2, 96, 96)


def test_an_unknown_condition_is_refused(faces: UInt8Array) -> None:
    with pytest.raises(ValueError, match=r"shift: wanted one of box, .*Received: 'fog'"):
        shifted(faces, "fog")


def test_every_condition_does_what_it_says(faces: UInt8Array) -> None:
    means = faces.mean(axis=(1, 2))
    dark = shifted(faces, "low-light").mean(axis=(1, 2))
    # 15 to 40 % of the light; noise that would be below black adds a little.
    assert ((dark > 0.14 * means) & (dark < 0.41 * means + 3)).all()

    def detail(images: UInt8Array) -> float:
        return float(np.abs(np.diff(images.astype(int), axis=2)).mean())

    assert detail(shifted(faces, "blur")) < 0.8 * detail(faces)
    # These faces were smaller than 28 pixels once; noise was not.
    noise = np.random.default_rng(0).integers(0, 256, (6, 48, 48), dtype=np.uint8)
    assert detail(shifted(noise, "small")) < 0.6 * detail(noise)
    jpeg = np.abs(shifted(faces, "jpeg").astype(int) - faces)
    assert 0.5 < jpeg.mean() < 12
    # A flat face stays flat however it is moved; at the edge its last pixel is repeated.
    flat = np.full((3, 48, 48), 77, np.uint8)
    for name in ("box", "turned", "jpeg", "blur", "small"):
        assert (np.abs(shifted(flat, name).astype(int) - 77) <= 1).all()


def test_heads_turn_to_both_sides() -> None:
    """A line down the middle moves to the left or right, by the sine of 20 to 35 degrees."""
    rng = np.random.default_rng(0)
    line = rng.integers(0, 60, (40, 48, 48), dtype=np.uint8)
    line[:, :, 23:25] = 255
    turned = shifted(line, "turned").astype(float)
    place = (
        (turned[:, :, :].mean(axis=1) > 120)
        @ np.arange(48)
        / (turned.mean(axis=1) > 120).sum(axis=1)
    )
    away = (place - 23.5) / 24
    assert (np.abs(away) > 0.3).all()
    assert (np.abs(away) < 0.72).all()
    assert (away > 0).any()
    assert (away < 0).any()


# What is made of a model.


def _predicted(*rows: tuple[int, float]) -> Predictions:
    """Predictions of (label, its probability); the others share the rest."""
    probabilities = np.zeros((len(rows), 7))
    for row, (label, share) in zip(probabilities, rows, strict=True):
        row[:] = (1 - share) / 6
        row[label] = share
    logits = np.log(probabilities).astype(np.float32)
    return Predictions(logits, np.ones(len(rows)), 0.0)


def test_figures_by_hand() -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 48, 48), dtype=np.uint8)
    data = EmotionDataset(
        images,
        np.array([0, 1, 2, 3]),
        np.array(["PublicTest"] * 4),
        np.zeros((4, 10), np.int64),
        np.arange(4, dtype=np.int64),
    )
    test = ShiftTest(build_evaluation_split(data, "validation"))
    report = test.report(
        {
            # Three of four right at 0.9; one right of four at 0.6.
            "blur": _predicted((0, 0.9), (1, 0.9), (2, 0.9), (0, 0.9)),
            "jpeg": _predicted((0, 0.6), (0, 0.6), (0, 0.6), (0, 0.6)),
        }
    )
    blur, jpeg = report.conditions["blur"], report.conditions["jpeg"]
    assert (blur.n, blur.accuracy) == (4, 0.75)
    assert blur.confidence == pytest.approx(0.9, abs=1e-5)
    assert blur.ece == pytest.approx(0.15, abs=1e-5)
    assert blur.overconfidence == pytest.approx(0.15, abs=1e-5)
    assert jpeg.accuracy == 0.25
    assert jpeg.overconfidence == pytest.approx(0.35, abs=1e-5)
    # Together: half the faces are off by 0.15, half by 0.35.
    assert report.ece == pytest.approx(0.25, abs=1e-5)
    written = report.to_dict()
    assert written["ece_shifted"] == report.ece
    assert list(written["shifts"]["blur"]) == ["n", "accuracy", "confidence", "ece"]


def test_every_condition_is_asked_and_kept(
    make_model: MakeModel, small_set: EmotionDataset, folder: Path
) -> None:
    opened: list[str] = []
    model, cache = make_model(opened=opened), LogitsCache(folder)
    rows = build_evaluation_split(small_set, "validation", "raters")
    test, told = ShiftTest(rows), []
    assert not test.is_known(model, cache)
    found = test.predictions(model, cache, progress=lambda n, total: told.append((n, total)))
    assert list(found) == list(SHIFTS)
    # All of the split is looked at, those with a clear majority are judged.
    assert told[-1] == (600, 600)
    assert told == sorted(told)
    assert {len(p.logits) for p in found.values()} == {len(test.truth)} == {50}
    assert test.is_known(model, cache)
    assert not test.is_known(make_model(key="1" * 64), cache)
    again = test.predictions(model, cache)
    assert opened == ["random"]
    assert test.report(again) == test.report(found)
    np.testing.assert_array_equal(
        test.images("blur"), shifted(rows.images.images, "blur")[rows.judged]
    )


def test_how_sure_it_is_follows_the_shifted_picture(
    make_model: MakeModel, small_set: EmotionDataset, folder: Path
) -> None:
    from dataclasses import replace

    model = make_model()
    aware = replace(model, head=replace(model.head, contrast=-1.0))
    test, cache = ShiftTest(build_evaluation_split(small_set, "test")), LogitsCache(folder)
    dark = test.predictions(aware, cache)["low-light"]
    # The kept logits are the same for another calibration, the temperatures are of these pictures.
    plain = test.predictions(model, cache)["low-light"]
    np.testing.assert_array_equal(dark.logits, plain.logits)
    np.testing.assert_allclose(
        dark.temperatures, aware.head.temperatures(test.images("low-light")), rtol=1e-12
    )
    assert dark.temperatures.mean() > 1.3 * plain.temperatures.mean()


def test_large_splits_are_thinned_the_same_way(
    make_model: MakeModel, small_set: EmotionDataset
) -> None:
    rows = build_evaluation_split(small_set, "validation")
    few, again = ShiftTest(rows, max_images=30), ShiftTest(rows, max_images=30)
    assert len(few.truth) == 30
    np.testing.assert_array_equal(few.images("jpeg"), again.images("jpeg"))


def test_it_can_be_stopped(make_model: MakeModel, small_set: EmotionDataset, folder: Path) -> None:
    test, cache = ShiftTest(build_evaluation_split(small_set, "test")), LogitsCache(folder)
    answers = iter([False, False, True])
    with pytest.raises(Cancelled):
        test.predictions(make_model(), cache, cancelled=lambda: next(answers))
    assert len(list(folder.rglob("*.npz"))) == 1  # what was finished is kept
    assert small_set.label_set == FER2013
