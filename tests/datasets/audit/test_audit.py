"""What the audit finds without a model: copies of all kinds, leaks and bad pictures."""

import dataclasses
import os
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from emotion_core import datasets
from emotion_core.datasets import TEST, TRAINING, VALIDATION, EmotionDataset
from emotion_core.datasets.audit import AuditReport, audit_dataset
from emotion_core.errors import Cancelled
from emotion_core.paths import DATASET_ENV
from emotion_core.types import UInt8Array

needs_fer2013 = pytest.mark.skipif(
    not os.environ.get(DATASET_ENV),
    reason=f"FER-2013 cannot be shipped; set {DATASET_ENV} to its Parquet file",
)
MakeSet = Callable[..., EmotionDataset]


def shifted(image: UInt8Array, x_px: int, y_px: int) -> UInt8Array:
    """A picture moved over its own continued edge."""
    matrix = np.array([[1, 0, x_px], [0, 1, y_px]], np.float32)
    moved = cv2.warpAffine(image, matrix, image.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, dtype=np.uint8)


def rows_where(report: AuditReport, column: str) -> list[int]:
    values = report.rows[column].to_numpy()
    return np.flatnonzero(values if values.dtype == bool else values >= 0).tolist()


def test_faces_without_faults_give_no_findings(make_set: MakeSet) -> None:
    report = audit_dataset(make_set())
    assert report.findings().empty
    assert report.summary()["exact_duplicate_groups"] == 0
    assert report.summary()["label_issues"] is None  # not 0: nobody looked


def test_exact_copies_their_conflicts_and_leaks(make_set: MakeSet, faces: UInt8Array) -> None:
    # Row 0 (angry, Training) again in PrivateTest with another label; row 5 in PublicTest again.
    report = audit_dataset(make_set((faces[0], TEST, 3), (faces[5], VALIDATION, 5)))
    assert report.rows["exact_group"].tolist() == [0, *[-1] * 4, 1, *[-1] * 6, 0, 1]
    assert rows_where(report, "conflicting") == [0, 12]
    assert rows_where(report, "leaks") == [0, 12]
    assert rows_where(report, "near_group") == []
    summary = report.summary()
    assert summary["exact_duplicate_groups"] == 2
    assert summary["exact_duplicate_images"] == 4
    assert summary["conflicting_groups"] == 1
    assert summary["test_images_in_training"] == 1
    assert summary["validation_images_in_training"] == 0


def test_near_copies_are_found_across_splits(make_set: MakeSet, faces: UInt8Array) -> None:
    brighter = np.clip(faces[1] * 0.7 + 40, 0, 255).astype(np.uint8)
    moved = shifted(faces[2], 1, -1)
    marked = faces[9].copy()
    marked[30:34, 5:43] = np.minimum(marked[30:34, 5:43], 215) + 40  # a pale watermark
    report = audit_dataset(
        make_set((brighter, TEST, 1), (moved, TRAINING, 4), (marked, VALIDATION, 2))
    )
    group = report.rows["near_group"].to_numpy()
    assert group[1] == group[12] >= 0
    assert group[2] == group[13] >= 0
    assert group[9] == group[14] >= 0
    assert len({*group.tolist()} - {-1}) == report.summary()["near_duplicate_groups"]
    assert rows_where(report, "exact_group") == []
    # The copy inside Training does not leak; byte-identical leaks are counted apart.
    assert set(rows_where(report, "near_leaks")) >= {1, 12}
    assert 13 not in rows_where(report, "near_leaks")
    assert rows_where(report, "leaks") == []
    assert report.summary()["test_photos_in_training"] == 1
    assert rows_where(report, "near_conflicting") == [2, 13]
    assert rows_where(report, "conflicting") == []
    assert report.summary()["conflicting_photos"] == 1


def test_mirrored_copies_are_told_from_copies(make_set: MakeSet, faces: UInt8Array) -> None:
    mirrored = faces[3, :, ::-1]
    report = audit_dataset(make_set((mirrored, TEST, 3), (faces[3], TRAINING, 3)))
    assert rows_where(report, "mirrored_group") == [3, 12, 13]  # the exact copy goes along
    assert rows_where(report, "exact_group") == [3, 13]
    assert rows_where(report, "near_group") == []
    assert rows_where(report, "leaks") == [3, 12, 13]
    assert report.summary()["mirrored_duplicate_groups"] == 1


def test_leaks_in_training_are_those_that_can_be_excluded(
    make_set: MakeSet, faces: UInt8Array
) -> None:
    data = make_set((faces[0], TEST, 0), (faces[2, :, ::-1], VALIDATION, 2))
    leaks = audit_dataset(data).rows["leaks"].to_numpy() & (data.usage == TRAINING)
    assert np.flatnonzero(leaks).tolist() == [0, 2]
    np.testing.assert_array_equal(leaks, datasets.leaking_rows(data))


def test_bad_pictures_get_their_flags(make_set: MakeSet, faces: UInt8Array) -> None:
    flat = np.full((48, 48), 129, np.uint8)
    flat[0, :4] = 130  # as row 2171 of FER-2013: one colour for the eye
    dark = (faces[4] // 5).astype(np.uint8)
    soft = faces[5].astype(np.float32)
    for _ in range(12):
        soft = (soft + sum(np.roll(soft, s, a) for s, a in ((1, 0), (-1, 0), (1, 1), (-1, 1)))) / 5
    blurred = soft.astype(np.uint8)
    report = audit_dataset(make_set((flat, TEST, 0), (dark, TEST, 4), (blurred, TEST, 5)))
    assert rows_where(report, "flat") == [12]
    assert rows_where(report, "dark") == [13]
    assert rows_where(report, "blurred") == [14]
    assert rows_where(report, "not_a_face") == [12]
    assert report.rows["sharpness"].to_numpy()[12] == 0


def test_not_a_face_and_agreement_come_from_the_votes(make_set: MakeSet) -> None:
    data = make_set()
    votes = np.zeros((12, 10), np.int64)
    votes[0, 9] = 5  # not a face, one half
    votes[0, 4] = 5
    votes[1, 9] = 4
    votes[1, 4] = 6
    votes[3, 1] = 10  # happy, as labelled
    votes[4, 7] = 10  # contempt
    report = audit_dataset(dataclasses.replace(data, votes=votes))
    assert rows_where(report, "not_a_face") == [0]
    rows = report.rows
    assert rows["ferplus_majority"].tolist()[:6] == ["", "angry", "", "happy", "contempt", ""]
    assert rows["ferplus_label"].tolist()[:6] == [-1, 0, -1, 3, -1, -1]
    assert rows["ferplus_agreement"].tolist()[:2] == [1.0, 0.0]
    assert np.isnan(rows["ferplus_agreement"].to_numpy()[4:]).all()
    table = report.agreement
    columns = report.agreement_columns
    assert table.sum() == 4
    assert table[3, columns.index("happy")] == table[4, columns.index("contempt")] == 1
    assert table[1, columns.index("angry")] == table[0, columns.index("tie")] == 1


def test_a_set_of_one_picture_or_none(make_set: MakeSet) -> None:
    for n in (0, 1):
        report = audit_dataset(make_set().select(np.arange(n)))
        assert len(report) == n
        assert report.summary()["near_duplicate_groups"] == 0


def test_uniqueness_is_0_for_copies(make_set: MakeSet, faces: UInt8Array) -> None:
    black = np.zeros((48, 48), np.uint8)
    data = make_set((faces[0], TEST, 0), (black, TEST, 0), (black, TEST, 0))
    unique = audit_dataset(data).rows["uniqueness"].to_numpy()
    assert unique[[0, 12, 13, 14]].max() == 0 < unique[1:12].min()
    assert 0 <= unique.min() <= unique.max() <= 1


def test_progress_grows_to_1_and_can_be_stopped(make_set: MakeSet) -> None:
    told: list[tuple[str, float]] = []
    audit_dataset(make_set(), progress=lambda stage, share: told.append((stage, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    with pytest.raises(Cancelled, match="Stopped while"):
        audit_dataset(make_set(), cancelled=lambda: True)


@pytest.mark.slow
@needs_fer2013
def test_fer2013_has_its_known_faults() -> None:
    """The numbers of the shared set's README, without the slow search for near copies."""
    from emotion_core.datasets.audit.groups import equal_groups, varied_groups
    from emotion_core.datasets.audit.quality import picture_quality

    data = datasets.load_dataset()
    exact = equal_groups(datasets.duplicate_keys(data.images).exact)
    assert exact.max() + 1 == 1516
    assert (exact >= 0).sum() == 3369
    conflicting = varied_groups(exact, data.labels)
    assert len(np.unique(exact[conflicting])) == 57
    training = exact[(data.usage == TRAINING) & (exact >= 0)]
    for split, wanted in ((TEST, 288), (VALIDATION, 280)):
        assert np.isin(exact[data.usage == split], training).sum() == wanted
    assert picture_quality(data.images).flat.sum() == 13
