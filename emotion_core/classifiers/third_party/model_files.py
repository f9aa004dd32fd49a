"""Models that others made: which form a file has, and whether it is safe to load.

Nothing here runs anything of the file. Keras and TensorFlow can be made to run code by a file that
asks for it; such files are refused before they are loaded, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

from emotion_core.classifiers.third_party.keras_archive import is_zip
from emotion_core.classifiers.third_party.keras_loading import check_keras_file
from emotion_core.classifiers.third_party.weights_files import open_h5
from emotion_core.errors import ModelError
from emotion_core.files.outside_files import open_regular, read_bytes

_SAVED_MODEL = "saved_model.pb"
_MAX_GRAPH_BYTES = 500_000_000
_HDF5_START = b"\x89HDF\r\n\x1a\n"
_LITERT_MARK = b"TFL3"  # after the first four bytes

# What a network for pictures is made of. Anything else (files, Python, network) is refused.
_SAFE_OP_NAMES = """
Const Placeholder PlaceholderWithDefault NoOp Identity IdentityN StopGradient PartitionedCall
StatefulPartitionedCall VarHandleOp ReadVariableOp VariableV2 Variable Assign AssignVariableOp
Cast Shape Reshape Squeeze ExpandDims Pack Unpack ConcatV2 Concat Split SplitV StridedSlice Slice
Transpose Pad PadV2 MirrorPad Tile Fill GatherV2 Range Rank Size ZerosLike OnesLike BroadcastTo
Select SelectV2 Where
Add AddV2 AddN Sub Mul Div RealDiv FloorDiv FloorMod DivNoNan Neg Abs Sign Pow Square Sqrt Rsqrt
Exp Expm1 Log Log1p Maximum Minimum Mean Sum Prod Max Min All Any ArgMax ArgMin SquaredDifference
Reciprocal Floor Ceil Round Rint ClipByValue Equal NotEqual Greater GreaterEqual Less LessEqual
LogicalAnd LogicalOr LogicalNot Erf Tanh Sigmoid
Conv2D DepthwiseConv2dNative BiasAdd BiasAddV1 MatMul BatchMatMul BatchMatMulV2 BatchMatMulV3
Einsum MaxPool MaxPoolV2 AvgPool FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 Relu Relu6
LeakyRelu Elu Selu Softmax LogSoftmax Softplus Softsign ResizeBilinear ResizeNearestNeighbor
SpaceToBatchND BatchToSpaceND SpaceToDepth DepthToSpace L2Loss
"""
_SAFE_OPS = frozenset(_SAFE_OP_NAMES.split())
# What a SavedModel may be built of; assets and resources are initialised when it is loaded.
_SAFE_OBJECTS = frozenset(
    {"user_object", "function", "bare_concrete_function", "variable", "constant", None}
)


class Form(StrEnum):
    """Forms of third-party models."""

    KERAS = "keras"
    H5_MODEL = "h5 model"
    H5_WEIGHTS = "h5 weights"
    SAVED_MODEL = "SavedModel"
    LITERT = "LiteRT"


def form_of(path: Path) -> Form:
    """Which form a third-party model has, by its content.

    Raises:
        ModelError: it is missing or of no known form.
    """
    if (path / _SAVED_MODEL).is_file():
        return Form.SAVED_MODEL
    if not path.exists() or path.is_dir():
        raise ModelError(
            f"{path}: wanted a model folder with a card.json, a SavedModel folder, or a .keras, "
            ".h5 or .tflite file. There is no such thing."
        )
    if is_zip(path):
        return Form.KERAS
    with open_regular(path, ModelError) as file:
        start = file.read(8)
    if start[4:] == _LITERT_MARK:
        return Form.LITERT
    # HDF5 may begin later, after a block of somebody's own; Keras writes none.
    if start != _HDF5_START:
        raise ModelError(
            f"{path}: wanted a .keras, .h5 or .tflite file or a SavedModel folder. Received "
            "neither a zip nor an HDF5 file nor a LiteRT network."
        )
    with open_h5(path, path.name) as file:
        return Form.H5_MODEL if "model_config" in file.attrs else Form.H5_WEIGHTS


def check_safe(path: Path, form: Form) -> None:
    """Refuses a model that carries code of its own or does more than compute.

    Raises:
        ModelError: it is not safe, or its description cannot be read.
    """
    if form == Form.SAVED_MODEL:
        _check_saved_model(path)
    elif form in (Form.KERAS, Form.H5_MODEL):
        check_keras_file(path)


def _check_saved_model(path: Path) -> None:
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    content = read_bytes(path / _SAVED_MODEL, ModelError, max_bytes=_MAX_GRAPH_BYTES)
    try:
        saved.ParseFromString(content)
    except DecodeError as error:
        raise ModelError(f"{path}: wanted a SavedModel. It cannot be read: {error}") from error
    for graph in saved.meta_graphs:
        kinds = {node.WhichOneof("kind") for node in graph.object_graph_def.nodes}
        odd = sorted(str(kind) for kind in kinds - _SAFE_OBJECTS)
        ops = sorted(set(_reachable_ops(graph)) - _SAFE_OPS)
        if odd or ops:
            raise ModelError(
                f"{path.name} is refused: it holds {', '.join([*odd, *ops])}, which a network for "
                "pictures does not need and which could do more than compute."
            )


def _reachable_ops(graph: Any) -> Iterator[str]:
    """Operations that run when the model is loaded or asked; those that save it do not."""
    nodes = {node.name: node for node in graph.graph_def.node}
    functions = {f.signature.name: f for f in graph.graph_def.library.function}
    wanted = []
    for signature in graph.signature_def.values():
        wanted += [info.name for info in signature.outputs.values()]
    for collection in graph.collection_def.values():
        wanted += list(collection.node_list.value)
    seen: set[str] = set()
    waiting = [_node_name(name) for name in wanted]
    called: list[str] = []
    while waiting:
        name = waiting.pop()
        if name in seen or name not in nodes:
            continue
        seen.add(name)
        node = nodes[name]
        yield node.op
        called += _called(node)
        waiting += [_node_name(given) for given in node.input]
    while called:
        name = called.pop()
        if f"function {name}" in seen or name not in functions:
            continue
        seen.add(f"function {name}")
        for node in functions[name].node_def:
            yield node.op
            called += _called(node)


def _called(node: Any) -> list[str]:
    """Names of the functions that an operation calls."""
    names = []
    for value in node.attr.values():
        if value.HasField("func"):
            names.append(value.func.name)
        names += [function.name for function in value.list.func]
    return names


def _node_name(tensor: str) -> str:
    """The node of a tensor: ``"^serve/call:0"`` -> ``"serve/call"``."""
    return tensor.lstrip("^").partition(":")[0]
