"""The state of a run between two epochs, as plain arrays in one file.

Everything else that decides how a run goes on (order, augmentation, dropout, learning rate)
follows from the settings, the seed and the number of the epoch.
"""

from typing import Any

import keras
import numpy as np

from emotion_core.classifiers.third_party.keras_loading import check_keras_file
from emotion_core.errors import ModelError, TrainingError
from emotion_core.files.atomic_files import AtomicFile
from emotion_core.files.outside_files import open_regular
from emotion_core.training.ema_statistics import swap_averages
from emotion_core.training.run_folder import CHECKPOINT_ERRORS, RunFolder


def save_checkpoint(folder: RunFolder, model: keras.Model, epochs_done: int) -> None:
    """Writes weights and optimizer, whole or not at all."""
    arrays = {f"weight_{i}": v for i, v in enumerate(model.get_weights())}
    for i, variable in enumerate(model.optimizer.variables):
        arrays[f"optimizer_{i}"] = keras.ops.convert_to_numpy(variable)
    with AtomicFile(folder.checkpoint) as file:
        np.savez(file, allow_pickle=False, epochs_done=np.int64(epochs_done), **arrays)
    folder.keras_checkpoint.unlink(missing_ok=True)
    folder.checkpoint_info.unlink(missing_ok=True)


def load_checkpoint(folder: RunFolder, model: keras.Model) -> None:
    """Puts the saved state into a compiled model whose optimizer is built.

    Raises:
        TrainingError: the file is damaged, or is of another network or optimizer.
    """
    if not folder.checkpoint.is_file():
        _load_old(folder, model)
        return
    try:
        with (
            open_regular(folder.checkpoint, TrainingError) as file,
            np.load(file, allow_pickle=False) as saved,
        ):
            weights = [saved[f"weight_{i}"] for i in range(len(model.weights))]
            state = [saved[f"optimizer_{i}"] for i in range(len(model.optimizer.variables))]
    except CHECKPOINT_ERRORS as error:
        raise TrainingError(
            f"{folder.checkpoint} cannot be read ({error}). Start the run anew."
        ) from error
    _put(folder, model.weights, weights)
    _put(folder, model.optimizer.variables, state)


def _load_old(folder: RunFolder, model: keras.Model) -> None:
    """Reads a whole saved model, as runs wrote it before ``state.npz``."""
    try:
        check_keras_file(folder.keras_checkpoint)
        saved = keras.models.load_model(folder.keras_checkpoint, safe_mode=True)
    except (OSError, ValueError, ModelError) as error:
        raise TrainingError(
            f"{folder.keras_checkpoint} cannot be read ({error}). Start the run anew."
        ) from error
    _put(folder, model.weights, saved.get_weights())
    state = [keras.ops.convert_to_numpy(v) for v in saved.optimizer.variables]
    _put(folder, model.optimizer.variables, state)
    if model.optimizer.use_ema:
        # Those files have the EMA weights in the model and the others in the optimizer.
        swap_averages(model)


def _put(folder: RunFolder, variables: list[Any], values: list[np.ndarray]) -> None:
    fits = len(variables) == len(values) and all(
        tuple(variable.shape) == value.shape
        for variable, value in zip(variables, values, strict=False)
    )
    if not fits:
        raise TrainingError(
            f"{folder.checkpoint.parent} holds the state of another network or optimizer than "
            f"{folder.config} names. Start the run anew."
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
