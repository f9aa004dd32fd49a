"""Corrections by hand: undo, redo, their file, and the data set that they give."""

from pathlib import Path

import numpy as np
import pytest

from emotion_core.datasets import (
    LABEL_SOURCES,
    SYNTHETIC,
    TRAINING,
    Corrections,
    EmotionDataset,
    clear_majority,
    corrections_path,
    leaking_rows,
    load_dataset,
    soft_labels,
    write_dataset,
)
from emotion_core.emotions import FER2013, Emotion
from emotion_core.errors import DatasetError
from tests.datasets import forms


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    write_dataset(forms.faces(), tmp_path / "faces.parquet")
    return tmp_path / "faces.parquet"


def test_relabel_exclude_and_apply(stored: Path) -> None:
    before = load_dataset(stored)
    corrections = Corrections.load(stored)
    assert corrections.path == stored.parent / "faces.corrections.csv"
    assert corrections.apply(before) is before
    corrections.relabel([3, 5], Emotion.SAD, who="Ada", why="clearly sad")
    corrections.exclude([7])
    after = corrections.apply(before)
    assert len(after) == 41
    assert 7 not in after.rows
    sad = FER2013.index("sad")
    assert after.labels[np.isin(after.rows, [3, 5])].tolist() == [sad, sad]
    others = ~np.isin(before.rows, [3, 5, 7])
    np.testing.assert_array_equal(after.labels[~np.isin(after.rows, [3, 5])], before.labels[others])
    assert after.sha256 != before.sha256
    assert len(corrections) == 3
    np.testing.assert_array_equal(load_dataset(stored).images, before.images)


def test_every_kind_of_target_follows_a_new_label(stored: Path) -> None:
    corrections = Corrections.load(stored)
    row = 4
    dataset = load_dataset(stored)
    new = (int(dataset.labels[row]) + 1) % 7
    corrections.relabel([row], FER2013[new])
    corrected = corrections.apply(dataset)
    one, eight = np.eye(7)[new], np.eye(8)[new]  # FER+ has contempt as well
    wanted = {
        "fer2013": one,
        "raters": eight,
        "mixed": one,
        "auxiliary-head": np.hstack([one, eight]),
    }
    wanted["multi-task"] = wanted["auxiliary-head"]
    assert set(wanted) == set(LABEL_SOURCES)
    for source, target in wanted.items():
        targets, usable = soft_labels(corrected, source)
        assert usable[row]
        np.testing.assert_allclose(targets[row], target, err_msg=source)
    majority, clear = clear_majority(corrected)
    assert clear[row]
    assert majority[row] == new


def test_a_set_without_votes_gets_none(stored: Path) -> None:
    data = load_dataset(stored)
    plain = EmotionDataset(
        data.images, data.labels, data.usage, np.zeros_like(data.votes), data.rows, data.sha256
    )
    corrections = Corrections.load(stored)
    corrections.relabel([1], "happy")
    assert not corrections.apply(plain).has_votes


def test_the_last_decision_counts(stored: Path) -> None:
    corrections = Corrections.load(stored)
    corrections.exclude([1, 2])
    corrections.relabel([2], "happy")
    corrections.restore([1])
    assert {row: entry.action for row, entry in corrections.current.items()} == {2: "relabel"}
    assert len(corrections.apply(load_dataset(stored))) == 42


def test_undo_and_redo_go_by_batches_and_survive_the_file(stored: Path) -> None:
    corrections = Corrections.load(stored)
    assert corrections.undo() is None
    assert corrections.redo() is None
    corrections.exclude([1, 2, 3])
    corrections.relabel([9], "fear")
    corrections.exclude([4])
    assert [entry.row for entry in corrections.undo() or ()] == [4]
    assert [entry.row for entry in corrections.undo() or ()] == [9]
    corrections.save()

    again = Corrections.load(stored)
    assert sorted(again.current) == [1, 2, 3]
    assert again.can_redo
    assert [entry.row for entry in again.redo() or ()] == [9]
    assert [entry.row for entry in again.redo() or ()] == [4]
    assert again.redo() is None
    assert again.entries == tuple(entry for entry in again.entries if entry.row in (1, 2, 3, 4, 9))
    again.undo()
    again.relabel([11], "sad")  # a new decision ends what could be brought back
    assert not again.can_redo
    assert [entry.row for entry in again.undo() or ()] == [11]
    assert [entry.row for entry in again.undo() or ()] == [9]
    assert [entry.row for entry in again.undo() or ()] == [1, 2, 3]
    assert again.undo() is None


def test_nothing_chosen_is_no_step(stored: Path) -> None:
    corrections = Corrections.load(stored)
    corrections.exclude([])
    assert not corrections.can_undo
    with pytest.raises(ValueError, match="Unknown emotion"):
        corrections.relabel([1], "bored")


def test_the_file_keeps_who_when_why_and_no_formulas(stored: Path) -> None:
    corrections = Corrections.load(stored)
    corrections.relabel([3], "sad", who="Ada, née B.", why='=HYPERLINK("x")\nline two')
    corrections.exclude([4], who="'quoted'", why="-1")
    corrections.save()
    text = corrections.path.read_text(encoding="utf-8")
    header = "row,action,emotion,who,when,why,batch,undone,dataset_sha256"
    assert text.splitlines()[0] == header
    for cell in text.replace("\n", ",").split(","):
        assert not cell.strip('"').startswith(("=", "-"))
    again = Corrections.load(stored)
    assert again.entries == corrections.entries
    assert again.entries[0].when.endswith("+00:00")


def test_corrections_of_another_set_are_refused(stored: Path, tmp_path: Path) -> None:
    corrections = Corrections.load(stored)
    corrections.exclude([1])
    corrections.save()
    other = tmp_path / "other.parquet"
    write_dataset(forms.faces().select(np.arange(5)), other)
    with pytest.raises(DatasetError, match="belongs to another data set"):
        corrections.apply(load_dataset(other))
    with pytest.raises(DatasetError, match="belongs to another data set"):
        load_dataset(other, corrections=corrections.path)
    write_dataset(forms.faces().select(np.arange(5)), stored)  # imported anew
    with pytest.raises(DatasetError, match="Move the file away"):
        Corrections.load(stored)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Found: nothing"),
        ("row,action\n1,exclude\n", "Found: row, action"),
        ("HEADER\nx,exclude,,,,,1,,SHA\n", "line 2: invalid literal"),
        ("HEADER\n1,burn,,,,,1,,SHA\n", "line 2: unknown action 'burn'"),
        ("HEADER\n1,relabel,bored,,,,1,,SHA\n", "line 2: Unknown emotion"),
        ("HEADER\n1,exclude\n", "belongs to another"),
    ],
)
def test_damaged_files_name_the_line(stored: Path, text: str, reason: str) -> None:
    header = "row,action,emotion,who,when,why,batch,undone,dataset_sha256"
    content = text.replace("HEADER", header).replace("SHA", load_dataset(stored).sha256)
    corrections_path(stored).write_text(content, encoding="utf-8")
    with pytest.raises(DatasetError, match=reason):
        Corrections.load(stored)


def test_two_people_do_not_overwrite_each_other(stored: Path) -> None:
    mine, theirs = Corrections.load(stored), Corrections.load(stored)
    mine.exclude([1])
    mine.save()
    theirs.exclude([2])
    with pytest.raises(DatasetError, match="changed elsewhere"):
        theirs.save()
    mine.exclude([3])
    mine.save()
    assert sorted(Corrections.load(stored).current) == [1, 3]


def test_load_dataset_applies_them_on_demand(stored: Path, tmp_path: Path) -> None:
    assert len(load_dataset(stored, corrections=True)) == 42  # no file yet
    corrections = Corrections.load(stored)
    corrections.exclude([1])
    corrections.save()
    assert len(load_dataset(stored)) == 42
    assert len(load_dataset(stored, corrections=True)) == 41
    moved = tmp_path / "elsewhere.csv"
    corrections.path.rename(moved)
    assert len(load_dataset(stored, corrections=moved)) == 41
    with pytest.raises(DatasetError, match="No corrections at"):
        load_dataset(stored, corrections=tmp_path / "none.csv")


def test_the_synthetic_set_can_be_corrected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What leaks out of Training goes in one step, and nothing leaks any more."""
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path))
    dataset = load_dataset(SYNTHETIC)
    leaks = leaking_rows(dataset)
    assert leaks.any()
    assert set(dataset.usage[leaks]) == {TRAINING}
    corrections = Corrections.load(SYNTHETIC)
    corrections.exclude(dataset.rows[leaks], why="stands in another split too")
    corrections.save()
    assert corrections.path == tmp_path / "data" / "synthetic.corrections.csv"
    clean = load_dataset(SYNTHETIC, corrections=True)
    assert len(clean) == len(dataset) - leaks.sum()
    assert not leaking_rows(clean).any()
