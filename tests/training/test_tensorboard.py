"""Logs that TensorBoard itself reads, and what is said without its package."""

import subprocess
import sys
from pathlib import Path

import pytest

from emotion_core.classifiers.quiet import load_tensorflow
from emotion_core.errors import MissingExtraError
from emotion_core.training.config import TrainingConfig
from emotion_core.training.events import Scalar, read_scalars
from emotion_core.training.run import start_run
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.tensorboard import write_logs, write_scalars
from tests.training.conftest import draw_shapes

ROWS = [
    {"epoch": 1.0, "loss": 2.0, "val_loss": 2.5, "val_f1_sad": 0.25, "seconds": 10.0},
    {"epoch": 2.0, "loss": 1.5, "val_loss": 2.25, "val_f1_sad": 0.5, "seconds": 20.0},
]


def test_tensorboard_reads_the_logs_of_a_run(tmp_path: Path) -> None:
    load_tensorflow()  # the package imports it to read
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder = RunFolder(tmp_path)
    write_logs(folder, ROWS[:1], 1000.0)
    write_logs(folder, ROWS, 1000.0)
    found = {}
    for place in ("train", "validation"):
        events = EventAccumulator(str(folder.tensorboard / place)).Reload()
        for tag in events.Tags()["scalars"]:
            found[place, tag] = [
                (point.wall_time, point.step, point.value) for point in events.Scalars(tag)
            ]
    assert found == {
        ("train", "epoch_loss"): [(1010.0, 0, 2.0), (1030.0, 1, 1.5)],
        ("validation", "epoch_loss"): [(1010.0, 0, 2.5), (1030.0, 1, 2.25)],
        ("validation", "epoch_f1_sad"): [(1010.0, 0, 0.25), (1030.0, 1, 0.5)],
    }


def test_we_read_what_the_package_writes(tmp_path: Path) -> None:
    points = [Scalar("epoch_loss", 3, 1.5, 7.0), Scalar("epoch_größe", 400, -2.0, 8.5)]
    write_scalars(tmp_path / "events", points)
    assert read_scalars(tmp_path / "events") == points


def test_we_read_what_tensorboards_writer_writes(tmp_path: Path) -> None:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(tmp_path))
    value = Summary.Value(tag="epoch_accuracy", simple_value=0.5)
    writer.add_event(Event(step=5, wall_time=9.0, summary=Summary(value=[value])))
    writer.close()
    (path,) = tmp_path.iterdir()
    assert read_scalars(path) == [Scalar("epoch_accuracy", 5, 0.5, 9.0)]


def test_logs_are_written_without_tensorflow(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from emotion_core.training.events import Scalar\n"
        "from emotion_core.training.tensorboard import write_scalars\n"
        "write_scalars(Path(sys.argv[1]), [Scalar('a', 1, 2.0)])\n"
        "assert not {'tensorflow', 'keras', 'grpc'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "events")], check=True)
    assert read_scalars(tmp_path / "events") == [Scalar("a", 1, 2.0)]


def test_without_the_package_a_run_does_not_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'pip install "emotion-lens\[tensorboard\]"'):
        start_run(TrainingConfig(tensorboard=True), draw_shapes(), tmp_path / "run")
    assert list(tmp_path.iterdir()) == []
