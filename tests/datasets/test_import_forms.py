"""Every form of one data set gives the same stored one."""

import importlib.util
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emotion_core.datasets import (
    TEST,
    TRAINING,
    VALIDATION,
    EmotionDataset,
    default_dataset_path,
    import_dataset,
    load_dataset,
    write_dataset,
)
from emotion_core.datasets.importing.importer import ImportReport
from emotion_core.emotions import FER2013
from emotion_core.errors import Cancelled, DatasetError, OutputError
from emotion_core.paths import DATASET_ENV
from tests.datasets import forms


def imported(source: Path, **options: object) -> tuple[EmotionDataset, ImportReport]:
    output = source.parent / "imported" / "out.parquet"
    report = import_dataset(source, output, **options)
    return load_dataset(output), report


def assert_same(data: EmotionDataset, wanted: EmotionDataset) -> None:
    np.testing.assert_array_equal(data.labels, wanted.labels)
    np.testing.assert_array_equal(data.usage, wanted.usage)
    np.testing.assert_array_equal(data.images, wanted.images)


FORMS: dict[str, Callable[[EmotionDataset, Path], Path]] = {
    "fer2013.csv": lambda data, tmp: forms.write_csv(data, tmp / "fer2013.csv"),
    "icml_face_data.csv": lambda data, tmp: forms.write_icml(data, tmp / "icml.csv"),
    "Kaggle folders": lambda data, tmp: forms.write_folder(forms.kaggle_files(data), tmp / "k"),
    "zip of the folders": lambda data, tmp: forms.write_zip(
        forms.kaggle_files(data), tmp / "k.zip", "archive/"
    ),
    "zip of the CSV": lambda data, tmp: forms.write_zip(
        {"fer2013.csv": forms.write_csv(data, tmp / "a.csv").read_bytes(), "README.md": b"hello"},
        tmp / "c.zip",
        "fer2013/",
    ),
    "folder with the CSV": lambda data, tmp: forms.write_folder(
        {"fer2013.csv": forms.write_csv(data, tmp / "a.csv").read_bytes()}, tmp / "downloaded"
    ),
    "zip from Windows": lambda data, tmp: forms.write_zip(
        {**forms.kaggle_files(data), "__MACOSX/._x.png": b"x", "train/angry/Thumbs.db": b"x"},
        tmp / "w.zip",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_rows(form: str, tmp_path: Path) -> None:
    wanted = forms.faces()
    data, report = imported(FORMS[form](wanted, tmp_path))
    assert_same(data, wanted)
    assert (report.n, report.n_rejected, report.rejected) == (42, 0, ())
    assert report.splits == wanted.counts()
    assert report.sha256 == data.sha256
    assert not report.has_votes
    assert not data.is_synthetic  # nothing in these forms says so


def test_parquet_keeps_votes_and_name(tmp_path: Path) -> None:
    wanted = forms.faces()
    write_dataset(wanted, tmp_path / "a.parquet")
    data, report = imported(tmp_path / "a.parquet")
    assert_same(data, wanted)
    np.testing.assert_array_equal(data.votes, wanted.votes)
    assert report.has_votes
    assert data.is_synthetic


def test_folders_of_emotion_detection(tmp_path: Path) -> None:
    """Its two test splits lie in one folder: what is told apart by FER-2013's counts is tested
    with the real set; here the pictures of test/ are halved."""
    wanted = forms.faces()
    source = forms.write_folder(forms.emotion_detection_files(wanted), tmp_path / "data")
    data, report = imported(source)
    assert len(data) == 42
    assert "halved" in report.notes[0]
    for label in range(7):
        np.testing.assert_array_equal(
            data.split(TRAINING).images[data.split(TRAINING).labels == label],
            wanted.split(TRAINING).images[wanted.split(TRAINING).labels == label],
        )
    held_out = data.images[data.usage != TRAINING]
    assert {i.tobytes() for i in held_out} == {i.tobytes() for i in wanted.images[28:]}
    assert set(data.usage) == {TRAINING, VALIDATION, TEST}


def test_jpeg_folders_differ_by_a_few_grays_only(tmp_path: Path) -> None:
    wanted = forms.faces()
    source = forms.write_folder(forms.kaggle_files(wanted, "JPEG"), tmp_path / "data")
    data, _ = imported(source)
    np.testing.assert_array_equal(data.labels, wanted.labels)
    np.testing.assert_array_equal(data.usage, wanted.usage)
    assert np.abs(data.images.astype(int) - wanted.images).mean() < 8


def test_rows_without_a_split_are_shared_out_without_leaks(tmp_path: Path) -> None:
    wanted = forms.faces()
    twice = {
        f"{k}/{i}.png": forms.png(image)
        for k in ("happy", "sad")
        for i, image in enumerate(wanted.images)
    }
    mirrored = {f"fear/{i}.png": forms.png(image[:, ::-1]) for i, image in enumerate(wanted.images)}
    data, report = imported(forms.write_folder({**twice, **mirrored}, tmp_path / "mine"))
    assert "eight of ten" in report.notes[0]
    splits: dict[bytes, set[str]] = {}
    for image, usage in zip(data.images, data.usage, strict=True):
        key = min(image.tobytes(), image[:, ::-1].tobytes())
        splits.setdefault(key, set()).add(str(usage))
    assert len(splits) == 42
    assert all(len(found) == 1 for found in splits.values())


def hugging_face(path: Path, names: list[str], labels: list[int], images: np.ndarray) -> Path:
    table = pa.table(
        {"image": [{"bytes": forms.png(i), "path": None} for i in images], "label": labels}
    )
    features = {"label": {"names": names, "_type": "ClassLabel"}, "image": {"_type": "Image"}}
    noted = json.dumps({"info": {"features": features}})
    path.parent.mkdir(exist_ok=True)
    pq.write_table(table.replace_schema_metadata({"huggingface": noted}), path)
    return path


def test_hugging_face_files_with_their_own_order_of_labels(tmp_path: Path) -> None:
    images = forms.faces().images
    names = ["anger", "happy", "contempt"]
    hugging_face(tmp_path / "data/train-00000-of-00001.parquet", names, [0, 1, 2], images[:3])
    hugging_face(tmp_path / "data/validation-00000-of-00001.parquet", names, [1], images[3:4])
    hugging_face(tmp_path / "data/test-00000-of-00001.parquet", names, [0], images[4:5])
    data, report = imported(tmp_path / "data")
    assert {
        (FER2013[int(k)].value, str(u)) for k, u in zip(data.labels, data.usage, strict=True)
    } == {("angry", TRAINING), ("happy", TRAINING), ("happy", VALIDATION), ("angry", TEST)}
    assert (report.n_rejected, report.left_out) == (0, {"contempt": 1})


def test_own_pictures_of_any_size_and_the_callable(tmp_path: Path) -> None:
    wide = np.zeros((100, 300, 3), np.uint8)
    wide[:, 100:200] = 200  # the middle square
    source = forms.write_folder(
        {"happy/a.png": forms.png(wide), "sad/b.png": forms.png(wide[:, :100])}, tmp_path / "own"
    )
    data, _ = imported(source)
    assert data.images.shape == (2, 48, 48)
    assert data.images[data.labels == FER2013.index("happy")].min() == 200

    def detect(image: np.ndarray) -> np.ndarray | None:
        assert image.shape[2] == 3
        return np.full((48, 48), 7, np.uint8) if image.max() else None

    data, report = imported(source, detect=detect)
    assert data.images.tolist() == np.full((1, 48, 48), 7).tolist()
    assert [(row.name, row.reason) for row in report.rejected] == [("sad/b.png", "no face found")]


def test_ferplus_votes_join_by_row_not_by_the_number_in_the_name(tmp_path: Path) -> None:
    wanted = forms.faces()
    assert wanted.votes.any()
    votes = np.array(wanted.votes)
    votes[3] = [0] * 9 + [10]  # not a face: from here on names and rows differ
    wanted = EmotionDataset(wanted.images, wanted.labels, wanted.usage, votes, wanted.rows)
    ferplus = forms.write_ferplus(wanted, tmp_path / "fer2013new.csv")
    assert "fer0000003.png" in ferplus.read_text().splitlines()[5]
    lines = forms.csv_lines(wanted)
    lines[11] = "9," + lines[11][2:]  # row 10 is rejected and must not shift the others
    (tmp_path / "fer2013.csv").write_text("\n".join(lines))
    for source in (
        tmp_path / "fer2013.csv",
        forms.write_folder(forms.kaggle_files(wanted), tmp_path / "folders"),
    ):
        data, report = imported(source, ferplus=ferplus)
        kept = [i for i in range(42) if report.n == 42 or i != 10]
        assert report.has_votes
        np.testing.assert_array_equal(data.votes, votes[kept])


def test_votes_that_do_not_belong_are_refused(tmp_path: Path) -> None:
    data = forms.faces()
    source = forms.write_csv(data, tmp_path / "a.csv")
    short = forms.write_ferplus(data.select(np.arange(40)), tmp_path / "short.csv")
    with pytest.raises(DatasetError, match=r"has 40 rows\. The data set has a row 40"):
        imported(source, ferplus=short)
    turned = forms.write_ferplus(data.select(np.arange(42)[::-1]), tmp_path / "turned.csv")
    with pytest.raises(DatasetError, match="row 0 belongs to PrivateTest"):
        imported(source, ferplus=turned)
    folders = forms.write_folder(forms.emotion_detection_files(data), tmp_path / "f")
    with pytest.raises(DatasetError, match="joined by row, and the names of the pictures"):
        imported(folders, ferplus=forms.write_ferplus(data, tmp_path / "good.csv"))
    with pytest.raises(DatasetError, match="Found: emotion, pixels, usage"):
        imported(source, ferplus=source)
    lines = short.read_text().splitlines()
    (tmp_path / "broken.csv").write_text("\n".join([*lines[:5], lines[5][:25], *lines[6:]]))
    with pytest.raises(DatasetError, match="line 6: wanted 10 votes"):
        imported(source, ferplus=tmp_path / "broken.csv")
    assert not list((tmp_path / "imported").iterdir())


def test_progress_reaches_the_end_and_cancel_leaves_nothing(tmp_path: Path) -> None:
    source = forms.write_csv(forms.faces(), tmp_path / "a.csv")
    seen: list[tuple[int, int]] = []
    imported(source, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (source.stat().st_size, source.stat().st_size)
    with pytest.raises(Cancelled):
        import_dataset(source, tmp_path / "x" / "out.parquet", cancelled=lambda: True)
    assert not list((tmp_path / "x").iterdir())


def test_what_stood_there_stays_until_the_import_is_complete(tmp_path: Path) -> None:
    output = tmp_path / "out.parquet"
    output.write_bytes(b"before")
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DatasetError):
        import_dataset(tmp_path / "bad.csv", output)
    assert output.read_bytes() == b"before"
    output = tmp_path / "killed" / "out.parquet"
    output.parent.mkdir()
    stale = output.with_name(".out.parquet.emotion-lens-abcdefgh.partial")
    stale.write_bytes(b"of an import that was killed")
    import_dataset(forms.write_csv(forms.faces(), tmp_path / "a.csv"), output)
    assert len(load_dataset(output)) == 42
    assert not stale.exists()
    with pytest.raises(DatasetError, match="another file to write"):
        import_dataset(output, output)
    with pytest.raises(OutputError):
        import_dataset(tmp_path / "a.csv", output / "inside.parquet")


# What follows exercises the real set through the script that writes it as people download it.


@pytest.fixture(scope="module")
def exporter() -> ModuleType:
    """``export_fer2013.py`` of the shared data."""
    path = default_dataset_path()
    script = path.parent / "export_fer2013.py"
    if not os.environ.get(DATASET_ENV) or not script.is_file():
        pytest.skip(f"needs FER-2013 and its export script; set {DATASET_ENV}")
    spec = importlib.util.spec_from_file_location("export_fer2013", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def export(module: ModuleType, form: str, output: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["export", form, str(output)])
        module.main()
    return output


def six_forms(module: ModuleType, tmp: Path, wanted: EmotionDataset) -> None:
    """Imports all forms that the script writes and compares them with the stored set."""
    ferplus = export(module, "ferplus", tmp / "fer2013new.csv")
    for form in ("csv", "icml"):
        data, report = imported(export(module, form, tmp / f"{form}.csv"), ferplus=ferplus)
        assert_same(data, wanted)
        np.testing.assert_array_equal(data.votes, wanted.votes)
        assert report.n_rejected == 0
    packed = forms.write_zip({"fer2013/fer2013.csv": (tmp / "csv.csv").read_bytes()}, tmp / "c.zip")
    assert_same(imported(packed)[0], wanted)
    write_dataset(wanted, tmp / "stored.parquet")
    assert_same(imported(tmp / "stored.parquet")[0], wanted)

    folder = export(module, "kaggle-folders", tmp / "kaggle")
    data, _ = imported(folder, ferplus=ferplus)
    np.testing.assert_array_equal(data.labels, wanted.labels)
    np.testing.assert_array_equal(data.usage, wanted.usage)
    np.testing.assert_array_equal(data.votes, wanted.votes)
    assert np.abs(data.images.astype(int) - wanted.images).mean() < 3  # JPEG

    data, _ = imported(export(module, "png-folders", tmp / "png"))
    if len(wanted) < 35887:  # only the whole set tells its two test splits apart
        data = data.select(np.flatnonzero(data.usage == TRAINING))
        wanted = wanted.split(TRAINING)
    # The order of the rows is kept within a class of a split, and lost between classes.
    for split in sorted(set(wanted.usage)):
        for label in range(7):
            np.testing.assert_array_equal(
                data.images[(data.usage == split) & (data.labels == label)],
                wanted.images[(wanted.usage == split) & (wanted.labels == label)],
            )


def test_six_forms_of_a_part_of_fer2013(
    exporter: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pq.read_table(default_dataset_path())
    usage = np.array(table["usage"].to_pylist())
    rows = np.concatenate(
        [np.flatnonzero(usage == split)[:40] for split in (TRAINING, VALIDATION, TEST)]
    )
    chosen = table.take(rows)
    pq.write_table(chosen, tmp_path / "part.parquet")
    monkeypatch.setattr(exporter, "rows", lambda limit: iter(enumerate(chosen.to_pylist())))
    six_forms(exporter, tmp_path, load_dataset(tmp_path / "part.parquet"))


@pytest.mark.timeout(1200)
@pytest.mark.skipif(
    not os.environ.get("EMOTION_LENS_FULL_IMPORT"),
    reason="takes minutes and 1 GB of disk; EMOTION_LENS_FULL_IMPORT=1 runs it",
)
def test_six_forms_of_all_of_fer2013(exporter: ModuleType, tmp_path: Path) -> None:
    six_forms(exporter, tmp_path, load_dataset())
