"""One training run, from settings to a run folder. Resumable after any interruption."""

import importlib.metadata
import json
import platform
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion_core.datasets import (
    TRAINING,
    VALIDATION,
    EmotionDataset,
    duplicate_keys,
    seen_in,
    soft_labels,
)
from emotion_core.errors import TrainingError
from emotion_core.files import write_json
from emotion_core.training.config import TrainingConfig
from emotion_core.training.run_folder import RunFolder

if TYPE_CHECKING:
    import keras

# Left out of weight decay: biases, and scale and shift of normalisation.
_NO_DECAY = ("bias", "gamma", "beta")


def training_rows(dataset: EmotionDataset, *, leak_free: bool) -> EmotionDataset:
    """The images to train on.

    Args:
        dataset: all splits.
        leak_free: without those that also stand, exactly or mirrored, in another split.
    """
    training = dataset.usage == TRAINING
    if leak_free:
        keys = duplicate_keys(dataset.images).mirrored
        training &= ~seen_in(keys, keys[dataset.usage != TRAINING])
    return dataset.select(training)


def start_run(
    config: TrainingConfig,
    dataset: EmotionDataset,
    run_dir: Path,
    *,
    report: Callable[[str], None] = print,
) -> None:
    """Starts a new run.

    Raises:
        TrainingError: the folder already holds a run, or the data set cannot be used.
    """
    folder = RunFolder(run_dir)
    if folder.config.exists():
        raise TrainingError(
            f"{run_dir} already holds a run. Give --resume to go on with it, or another --run-dir."
        )
    folder.create()
    write_json(folder.config, {**config.to_dict(), **_provenance(dataset)})
    _execute(config, dataset, folder, report)


def resume_run(
    dataset: EmotionDataset, run_dir: Path, *, report: Callable[[str], None] = print
) -> None:
    """Goes on with a run after its last finished epoch.

    Raises:
        TrainingError: no run there, it is complete, or the data set is another.
    """
    folder = RunFolder(run_dir)
    config, saved = load_run_config(run_dir)
    if saved.get("dataset_sha256") != dataset.sha256:
        raise TrainingError(
            f"{run_dir} was started with the data set {saved.get('dataset_sha256')}. "
            f"Received: {dataset.sha256}"
        )
    folder.create()
    _execute(config, dataset, folder, report)


def load_run_config(run_dir: Path) -> tuple[TrainingConfig, dict[str, Any]]:
    """The settings of a run and everything in its ``config.json``.

    Raises:
        TrainingError: no run there, or its settings cannot be read.
    """
    path = RunFolder(run_dir).config
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{run_dir}: wanted a run with config.json. {error}") from error
    names = TrainingConfig().to_dict()
    return TrainingConfig.from_dict({k: v for k, v in saved.items() if k in names}), saved


def _provenance(dataset: EmotionDataset) -> dict[str, Any]:
    """What else decides a result: data, code and versions."""
    versions = {}
    for name in ("tensorflow", "keras", "numpy", "opencv-python-headless"):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    try:
        commit = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        commit = ""
    return {
        "dataset_sha256": dataset.sha256,
        "git_commit": commit,
        "versions": {"python": platform.python_version(), **versions},
        "machine": platform.machine(),
    }


def _execute(
    config: TrainingConfig,
    dataset: EmotionDataset,
    folder: RunFolder,
    report: Callable[[str], None],
) -> None:
    from emotion_core.training.callbacks import RunStopped

    stop = _StopFlag()
    folder.set_status("running", epoch=_epochs_done(folder), epochs=config.epochs)
    try:
        with stop:
            _train(config, dataset, folder, report, stop)
    except RunStopped:
        folder.set_status("stopped", epoch=_epochs_done(folder), epochs=config.epochs)
        report(f"Stopped after {_epochs_done(folder)} epochs. Go on with --resume.")
        return
    except BaseException as error:
        folder.set_status(
            "failed",
            epoch=_epochs_done(folder),
            epochs=config.epochs,
            error=f"{type(error).__name__}: {error}",
        )
        raise
    folder.set_status("done", epoch=config.epochs, epochs=config.epochs, eta_s=0)


class _StopFlag:
    """True once SIGTERM or SIGINT came."""

    def __init__(self) -> None:
        self._asked = False
        self._previous: dict[int, Any] = {}

    def __call__(self) -> bool:
        return self._asked

    def __enter__(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._previous[number] = signal.signal(number, self._ask)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _ask(self, *_: object) -> None:
        self._asked = True


def _epochs_done(folder: RunFolder) -> int:
    if not folder.checkpoint_info.is_file() or not folder.checkpoint.is_file():
        return 0
    return int(json.loads(folder.checkpoint_info.read_text(encoding="utf-8"))["epochs_done"])


def _train(
    config: TrainingConfig,
    dataset: EmotionDataset,
    folder: RunFolder,
    report: Callable[[str], None],
    stop: Callable[[], bool],
) -> None:
    import keras

    from emotion_core.classifiers.architectures import build_model
    from emotion_core.classifiers.preprocessing import crops_to_tensor
    from emotion_core.training.callbacks import Record, SeedLayers, StopOnRequest
    from emotion_core.training.input import TrainingBatches, one_hot

    n_classes = len(dataset.label_set)
    rows = training_rows(dataset, leak_free=config.leak_free)
    targets, usable = soft_labels(rows, config.labels, vote_share=config.vote_share)
    rows, targets = rows.select(usable), targets[usable]
    if config.label_smoothing:
        targets = targets * (1 - config.label_smoothing) + config.label_smoothing / n_classes
    validation = dataset.split(VALIDATION)
    if not len(rows) or not len(validation):
        raise TrainingError(
            "Wanted images in Training and PublicTest. "
            f"Received: {len(rows)} and {len(validation)}."
        )
    folder.add_to_config(n_training_images=len(rows))
    report(f"Training on {len(rows)} images, choosing on {len(validation)}.")
    held_out = (crops_to_tensor(validation.images), one_hot(validation.labels, n_classes))
    keras.utils.set_random_seed(config.seed)
    full_px = dataset.size_px

    def save_best(model: "keras.Model", path: Path) -> None:
        fixed = build_model(config.architecture, size_px=full_px, n_classes=n_classes)
        fixed.set_weights(model.get_weights())
        temporary = path.with_name("model.tmp.keras")
        fixed.save(temporary)
        temporary.replace(path)

    done = _epochs_done(folder)
    while done < config.epochs:
        # Epochs of one size are one call; the next begins as a resumed run does.
        size_px = config.size_at(done, full_px)
        until = done + 1
        while until < config.epochs and config.size_at(until, full_px) == size_px:
            until += 1
        batches = TrainingBatches(
            rows.images,
            np.asarray(targets, np.float32),
            config.batch_size,
            config.augmentation,
            config.seed,
            done,
            size_px,
        )
        if done:
            model = keras.models.load_model(folder.checkpoint, safe_mode=True)
        else:
            model = build_model(
                config.architecture,
                size_px=None if config.train_size_px else full_px,
                n_classes=n_classes,
            )
            _compile(model, config, steps=len(batches) * config.epochs)
        callbacks: list[Any] = [SeedLayers(config.seed), StopOnRequest(stop)]
        if config.ema:
            swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
            # A checkpoint holds the averaged weights in the model and the others in the
            # optimizer; the callback has no argument that tells it so.
            swap._ema_weights_in_model = bool(done)
            callbacks.append(swap)
        callbacks.append(Record(folder, config.epochs, save_best, report))
        model.fit(
            batches,
            epochs=until,
            initial_epoch=done,
            validation_data=held_out,
            validation_batch_size=256,
            callbacks=callbacks,
            verbose=0,
        )
        done = until


def _compile(model: "keras.Model", config: TrainingConfig, steps: int) -> None:
    import keras

    warmup = round(config.warmup * steps)
    rate = keras.optimizers.schedules.CosineDecay(
        config.learning_rate / 25 if warmup else config.learning_rate,
        max(1, steps - warmup),
        warmup_target=config.learning_rate if warmup else None,
        warmup_steps=warmup,
    )
    shared: dict[str, Any] = {
        "learning_rate": rate,
        "weight_decay": config.weight_decay or None,
        "use_ema": bool(config.ema),
        "ema_momentum": config.ema or 0.99,
    }
    if config.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(momentum=0.9, nesterov=True, **shared)
    elif config.optimizer == "adam":
        optimizer = keras.optimizers.Adam(**shared)
    else:
        optimizer = keras.optimizers.AdamW(**{**shared, "weight_decay": config.weight_decay})
    if config.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=list(_NO_DECAY))
    # XLA on a CPU trained these networks at a fifth of the speed (benchmarks/experiments.md).
    on_cpu = keras.backend.backend() == "tensorflow" and not _has_gpu()
    model.compile(
        optimizer,
        keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False if on_cpu else "auto",
    )


def _has_gpu() -> bool:
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))
