"""The part of a run that needs Keras: build, compile, fit. Works with every Keras backend."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from emotion_core.classifiers.architectures import build_model
from emotion_core.classifiers.export import load_keras
from emotion_core.datasets import TWO_DISTRIBUTIONS
from emotion_core.errors import TrainingError
from emotion_core.files.atomic_files import atomic_path
from emotion_core.training.batches import TrainingBatches
from emotion_core.training.callbacks import (
    Record,
    SeedLayers,
    StopOnRequest,
    Stopwatch,
    Validate,
    stops_early,
)
from emotion_core.training.checkpoint import load_checkpoint
from emotion_core.training.config import TrainingConfig
from emotion_core.training.data import TrainingData
from emotion_core.training.dropout import with_byte_dropout
from emotion_core.training.optimizers import build_optimizer
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.schedules import learning_rates
from emotion_core.training.teachers import trained_file

# Levels of ONEDNN_MAX_CPU_ISA under which oneDNN has no bfloat16.
_WITHOUT_BFLOAT16 = frozenset(
    {"SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI"}
)


class StepTable(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A learning rate per step, looked up."""

    def __init__(self, rates: Any) -> None:
        super().__init__()
        self._rates = rates

    def __call__(self, step: Any) -> Any:
        """The learning rate of a step."""
        last = len(self._rates) - 1
        at = keras.ops.minimum(keras.ops.cast(step, "int32"), last)
        return keras.ops.take(keras.ops.convert_to_tensor(self._rates), at)


def fit_run(
    config: TrainingConfig,
    data: TrainingData,
    folder: RunFolder,
    report: Callable[[str], None],
    stop: Callable[[], bool],
) -> None:
    """Trains from the last full epoch to the end of the run.

    Raises:
        Cancelled: ``stop`` said so.
        TrainingError: the checkpoint cannot be used.
    """
    make_repeatable(config.seed)
    full_px, n_classes = data.rows.size_px, len(data.rows.label_set)
    n_kept = n_classes + (data.n_more if data.keeps_more else 0)

    def save_best(model: keras.Model, path: Path) -> None:
        fixed = build_model(config.architecture, size_px=full_px, n_classes=n_kept)
        fixed.set_weights(_fitted(model.get_weights(), fixed.get_weights()))
        with atomic_path(path) as partial:
            fixed.save(partial)

    judge = Validate(data.validation, raters=data.keeps_more)
    done = folder.epochs_done
    while done < config.epochs:
        if stops_early(folder.read_history()[:done], config.early_stopping):
            return
        # Epochs of one size are one call; the next begins as a resumed run does.
        size_px = config.size_at(done, full_px)
        until = done + 1
        while until < config.epochs and config.size_at(until, full_px) == size_px:
            until += 1
        batches = TrainingBatches(
            data, config.batch_size, config.augmentation, config.seed, done, size_px
        )
        steps = batches.steps_per_epoch
        model = compiled_model(
            config, full_px, n_classes, steps * config.epochs, n_more=data.n_more
        )
        if done:
            load_checkpoint(folder, model)
        elif config.init_from:
            init_weights(model, config.init_from)
        callbacks: list[Any] = [
            SeedLayers(config.seed),
            Record(
                folder, config, batches.images_per_epoch, batches.faces, judge, save_best, report
            ),
            StopOnRequest(stop),
        ]
        model.fit(
            batches,
            epochs=until,
            initial_epoch=done,
            steps_per_epoch=steps,
            shuffle=False,  # the batches come shuffled
            callbacks=callbacks,
            verbose=0,
        )
        done = until


class TwoDistributions(keras.losses.Loss):  # type: ignore[misc]
    """Cross-entropy of two groups of outputs, each with its own target.

    Args:
        first: size of the first group.
        share: weight of the second group.
    """

    def __init__(self, first: int, share: float) -> None:
        super().__init__(name="two_distributions")
        self._first, self._share = first, share

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each row: both cross-entropies, weighted."""
        cut = self._first
        one, other = (
            keras.ops.categorical_crossentropy(y_true[:, part], y_pred[:, part], from_logits=True)
            for part in (slice(cut), slice(cut, None))
        )
        return (1 - self._share) * one + self._share * other


def _served_accuracy(n_classes: int) -> Callable[[Any, Any], Any]:
    """Share of correct predictions among the outputs that will be served."""

    def accuracy(y_true: Any, y_pred: Any) -> Any:
        return keras.metrics.categorical_accuracy(y_true[:, :n_classes], y_pred[:, :n_classes])

    return accuracy


def init_weights(model: keras.Model, source: str) -> None:
    """Gives a new network the weights of another one of the same architecture.

    Outputs that the other one does not have keep their fresh weights.

    Args:
        model: the new network.
        source: a run folder by its path or name, or the name of a model.

    Raises:
        TrainingError: not found, or another architecture.
    """
    theirs, own = load_keras(trained_file(source)).get_weights(), model.get_weights()
    same = len(theirs) == len(own) and all(
        a.shape[:-1] == b.shape[:-1] for a, b in zip(theirs, own, strict=True)
    )
    if not same or any(a.shape != b.shape for a, b in zip(theirs[:-2], own[:-2], strict=True)):
        raise TrainingError(
            f"init_from: wanted a network of the architecture {model.name}. Received: {source}"
        )
    model.set_weights(_fitted(theirs, own))


def _fitted(weights: list[Any], like: list[Any]) -> list[Any]:
    """Weights with as many outputs as other ones: some cut off, or some of theirs added."""
    return [
        np.concatenate([a[..., : b.shape[-1]], b[..., a.shape[-1] :]], axis=-1)
        for a, b in zip(weights, like, strict=True)
    ]


def make_repeatable(seed: int) -> None:
    """One seed gives one result: weights, and the order of sums on several threads."""
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()


def compiled_model(
    config: TrainingConfig, full_px: int, n_classes: int, steps: int, *, n_more: int = 0
) -> keras.Model:
    """A new network with its optimizer, both built.

    Args:
        config: of the run.
        full_px: side of the stored faces.
        n_classes: number of outputs that will be served.
        steps: of the whole run, for the learning rate.
        n_more: number of outputs that are only trained.
    """
    size_px = None if config.progressive_resizing_px else full_px
    on_cpu = _tensorflow_on_cpu()
    if on_cpu and config.mixed_precision and not _calculates_in_bfloat16():
        raise TrainingError(
            "mixed_precision: wanted a graphics card, or a processor that calculates in bfloat16 "
            "(AVX512-BF16 or AMX). This one does not: switch it off."
        )
    if on_cpu and config.architecture == "mini-xception":
        # With its 8 channels oneDNN's AVX-512 kernels (TensorFlow 2.21) write over memory on some
        # processors (an AMD EPYC with AVX512-BF16), and the process ends. Read at the first use.
        os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")
    with _precision(mixed=config.mixed_precision):
        model = build_model(config.architecture, size_px=size_px, n_classes=n_classes + n_more)
        if on_cpu:
            model = with_byte_dropout(model)
    loss = (
        TwoDistributions(n_classes, config.vote_share)
        if config.labels in TWO_DISTRIBUTIONS
        else keras.losses.CategoricalCrossentropy(from_logits=True)
    )
    optimizer = build_optimizer(config, StepTable(learning_rates(config, steps)))
    optimizer.build(model.trainable_variables)
    model.compile(
        optimizer,
        loss,
        metrics=[keras.metrics.MeanMetricWrapper(_served_accuracy(n_classes), name="accuracy")],
        # XLA on a CPU trained these networks at a fifth of the speed (benchmarks/experiments.md).
        jit_compile=False if on_cpu else "auto",
    )
    return model


def _calculates_in_bfloat16() -> bool:
    """Whether the processor does, and oneDNN is let. Other processors refuse or crawl."""
    if os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper() in _WITHOUT_BFLOAT16:
        return False
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:  # no Linux: oneDNN decides
        return True
    return bool({"avx512_bf16", "amx_bf16"} & set(flags))


@contextmanager
def _precision(*, mixed: bool) -> Iterator[None]:
    """In which numbers the layers that are built calculate; the saved model is plain float32."""
    before = keras.config.dtype_policy()
    if mixed:
        keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _tensorflow_on_cpu() -> bool:
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return not tf.config.list_physical_devices("GPU")


@dataclass(frozen=True, slots=True)
class Speed:
    """What a few seconds of training showed.

    Attributes:
        samples_per_s: images per second, input included.
        judge_s: seconds that judging the validation split takes.
    """

    samples_per_s: float
    judge_s: float


def measure_speed(
    config: TrainingConfig, data: TrainingData, size_px: int, seconds: float
) -> Speed:
    """Trains a new network on faces of one size for some seconds and judges it once."""
    batches = TrainingBatches(data, config.batch_size, config.augmentation, config.seed, 0, size_px)
    model = compiled_model(
        config,
        data.rows.size_px,
        len(data.rows.label_set),
        batches.steps_per_epoch,
        n_more=data.n_more,
    )
    clock, judge = Stopwatch(seconds), Validate(data.validation)
    judge.set_model(model)
    # One endless epoch: the stopwatch ends it.
    model.fit(batches, steps_per_epoch=10**6, shuffle=False, callbacks=[clock], verbose=0)
    judge.on_epoch_end(0)  # builds the graph
    began = time.monotonic()
    judge.on_epoch_end(0)
    per_batch = batches.images_per_epoch / batches.steps_per_epoch
    return Speed(per_batch / clock.s_per_batch, time.monotonic() - began)
