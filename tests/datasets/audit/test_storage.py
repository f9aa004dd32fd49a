"""A kept report is read back as it was; a damaged one is no report; CSV holds the findings."""

import csv
import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emotion_core.datasets import TEST, EmotionDataset
from emotion_core.datasets.audit import AuditReport, audit_dataset
from emotion_core.datasets.audit.report import COLUMNS
from emotion_core.datasets.audit.storage import (
    audit_key,
    load_report,
    save_report,
    stored_report,
)
from emotion_core.errors import DatasetError, OutputError
from emotion_core.types import UInt8Array

MakeSet = Callable[..., EmotionDataset]


@pytest.fixture
def report(make_set: MakeSet, faces: UInt8Array) -> AuditReport:
    """An audit with findings, by a model of random features."""
    data = make_set((faces[0], TEST, 3), (faces[3, :, ::-1], TEST, 3))
    rng = np.random.default_rng(0)
    found = audit_dataset(
        data,
        features=rng.normal(size=(14, 8)).astype(np.float32),
        probabilities=np.full((14, 7), 1 / 7, np.float32),
    )
    return dataclasses.replace(found, model="compact", model_sha256="b" * 64)


def test_a_report_is_read_back_as_it_was(report: AuditReport, tmp_path: Path) -> None:
    folder = tmp_path / "audits" / "one"
    save_report(report, folder)
    back = load_report(folder)
    pd.testing.assert_frame_equal(back.rows, report.rows)
    for name in ("embedding", "probabilities", "agreement"):
        np.testing.assert_array_equal(getattr(back, name), getattr(report, name))
    assert back.summary() == report.summary()
    assert (back.model, back.labels) == ("compact", report.labels)
    save_report(dataclasses.replace(report, model="other"), folder)
    assert load_report(folder).model == "other"
    assert [path.name for path in folder.parent.iterdir()] == ["one"]  # nothing left behind


@pytest.mark.parametrize("file", ["rows.parquet", "arrays.npz", "report.json"])
@pytest.mark.parametrize("damage", ["cut", "gone", "text"])
def test_a_damaged_report_is_no_report(
    file: str, damage: str, report: AuditReport, tmp_path: Path
) -> None:
    save_report(report, tmp_path / "one")
    path = tmp_path / "one" / file
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content[: len(content) // 2] if damage == "cut" else b'{"a": 1}')
    assert stored_report(tmp_path / "one") is None
    with pytest.raises(DatasetError, match=r"Run (it|the audit) again"):
        load_report(tmp_path / "one")


def test_a_folder_that_cannot_be_written_is_named(report: AuditReport, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"Cannot make the folder .*/file: a file stands"):
        save_report(report, tmp_path / "file" / "one")


def test_the_key_follows_what_the_audit_looks_at(make_set: MakeSet) -> None:
    data = make_set()
    labels, usage, votes = data.labels.copy(), data.usage.copy(), data.votes.copy()
    images = data.images.copy()
    labels[0], usage[0], votes[0, 1], images[0, 0, 0] = 6, TEST, 4, images[0, 0, 0] ^ 1
    changed = [
        dataclasses.replace(data, **{name: value})
        for name, value in (
            ("labels", labels),
            ("usage", usage),
            ("votes", votes),
            ("images", images),
            ("sha256", "c" * 64),
        )
    ]
    keys = {audit_key(each) for each in (data, *changed)}
    assert len(keys) == 6
    assert audit_key(make_set()) == audit_key(data)
    assert audit_key(data, "d" * 64) not in keys
    # A page that knows the labels but has not decoded the pictures finds the same report.
    stored = dataclasses.replace(data, sha256="c" * 64)
    bare = dataclasses.replace(stored, images=np.zeros((12, 0, 0), np.uint8))
    assert audit_key(bare) == audit_key(stored)


def test_csv_holds_the_findings_with_names_for_labels(report: AuditReport, tmp_path: Path) -> None:
    report.to_csv(tmp_path / "findings.csv")
    with (tmp_path / "findings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["row"] for row in rows] == ["0", "3", "12", "13"]
    assert list(rows[0]) == list(COLUMNS)
    assert [row["label"] for row in rows] == ["angry", "happy", "happy", "happy"]
    assert rows[0]["ferplus_label"] == ""
    assert rows[0]["conflicting"] == "True"


def test_a_report_checks_its_arrays(report: AuditReport) -> None:
    with pytest.raises(ValueError, match="Missing: \\['near_group'\\]"):
        dataclasses.replace(report, rows=report.rows.drop(columns="near_group"))
    with pytest.raises(ValueError, match=r"AuditReport.embedding: wanted \(14, any\) float32"):
        dataclasses.replace(report, embedding=report.embedding[:3])
