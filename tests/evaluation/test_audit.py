"""The audit with a model: what it sees, where it is kept, and what stops it."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emotion_core.classifiers.registry import MODELS_ROOT, ModelRegistry
from emotion_core.datasets import TEST, TRAINING, VALIDATION, EmotionDataset
from emotion_core.errors import Cancelled, DatasetError, ModelError
from emotion_core.evaluation import audit
from emotion_core.paths import HOME_ENV


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EmotionDataset:
    """42 random pictures, the last one a copy of the first; everything is kept in ``tmp_path``."""
    monkeypatch.setenv(HOME_ENV, str(tmp_path))
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (42, 48, 48), dtype=np.uint8)
    images[41] = images[0]
    return EmotionDataset(
        images=images,
        labels=np.arange(42, dtype=np.int64) % 7,
        usage=np.repeat([TRAINING, VALIDATION, TEST], 14),
        votes=np.zeros((42, 10), np.int64),
        rows=np.arange(42, dtype=np.int64),
    )


def test_the_model_sees_the_pictures_as_it_does_when_served(data: EmotionDataset) -> None:
    report = audit.run_audit(data, "compact")
    # It asks about the labels of the data set, so the head for those answers.
    compact = ModelRegistry(MODELS_ROOT).open("compact", labels="fer2013")
    served = compact.predict(data.images).probabilities
    np.testing.assert_allclose(report.probabilities, served, atol=1e-4)
    assert report.model == "compact"
    assert report.model_sha256 == ModelRegistry(MODELS_ROOT).card("compact").sha256
    assert report.rows["predicted"].tolist() == served.argmax(axis=1).tolist()
    assert report.nearest(0, 1).tolist() == [41]
    assert np.isfinite(report.rows[["map_x", "map_y", "label_quality"]].to_numpy()).all()
    assert report.rows[["map_x", "map_y"]].to_numpy()[0] == pytest.approx(
        report.rows[["map_x", "map_y"]].to_numpy()[41], abs=1e-3
    )


def test_a_report_is_kept_and_belongs_to_one_set_and_one_model(
    data: EmotionDataset, tmp_path: Path
) -> None:
    name = ModelRegistry().default_name()
    assert audit.cached_audit(data, name) is None
    report = audit.run_audit(data, name)
    kept = audit.cached_audit(data, name)
    assert kept is not None
    assert kept.summary() == report.summary()
    assert audit.cached_audit(data) is not None
    assert audit.cached_audit(data, "emotion-cnn") is None
    assert audit.cached_audit(data, audit.WITHOUT_MODEL) is None
    changed = dataclasses.replace(data, labels=(data.labels + 1) % 7)
    assert audit.cached_audit(changed, name) is None
    assert audit.audit_folder(data, name).parent == tmp_path / "data" / "audits"


def test_the_second_run_takes_what_is_kept(data: EmotionDataset) -> None:
    audit.run_audit(data, "compact")
    told: list[str] = []
    audit.run_audit(data, "compact", progress=lambda stage, _: told.append(stage))
    assert told == ["Loading the data set", "Done"]
    audit.run_audit(data, "compact", progress=lambda stage, _: told.append(stage), again=True)
    assert "Looking at every picture" in told


def test_progress_grows_over_all_stages(data: EmotionDataset) -> None:
    told: list[tuple[str, float]] = []
    audit.run_audit(data, "compact", progress=lambda stage, share: told.append((stage, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[-1] == ("Done", 1.0)


@pytest.mark.parametrize("stage", ["Looking at every picture", "Judging the labels"])
def test_a_stopped_audit_keeps_nothing(stage: str, data: EmotionDataset, tmp_path: Path) -> None:
    now = ""

    def progress(name: str, _: float) -> None:
        nonlocal now
        now = name

    with pytest.raises(Cancelled, match="Stopped while"):
        audit.run_audit(data, "compact", progress=progress, cancelled=lambda: now == stage)
    assert audit.cached_audit(data, "compact") is None
    assert list(tmp_path.rglob("*.parquet")) == []


def test_without_a_model(data: EmotionDataset) -> None:
    report = audit.run_audit(data, audit.WITHOUT_MODEL)
    assert not report.has_model
    assert report.summary()["exact_duplicate_groups"] == 1
    assert report.summary()["label_issues"] is None
    kept = audit.cached_audit(data, audit.WITHOUT_MODEL)
    assert kept is not None
    assert not kept.has_model


def test_what_does_not_fit_the_model_is_refused(data: EmotionDataset) -> None:
    small = dataclasses.replace(data, images=np.ascontiguousarray(data.images[:, :40, :40]))
    with pytest.raises(DatasetError, match=r"takes pictures of 48 pixels. The data set has 40"):
        audit.run_audit(small, "compact")
    with pytest.raises(ModelError, match="No model 'nobody'"):
        audit.run_audit(data, "nobody")


def test_the_audit_loads_no_tensorflow(tmp_path: Path) -> None:
    """It runs in the dashboard's process."""
    script = (
        "import sys; from emotion_core.evaluation.audit import run_audit; "
        "from emotion_core.classifiers.features import features; "
        "from emotion_core.datasets.audit import label_issues; "
        "import numpy as np; "
        "label_issues.find_label_issues(np.arange(40) % 2, "
        "np.zeros((40, 2), np.float32), np.full(40, -1)); "
        "assert not {'tensorflow', 'keras', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_every_shipped_model_has_features(
    data: EmotionDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = data.select(np.arange(4))
    for name in ModelRegistry(MODELS_ROOT).names():
        assert audit.run_audit(few, name).embedding.shape[1] > 7
