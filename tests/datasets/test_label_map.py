"""Folders and labels of other data sets: what is proposed, what is asked, what a person decides."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from emotion_core.datasets import UnclearLabelsError, import_dataset, load_dataset
from emotion_core.datasets.importing import LEAVE_OUT, look_at
from emotion_core.datasets.importing.label_choice import read_label_map
from emotion_core.datasets.importing.label_map import FoundLabel, find_expression, propose
from emotion_core.datasets.importing.numberings import NUMBERINGS, RAF_DB_NUMBERS
from emotion_core.emotions import FER2013, parse_emotion
from emotion_core.errors import DatasetError
from tests.datasets import forms

DATA = forms.faces()
# RAF-DB's readme: 1 surprise, 2 fear, 3 disgust, 4 happy, 5 sad, 6 angry, 7 neutral.
RAF_DB = dict(zip(forms.NAMES, "6324517", strict=True))


def folders(root: Path, names: dict[str, str], **more: bytes) -> Path:
    """Pictures of the drawn faces in folders with other names."""
    files = {}
    for path, content in forms.kaggle_files(DATA).items():
        split, emotion, name = path.split("/")
        files[f"{split}/{names[emotion]}/{name}"] = content
    return forms.write_folder({**files, **more}, root)


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("01_angry", "angry"),
        ("Fear (3)", "fear"),
        ("happiness", "happy"),
        ("surprised", "surprise"),
        ("SAD_faces", "sad"),
        ("6-Neutral", "neutral"),
        ("Überraschung", "surprise"),
        ("U\u0308berraschung", "surprise"),
        ("ueberrascht", "surprise"),
        ("Wütend", "angry"),
        ("dégoût", "disgust"),
        ("tristesse", "sad"),
        ("contempt", "contempt"),
        ("not_happy", None),
        ("happy_sad", None),
        ("unhappy", None),
        ("content", None),
        ("3", None),
        ("", None),
        ("images", None),
    ],
)
def test_names(name: str, expression: str | None) -> None:
    found = find_expression(name)
    assert (found.value if found else None) == expression


def test_words_are_known_wherever_emotions_are_named() -> None:
    assert parse_emotion("Joie") == "happy"
    with pytest.raises(ValueError, match="Wanted one of: angry, disgust"):
        parse_emotion("supprise")


def test_decorated_folders_are_read_and_contempt_is_left_out(tmp_path: Path) -> None:
    names = ("01_angry", "Disgust", "Fear (3)", "happiness", "Traurig", "surprised", "neutre")
    picture = forms.png(DATA.images[0])
    source = folders(
        tmp_path / "in",
        dict(zip(forms.NAMES, names, strict=True)),
        **{f"train/contempt/{i}.png": picture for i in range(4)},
    )
    report = import_dataset(source, tmp_path / "out.parquet")
    assert (report.n, report.n_rejected, report.left_out) == (42, 0, {"contempt": 4})
    np.testing.assert_array_equal(load_dataset(tmp_path / "out.parquet").labels, DATA.labels)
    assert report.assumed == (
        "Folders 01_angry = angry, Fear (3) = fear, by the word in the name.",
    )
    (contempt,) = (row for row in report.labels if row.name == "contempt")
    assert (contempt.n, contempt.expression) == (4, LEAVE_OUT)
    assert "none of FER-2013's seven" in contempt.reason


@pytest.mark.parametrize(
    ("names", "first"),
    [(dict(zip(forms.NAMES, "0123456", strict=True)), "FER-2013"), (RAF_DB, "RAF-DB")],
)
def test_plain_numbers_are_asked_for(names: dict[str, str], first: str, tmp_path: Path) -> None:
    source = folders(tmp_path / "in", names)
    output = tmp_path / "out.parquet"
    with pytest.raises(UnclearLabelsError, match=rf"are numbers.*perhaps as {first}") as caught:
        import_dataset(source, output)
    assert not output.exists()
    name, options = next(iter(caught.value.options().items()))
    assert name == first
    report = import_dataset(
        source, output, labels=read_label_map(options.removeprefix("--map ").split(" --map "))
    )
    assert report.n == 42
    np.testing.assert_array_equal(load_dataset(output).labels, DATA.labels)
    np.testing.assert_array_equal(load_dataset(output).images, DATA.images)


def test_raf_dbs_order() -> None:
    wanted = ["surprise", "fear", "disgust", "happy", "sad", "angry", "neutral"]
    assert [RAF_DB_NUMBERS.table[n].value for n in range(1, 8)] == wanted


def test_published_counts_make_numbers_certain() -> None:
    for known in NUMBERINGS:
        for counts in known.counts:
            found = [FoundLabel(str(n), c) for n, c in zip(known.table, counts, strict=True)]
            proposal = propose(found, "folder")
            assert not proposal.question
            assert [row.expression for row in proposal.rows] == [e.value for e in known.emotions]
            found[0] = FoundLabel(found[0].name, found[0].n - 1)
            assert propose(found, "folder").question


def test_numbers_need_an_answer_each(tmp_path: Path) -> None:
    source = folders(tmp_path / "in", RAF_DB)
    output = tmp_path / "out.parquet"
    with pytest.raises(UnclearLabelsError, match="not said for the folders 3, 4, 5, 6, 7"):
        import_dataset(source, output, labels={"1": "surprise", "2": "fear"})
    with pytest.raises(DatasetError, match=r"There is no folder '9'\. Found: '1', '2'"):
        import_dataset(source, output, labels={"9": "surprise"})
    with pytest.raises(DatasetError, match=r"or leave-out for the folder '1'\. Received: 'bored'"):
        import_dataset(source, output, labels={"1": "bored"})
    with pytest.raises(DatasetError, match="every folder would be left out"):
        import_dataset(source, output, labels={str(n): "leave-out" for n in range(1, 8)})


def test_folders_of_other_words_can_be_named(tmp_path: Path) -> None:
    files = {f"cats/{i}.png": forms.png(image) for i, image in enumerate(DATA.images[:3])}
    source = forms.write_folder({**files, "dogs/a.png": files["cats/0.png"]}, tmp_path / "in")
    with pytest.raises(DatasetError, match=r"folders named angry.* Found: cats/0\.png"):
        import_dataset(source, tmp_path / "out.parquet")
    report = import_dataset(source, tmp_path / "out.parquet", labels={"cats": "sad"})
    assert (report.n, report.n_rejected) == (3, 1)
    report = import_dataset(
        source, tmp_path / "out.parquet", labels={"cats": "sad", "dogs": "leave out"}
    )
    assert (report.n, report.n_rejected, report.left_out) == (3, 0, {"dogs": 1})


def test_a_name_in_a_folder_of_numbers_and_a_number_in_a_folder_of_names() -> None:
    mixed = [FoundLabel("happy", 5), FoundLabel("sad", 5), FoundLabel("3", 1)]
    proposal = propose(mixed, "folder")
    assert not proposal.question
    assert {row.name: row.expression for row in proposal.rows}["3"] == ""
    assert not proposal.is_plain


def test_a_look_shows_faces_of_each(tmp_path: Path) -> None:
    look = look_at(folders(tmp_path / "in", RAF_DB))
    assert not look.proposal.is_plain
    assert [row.n for row in look.proposal.rows] == [6] * 7
    faces = look.examples["1"]
    assert len(faces) == 4
    of_surprise = DATA.images[DATA.labels == FER2013.index("surprise")]
    assert all(any((face == image).all() for image in of_surprise) for face in faces)
    look = look_at(forms.write_csv(DATA, tmp_path / "a.csv"))
    assert look.proposal.is_plain
    assert [len(faces) for faces in look.examples.values()] == [4] * 7


def test_tables_of_names_from_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text(json.dumps({"1": "Surprise", "2": None}))
    assert read_label_map([str(path), "a=b=happy", "3=Leave out"]) == {
        "1": "surprise",
        "2": LEAVE_OUT,
        "a=b": "happy",
        "3": LEAVE_OUT,
    }
    path.write_text(json.dumps({"1": 5, "2": []}))
    with pytest.raises(DatasetError, match=r"map\.json: 1: wanted .*; 2: wanted"):
        read_label_map([str(path)])
    for wrong in ("1", "1=bored", "=happy/x", str(tmp_path / "none.json")):
        with pytest.raises(DatasetError):
            read_label_map([wrong])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_place_of_a_table_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "map.json")
    with pytest.raises(DatasetError, match="named pipe"):
        read_label_map([str(tmp_path / "map.json")])
