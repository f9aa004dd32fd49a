"""Histories of other programs, as these write them."""

import json
import math
import os
from pathlib import Path

import pytest

from emotion_core.errors import TrainingError
from emotion_core.training.events import Scalar, read_scalars
from emotion_core.training.history_import import COLUMNS, read_history
from emotion_core.training.tensorboard import write_scalars

# Written by TensorBoard 2.21's own writer: one scalar as a tensor (tf.summary's form), one as a
# simple value (the older form), and a text, which is no curve.
TENSORBOARD_FILE = bytes.fromhex(
    "4800000000000000fe92489d092a3de5cfc7c0da411a0d627261696e2e4576656e743a32522e0a2c74656e73"
    "6f72626f6172642e73756d6d6172792e7772697465722e6576656e745f66696c655f777269746572e2dfbf3a"
    "34000000000000005e33175c09000000000000144010032a270a250a0a65706f63685f6c6f7373420a080112"
    "002a040000c03f4a0b0a090a077363616c617273f65e2ac72500000000000000eabc36f30900000000000018"
    "4010ac022a170a150a0e65706f63685f61636375726163791552b81e3f9d9297c7220000000000000078113d"
    "fd090000000000001c4010012a150a130a0474657874420b08071200420568656c6c6f6e836314"
)


def test_csv_logger_counts_from_nought(tmp_path: Path) -> None:
    path = tmp_path / "theirs.csv"
    path.write_text("epoch,accuracy,learning_rate,loss,val_accuracy,val_loss\n0,.5,.1,2,.4,3\n")
    history = read_history(path)
    assert (history.name, history.form) == ("theirs", "CSV")
    row = history.table.iloc[0]
    assert (row["epoch"], row["val_accuracy"], row["learning_rate"]) == (1, 0.4, 0.1)
    assert math.isnan(row["seconds"])
    assert tuple(history.table.columns[: len(COLUMNS)]) == COLUMNS


def test_our_own_history_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "run-1" / "history.csv"
    path.parent.mkdir()
    path.write_text("epoch,loss,accuracy,val_loss,val_accuracy,val_f1_sad\n1,2,.1,2,.2,.3\n")
    history = read_history(path)
    assert history.name == "run-1"
    assert history.table["epoch"].tolist() == [1]
    assert history.table["val_f1_sad"].tolist() == [0.3]


def test_old_names_semicolons_percent_and_repeated_epochs(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("epoch;acc;val_acc;lr\n0;50;40;0.1\n1;60;45;0.1\n1;62;47;0.1\n")
    table = read_history(path).table
    assert table["epoch"].tolist() == [1, 2]
    assert table["val_accuracy"].tolist() == pytest.approx([0.4, 0.47])
    assert table["learning_rate"].tolist() == [0.1, 0.1]


@pytest.mark.parametrize(
    "value",
    [
        {"loss": [2, 1], "val_acc": [0.1, 0.2]},
        {"history": {"loss": [2, 1], "val_accuracy": [0.1, 0.2]}, "params": {"epochs": 2}},
        [{"loss": 2, "val_accuracy": 0.1}, {"loss": 1, "val_accuracy": 0.2}],
    ],
)
def test_json_in_three_shapes(tmp_path: Path, value: object) -> None:
    path = tmp_path / "model.json"
    path.write_text(json.dumps(value))
    history = read_history(path)
    assert history.form == "JSON"
    assert history.table["epoch"].tolist() == [1, 2]
    assert history.table["loss"].tolist() == [2, 1]
    assert history.table["val_accuracy"].tolist() == [0.1, 0.2]


def test_tensorboard_folder_of_keras(tmp_path: Path) -> None:
    for folder, values in (("train", [0.3, 0.4]), ("validation", [0.2, 0.25])):
        (tmp_path / "logs" / folder).mkdir(parents=True)
        scalars = [Scalar("epoch_accuracy", i, v) for i, v in enumerate(values)]
        scalars.append(Scalar("batch_loss", 700, 9))
        write_scalars(tmp_path / "logs" / folder / "events.out.tfevents.1.x", scalars)
    table = read_history(tmp_path / "logs").table
    assert table["epoch"].tolist() == [1, 2]
    assert table["accuracy"].tolist() == pytest.approx([0.3, 0.4])
    assert table["val_accuracy"].tolist() == pytest.approx([0.2, 0.25])


def test_events_of_tensorboard_itself(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(TENSORBOARD_FILE)
    found = [(s.tag, s.step, s.value) for s in read_scalars(path)]
    assert found == [("epoch_loss", 3, 1.5), ("epoch_accuracy", 300, pytest.approx(0.62))]


def test_a_cut_off_event_file_gives_what_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1"
    write_scalars(path, [Scalar("epoch_loss", i, 2.0) for i in range(3)])
    path.write_bytes(path.read_bytes()[:-5])
    assert [s.step for s in read_scalars(path)] == [0, 1]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"x,y\n1,2\n", "wanted at least one of the columns"),
        ("a.csv", b"loss,accuracy\n", "wanted at least one epoch"),
        ("a.csv", b"\xff\xfe\x00\x01", "It is no text"),
        ("a.json", b'{"loss": [1, 2], "accuracy": [1]}', "lists of one length"),
        ("a.json", b'{"loss": ', "wanted a JSON object"),
        ("events.out.tfevents.1", b"not events at all", "wanted a TensorBoard event file"),
        ("events.out.tfevents.1", b"", "It has no records"),
        ("a.json", b'{"loss": [[1], [2]], "accuracy": [{}, {}]}', "wanted a"),
        ("a.json", b'{"loss": {"a": [1]}}', "wanted a"),
        ("a.json", b"[" * 100_000, "nested too deep"),
        ("a.json", b'{"loss": [1e999], "accuracy": [1e999]}', "values of accuracy"),
        ("a.json", b"[1, 2]", "wanted at least one of the columns"),
        ("a.csv", b'"' + b"x" * 300_000, "wanted"),
        ("a.csv", b"epoch,accuracy\n1,5000\n", "values of accuracy from 0 to 1"),
        ("a.csv", b"", "wanted CSV"),
    ],
)
def test_what_is_no_history_is_refused(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TrainingError, match=message):
        read_history(tmp_path / name)


def test_a_missing_history_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no such file"):
        read_history(tmp_path / "none.csv")


@pytest.mark.parametrize("epochs", ["inf,1", "1.5,2", "-1,2", "1e300,2", "nan,1"])
def test_epochs_that_are_no_numbers_of_epochs_are_counted(tmp_path: Path, epochs: str) -> None:
    first, second = epochs.split(",")
    (tmp_path / "a.csv").write_text(f"epoch,loss,seconds\n{first},2,-5\n{second},1,1e300\n")
    table = read_history(tmp_path / "a.csv").table
    assert table["epoch"].tolist() == [1, 2]
    assert table["seconds"].isna().all()


@pytest.mark.parametrize("name", ["a.csv", "events.out.tfevents.1", "logs"])
def test_a_pipe_is_no_history(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "logs":
        path.mkdir()
        os.mkfifo(path / "events.out.tfevents.2")
    else:
        os.mkfifo(path)
    with pytest.raises(TrainingError, match="named pipe"):
        read_history(path)
