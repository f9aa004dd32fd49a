"""Long work on networks as jobs: training, its time estimate, and promotion to a model."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.datasets import load_dataset
from emotion_core.errors import Cancelled, EmotionLensError
from emotion_core.jobs import JobContext
from emotion_core.training.config import TrainingConfig
from emotion_core.training.failures import reason_of_death
from emotion_core.training.promotion import note_promotion, promotion_steps
from emotion_core.training.run import load_run_config, resume_run
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.runs import list_runs
from emotion_core.training.speed_estimate import measure
from emotion_core.training.teachers import check_sources

_LOOK_S = 0.5


def run_training(context: JobContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Trains a run from its last full epoch to its end.

    Args:
        context: of the job.
        arguments: ``run``: the run folder.

    Returns:
        ``epochs``: how many there are now.
    """
    folder = RunFolder(Path(arguments["run"]))
    try:
        _wait_for_others(context, folder)
        folder.set_status("running", eta_s=None)
        context.tell("Loading the data set")
        config, saved = load_run_config(folder.path)
        check_sources(config, folder)
        dataset = load_dataset(saved.get("dataset") or None, corrections=config.corrections)
        context.check()
    except Cancelled:
        folder.set_status("stopped")
        raise
    except EmotionLensError as error:
        # A queued run that could not even begin says so.
        folder.set_status("failed", error=str(error))
        raise

    def tell(status: Mapping[str, Any]) -> None:
        _tell(context, folder, status)

    if not resume_run(dataset, folder.path, report=_print, stop=context.cancelled, on_status=tell):
        raise Cancelled("Stopped.")
    return {"epochs": folder.epochs_done}


def training_died(arguments: Mapping[str, Any], reason: str) -> None:
    """Writes into a run's folder why its process ended without a word."""
    folder = RunFolder(Path(arguments["run"]))
    if folder.read_status().get("state") not in ("running", "queued"):
        return
    if reason:
        folder.set_status("failed", error=reason_of_death(reason))
    else:
        folder.set_status("stopped")


def run_estimate(context: JobContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Trains for some seconds; see ``speed_estimate.measure``.

    Args:
        context: of the job.
        arguments: ``config``: the settings; ``dataset``: path, ``synthetic``, or empty for the one
            of the environment.

    Returns:
        The fields of ``speed_estimate.Estimate``.
    """
    config = TrainingConfig.from_dict(arguments["config"])
    context.tell("Loading the data set")
    dataset = load_dataset(arguments["dataset"] or None, corrections=config.corrections)
    context.check()
    context.tell("Training for a few seconds to measure the speed")
    return measure(config, dataset)


def run_promotion(context: JobContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Makes a model out of a run; see ``promote.promote_run``.

    Args:
        context: of the job.
        arguments: ``run`` (its folder), ``dataset`` (path, ``synthetic`` or empty) and the
            keyword arguments of ``promote_run``: ``name``, ``title``, ``description``,
            ``use_for``, ``flip_tta``.

    Returns:
        ``model``: its name.
    """
    # Here, because it needs TensorFlow.
    from emotion_core.training.promote import promote_run

    run, done = Path(arguments["run"]), 0
    steps = promotion_steps(load_run_config(run)[0].labels)
    context.tell("Loading the data set", 0, steps, unit="steps")
    dataset = load_dataset(arguments["dataset"] or None)
    context.check()

    def report(line: str) -> None:
        nonlocal done
        done = min(done + 1, steps)
        print(line, flush=True)
        context.check()
        context.tell(line.rstrip("."), done, steps, unit="steps")

    context.tell("Exporting the best epoch", 0, steps, unit="steps")
    promote_run(
        run,
        dataset,
        ModelRegistry().root,
        arguments["name"],
        title=arguments["title"],
        description=arguments["description"],
        use_for=arguments["use_for"],
        flip_tta=arguments["flip_tta"],
        report=report,
    )
    note_promotion(run, arguments["name"])
    return {"model": arguments["name"]}


def _wait_for_others(context: JobContext, folder: RunFolder) -> None:
    """One training at a time, also beside one that was started in a terminal."""
    while True:
        context.check()
        running = [
            run.name
            for run in list_runs(folder.path.parent)
            if run.state == "running" and run.folder != folder.path
        ]
        if not running:
            return
        context.tell(f"Waiting for {running[0]}, which trains already")
        time.sleep(_LOOK_S)


def _tell(context: JobContext, folder: RunFolder, status: Mapping[str, Any]) -> None:
    """A run's status as a job's progress, counted in epochs."""
    epoch, epochs = float(status.get("epoch") or 0), float(status.get("epochs") or 0)
    batch, batches = status.get("batch") or 0, status.get("batches") or 0
    done = epoch + (batch / batches if batches else 0.0)
    rows, _ = folder.load_rows()
    best = max((row.get("val_accuracy", 0.0) for row in rows), default=0.0)
    context.tell(
        "Training" if epoch or batch else "Preparing",
        done,
        epochs,
        unit="epochs",
        rate=status.get("samples_per_s") or None,
        eta_s=status.get("eta_s"),
        preview={"text": f"Best validation accuracy {best:.1%}"} if best else {},
    )


def _print(line: str) -> None:
    print(line, flush=True)
