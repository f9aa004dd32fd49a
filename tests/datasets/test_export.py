"""Export: what is written can be read again, whole or not at all."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from emotion_core.datasets import (
    TEST,
    TRAINING,
    EmotionDataset,
    export_dataset,
    import_dataset,
    load_dataset,
)
from emotion_core.errors import Cancelled, DatasetError, OutputError
from tests.datasets import forms


def read_back(path: Path) -> EmotionDataset:
    output = path.parent / "back.parquet"
    import_dataset(path, output)
    return load_dataset(output)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_round_trip(form: str, tmp_path: Path) -> None:
    data = forms.faces()
    seen: list[tuple[int, int]] = []
    path = export_dataset(
        data, form, tmp_path / "new" / "out", progress=lambda *step: seen.append(step)
    )
    back = read_back(path)
    np.testing.assert_array_equal(back.images, data.images)
    np.testing.assert_array_equal(back.labels, data.labels)
    np.testing.assert_array_equal(back.usage, data.usage)
    assert back.has_votes == (form == "parquet")
    assert seen[-1] == (42, 42)


def test_csv_is_kaggles_to_the_letter(tmp_path: Path) -> None:
    data = forms.faces()
    path = export_dataset(data, "csv", tmp_path / "out.csv")
    assert path.read_bytes() == forms.write_csv(data, tmp_path / "wanted.csv").read_bytes()


def test_png_folders_are_those_of_emotion_detection(tmp_path: Path) -> None:
    data = forms.faces()
    folder = export_dataset(data, "png-folders", tmp_path / "out")
    wanted = forms.emotion_detection_files(data)
    written = {p.relative_to(folder).as_posix() for p in folder.rglob("*.png")}
    assert written == set(wanted)
    back = read_back(folder).split(TRAINING)
    assert {i.tobytes() for i in back.images} == {i.tobytes() for i in data.split(TRAINING).images}


def test_png_folders_in_a_zip(tmp_path: Path) -> None:
    data = forms.faces()
    path = export_dataset(data, "png-folders", tmp_path / "out.zip")
    with zipfile.ZipFile(path) as archive:
        assert set(archive.namelist()) == set(forms.emotion_detection_files(data))
        assert archive.testzip() is None
    assert len(read_back(path)) == 42


def test_some_rows_by_mask_or_index(tmp_path: Path) -> None:
    data = forms.faces()
    path = export_dataset(data, "parquet", tmp_path / "a.parquet", rows=data.usage == TEST)
    assert set(load_dataset(path).usage) == {TEST}
    path = export_dataset(data, "parquet", tmp_path / "b.parquet", rows=np.array([5, 2]))
    np.testing.assert_array_equal(load_dataset(path).images, data.images[[5, 2]])


@pytest.mark.parametrize(
    ("form", "name"),
    [("csv", "a.csv"), ("parquet", "a.parquet"), ("png-folders", "a"), ("png-folders", "a.zip")],
)
def test_a_stopped_export_leaves_nothing(form: str, name: str, tmp_path: Path) -> None:
    data = forms.faces()
    many = data.select(np.tile(np.arange(42), 5))
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 1

    with pytest.raises(Cancelled):
        export_dataset(many, form, tmp_path / "x" / name, cancelled=cancelled)
    assert len(asked) == 2
    assert not list((tmp_path / "x").iterdir())


def test_folders_with_files_in_them_are_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "holiday"
    mine.mkdir()
    export_dataset(forms.faces(), "png-folders", mine)  # an empty one is taken
    (mine / "note.txt").write_text("mine")
    with pytest.raises(DatasetError, match="not empty"):
        export_dataset(forms.faces(), "png-folders", mine)
    assert (mine / "note.txt").read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["holiday"]


def test_what_cannot_be_written(tmp_path: Path) -> None:
    data = forms.faces()
    with pytest.raises(DatasetError, match="Received: 'xml'"):
        export_dataset(data, "xml", tmp_path / "a")
    with pytest.raises(DatasetError, match="Widen the filter"):
        export_dataset(data, "csv", tmp_path / "a", rows=np.zeros(42, bool))
    (tmp_path / "file").write_text("")
    for form in ("csv", "png-folders"):
        with pytest.raises(OutputError):
            export_dataset(data, form, tmp_path / "file" / "inside")
