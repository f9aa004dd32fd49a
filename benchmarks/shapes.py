"""What networks of other shapes would cost: multiplications and milliseconds per face and pass.

    python benchmarks/shapes.py                                      # this processor
    python benchmarks/without_avx512.py python benchmarks/shapes.py  # as if it had AVX2 only

Weights are random: only the time is real. Networks are exported as the shipped ones are (8-bit
weights, batches of 8, one thread); the time is the fastest tenth of many rounds.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from emotion_core.classifiers.architectures import LEAN_MIDDLES
from emotion_core.classifiers.export import export_litert
from emotion_core.classifiers.litert_network import LiteRTNetwork

_OUTPUTS, _BATCH, _ROUNDS = 15, 8, 80


@dataclass(frozen=True)
class Shape:
    """A residual network as the flagship's family, or one of depthwise convolutions.

    Attributes:
        title: for the table.
        widths: channels of the stages.
        blocks: residual blocks of the stages.
        stem: stride of the first convolution.
        size_px: side inside the network; faces of 48 pixels are enlarged to it.
        squeeze: squeeze-and-excitation in every block.
        depthwise: 3x3 convolutions per channel, then 1x1 ones, instead of full ones.
        middles: channels between the two convolutions of each block; as many as outside unless
            given.
    """

    title: str
    widths: tuple[int, ...] = (48, 96, 192, 384)
    blocks: tuple[int, ...] = (1, 2, 3, 1)
    stem: int = 2
    size_px: int = 48
    squeeze: bool = True
    depthwise: bool = False
    middles: tuple[int, ...] = ()


SHAPES = (
    Shape("flagship"),
    Shape("flagship-lean", middles=LEAN_MIDDLES),
    Shape("flagship without squeeze-and-excitation", squeeze=False),
    Shape("flagship, 56 pixels inside", size_px=56),
    Shape("width 40", (40, 80, 160, 320)),
    Shape("compact (width 32)", (32, 64, 128, 256)),
    Shape("narrower and deeper", (32, 64, 128, 256), (1, 3, 6, 2)),
    Shape("late stages wide", (32, 64, 192, 384), (1, 1, 3, 2)),
    Shape("depthwise, twice as wide", (96, 192, 384, 768), depthwise=True),
    Shape("full resolution first", (24, 48, 96, 192, 384), (1, 1, 2, 2, 1), stem=1),
)


def build(shape: Shape) -> Any:
    """The network, with random weights."""
    from keras import Model, layers

    def conv(x: Any, width: int, kernel: int, stride: int = 1, act: bool = True) -> Any:
        if shape.depthwise and kernel == 3:
            x = layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization()(x)
            kernel = stride = 1
        x = layers.Conv2D(width, kernel, stride, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        return layers.ReLU()(x) if act else x

    inputs = layers.Input((48, 48, 1))
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(inputs)
    if shape.size_px != 48:
        x = layers.Resizing(shape.size_px, shape.size_px)(x)
    x = conv(x, shape.widths[0], 5, shape.stem)
    middles = iter(shape.middles)
    for stage, (width, blocks) in enumerate(zip(shape.widths, shape.blocks, strict=True)):
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            shortcut = x
            if stride != 1 or x.shape[-1] != width:
                pooled = layers.AveragePooling2D(stride, padding="same")(x) if stride > 1 else x
                shortcut = conv(pooled, width, 1, act=False)
            x = conv(conv(x, next(middles, width), 3, stride), width, 3, act=False)
            if shape.squeeze:
                gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
                gate = layers.Conv2D(max(8, width // 8), 1, activation="relu")(gate)
                gate = layers.Conv2D(width, 1, activation="sigmoid")(gate)
                x = layers.Multiply()([x, gate])
            x = layers.ReLU()(layers.Add()([x, shortcut]))
    x = layers.GlobalAveragePooling2D()(x)
    return Model(inputs, layers.Dense(_OUTPUTS)(x))


def multiplications(model: Any) -> int:
    """Multiplications of one face in convolutions and dense layers."""
    total = 0
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "Dense":
            total += int(np.prod(layer.kernel.shape))
        elif kind in ("Conv2D", "DepthwiseConv2D"):
            total += int(np.prod(layer.kernel.shape)) * int(np.prod(layer.output.shape[1:3]))
    return total


def milliseconds(networks: list[LiteRTNetwork]) -> list[float]:
    """Time of a face in each, in batches on one thread; in turns, so that noise meets all alike."""
    faces = np.random.default_rng(0).uniform(0, 255, (_BATCH, 48, 48, 1)).astype(np.float32)
    times: list[list[float]] = [[] for _ in networks]
    for _ in range(_ROUNDS):
        for network, mine in zip(networks, times, strict=True):
            began = time.perf_counter()
            network.run(faces)
            mine.append(time.perf_counter() - began)
    return [1000 * float(np.quantile(mine, 0.1)) / _BATCH for mine in times]


def main() -> int:
    """Prints a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found: list[dict[str, Any]] = []
    networks = []
    with tempfile.TemporaryDirectory() as folder:
        for shape in SHAPES:
            model, path = build(shape), Path(folder) / "model.tflite"
            export_litert(model, path)
            networks.append(LiteRTNetwork(path.read_bytes()))
            found.append(
                {
                    "shape": shape.title,
                    "parameters": model.count_params(),
                    "multiplications": multiplications(model),
                }
            )
    for row, ms in zip(found, milliseconds(networks), strict=True):
        row["ms"] = round(ms, 3)
    if arguments.json:
        print(json.dumps(found, indent=2))
        return 0
    print("| shape | parameters | multiplications | ms per face and pass |")
    print("| --- | --- | --- | --- |")
    for row in found:
        print(
            f"| {row['shape']} | {row['parameters'] / 1e6:.1f} M | "
            f"{row['multiplications'] / 1e6:.0f} M | {row['ms']:.2f} |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
