"""Turns a finished run into a model, as a job; and what became of it."""

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typing_extensions import TypedDict

from emotion_core.classifiers.card import CARD_FILE
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.datasets import SYNTHETIC
from emotion_core.errors import ModelError, TrainingError
from emotion_core.files.atomic_files import write_json
from emotion_core.jobs import JobBoard, JobInfo, JobState
from emotion_core.schema.value_types import Number, Text
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.runs import RunInfo
from emotion_core.training.stored import read_stored

#: The kind of job.
PROMOTION = "model-promotion"
# Lines that ``promote.promote_run`` reports with FER+ votes in the data set: parity, where it
# stands, one a head for its calibration, and one a split; the raters' head has PublicTest too.
_STEPS, _MORE_STEPS = 6, {"raters": 1, "multi-task": 2}

_NOTE = "promotion.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class _StoredPromotion(TypedDict):
    """``promotion.json`` in a run folder: which model was made of it."""

    model: Annotated[str, Text(40)]
    started: Annotated[float, Number(0, 253_000_000_000)]


@dataclass(frozen=True, slots=True)
class Promotion:
    """How far the making of a model is.

    Attributes:
        model: name of the model's folder.
        job: the job that makes it, as long as it is known.
        is_done: whether the model is in its place.
    """

    model: str
    job: JobInfo | None
    is_done: bool

    @property
    def is_active(self) -> bool:
        """Whether it is under way."""
        return self.job is not None and self.job.is_active

    @property
    def error(self) -> str:
        """Why it failed; empty where it did not."""
        failed = self.job is not None and self.job.state == JobState.FAILED
        return self.job.error if failed and self.job is not None else ""


def promotion_steps(labels: str) -> int:
    """How many lines the promotion of a run reports that was trained on some labels."""
    return _STEPS + _MORE_STEPS.get(labels, 0)


def suggested_name(run: RunInfo) -> str:
    """A name for the model that no model has."""
    taken, stem = ModelRegistry().names(), re.sub(r"[^a-z0-9]+", "-", run.name.lower()).strip("-")
    name, number = stem or "model", 2
    while name in taken:
        name, number = f"{stem}-{number}", number + 1
    return name


def suggested_description(run: RunInfo) -> str:
    """What the model is, said honestly."""
    if run.config.get("dataset") == SYNTHETIC:
        return (
            f"Trained from the browser on the synthetic data set ({run.epoch} epochs). It shows "
            "that everything works; it does not know real faces."
        )
    network = run.config.get("architecture", "A network")
    return f"{network}, trained from the browser, {run.epochs_text} (run {run.name})."


def start_promotion(
    board: JobBoard,
    run: RunInfo,
    name: str,
    title: str,
    description: str,
    *,
    use_for: str = "",
    flip_tta: bool,
) -> None:
    """Starts the export, the parity check, the calibration and the evaluation.

    Raises:
        ModelError: the name cannot be used, a text is missing, or it is under way already.
        OutputError: the job cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise ModelError(
            f"Name: wanted lower-case letters, digits and hyphens, at most 40. Received: {name!r}"
        )
    if name in ModelRegistry().names():
        raise ModelError(f"There already is a model {name!r}. Choose another name.")
    if not title.strip() or not description.strip():
        raise ModelError("Wanted a title and one sentence about the model.")
    if (now := promotion_of(board, run.folder)) is not None and now.is_active:
        raise ModelError(f"{run.name} is being promoted already.")
    arguments = {
        "run": str(run.folder),
        "dataset": str(run.config.get("dataset") or ""),
        "name": name,
        "title": title.strip(),
        "description": description.strip(),
        "use_for": use_for.strip().rstrip("."),
        "flip_tta": flip_tta,
    }
    board.submit(PROMOTION, arguments, title=f"Promote {run.name} to {name}", key=_key(run.folder))


def promotion_of(board: JobBoard, folder: Path) -> Promotion | None:
    """The latest promotion of a run; None if there was none that is still known."""
    job = board.find(_key(folder))
    if job is not None and job.state != JobState.DONE:
        return Promotion(str(job.arguments.get("name", "")), job, is_done=False)
    try:
        noted = read_stored(folder / _NOTE, _StoredPromotion)
    except TrainingError:
        return None
    if not _NAME.fullmatch(noted["model"]):
        return None
    card = ModelRegistry().root / noted["model"] / CARD_FILE
    made = card.is_file() and card.stat().st_mtime >= float(noted["started"]) - 1
    return Promotion(noted["model"], job, is_done=True) if made else None


def note_promotion(folder: Path, model: str) -> None:
    """Writes into a run's folder which model was made of it, just now."""
    RunFolder(folder).make_way(folder / _NOTE)
    card = ModelRegistry().root / model / CARD_FILE
    started = card.stat().st_mtime if card.is_file() else time.time()
    write_json(folder / _NOTE, {"model": model, "started": started})


def _key(folder: Path) -> str:
    return f"promotion:{folder.resolve()}"
