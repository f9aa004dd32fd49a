"""YuNet from an ONNX file that the user supplies.

No package ships the file, so it is looked for in the environment variable EMOTION_LENS_YUNET and
in the folder models/detectors (*.onnx). Source: OpenCV Zoo, `face_detection_yunet` (MIT).
"""

import os
from pathlib import Path

import cv2
import numpy as np

from emotion_core.errors import DetectorError
from emotion_core.faces.confidence import ConfidenceRange
from emotion_core.faces.detector import DEFAULT_MAX_SIDE_PX, BoundedDetector
from emotion_core.faces.framing import YUNET_FRAMING
from emotion_core.faces.landmarks import LandmarkRefiner
from emotion_core.faces.second_look import SecondLook
from emotion_core.paths import YUNET_ENV, detectors_folder
from emotion_core.types import Float32Array, UInt8Array

MODEL_FOLDER = detectors_folder()

CONFIDENCES = ConfidenceRange(lowest=0.5, usual=0.6, highest=0.95)
_NMS_IOU = 0.3
_TOP_K = 500


def find_model() -> Path | None:
    """The ONNX file to use, None if the user supplied none."""
    named = os.environ.get(YUNET_ENV)
    if named:
        return Path(named)
    return next(iter(sorted(MODEL_FOLDER.glob("*.onnx"))), None)


def unavailable_reason() -> str:
    """Why this detector cannot be used here; empty if it can."""
    path = find_model()
    if path is None:
        return (
            "No YuNet file. Put face_detection_yunet_*.onnx of the OpenCV Zoo into "
            f"{MODEL_FOLDER}, or name it in {YUNET_ENV}."
        )
    return "" if path.is_file() else f"{YUNET_ENV} names a file that does not exist: {path}."


class YuNetDetector(BoundedDetector):
    """YuNet through OpenCV; five landmarks."""

    sure_confidence = 0.905

    def __init__(
        self,
        *,
        min_confidence: float | None = None,
        max_side_px: int = DEFAULT_MAX_SIDE_PX,
    ) -> None:
        threshold = CONFIDENCES.usual if min_confidence is None else min_confidence
        super().__init__(
            "yunet",
            YUNET_FRAMING,
            min_confidence=threshold,
            max_side_px=max_side_px,
            usual_confidence=CONFIDENCES.usual,
            second_look=SecondLook(),
        )
        reason = unavailable_reason()
        path = find_model()
        if reason or path is None:
            raise DetectorError(reason)
        try:
            self._net = cv2.FaceDetectorYN.create(
                str(path), "", (320, 320), threshold, _NMS_IOU, _TOP_K
            )
        except cv2.error as error:
            raise DetectorError(f"{path} is not a YuNet ONNX file: {error.err}.") from error
        self._refiner = LandmarkRefiner()

    def _find(self, image: UInt8Array) -> tuple[Float32Array, Float32Array, Float32Array]:
        self._net.setInputSize((image.shape[1], image.shape[0]))
        try:
            _, found = self._net.detect(image)
        except cv2.error as error:
            raise DetectorError(
                f"{find_model()} is not a YuNet ONNX file that OpenCV can run: {error.err}."
            ) from error
        # Rows: x, y, width, height, five landmarks as xy, confidence.
        rows = np.zeros((0, 15), np.float32) if found is None else np.asarray(found, np.float32)
        boxes = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], axis=1)
        confidences, landmarks = rows[:, 14], rows[:, 4:14].reshape(-1, 5, 2)
        return boxes, confidences, self._refiner.refine(image, boxes, confidences, landmarks)
