"""From a trained Keras model to the file that is served, and the proof that both agree.

The only part of serving that needs TensorFlow; it runs once, after training.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from emotion_core.classifiers.heads import Head
from emotion_core.classifiers.litert_network import LiteRTNetwork
from emotion_core.classifiers.preprocessing import crops_to_tensor
from emotion_core.classifiers.quiet import load_tensorflow
from emotion_core.classifiers.runtime import softmax
from emotion_core.classifiers.third_party.hdf5 import first_line
from emotion_core.classifiers.third_party.keras_loading import load_keras
from emotion_core.emotions import LabelSet
from emotion_core.errors import ModelError
from emotion_core.files.atomic_files import write_atomic
from emotion_core.native_messages import quiet
from emotion_core.types import EmotionScores, Float32Array, UInt8Array

if TYPE_CHECKING:
    import keras

ExportMode = Literal["dynamic", "int8", "float32"]

#: 8-bit weights, activations quantised row by row while running. Fastest and nearly exact:
#: `python benchmarks/export_modes.py` measures all modes.
DEFAULT_MODE: ExportMode = "dynamic"

#: Two probabilities of one face that differ by no more than this are a tie.
TIE = 0.05


def export_litert(
    model: keras.Model,
    path: Path,
    *,
    mode: ExportMode = DEFAULT_MODE,
    representative: UInt8Array | None = None,
) -> Path:
    """Converts a Keras model to LiteRT, for batches of any size.

    Args:
        model: from (N, S, S, C) float32 in 0-255 to (N, K) logits.
        path: where the ``.tflite`` file goes; replaced in one step.
        mode: ``"dynamic"`` (8-bit weights), ``"int8"`` (weights and activations, with fixed
            ranges) or ``"float32"``.
        representative: (N, S, S) uint8 crops that show the ranges; for ``"int8"`` only.

    Returns:
        The path.

    Raises:
        ValueError: an unknown mode, or ``"int8"`` without crops.
        ModelError: Keras does not run on TensorFlow, or the conversion fails.
    """
    if mode not in get_args(ExportMode):
        raise ValueError(f"mode: wanted one of {get_args(ExportMode)}. Received: {mode!r}")
    if mode == "int8" and (representative is None or len(representative) == 0):
        raise ValueError("int8 export: wanted crops that show the ranges. Received none.")
    load_tensorflow()
    import keras as keras_library
    import tensorflow as tf

    if keras_library.backend.backend() != "tensorflow":
        raise ModelError(
            "Export needs Keras on TensorFlow: set KERAS_BACKEND=tensorflow and load the .keras "
            f"file again. Received: {keras_library.backend.backend()}"
        )
    signature = [tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name="pixels")]
    function = tf.function(lambda pixels: model(pixels, training=False), input_signature=signature)
    # The converter freezes the variables that a module holds. It does not know a Keras 3 model
    # for one, and would leave the weights out without a word.
    holder = tf.Module()
    holder.weights = [variable.value for variable in model.variables]
    try:
        with warnings.catch_warnings(), quiet():
            # It asks for statistics that the representative crops give.
            warnings.filterwarnings("ignore", "Statistics for quantized inputs")
            converter = tf.lite.TFLiteConverter.from_concrete_functions(
                [function.get_concrete_function()], holder
            )
            if mode != "float32":
                converter.optimizations = [tf.lite.Optimize.DEFAULT]
            if mode == "int8" and representative is not None:
                converter.representative_dataset = lambda: _samples(representative)
                converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            content: bytes = converter.convert()
    except (ValueError, RuntimeError, TypeError, tf.errors.OpError) as error:
        raise ModelError(
            f"{model.name} cannot be converted to LiteRT. {first_line(error)}"
        ) from error
    write_atomic(path, content)
    return path


def _samples(images: UInt8Array) -> Iterator[list[Float32Array]]:
    for row in range(len(images)):
        yield [crops_to_tensor(images[row : row + 1])]


@dataclass(frozen=True, slots=True)
class ParityReport:
    """How far a served network is from the trained one.

    Attributes:
        n: number of crops compared.
        max_abs_diff: largest difference of a probability.
        mean_abs_diff: mean over the crops of each one's largest difference.
        agreement: share of crops with the same prediction.
        contradicted: share of crops where the exported prediction is one that the trained model
            finds less likely than its own by more than ``TIE``. Networks that were trained for a
            moment have many near ties, and which side of one they take says nothing.
    """

    n: int
    max_abs_diff: float
    mean_abs_diff: float
    agreement: float
    contradicted: float


def parity(
    model: keras.Model,
    path: Path,
    images: UInt8Array,
    *,
    temperature: float = 1.0,
    heads: Sequence[Head] = (),
) -> ParityReport:
    """Compares a Keras model with its exported file, from the pixels to the probabilities.

    Args:
        model: the trained model.
        path: its ``.tflite`` file.
        images: (N, S, S) uint8 crops, N at least 1.
        temperature: what the logits are divided by.
        heads: the groups of outputs, each with probabilities of its own; empty: one of all. A
            face counts as agreed on where all of them do.

    Raises:
        ValueError: no crops, or of another shape.
        ModelError: the file is not a network.
    """
    if len(images) == 0:
        raise ValueError("parity: wanted at least one crop. Received none.")
    network = LiteRTNetwork(path.read_bytes())
    tensor = crops_to_tensor(images)
    logits = _keras_logits(model, tensor), network.run(tensor)
    groups = [slice(h.first, h.first + h.outputs) for h in heads] or [slice(None)]
    pairs = [[softmax(found[:, group], temperature) for found in logits] for group in groups]
    differences = np.max([np.abs(a - b).max(axis=1) for a, b in pairs], axis=0)
    same = np.all([a.argmax(axis=1) == b.argmax(axis=1) for a, b in pairs], axis=0)
    behind = [a.max(axis=1) - a[np.arange(len(a)), b.argmax(axis=1)] for a, b in pairs]
    return ParityReport(
        n=len(images),
        max_abs_diff=float(differences.max()),
        mean_abs_diff=float(differences.mean()),
        agreement=float(same.mean()),
        contradicted=float((np.max(behind, axis=0) > TIE).mean()),
    )


def _keras_logits(model: Any, tensor: Float32Array, batch_size: int = 256) -> Float32Array:
    import keras as keras_library

    parts = [
        keras_library.ops.convert_to_numpy(model(tensor[i : i + batch_size], training=False))
        for i in range(0, len(tensor), batch_size)
    ]
    return np.concatenate(parts)


__all__ = [
    "DEFAULT_MODE", "ExportMode", "KerasClassifier", "ParityReport", "export_litert", "load_keras",
    "parity",
]  # fmt: skip


class KerasClassifier:
    """A trained model that is not exported yet: the same crops and scores as when served.

    Args:
        path: a ``.keras`` file.
        label_set: its outputs, or those of the first of two heads.

    Raises:
        ModelError: the file is missing, damaged or not safe.
    """

    def __init__(self, path: Path, label_set: LabelSet) -> None:
        self._model = load_keras(path)
        self._label_set = label_set

    def predict(self, images: UInt8Array) -> EmotionScores:
        """Uncalibrated scores of (N, S, S) uint8 gray crops."""
        # The outputs beyond the labels are a second head.
        return EmotionScores(
            softmax(self.outputs(images)[:, : len(self._label_set)]), self._label_set
        )

    def outputs(self, images: UInt8Array) -> Float32Array:
        """(N, K) float32 outputs of all heads for (N, S, S) uint8 gray crops."""
        return _keras_logits(self._model, crops_to_tensor(images))
