"""What happens at the end of every epoch, and how a run is asked to stop."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from emotion_core.files import write_json
from emotion_core.training.run_folder import RunFolder


class RunStopped(Exception):
    """Raised inside a run that was asked to stop; everything up to the last epoch is kept."""


class SeedLayers(keras.callbacks.Callback):  # type: ignore[misc]
    """Gives dropout the same randomness in epoch k whether the run was interrupted or not."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._seed = seed

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        for i, layer in enumerate(self.model.layers):
            generator = getattr(layer, "seed_generator", None)
            if generator is not None:
                generator.state.assign([self._seed * 1000 + i, epoch])


class StopOnRequest(keras.callbacks.Callback):  # type: ignore[misc]
    """Leaves the run between two batches when ``requested`` says so."""

    def __init__(self, requested: Callable[[], bool]) -> None:
        super().__init__()
        self._requested = requested

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if self._requested():
            raise RunStopped


class Record(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes history, checkpoint, best model and status after every epoch.

    Args:
        folder: of the run.
        epochs: of the whole run.
        save_best: writes a model of fixed input size to a path.
        report: gets one line of text per epoch.
    """

    def __init__(
        self,
        folder: RunFolder,
        epochs: int,
        save_best: Callable[[Any, Path], None],
        report: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._folder = folder
        self._epochs = epochs
        self._save_best = save_best
        self._report = report
        self._began = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        values = {name: float(value) for name, value in (logs or {}).items()}
        rows = [row for row in self._folder.read_history() if row["epoch"] <= epoch]
        best = max((row["val_accuracy"] for row in rows), default=-1.0)
        row = {
            "epoch": float(epoch + 1),
            **{n: values[n] for n in ("loss", "accuracy", "val_loss", "val_accuracy")},
            "learning_rate": float(self.model.optimizer.learning_rate),
            "seconds": time.monotonic() - self._began,
        }
        rows.append(row)
        if row["val_accuracy"] > best:
            self._save_best(self.model, self._folder.model)
        temporary = self._folder.checkpoint.with_name("state.tmp.keras")
        self.model.save(temporary)
        temporary.replace(self._folder.checkpoint)
        write_json(self._folder.checkpoint_info, {"epochs_done": epoch + 1})
        self._folder.write_history(rows)
        recent = [r["seconds"] for r in rows[-5:]]
        eta_s = sum(recent) / len(recent) * (self._epochs - epoch - 1)
        self._folder.set_status("running", epoch=epoch + 1, epochs=self._epochs, eta_s=round(eta_s))
        self._report(
            f"epoch {epoch + 1}/{self._epochs}  loss {row['loss']:.4f}  "
            f"accuracy {row['accuracy']:.4f}  val_accuracy {row['val_accuracy']:.4f}  "
            f"{row['seconds']:.0f} s  left {eta_s / 60:.0f} min"
        )
