"""What a served network sees in a face: the values that its last layer turns into scores.

The served file gives logits only. Its last layer is a dense one, so what flows into that layer is
declared a second output: the network computes exactly what it always does, at the same speed, and
TensorFlow stays out.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from emotion_core.classifiers.card import LITERT_FILE, load_card
from emotion_core.classifiers.litert_network import MAX_ROWS, litert_errors
from emotion_core.classifiers.preprocessing import crops_to_tensor
from emotion_core.classifiers.runtime import MAX_LITERT_BYTES, LiteRTClassifier
from emotion_core.errors import ModelError
from emotion_core.files.outside_files import read_bytes
from emotion_core.types import Float32Array, UInt8Array, checked


def features(
    folder: Path,
    images: UInt8Array,
    *,
    progress: Callable[[int, int], None] | None = None,
    threads: int = 2,
) -> tuple[Float32Array, Float32Array]:
    """Features and logits of crops, by a shipped model.

    Args:
        folder: the model's folder.
        images: (N, S, S) uint8 gray, S as on its card. N may be 0.
        progress: gets the number of faces done and their total, after every batch; what it raises
            ends the work.
        threads: threads of the interpreter.

    Returns:
        (N, D) float32, the input of the last layer, and (N, C) float32, uncalibrated logits of
        all heads. Where
        the card asks for flip averaging both are the mean of the crop and its mirror image: the
        last layer is linear, so it turns these features into these logits.

    Raises:
        ModelError: the folder holds no whole model, or its network does not end in a dense layer.
        ValueError: crops of another shape or dtype.
    """
    card = load_card(folder)
    LiteRTClassifier(folder, card)  # checks hash and shapes
    side = card.input_size_px
    checked("crops", images, (None, side, side), np.uint8)
    content = read_bytes(folder / LITERT_FILE, ModelError, max_bytes=MAX_LITERT_BYTES)
    with litert_errors("This model's network gives no features; choose another model."):
        network = _TwoOutputs(with_features(content), threads)
    inner_parts = [np.zeros((0, network.n_features), np.float32)]
    logit_parts = [np.zeros((0, card.n_outputs), np.float32)]
    step = MAX_ROWS // 2 if card.flip_tta else MAX_ROWS
    for start in range(0, len(images), step):
        crops = images[start : start + step]
        if card.flip_tta:
            crops = np.concatenate([crops, crops[:, :, ::-1]])
        with litert_errors("This model's network gives no features; choose another model."):
            inner, logits = network.run(crops_to_tensor(crops))
        if card.flip_tta:
            inner, logits = (np.mean(np.split(values, 2), axis=0) for values in (inner, logits))
        inner_parts.append(inner)
        logit_parts.append(logits)
        if progress is not None:
            progress(min(start + step, len(images)), len(images))
    return np.concatenate(inner_parts), np.concatenate(logit_parts)


def with_features(content: bytes) -> bytes:
    """A LiteRT file with a second output: what flows into its last, dense layer.

    Args:
        content: a ``.tflite`` file.

    Raises:
        ModelError: the network does not end in a dense layer.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    last = graph.operators[-1]
    code = model.operatorCodes[last.opcodeIndex].builtinCode
    if code != schema.BuiltinOperator.FULLY_CONNECTED or last.outputs[0] != graph.outputs[0]:
        raise ModelError(
            "Wanted a network that ends in a dense layer, whose input are the features. This "
            "model's network ends in another kind of layer: choose another model."
        )
    graph.outputs = [graph.outputs[0], last.inputs[0]]
    # Signatures name the outputs of before; the interpreter is used without them.
    model.signatureDefs = None
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


class _TwoOutputs:
    """An interpreter of a file that gives logits and features."""

    def __init__(self, content: bytes, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter: Any = Interpreter(model_content=content, num_threads=threads)
        self._input = self._interpreter.get_input_details()[0]
        self._logits, self._features = self._interpreter.get_output_details()
        self._rows = 0
        self.n_features = int(self._features["shape"][-1])

    def run(self, tensor: Float32Array) -> tuple[Float32Array, Float32Array]:
        """Features and logits of (N, S, S, 1) float32."""
        if len(tensor) != self._rows:
            self._interpreter.resize_tensor_input(self._input["index"], tensor.shape)
            self._interpreter.allocate_tensors()
            self._rows = len(tensor)
        self._interpreter.set_tensor(self._input["index"], tensor)
        self._interpreter.invoke()
        return (
            self._interpreter.get_tensor(self._features["index"]),
            self._interpreter.get_tensor(self._logits["index"]),
        )
