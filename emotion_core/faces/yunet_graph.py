"""YuNet's network as a LiteRT file, made from its weights without TensorFlow.

The network is fully convolutional and every layer's size follows from its input, so one file
serves pictures of every size: neighbours are copied by ``DEPTH_TO_SPACE`` over four copies, which
needs no size, where ``RESIZE_NEAREST_NEIGHBOR`` would. It takes raw BGR values 0-255.

Source: Wu et al., YuNet: A Tiny Millisecond-level Face Detector, 2023,
doi 10.1007/s11633-023-1423-y; the layers are those of libfacedetection 0.0.3 (3-clause BSD),
facedetectcnn-model.cpp.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from emotion_core.types import Float32Array

#: Changes with the graph, so that kept files of an older one are made anew.
GRAPH_VERSION = 1
#: Pixels per cell of the three levels at which faces are looked for.
STRIDES = (8, 16, 32)
#: What each level gives, with its channels, in the order of the outputs.
HEADS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}

_STEM = "backbone__model0_pw"
_BACKBONE = (
    # (units of two layers each, whether the result is halved afterwards)
    (("backbone__model0_dp",), True),
    (("backbone__model1_dp1", "backbone__model1_dp2"), False),
    (("backbone__model2_dp1", "backbone__model2_dp2"), True),
    (("backbone__model3_dp1", "backbone__model3_dp2"), True),
    (("backbone__model4_dp1", "backbone__model4_dp2"), True),
    (("backbone__model5_dp1", "backbone__model5_dp2"), False),
)
# After these of the backbone's parts the levels are taken off.
_LEVELS = (3, 4, 5)
_WINDOW = 3
_STEM_VALUES = 27  # a window of 3 x 3 BGR pixels; the library keeps 32 per filter


def _unit(name: str, n_in: int, n_out: int) -> dict[str, int]:
    return {
        f"{name}_pw_weight": n_in * n_out,
        f"{name}_pw_bias": n_out,
        f"{name}_dw_weight": _WINDOW * _WINDOW * n_out,
        f"{name}_dw_bias": n_out,
    }


def weight_sizes() -> dict[str, int]:
    """{name: number of float32 values} of every array of weights."""
    sizes = {f"{_STEM}_weight": 16 * 32, f"{_STEM}_bias": 16}
    widths = {
        "backbone__model0_dp": (16, 16),
        "backbone__model1_dp1": (16, 16),
        "backbone__model1_dp2": (16, 32),
        "backbone__model2_dp1": (32, 32),
        "backbone__model2_dp2": (32, 64),
        **{f"backbone__model{i}_dp{j}": (64, 64) for i in (3, 4, 5) for j in (1, 2)},
        **{f"neck__lateral_convs__{i}": (64, 64) for i in range(3)},
        **{
            f"bbox_head__multi_level_{head}__{i}": (64, channels)
            for head, channels in HEADS.items()
            for i in range(3)
        },
    }
    for name, (n_in, n_out) in widths.items():
        sizes.update(_unit(name, n_in, n_out))
    return sizes


def build_yunet(weights: Mapping[str, Float32Array]) -> bytes:
    """The network as the content of a ``.tflite`` file.

    Args:
        weights: flat float32 arrays by the names and of the sizes of ``weight_sizes``.

    Returns:
        A file with one input (1, H + 1, W + 1, 3) float32 BGR 0-255, whose first row and column
        are zero, H and W multiples of 32; and per level, by stride, outputs (1, H / stride,
        W / stride, channels) float32 of ``HEADS``: logits of face and of object, box as offsets
        of the centre and logarithms of the size, five landmarks as offsets, all in cells.

    Raises:
        ValueError: arrays are missing or of another size.
    """
    wanted = weight_sizes()
    wrong = [name for name, n in wanted.items() if name not in weights or weights[name].size != n]
    if wrong:
        raise ValueError(f"weights: wanted {len(wanted)} arrays of YuNet. Wrong: {wrong[:3]}")
    net = _Network(weights)
    flow = net.stem(net.input, _STEM)
    levels: list[int] = []
    for number, (units, halved) in enumerate(_BACKBONE):
        for unit in units:
            flow = net.unit(flow, unit, relu=True)
        if number in _LEVELS:
            levels.append(flow)
        if halved:
            flow = net.halved(flow)
    outputs: list[list[int]] = [[], [], []]
    for level in (2, 1, 0):
        flow = levels[level] if level == 2 else net.added(net.doubled(flow), levels[level])
        flow = net.unit(flow, f"neck__lateral_convs__{level}", relu=True)
        outputs[level] = [
            net.unit(flow, f"bbox_head__multi_level_{head}__{level}", relu=False) for head in HEADS
        ]
    return net.finished([tensor for level in outputs for tensor in level])


class _Network:
    """A graph in the making. Tensors are numbers; all are NHWC float32.

    Args:
        weights: of all layers, by name.
    """

    def __init__(self, weights: Mapping[str, Float32Array]) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self._schema = schema
        self._weights = weights
        self._buffers: list[Any] = [schema.BufferT()]  # the first one is empty by convention
        self._tensors: list[Any] = []
        self._operators: list[Any] = []
        self._codes: list[Any] = []
        self._shapes: dict[int, tuple[int, int, int]] = {}
        # Any size will do: it is set anew for every picture.
        self.input = self._tensor("image", (1, 65, 65, 3))

    def stem(self, source: int, name: str) -> int:
        """3 x 3 windows in steps of two."""
        raw = np.asarray(self._weights[f"{name}_weight"], np.float32).reshape(16, 32)
        kernel = raw[:, :_STEM_VALUES].reshape(16, _WINDOW, _WINDOW, 3)
        bias = self._weights[f"{name}_bias"]
        return self._conv(source, name, kernel, bias, stride=2, relu=True, out=(32, 32, 16))

    def unit(self, source: int, name: str, *, relu: bool) -> int:
        """A point-wise layer, then a depth-wise one over 3 x 3 cells."""
        height, width, n_in = self._shapes[source]
        n_out = self._weights[f"{name}_pw_bias"].size
        out = (height, width, n_out)
        point = self._weights[f"{name}_pw_weight"].reshape(n_out, 1, 1, n_in)
        bias = self._weights[f"{name}_pw_bias"]
        mixed = self._conv(source, f"{name}_pw", point, bias, stride=1, relu=False, out=out)
        schema = self._schema
        options = schema.DepthwiseConv2DOptionsT()
        options.padding, options.strideH, options.strideW = schema.Padding.SAME, 1, 1
        options.depthMultiplier, options.dilationHFactor, options.dilationWFactor = 1, 1, 1
        options.fusedActivationFunction = self._activation(relu)
        deep = self._weights[f"{name}_dw_weight"].reshape(1, _WINDOW, _WINDOW, n_out)
        inputs = [
            mixed,
            self._constant(f"{name}_dw_weight", deep),
            self._constant(f"{name}_dw_bias", self._weights[f"{name}_dw_bias"]),
        ]
        return self._operator(
            "DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions", options, inputs, f"{name}_dw", out
        )

    def halved(self, source: int) -> int:
        """The largest of every 2 x 2 cells."""
        schema = self._schema
        options = schema.Pool2DOptionsT()
        options.padding, options.strideH, options.strideW = schema.Padding.VALID, 2, 2
        options.filterHeight, options.filterWidth = 2, 2
        height, width, channels = self._shapes[source]
        out = (height // 2, width // 2, channels)
        return self._operator("MAX_POOL_2D", "Pool2DOptions", options, [source], "halved", out)

    def doubled(self, source: int) -> int:
        """Every cell four times."""
        schema = self._schema
        height, width, channels = self._shapes[source]
        options = schema.ConcatenationOptionsT()
        options.axis = 3
        four = self._operator(
            "CONCATENATION", "ConcatenationOptions", options, [source] * 4, "four",
            (height, width, 4 * channels),
        )  # fmt: skip
        spread = schema.DepthToSpaceOptionsT()
        spread.blockSize = 2
        out = (2 * height, 2 * width, channels)
        return self._operator(
            "DEPTH_TO_SPACE", "DepthToSpaceOptions", spread, [four], "doubled", out
        )

    def added(self, one: int, other: int) -> int:
        """The sum of two tensors of one shape."""
        options = self._schema.AddOptionsT()
        return self._operator("ADD", "AddOptions", options, [one, other], "sum", self._shapes[one])

    def finished(self, outputs: Sequence[int]) -> bytes:
        """The file."""
        import flatbuffers

        schema = self._schema
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self._tensors, self._operators
        graph.inputs, graph.outputs = [self.input], list(outputs)
        graph.name = "yunet"
        model = schema.ModelT()
        model.version, model.description = 3, "YuNet"
        model.subgraphs, model.buffers, model.operatorCodes = [graph], self._buffers, self._codes
        builder = flatbuffers.Builder(1 << 19)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())

    def _conv(
        self,
        source: int,
        name: str,
        kernel: Float32Array,
        bias: Float32Array,
        *,
        stride: int,
        relu: bool,
        out: tuple[int, int, int],
    ) -> int:
        schema = self._schema
        options = schema.Conv2DOptionsT()
        options.padding, options.strideH, options.strideW = schema.Padding.VALID, stride, stride
        options.dilationHFactor, options.dilationWFactor = 1, 1
        options.fusedActivationFunction = self._activation(relu)
        inputs = [
            source,
            self._constant(f"{name}_weight", kernel),
            self._constant(f"{name}_bias", bias),
        ]
        return self._operator("CONV_2D", "Conv2DOptions", options, inputs, name, out)

    def _activation(self, relu: bool) -> int:
        kinds = self._schema.ActivationFunctionType
        return int(kinds.RELU if relu else kinds.NONE)

    def _constant(self, name: str, values: Float32Array) -> int:
        buffer = self._schema.BufferT()
        flat = np.ascontiguousarray(values, np.float32)
        buffer.data = np.frombuffer(flat.tobytes(), np.uint8)
        self._buffers.append(buffer)
        return self._tensor(name, flat.shape, len(self._buffers) - 1)

    def _tensor(self, name: str, shape: Sequence[int], buffer: int = 0) -> int:
        tensor = self._schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = name, list(shape), buffer
        tensor.type = self._schema.TensorType.FLOAT32
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def _operator(
        self,
        kind: str,
        options_kind: str,
        options: Any,
        inputs: Sequence[int],
        name: str,
        out: tuple[int, int, int],
    ) -> int:
        schema = self._schema
        operator = schema.OperatorT()
        operator.opcodeIndex = self._code(getattr(schema.BuiltinOperator, kind))
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, options_kind)
        operator.builtinOptions = options
        result = self._tensor(name, (1, *out))
        operator.inputs, operator.outputs = list(inputs), [result]
        self._operators.append(operator)
        self._shapes[result] = out
        return result

    def _code(self, kind: int) -> int:
        for index, known in enumerate(self._codes):
            if known.builtinCode == kind:
                return index
        code = self._schema.OperatorCodeT()
        code.builtinCode = kind
        code.deprecatedBuiltinCode = min(kind, 127)
        code.version = 1
        self._codes.append(code)
        return len(self._codes) - 1
