"""The data set in memory, its Parquet form, duplicates and targets."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emotion_core import datasets
from emotion_core.datasets import TEST, TRAINING, VALIDATION, EmotionDataset, load_dataset
from emotion_core.errors import DatasetError
from emotion_core.paths import DATASET_ENV

needs_fer2013 = pytest.mark.skipif(
    not os.environ.get(DATASET_ENV),
    reason=f"FER-2013 cannot be shipped; set {DATASET_ENV} to its Parquet file",
)


def make(n: int = 6, usage: str = TRAINING, seed: int = 0) -> EmotionDataset:
    rng = np.random.default_rng(seed)
    return EmotionDataset(
        images=rng.integers(0, 256, (n, 48, 48), dtype=np.uint8),
        labels=np.arange(n, dtype=np.int64) % 7,
        usage=np.array([usage] * n),
        votes=np.zeros((n, 10), np.int64),
        rows=np.arange(n, dtype=np.int64),
    )


def test_wrong_shapes_say_what_was_wanted_and_what_came() -> None:
    good = make()
    with pytest.raises(ValueError, match=r"wanted squares\. Received: \(6, 48, 40\)"):
        EmotionDataset(good.images[:, :, :40], good.labels, good.usage, good.votes, good.rows)
    with pytest.raises(ValueError, match=r"wanted \(6\) int64. Received: \(6,\) float64"):
        EmotionDataset(good.images, good.labels.astype(float), good.usage, good.votes, good.rows)
    with pytest.raises(ValueError, match=r"wanted 0 to 6\. Received: 7 to 12"):
        EmotionDataset(good.images, good.labels + 7, good.usage, good.votes, good.rows)


def test_select_keeps_rows_together() -> None:
    data = make()
    chosen = data.select(np.array([4, 1]))
    assert chosen.rows.tolist() == [4, 1]
    assert chosen.labels.tolist() == [4, 1]
    np.testing.assert_array_equal(chosen.images[0], data.images[4])


def write(path: Path, **columns: object) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_load_names_missing_file_and_missing_columns(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="No data set at"):
        load_dataset(tmp_path / "none.parquet")
    with pytest.raises(DatasetError, match="Missing: image, usage; found: label"):
        load_dataset(write(tmp_path / "a.parquet", label=[1]))
    text = tmp_path / "b.parquet"
    text.write_text("emotion,pixels,Usage")
    with pytest.raises(DatasetError, match="wanted a Parquet file"):
        load_dataset(text)


def test_load_names_the_row_of_a_broken_picture(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.parquet",
        image=[{"bytes": b"not a picture", "path": ""}],
        label=[0],
        usage=[TRAINING],
    )
    with pytest.raises(DatasetError, match="the picture of row 0 is broken"):
        load_dataset(path)


def test_mirrored_pictures_share_a_key() -> None:
    images = make(3).images
    pair = np.stack([images[0], images[0][:, ::-1], images[1]])
    keys = datasets.duplicate_keys(pair)
    assert keys.mirrored[0] == keys.mirrored[1] != keys.mirrored[2]
    assert keys.exact[0] != keys.exact[1]


def with_votes(votes: list[list[int]]) -> EmotionDataset:
    data = make(len(votes))
    array = np.array(votes, np.int64)
    return EmotionDataset(data.images, data.labels, data.usage, array, data.rows)


# Columns: neutral happiness surprise sadness anger disgust fear contempt unknown nf
HAPPY = [1, 9, 0, 0, 0, 0, 0, 0, 0, 0]
TIE = [5, 5, 0, 0, 0, 0, 0, 0, 0, 0]
FEW = [0, 4, 1, 1, 1, 1, 1, 0, 0, 0]
CONTEMPT = [1, 0, 0, 0, 0, 0, 0, 9, 0, 0]
NOBODY = [0, 0, 0, 0, 0, 0, 0, 2, 3, 5]


def test_clear_majority_leaves_out_ties_few_votes_and_other_classes() -> None:
    labels, clear = datasets.clear_majority(with_votes([HAPPY, TIE, FEW, CONTEMPT, NOBODY]))
    assert clear.tolist() == [True, False, False, False, False]
    assert labels[0] == datasets.dataset.FER2013.index("happy")


def test_soft_labels_mix_and_fall_back_to_the_original() -> None:
    data = with_votes([HAPPY, NOBODY])
    targets, usable = datasets.soft_labels(data, "mixed", vote_share=0.5)
    np.testing.assert_allclose(targets.sum(axis=1), 1)
    np.testing.assert_allclose(targets[0], [0.5, 0, 0, 0.45, 0, 0, 0.05])
    np.testing.assert_allclose(targets[1], np.eye(7)[1])
    assert usable.all()
    shares, usable = datasets.soft_labels(data, "raters")
    np.testing.assert_allclose(shares[0], [0, 0, 0, 0.9, 0, 0, 0.1, 0])
    assert usable.tolist() == [True, False]
    with pytest.raises(ValueError, match="Unknown labels"):
        datasets.soft_labels(data, "fer")


@needs_fer2013
def test_fer2013_has_its_published_counts_and_known_leaks() -> None:
    """Counts: data/README of the shared set, checked there against the published ones."""
    data = load_dataset()
    counts = {split: list(values.values()) for split, values in data.counts().items()}
    assert counts == {
        TRAINING: [3995, 436, 4097, 7215, 4830, 3171, 4965],
        VALIDATION: [467, 56, 496, 895, 653, 415, 607],
        TEST: [491, 55, 528, 879, 594, 416, 626],
    }
    assert data.images[0].ravel()[:10].tolist() == [70, 80, 82, 72, 58, 58, 60, 63, 54, 58]
    exact = datasets.duplicate_keys(data.images).exact
    training, test = exact[data.usage == TRAINING], exact[data.usage == TEST]
    assert datasets.seen_in(test, training).sum() == 288
    labels, clear = datasets.clear_majority(data.split(TEST))
    assert clear.sum() == 3121
    agreement = (labels == data.split(TEST).labels)[clear].mean()
    assert agreement == pytest.approx(0.680, abs=0.001)
