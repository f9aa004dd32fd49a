"""What happens between the batches and after every epoch, and how a run is asked to stop."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from emotion_core.classifiers.keras_internals import bring_weights, seed_generators
from emotion_core.classifiers.preprocessing import crops_to_tensor
from emotion_core.datasets import EmotionDataset, clear_majority
from emotion_core.emotions import LabelSet
from emotion_core.errors import Cancelled, OutputError
from emotion_core.evaluation.metrics import confusion_matrix, per_class_metrics
from emotion_core.training.checkpoint import save_checkpoint
from emotion_core.training.config import TrainingConfig
from emotion_core.training.distribution import own_part
from emotion_core.training.ema_statistics import averaged
from emotion_core.training.run_folder import RunFolder, merit
from emotion_core.training.tensorboard import write_logs
from emotion_core.types import Float32Array
from emotion_core.wording import duration

_STATUS_EVERY_S = 1.0
_VALIDATION_BATCH = 256


class SeedLayers(keras.callbacks.Callback):  # type: ignore[misc]
    """Gives dropout the same randomness in epoch k whether the run was interrupted or not."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._seed = seed

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Seeds every layer that draws random numbers."""
        for number, generator in seed_generators(self.model):
            mixed = np.random.SeedSequence([self._seed, epoch, number]).generate_state(2)
            generator.state.assign(mixed)


class StopOnRequest(keras.callbacks.Callback):  # type: ignore[misc]
    """Leaves the run between two batches when ``requested`` says so."""

    def __init__(self, requested: Callable[[], bool]) -> None:
        super().__init__()
        self._requested = requested

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Stops between two epochs."""
        self.on_train_batch_end(-1)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Stops after this batch if that was asked for."""
        # After the last batch the epoch is nearly there: it is finished first.
        if batch + 1 < self.params["steps"] and self._requested():
            raise Cancelled("Stopped.")


class Stopwatch(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends training after some seconds and tells how long a batch takes.

    The first two batches do not count: they build the graph and warm it up.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds
        self._began = 0.0
        self._batches = 0
        self.s_per_batch = 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Counts a batch and ends the training when the time is over."""
        now = time.monotonic()
        self._batches += 1
        if self._batches == 2:
            self._began = now
        elif self._batches > 2:
            self.s_per_batch = (now - self._began) / (self._batches - 2)
            done = now - self._began >= self._seconds and self._batches >= 6
            self.model.stop_training = done


class Validate(keras.callbacks.Callback):  # type: ignore[misc]
    """Judges the (averaged) weights on the validation split after every epoch.

    What it finds goes into ``logs``: loss, accuracy, macro F1 and the F1 of each emotion; of a
    raters' head its loss, its accuracy and its macro F1 against the clear majority.

    Args:
        validation: the images, with the true labels.
        raters: whether a second head follows that predicts as the raters vote.
    """

    def __init__(self, validation: EmotionDataset, *, raters: bool = False) -> None:
        super().__init__()
        self._validation = validation
        self._raters = raters
        self._tensors = crops_to_tensor(validation.images)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Judges the network on the validation images and adds the figures to ``logs``."""
        labels, label_set = self._validation.labels, self._validation.label_set
        logits = self._logits()
        n = len(label_set)
        found, f1 = _judged(logits[:, :n], labels, label_set)
        values = {f"val_{name}": value for name, value in found.items()}
        values.update({f"val_f1_{name}": value for name, value in f1.items()})
        if self._raters:
            majority, clear = clear_majority(self._validation)
            # Without contempt, which is not served.
            found, _ = _judged(logits[clear, n : 2 * n], majority[clear], label_set)
            values.update({f"val_raters_{name}": value for name, value in found.items()})
        if logs is not None:
            logs.update(values)

    def _logits(self) -> np.ndarray:
        found = []
        for start in range(0, len(self._tensors), _VALIDATION_BATCH):
            batch = self._tensors[start : start + _VALIDATION_BATCH]
            # One shape for all batches: another one would have the graph traced again.
            filled = np.zeros((_VALIDATION_BATCH, *batch.shape[1:]), np.float32)
            filled[: len(batch)] = batch
            found.append(self.model.predict_on_batch(filled)[: len(batch)])
        return np.concatenate(found)


def _judged(
    logits: np.ndarray, labels: np.ndarray, label_set: LabelSet
) -> tuple[dict[str, float], dict[str, float]]:
    """Loss, accuracy and macro F1; and the F1 of each emotion."""
    logits = logits.astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    confusion = confusion_matrix(labels, logits.argmax(axis=1), len(label_set))
    f1 = {n: m["f1"] for n, m in per_class_metrics(confusion, label_set).items()}
    figures = {
        "loss": float(-log_p[np.arange(len(labels)), labels].mean()),
        "accuracy": float(np.trace(confusion) / len(labels)),
        "macro_f1": float(np.mean(list(f1.values()))),
    }
    return figures, f1


class Record(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes status between batches; history, best model and checkpoint after every epoch.

    With EMA weights these are in the model while it is judged and saved, and out of it in
    the checkpoint.

    Args:
        folder: of the run.
        config: its settings.
        images_per_epoch: to tell the speed.
        faces: gives the training faces of a batch by its epoch and number.
        judge: callbacks whose ``on_epoch_end`` adds to the logs.
        save_best: writes a model of fixed input size to a path.
        report: gets one line of text per epoch.
    """

    def __init__(
        self,
        folder: RunFolder,
        config: TrainingConfig,
        images_per_epoch: int,
        faces: Callable[[int, int], Float32Array],
        judge: "Validate",
        save_best: Callable[[Any, Path], None],
        report: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._folder = folder
        self._config = config
        self._images = images_per_epoch
        self._faces = faces
        self._judge = judge
        self._save_best = save_best
        self._report = report
        self._began = self._told = self._first_batch = 0.0
        self._epoch = 0

    def set_model(self, model: keras.Model) -> None:
        """Takes the model, for the judge too."""
        super().set_model(model)
        self._judge.set_model(model)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Notes which epoch it is and when it began."""
        self._epoch = epoch
        self._began = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Says now and then how far the epoch is."""
        now = time.monotonic()
        if batch == 0:
            self._first_batch = now  # it also built the graph: no measure of speed
        elif now - self._told >= _STATUS_EVERY_S:
            self._told = now
            steps = self.params["steps"]
            s_per_step = (now - self._first_batch) / batch
            left = steps - 1 - batch + steps * (self._config.epochs - self._epoch - 1)
            self._show(
                epoch=self._epoch,
                epochs=self._config.epochs,
                batch=batch + 1,
                batches=steps,
                samples_per_s=round(self._images / steps / s_per_step, 1),
                eta_s=round(s_per_step * left),
            )

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Judges the epoch and keeps its figures and its weights."""
        values = {name: float(value) for name, value in (logs or {}).items()}
        rows = [row for row in self._folder.read_history() if row["epoch"] <= epoch]
        best = max((merit(row) for row in rows), default=-1.0)
        bring_weights(self.model)
        with self._judged_weights(epoch):
            self._judge.on_epoch_end(epoch, values)
            if merit(values) > best:
                self._save_best(self.model, self._folder.model)
        row = {
            "epoch": float(epoch + 1),
            **{n: values.pop(n) for n in ("loss", "accuracy", "val_loss", "val_accuracy")},
            "learning_rate": float(self.model.optimizer.learning_rate),
            "seconds": time.monotonic() - self._began,
            **{n: value for n, value in values.items() if n.startswith("val_")},
        }
        rows.append(row)
        # History before checkpoint: a run that is killed in between goes through the epoch again
        # and replaces its row, so that no row is ever missing.
        self._folder.write_history(rows)
        if self._config.tensorboard:
            self._write_logs(rows)
        save_checkpoint(self._folder, self.model, epoch + 1)
        self._tell(rows)
        if stops_early(rows, self._config.early_stopping):
            self._report(f"No better epoch for {self._config.early_stopping} epochs: done.")
            self.model.stop_training = True

    def _write_logs(self, rows: list[dict[str, float]]) -> None:
        started = float(self._folder.read_config().get("created", 0))
        try:
            write_logs(self._folder, rows, started)
        except OutputError as error:  # all that is in them stands in the history too
            self._report(f"The TensorBoard logs lack epoch {len(rows)}. {error}")

    def _judged_weights(self, epoch: int) -> AbstractContextManager[None]:
        if not self._config.ema:
            return nullcontext()
        # Several processes would have to agree on the statistics first.
        alone = own_part().processes == 1
        return averaged(self.model, partial(self._faces, epoch) if alone else None)

    def _show(self, **values: float) -> None:
        with suppress(OutputError):  # the run goes on as long as its epochs can be kept
            self._folder.set_status("running", **values)

    def _tell(self, rows: list[dict[str, float]]) -> None:
        row, recent = rows[-1], [r["seconds"] for r in rows[-5:]]
        epoch, epochs = int(row["epoch"]), self._config.epochs
        eta_s = sum(recent) / len(recent) * (epochs - epoch)
        self._show(
            epoch=epoch,
            epochs=epochs,
            samples_per_s=round(self._images / row["seconds"], 1),
            eta_s=round(eta_s),
        )
        self._report(
            f"epoch {epoch}/{epochs}  loss {row['loss']:.4f}  "
            f"accuracy {row['accuracy']:.4f}  val_accuracy {row['val_accuracy']:.4f}  "
            f"{row['seconds']:.0f} s  left {duration(eta_s)}"
        )


def stops_early(rows: list[dict[str, float]], patience: int) -> bool:
    """Whether the validation accuracy has not risen for ``patience`` epochs (0: never)."""
    if not patience or len(rows) <= patience:
        return False
    accuracies = [merit(row) for row in rows]
    return max(accuracies[-patience:]) <= max(accuracies[:-patience])
