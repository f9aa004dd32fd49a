"""Predictions of a network from elsewhere, as a teacher."""

from pathlib import Path

import numpy as np
import pytest

from emotion_core.datasets import EmotionDataset
from emotion_core.errors import TrainingError
from emotion_core.training.config import TrainingConfig
from emotion_core.training.data import prepare
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.teacher_predictions import (
    read_teacher_predictions,
    save_teacher_predictions,
)
from emotion_core.training.teachers import check_sources, with_teachers
from emotion_core.types import Float32Array, UInt8Array

N = 12
RNG = np.random.default_rng(3)
IMAGES: UInt8Array = RNG.integers(0, 256, (N, 48, 48), dtype=np.uint8)
SAID: Float32Array = RNG.dirichlet(np.ones(7), (2, N)).astype(np.float32)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "said.npz"
    save_teacher_predictions(path, IMAGES, {"fer2013": SAID, "raters": SAID[::-1]})
    return path


def test_answers_are_found_by_the_picture(file: Path) -> None:
    some = np.array([7, 2, 2, 11])
    found = read_teacher_predictions(file, "fer2013", IMAGES[some], 7)
    np.testing.assert_allclose(found, SAID[:, some], atol=1e-3)
    np.testing.assert_allclose(found.sum(axis=-1), 1, atol=1e-6)
    raters = read_teacher_predictions(file, "raters", IMAGES, 7)
    np.testing.assert_allclose(raters, SAID[::-1], atol=1e-3)


def test_what_does_not_belong_together_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"fer2013: wanted \(2, 12, C\)"):
        save_teacher_predictions(tmp_path / "said.npz", IMAGES, {"fer2013": SAID[:, :3]})
    assert not list(tmp_path.iterdir())


def test_pictures_that_it_does_not_know_are_counted(file: Path) -> None:
    others = np.concatenate([IMAGES, 255 - IMAGES[:5]])
    with pytest.raises(TrainingError, match="nothing about 5 of the 17 training images"):
        read_teacher_predictions(file, "fer2013", others, 7)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read as a teacher's predictions"),
        (b"no archive at all", "cannot be read as a teacher's predictions"),
        ({"pictures": np.arange(3, dtype=np.uint64)}, "labels fer2013. There: none"),
        (
            {"pictures": np.arange(3, dtype=np.uint64), "raters": np.zeros((2, 3, 7))},
            "labels fer2013. There: raters",
        ),
        ({"fer2013": np.zeros((2, 3, 7))}, "cannot be read as a teacher's predictions"),
        (
            {"pictures": np.arange(3, dtype=np.uint64), "fer2013": np.zeros((2, 3, 6))},
            r"wanted \(2, 3, 7\) predictions. There: \(2, 3, 6\)",
        ),
        (
            {"pictures": np.arange(3, dtype=np.uint64), "fer2013": np.zeros((2, 3, 7))},
            "wanted probabilities that sum to 1",
        ),
        (
            {"pictures": np.arange(3, dtype=np.uint64), "fer2013": np.full((2, 3, 7), np.nan)},
            "wanted probabilities that sum to 1",
        ),
        (
            {"pictures": np.arange(3, dtype=np.uint64), "fer2013": np.array(["a"], object)},
            "cannot be read as a teacher's predictions",
        ),
    ],
)
def test_a_damaged_file_is_said(
    content: bytes | dict[str, np.ndarray], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "said.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.savez(path, **content)
    with pytest.raises(TrainingError, match=message):
        read_teacher_predictions(path, "fer2013", IMAGES[:3], 7)


def test_a_file_stands_among_the_teachers_of_a_run(
    shapes_set: EmotionDataset, tmp_path: Path
) -> None:
    plain = prepare(TrainingConfig(), shapes_set)
    images = shapes_set.images
    said = np.random.default_rng(5).dirichlet(np.ones(7), (2, len(images))).astype(np.float32)
    path = tmp_path / "said.npz"
    save_teacher_predictions(path, images, {"fer2013": said})
    config = TrainingConfig(teachers=(str(path),), teacher_weight=1.0)
    check_sources(config)
    folder = RunFolder(tmp_path / "run")
    folder.create()
    told = with_teachers(plain, config, folder, print).targets
    wanted = read_teacher_predictions(path, "fer2013", plain.rows.images, 7)
    np.testing.assert_allclose(told, wanted, atol=1e-5)

    # Softer: nearer to what somebody says who knows nothing.
    softer = RunFolder(tmp_path / "softer")
    softer.create()
    soft = with_teachers(plain, config.with_values({"teacher_temperature": 5}), softer, print)
    assert soft.targets.max(axis=-1).mean() < 0.6 * told.max(axis=-1).mean()

    # Asked once: the run goes on without the file.
    path.unlink()
    again = with_teachers(plain, config, folder, print).targets
    np.testing.assert_array_equal(again, told)
    check_sources(config, folder)


def test_one_that_is_not_there_is_said_before_anything_begins(tmp_path: Path) -> None:
    name = str(tmp_path / "nowhere.npz")
    with pytest.raises(TrainingError, match=r"teachers: wanted a file of predictions. .*nowhere"):
        check_sources(TrainingConfig(teachers=(name,)))


def test_a_file_for_another_data_set_says_whose_it_is(
    file: Path, shapes_set: EmotionDataset, tmp_path: Path
) -> None:
    config = TrainingConfig(teachers=(str(file),))
    folder = RunFolder(tmp_path / "run")
    folder.create()
    with pytest.raises(TrainingError, match=r"teachers: .*said.npz: says nothing about"):
        with_teachers(prepare(config, shapes_set), config, folder, print)
