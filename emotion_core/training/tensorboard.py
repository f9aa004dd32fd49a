"""A run's history for TensorBoard: ``tensorboard --logdir runs``."""

from collections.abc import Sequence

from emotion_core.files.atomic_files import make_folder
from emotion_core.training.events import Scalar, write_scalars
from emotion_core.training.run_folder import RunFolder

# One file per folder, written anew after every epoch: a resumed run shows each epoch once.
_FILE = "events.out.tfevents.0.emotion-lens"


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
