"""Turns somebody else's ``.tflite`` network into one that is served here.

Operations are put before and after it, so that it takes gray crops of 0-255 and gives logits:
scaling, three equal channels and 8-bit numbers before it; numbers again and the logarithm of
probabilities after it. The network itself stays as it is.

Runs in the process of ``litert_trial``: a file may be made to crash whoever reads it.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from emotion_core.errors import ModelError

_FLOAT, _INT8, _UINT8 = 0, 9, 3  # TensorType
_TYPES = {_FLOAT: "float32", _INT8: "int8", _UINT8: "uint8"}
_SMALLEST = 1e-30


def described(content: bytes) -> dict[str, Any]:
    """What a network takes and gives.

    Args:
        content: a ``.tflite`` file that LiteRT has verified.

    Returns:
        ``size_px`` (0 where it is open), ``channels``, ``n_outputs``, ``input_type``.

    Raises:
        ModelError: of another form than a picture in and one number per class out.
    """
    graph = _parsed(content).subgraphs[0]
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise ModelError(
            "wanted a network with one input and one output. "
            f"Received: {len(graph.inputs)} and {len(graph.outputs)}."
        )
    given, answer = graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]
    for what, tensor in (("input", given), ("output", answer)):
        if tensor.type not in _TYPES:
            raise ModelError(
                f"wanted an {what} of {', '.join(_TYPES.values())}. Received type {tensor.type} of "
                "LiteRT's schema."
            )
        if tensor.type != _FLOAT and _quantization(tensor) is None:
            raise ModelError(f"its {what} is in 8 bits, and the file does not say what they mean.")
    shape, outputs = _shape(given), _shape(answer)
    match shape:
        case (rows, height, width, 1 | 3 as channels) if height == width and rows in (-1, 1):
            pass
        case (rows, _, _, _) if rows not in (-1, 1):
            raise ModelError(
                f"wanted a network for one picture at a time or for any number. Received: {rows} "
                "at a time. Convert it anew for a batch of 1 or None."
            )
        case _:
            raise ModelError(
                "wanted one input (any, S, S, 1 or 3), rows and columns before channels. "
                f"Received: {shape}."
            )
    if len(outputs) != 2:
        raise ModelError(f"wanted one output per emotion. Received the shape {outputs}.")
    return {
        "size_px": max(0, height),
        "channels": channels,
        "n_outputs": outputs[1],
        "input_type": _TYPES[given.type],
        "one_at_a_time": rows == 1,
    }


def served_form(
    content: bytes, *, factor: float, offset: float, size_px: int, probabilities: bool
) -> bytes:
    """The network with our input and our output.

    Args:
        content: a ``.tflite`` file, as ``described`` takes it.
        factor: a pixel is multiplied by it
        offset: and this is added, as in the network's own training.
        size_px: side of the input.
        probabilities: whether its outputs are probabilities rather than logits.
    """
    model = _parsed(content)
    graph = _Graph(model)
    rows = -1 if _shape(graph.tensor(graph.graph.inputs[0]))[0] == -1 else 1
    side = (rows, size_px, size_px)
    old_input, old_output = int(graph.graph.inputs[0]), int(graph.graph.outputs[0])
    inner = graph.tensor(old_input)
    pixels = x = graph.add_tensor("pixels", (*side, 1))
    before: list[Any] = []
    if factor != 1:
        x = graph.binary(before, "MUL", x, factor, (*side, 1))
    if offset:
        x = graph.binary(before, "ADD", x, offset, (*side, 1))
    if _shape(inner)[3] == 3:
        y = graph.add_tensor("three", (*side, 3))
        before.append(graph.operator("CONCATENATION", [x, x, x], [y], axis=3))
        x = y
    if inner.type == _FLOAT:
        graph.replace_input(old_input, x)
    else:
        before.append(graph.operator("QUANTIZE", [x], [old_input]))
        inner.shape = [1, size_px, size_px, _shape(inner)[3]]
    after: list[Any] = []
    answer = old_output
    n = _shape(graph.tensor(old_output))[1]
    if graph.tensor(old_output).type != _FLOAT:
        answer = graph.add_tensor("numbers", (rows, n))
        after.append(graph.operator("DEQUANTIZE", [old_output], [answer]))
    if probabilities:
        # The logarithms of probabilities are logits, less a constant that softmax ignores.
        answer = graph.binary(after, "MAXIMUM", answer, _SMALLEST, (rows, n))
        logits = graph.add_tensor("logits", (rows, n))
        after.append(graph.operator("LOG", [answer], [logits]))
        answer = logits
    graph.graph.operators = [*before, *graph.graph.operators, *after]
    graph.graph.inputs, graph.graph.outputs = [pixels], [answer]
    # Signatures name the inputs and outputs of before; the interpreter is used without them.
    model.signatureDefs = None
    return packed(model)


def packed(model: Any) -> bytes:
    """The bytes of a network in LiteRT's object form."""
    import flatbuffers

    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _parsed(content: bytes) -> Any:
    from ai_edge_litert import schema_py_generated as schema

    try:
        model = schema.ModelT.InitFromPackedBuf(content, 0)
    except (struct.error, IndexError, ValueError, TypeError, AttributeError) as error:
        raise ModelError("the file is damaged.") from error
    if not model.subgraphs or model.subgraphs[0].inputs is None:
        raise ModelError("the file holds no network.")
    return model


def _shape(tensor: Any) -> tuple[int, ...]:
    """The sizes; -1 where one is open."""
    signature = tensor.shapeSignature
    shape = tensor.shape if signature is None or not len(signature) else signature
    return tuple(int(n) for n in (() if shape is None else shape))


def _quantization(tensor: Any) -> tuple[float, int] | None:
    kept = tensor.quantization
    if kept is None or kept.scale is None or len(kept.scale) != 1:
        return None
    zero = kept.zeroPoint
    return float(kept.scale[0]), int(zero[0]) if zero is not None and len(zero) else 0


class _Graph:
    """Adds tensors and operations to a network's first graph."""

    def __init__(self, model: Any) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self._schema: Any = schema
        self._model = model
        self.graph: Any = model.subgraphs[0]

    def tensor(self, number: int) -> Any:
        return self.graph.tensors[int(number)]

    def add_tensor(
        self, name: str, shape: tuple[int, ...], values: np.ndarray | None = None
    ) -> int:
        tensor = self._schema.TensorT()
        tensor.name = f"emotion_lens/{name}".encode()
        tensor.type = _FLOAT
        tensor.shape = [max(1, n) for n in shape]
        if -1 in shape:
            tensor.shapeSignature = list(shape)
            tensor.hasRank = True
        buffer = self._schema.BufferT()
        if values is not None:
            buffer.data = np.frombuffer(values.astype("<f4").tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        tensor.buffer = len(self._model.buffers) - 1
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def binary(
        self, into: list[Any], kind: str, x: int, constant: float, shape: tuple[int, ...]
    ) -> int:
        number = self.add_tensor(f"{kind.lower()}_by", (1,), np.array([constant]))
        result = self.add_tensor(kind.lower(), shape)
        into.append(self.operator(kind, [x, number], [result]))
        return result

    def operator(self, kind: str, inputs: list[int], outputs: list[int], axis: int = 0) -> Any:
        operator = self._schema.OperatorT()
        operator.opcodeIndex = self._code(kind)
        operator.inputs, operator.outputs = inputs, outputs
        options = {"MUL": "Mul", "ADD": "Add", "CONCATENATION": "Concatenation"}.get(kind)
        if options:
            operator.builtinOptionsType = getattr(self._schema.BuiltinOptions, f"{options}Options")
            operator.builtinOptions = getattr(self._schema, f"{options}OptionsT")()
            if kind == "CONCATENATION":
                operator.builtinOptions.axis = axis
        return operator

    def _code(self, kind: str) -> int:
        value = getattr(self._schema.BuiltinOperator, kind)
        for index, code in enumerate(self._model.operatorCodes):
            if max(code.builtinCode, code.deprecatedBuiltinCode) == value and code.version <= 1:
                return index
        code = self._schema.OperatorCodeT()
        code.builtinCode = value
        code.deprecatedBuiltinCode = min(value, 127)
        code.version = 1
        self._model.operatorCodes.append(code)
        return len(self._model.operatorCodes) - 1

    def replace_input(self, old: int, new: int) -> None:
        """Whoever read the old input reads the new tensor, in the first graph."""
        for operator in self.graph.operators:
            operator.inputs = [new if int(i) == old else int(i) for i in operator.inputs]
        if old in [int(i) for i in self.graph.outputs]:
            raise ModelError("its output is its input.")
