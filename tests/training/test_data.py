"""What a run trains on: balance, labels, schedules, batches; none of it needs a network."""

from dataclasses import replace

import numpy as np
import pytest

from emotion_core.datasets import TRAINING, EmotionDataset
from emotion_core.errors import TrainingError
from emotion_core.training.augmentation import Augmentation
from emotion_core.training.augmentation_preview import augmented_faces
from emotion_core.training.config import SCHEDULES, TrainingConfig
from emotion_core.training.data import TrainingData, labels_sha256, prepare
from emotion_core.training.schedules import learning_rates


@pytest.fixture
def skewed(shapes_set: EmotionDataset) -> EmotionDataset:
    """Training with 40 images of each emotion but one, which has 4."""
    rare = np.flatnonzero((shapes_set.labels == 1) & (shapes_set.usage == TRAINING))
    return shapes_set.select(np.setdiff1d(np.arange(len(shapes_set)), rare[4:]))


def batches(data: TrainingData, **values: int) -> list[tuple[np.ndarray, ...]]:
    """The first epoch's batches of 16."""
    from emotion_core.training.batches import TrainingBatches

    made = TrainingBatches(data, 16, Augmentation(), 3, values.get("first_epoch", 0), 48)
    return [made[i] for i in range(made.steps_per_epoch * values.get("epochs", 1))]


def test_without_balance_every_image_comes_once(skewed: EmotionDataset) -> None:
    data = prepare(TrainingConfig(), skewed)
    assert len(data.rows) == 244
    targets = np.concatenate([batch[1] for batch in batches(data)])
    assert len(targets) == 240
    assert targets[:, 1].sum() <= 4
    np.testing.assert_allclose(np.concatenate([batch[2] for batch in batches(data)]), 1)


def test_sampling_shows_rare_emotions_as_often_as_others(skewed: EmotionDataset) -> None:
    data = prepare(TrainingConfig(class_balance="sampling"), skewed)
    targets = np.concatenate([batch[1] for batch in batches(data, epochs=8)])
    shares = targets.mean(axis=0)
    np.testing.assert_allclose(shares, 1 / 7, atol=0.04)


def test_weights_make_errors_on_rare_emotions_count(skewed: EmotionDataset) -> None:
    data = prepare(TrainingConfig(class_balance="weights"), skewed)
    weights = data.class_weights
    assert weights[1] == pytest.approx(10 * weights[0], rel=1e-4)
    counts = np.bincount(data.rows.labels, minlength=7)
    assert (weights * counts).sum() == pytest.approx(len(data.rows), rel=1e-4)
    for _, targets, sample_weights in batches(data):
        np.testing.assert_allclose(sample_weights, weights[targets.argmax(axis=1)], rtol=1e-5)


def test_an_emotion_without_any_image_has_no_weight(shapes_set: EmotionDataset) -> None:
    six = shapes_set.select(shapes_set.labels != 1)
    data = prepare(TrainingConfig(class_balance="weights"), six)
    assert data.class_weights[1] == 0
    assert np.isfinite(data.class_weights).all()


def test_batch_i_is_the_same_whenever_it_is_asked_for(shapes_set: EmotionDataset) -> None:
    """In any order, and whether the run began there or was resumed there."""
    data = prepare(TrainingConfig(), shapes_set)
    from_start, resumed = batches(data, epochs=2), batches(data, first_epoch=1)
    second = from_start[len(from_start) // 2 :]
    assert len(second) == len(resumed) == 280 // 16
    for one, other in zip(second, resumed, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)
    assert (from_start[0][0] != second[0][0]).any()


def test_mirrored_faces_get_the_targets_of_the_mirror_image(shapes_set: EmotionDataset) -> None:
    data = prepare(TrainingConfig(), shapes_set)
    # Images whose left half is dark; the targets tell the two sides apart.
    images = np.zeros((len(data.rows), 48, 48), np.uint8)
    images[:, :, 24:] = 255
    rows = EmotionDataset(
        images, data.rows.labels, data.rows.usage, data.rows.votes, data.rows.rows, "sides"
    )
    targets = np.zeros_like(data.targets)
    targets[0, :, 0], targets[1, :, 1] = 1, 1
    for faces, wanted, _ in batches(replace(data, rows=rows, targets=targets)):
        dark_left = faces[:, 16:32, 8:16].mean(axis=(1, 2, 3)) < 128
        np.testing.assert_array_equal(dark_left, wanted[:, 0] == 1)


def test_votes_are_wanted_where_they_are_used(shapes_set: EmotionDataset) -> None:
    with pytest.raises(TrainingError, match="wants a data set with FER"):
        prepare(TrainingConfig(labels="mixed"), shapes_set)


def test_corrections_change_the_hash_of_the_labels(shapes_set: EmotionDataset) -> None:
    labels = shapes_set.labels.copy()
    labels[5] = (labels[5] + 1) % 7
    corrected = EmotionDataset(
        shapes_set.images, labels, shapes_set.usage, shapes_set.votes, shapes_set.rows, "shapes"
    )
    assert labels_sha256(corrected) != labels_sha256(shapes_set)
    assert labels_sha256(shapes_set.select(np.arange(400))) != labels_sha256(shapes_set)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_schedules_reach_the_peak_once_and_stay_within(schedule: str) -> None:
    config = TrainingConfig(schedule=schedule, learning_rate=0.1, warmup=0.1)
    rates = learning_rates(config, 1000)
    assert rates.shape == (1000,)
    assert rates[0] == pytest.approx(0.1 / 25)
    assert rates.max() == pytest.approx(0.1, rel=1e-4)
    rising = int(rates.argmax())
    assert rising == {"cosine": 100, "one-cycle": 300, "constant": 100}[schedule]
    assert (np.diff(rates[: rising + 1]) > 0).all()
    assert (np.diff(rates[rising:]) <= 0).all()
    assert rates[-1] == pytest.approx(0.1 if schedule == "constant" else 0, abs=1e-5)


def test_schedules_without_warmup_begin_at_the_peak() -> None:
    assert learning_rates(TrainingConfig(warmup=0), 10)[0] == pytest.approx(0.05)
    assert len(learning_rates(TrainingConfig(schedule="one-cycle"), 1)) == 1


def test_cosine_is_that_of_keras() -> None:
    """Runs that were started with Keras' own schedule go on with the same learning rates."""
    import keras

    config = TrainingConfig(learning_rate=0.1, warmup=0.05)
    theirs = keras.optimizers.schedules.CosineDecay(
        0.1 / 25, 950, warmup_target=0.1, warmup_steps=50
    )
    steps = [0, 1, 49, 50, 51, 500, 999]
    rates = learning_rates(config, 1000)
    assert [rates[s] for s in steps] == pytest.approx(
        [float(theirs(s)) for s in steps], rel=1e-4, abs=1e-8
    )


def test_preview_shows_training_faces_that_change_with_the_settings(
    shapes_set: EmotionDataset,
) -> None:
    config = TrainingConfig()
    faces = augmented_faces(shapes_set, config, 12, seed=1)
    assert (faces.shape, faces.dtype) == ((12, 48, 48), np.uint8)
    np.testing.assert_array_equal(faces, augmented_faces(shapes_set, config, 12, seed=1))
    erased = replace(config, augmentation=Augmentation(random_erasing=1))
    assert (augmented_faces(shapes_set, erased, 12, seed=1) != faces).any()
    mixed = replace(config, augmentation=Augmentation(mixup=0.4))
    assert (augmented_faces(shapes_set, mixed, 12, seed=1) != faces).any()
    assert augmented_faces(shapes_set, TrainingConfig(progressive_resizing_px=40), 3).shape == (
        3,
        40,
        40,
    )
