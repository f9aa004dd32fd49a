"""Turns a run into a model folder: export, parity, calibration, card, README."""

import datetime
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from emotion_core.classifiers.card import (
    KERAS_FILE,
    LITERT_FILE,
    ModelCard,
)
from emotion_core.classifiers.heads import Head
from emotion_core.classifiers.readme import save_with_readme
from emotion_core.classifiers.shrink import shrink_keras
from emotion_core.datasets import VALIDATION, EmotionDataset
from emotion_core.errors import ModelError, OutputError, TrainingError
from emotion_core.evaluation.card_figures import measured_card
from emotion_core.files.atomic_files import file_sha256, readable, write_atomic, write_json
from emotion_core.files.publishing import published_folder
from emotion_core.training.config import TrainingConfig
from emotion_core.training.run import load_run_config
from emotion_core.training.run_folder import RunFolder, history_csv, merit
from emotion_core.training.stages import BASE_HISTORY, earlier_stages

# A served model that contradicts the trained one on a larger share of faces than this is refused.
_MAX_CONTRADICTED = 0.02
_PARITY_FACES = 1000

_FER2013 = "FER-2013"
_SOURCES = (
    "FER-2013: Goodfellow et al., arXiv 1307.0414",
    "FER+ votes: Barsoum et al., arXiv 1608.01041 (MIT licence)",
)


def promote_run(
    run_dir: Path,
    dataset: EmotionDataset,
    models_root: Path,
    name: str,
    *,
    title: str,
    description: str,
    use_for: str = "",
    flip_tta: bool = False,
    target_accuracy: float | None = None,
    replace: bool = False,
    notes: dict[str, Any] | None = None,
    report: Callable[[str], None] = print,
) -> ModelCard:
    """Makes ``models/<name>`` out of a run.

    Temperature and threshold come from PublicTest. PrivateTest is read for the figures on the
    card and for nothing else.

    Args:
        run_dir: a run with ``model.keras``.
        dataset: the set that it was trained on.
        models_root: folder of model folders.
        name: of the new folder.
        title: name for people.
        description: one or two sentences.
        use_for: what to take it for rather than another model, in a few words.
        flip_tta: average the logits of a face and its mirror image.
        target_accuracy: share of correct predictions above the threshold, on PublicTest; None for
            what suits the labels that it learned.
        replace: whether an existing folder of that name is replaced. All of it goes: recipes,
            repeated runs and notes in it tell of the old network.
        notes: more entries for the card's ``training``.
        report: gets one line of text per step.

    Raises:
        ModelError: the run has no model, the name is taken, or the exported model disagrees.
        TrainingError: not a run, or its files cannot be read.
        OutputError: the model cannot be written.
        DiskFullError: there is no room for it.
    """
    run = RunFolder(run_dir)
    config, saved = load_run_config(run_dir)
    target = models_root / name
    if not run.model.is_file():
        raise ModelError(f"{run_dir}: wanted model.keras. The run has not finished an epoch.")
    if (target / "card.json").exists() and not replace:
        raise ModelError(f"{target} exists. Give --replace, or another name.")
    _check_records(run, saved)
    old_files = _files_in(target)
    kept = f"The run is kept{', and so is the model that was to be replaced' * bool(old_files)}."
    try:
        with published_folder(
            target, replace=replace, need_bytes=_need_bytes(run.model), kept=kept
        ) as folder:
            card = _fill(
                folder,
                run,
                config,
                saved,
                dataset,
                name=name,
                title=title,
                description=description,
                use_for=use_for,
                flip_tta=flip_tta,
                target_accuracy=target_accuracy,
                notes=notes or {},
                report=report,
            )
            gone = sorted(old_files - _files_in(folder))
    except FileExistsError as error:
        raise ModelError(f"{target} exists. Give --replace, or another name.") from error
    report(f"Wrote {target}.")
    if gone:
        report(f"The old model's other files went with it: {', '.join(gone)}.")
    try:
        # What the run list shows of a run that was judged.
        write_json(run.evaluation, {"model": name, "sha256": card.sha256, **card.metrics})
    except OutputError as error:
        report(f"The figures are on the model's card, not in the run's folder. {error}")
    return card


def _need_bytes(model: Path) -> int:
    """At least so much a model takes: its weights at half and, exported, at a quarter."""
    return model.stat().st_size * 3 // 4


def _files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _check_records(run: RunFolder, saved: dict[str, Any]) -> None:
    """Looks whether what the card tells of the training is there, before anything heavy begins."""
    rows = run.read_history()
    missing = [name for name in ("val_accuracy", "seconds") if not rows or name not in rows[0]]
    if missing:
        raise TrainingError(
            f"{readable(run.history)}: wanted at least one epoch with the columns epoch, "
            f"val_accuracy and seconds. Missing: {', '.join(missing)}."
        )
    if saved.get("n_training_images") is None:
        raise TrainingError(f"{readable(run.config)}: wanted n_training_images. It is missing.")


def _fill(
    folder: Path,
    run: RunFolder,
    config: TrainingConfig,
    saved: dict[str, Any],
    dataset: EmotionDataset,
    *,
    name: str,
    title: str,
    description: str,
    use_for: str,
    flip_tta: bool,
    target_accuracy: float | None,
    notes: dict[str, Any],
    report: Callable[[str], None],
) -> ModelCard:
    """Writes every file of the model folder."""
    # Imported here: it needs TensorFlow, which takes seconds.
    from emotion_core.classifiers.export import export_litert, load_keras, parity

    shrink_keras(run.model, folder / KERAS_FILE)
    model = load_keras(folder / KERAS_FILE)
    shutil.copyfile(run.history, folder / "history.csv")
    if earlier := earlier_stages(run.path, saved):
        write_atomic(folder / BASE_HISTORY, history_csv([row for s in earlier for row in s]))
    export_litert(model, folder / LITERT_FILE)
    validation = dataset.split(VALIDATION)
    heads = _heads(config, len(dataset.label_set))
    agreement = parity(
        model, folder / LITERT_FILE, validation.images[:_PARITY_FACES], heads=tuple(heads.values())
    )
    report(
        f"Parity: same prediction on {100 * agreement.agreement:.1f} % of {agreement.n} faces, "
        f"largest difference {agreement.max_abs_diff:.3f}."
    )
    if agreement.contradicted > _MAX_CONTRADICTED:
        raise ModelError(
            f"Wanted an exported model that contradicts the trained one on at most "
            f"{100 * _MAX_CONTRADICTED:.0f} % of faces, near ties aside. Received: "
            f"{100 * agreement.contradicted:.1f} %. Not shipped."
        )
    history = run.read_history()
    judged = [row for row in history if row["val_accuracy"] >= 0]  # NaN: not judged
    best = max(judged or history, key=merit)
    card = ModelCard(
        name=name,
        title=title,
        description=description,
        use_for=use_for,
        architecture=config.architecture,
        labels=dataset.label_set.names,
        input_size_px=dataset.size_px,
        input_channels=1,
        crop_framing="fer2013",
        n_parameters=int(model.count_params()),
        heads=heads,
        flip_tta=flip_tta,
        metrics={},
        training={
            "dataset": _dataset_title(dataset),
            "dataset_sha256": dataset.sha256,
            "n_images": saved["n_training_images"],
            "label_source": config.labels,
            "epochs": config.epochs,
            **({"stages": [*map(len, earlier), len(history)]} if earlier else {}),
            "best_epoch": int(best["epoch"]),
            "recipe": config.to_dict(),
            "seed": config.seed,
            "leak_free": config.leak_free,
            "git_commit": saved.get("git_commit", ""),
            "seconds": round(sum(row["seconds"] for row in history if row["seconds"] >= 0)),
            "parity_agreement": agreement.agreement,
            **notes,
        },
        licence="MIT"
        if dataset.is_synthetic
        else "MIT for the weights; the training pictures have their own terms (see sources)",
        sources=_SOURCES if _dataset_title(dataset) == _FER2013 else (),
        files={n: file_sha256(folder / n) for n in (KERAS_FILE, LITERT_FILE)},
        created=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )
    card = measured_card(
        folder, card, dataset, by="promotion", target_accuracy=target_accuracy, report=report
    )
    save_with_readme(card, folder)
    return card


def _heads(config: TrainingConfig, n: int) -> dict[str, Head]:
    """The heads that a run has trained to be served, not calibrated yet."""

    def head(first: int, outputs: int) -> Head:
        return Head(first=first, outputs=outputs, temperature=1.0, threshold=0.0)

    if config.labels == "multi-task":
        # The raters' may also say contempt, which nobody is served.
        return {"fer2013": head(0, n), "raters": head(n, n + 1)}
    return {"raters" if config.labels == "raters" else "fer2013": head(0, n)}


def _dataset_title(dataset: EmotionDataset) -> str:
    """The data set's name for people; a set without a name is the project's own."""
    if dataset.is_synthetic:
        return "the synthetic data set"
    return _FER2013 if dataset.name in ("fer2013", "") else dataset.name
