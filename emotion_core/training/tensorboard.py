"""A run's history for TensorBoard: ``tensorboard --logdir runs``. Written by its own package."""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from emotion_core.extras import need
from emotion_core.files.atomic_files import make_folder, write_atomic
from emotion_core.training.config import TrainingConfig
from emotion_core.training.events import Scalar
from emotion_core.training.run_folder import RunFolder

# One file per folder, written anew after every epoch: a resumed run shows each epoch once.
_FILE = "events.out.tfevents.0.emotion-lens"


def check_package(config: TrainingConfig) -> None:
    """Makes sure, before a run begins, that its logs can be written.

    Raises:
        MissingExtraError: they are wanted, and the package that writes them is not installed.
    """
    if config.tensorboard:
        need("tensorboard", "A run with TensorBoard logs")


def write_logs(folder: RunFolder, rows: Sequence[dict[str, float]], started: float) -> None:
    """Writes the curves in the places and under the names that Keras' own callback uses.

    Args:
        folder: of the run.
        rows: its history.
        started: Unix time of its start.

    Raises:
        OutputError: the files cannot be written.
    """
    curves: dict[str, list[Scalar]] = {"train": [], "validation": []}
    clock = started
    for row in rows:
        clock += row["seconds"]
        for name, value in row.items():
            if name in ("epoch", "seconds"):
                continue
            place = "validation" if name.startswith("val_") else "train"
            tag = f"epoch_{name.removeprefix('val_')}"
            curves[place].append(Scalar(tag, int(row["epoch"]) - 1, value, clock))
    for place, scalars in curves.items():
        path = folder.tensorboard / place
        make_folder(path)
        write_scalars(path / _FILE, scalars)


def write_scalars(path: Path, scalars: Iterable[Scalar]) -> None:
    """Writes a whole event file, or nothing.

    Raises:
        OutputError: it cannot be written.
    """
    # The messages and the record writer, and not EventFileWriter above them: that one imports
    # TensorFlow, names its files itself, and leaves half of one behind when it is killed.
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    content = io.BytesIO()
    records = RecordWriter(content)
    records.write(Event(wall_time=0.0, file_version="brain.Event:2").SerializeToString())
    for scalar in scalars:
        value = Summary.Value(tag=scalar.tag, simple_value=scalar.value)
        event = Event(wall_time=scalar.wall_time, step=scalar.step, summary=Summary(value=[value]))
        records.write(event.SerializeToString())
    write_atomic(path, content.getvalue())
