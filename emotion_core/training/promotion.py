"""Turns a finished run into a model, in a process of its own that outlives the page."""

import re
import threading
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
from emotion_core.files.outside_files import MAX_TEXT_BYTES, read_bytes
from emotion_core.schema.value_types import Number, Text, WholeNumber
from emotion_core.training.detached import start_detached
from emotion_core.training.process import is_alive
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.runs import RunInfo
from emotion_core.training.stored import read_stored

RUNNING, DONE, FAILED = "running", "done", "failed"

_STATE, _LOG = "promotion.json", "promotion.log"
# What TensorFlow says of the machine is no step of the promotion.
_NOISE = re.compile(r"[IWEF]\d{4} |INFO: |WARNING: |\s*$")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class _StoredPromotion(TypedDict):
    """``promotion.json`` in a run folder."""

    model: Annotated[str, Text(40)]
    pid: Annotated[int, WholeNumber(1, 2**31 - 1)]
    started: Annotated[float, Number(0, 253_000_000_000)]


@dataclass(frozen=True, slots=True)
class Promotion:
    """How far the making of a model is.

    Attributes:
        model: name of the model's folder.
        state: ``running``, ``done`` or ``failed``.
        lines: what the process has said so far.
    """

    model: str
    state: str
    lines: tuple[str, ...]


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
    return f"{network}, trained from the browser for {run.epoch} epochs (run {run.name})."


def start_promotion(
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
    """
    if not _NAME.fullmatch(name):
        raise ModelError(
            f"Name: wanted lower-case letters, digits and hyphens, at most 40. Received: {name!r}"
        )
    if name in ModelRegistry().names():
        raise ModelError(f"There already is a model {name!r}. Choose another name.")
    if not title.strip() or not description.strip():
        raise ModelError("Wanted a title and one sentence about the model.")
    if (now := promotion_of(run.folder)) is not None and now.state == RUNNING:
        raise ModelError(f"{run.name} is being promoted already.")
    log = run.folder / _LOG
    log.unlink(missing_ok=True)
    command = ["models", "promote", str(run.folder), "--name", name]
    command += ["--title", title.strip(), "--description", description.strip()]
    if use_for.strip():
        command += ["--use-for", use_for.strip().rstrip(".")]
    if dataset := run.config.get("dataset"):
        command += ["--dataset", str(dataset)]
    if flip_tta:
        command.append("--flip-tta")
    RunFolder(run.folder).make_way(run.folder / _STATE)
    process = start_detached(command, log)
    write_json(run.folder / _STATE, {"model": name, "pid": process.pid, "started": time.time()})
    # Somebody has to ask for its end, or it stays in the process table.
    threading.Thread(target=process.wait, daemon=True).start()


def promotion_of(folder: Path) -> Promotion | None:
    """The latest promotion of a run; None if there was none, or if what was noted of it cannot be
    read.
    """
    try:
        saved = read_stored(folder / _STATE, _StoredPromotion)
    except TrainingError:
        return None
    if not _NAME.fullmatch(saved["model"]):
        return None
    model, started, lines = saved["model"], float(saved["started"]), _lines(folder / _LOG)
    if is_alive(saved["pid"], started):
        return Promotion(model, RUNNING, lines)
    card = ModelRegistry().root / model / CARD_FILE
    made = card.is_file() and card.stat().st_mtime >= started - 1
    return Promotion(model, DONE if made else FAILED, lines)


def _lines(log: Path) -> tuple[str, ...]:
    try:
        text = read_bytes(log, TrainingError, max_bytes=MAX_TEXT_BYTES).decode("utf-8", "replace")
    except TrainingError:
        return ()
    steps = (line for line in text.splitlines() if not _NOISE.match(line))
    return tuple(line.removeprefix("python -m emotion_core: ") for line in steps)
