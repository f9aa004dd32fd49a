"""The test-set access log: whoever reads figures on PrivateTest often, and chooses, fits to it."""

import datetime
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from emotion_core.datasets import TEST, EmotionDataset
from emotion_core.evaluation.cache import evaluations_folder
from emotion_core.evaluation.evaluated_model import EvaluatedModel
from emotion_core.evaluation.evaluation_split import SPLITS
from emotion_core.files.atomic_files import make_folder, writing
from emotion_core.schema.old_names import renamed

#: Its name in all versions, so that the log goes on.
LOG_FILE = "test_looks.jsonl"


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody was shown figures on test images.

    Attributes:
        when: time in ISO 8601, UTC.
        by: ``command line``, ``page`` or ``promotion``.
        model: name of the model.
        model_key: hash of the model.
        dataset: name of the data set.
        dataset_sha256: its hash.
        split: ``test`` or ``merged``.
        labels: whose labels counted as right.
    """

    when: str
    by: str
    model: str
    model_key: str
    dataset: str
    dataset_sha256: str
    split: str
    labels: str


def is_test(split: str) -> bool:
    """Whether a split holds test images."""
    return TEST in SPLITS[split]


def record_access(
    *,
    by: str,
    model: EvaluatedModel,
    dataset: EmotionDataset,
    split: str,
    labels: str,
    folder: Path | None = None,
) -> None:
    """Adds a line to the log; nothing for splits without test images.

    Raises:
        OutputError: the file cannot be written.
        DiskFullError: there is no room for it.
    """
    if not is_test(split):
        return
    when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    access = Access(when, by, model.name, model.key, dataset.name, dataset.sha256, split, labels)
    path = _path(folder)
    make_folder(path.parent)
    with writing(path, kept="Figures on test images are told only once the access is logged."):
        _append(path, json.dumps(asdict(access)) + "\n")


def read_accesses(dataset: EmotionDataset, *, folder: Path | None = None) -> tuple[Access, ...]:
    """The accesses to a data set's test images, oldest first. Unreadable lines are left out.

    Counted by the set's name: corrections or another import change its hash, not its test images.
    """
    try:
        lines = _path(folder).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return ()
    accesses = []
    for line in lines:
        try:
            access = Access(**renamed(json.loads(line)))
        except (ValueError, TypeError, AttributeError):
            continue
        if access.dataset == dataset.name:
            accesses.append(access)
    return tuple(accesses)


def _append(path: Path, line: str) -> None:
    # One write at the end of the file: processes that write at the same moment do not mix.
    with path.open("ab", buffering=0) as file:
        begin, data = file.tell(), line.encode()
        written = 0
        try:
            written = file.write(data)
            if written < len(data):  # the rest does not fit: this says so
                file.write(data[written:])
        except OSError:
            # Half a line would damage the next one, too.
            if written and path.stat().st_size == begin + written:
                file.truncate(begin)
            raise


def _path(folder: Path | None) -> Path:
    return (folder if folder is not None else evaluations_folder()) / LOG_FILE
