"""From a frame to everything that is known of it; used by every page and the command line."""

import time
from dataclasses import replace

import numpy as np

from emotion_core.classifiers.litert_network import usable_threads
from emotion_core.classifiers.registry import load_model
from emotion_core.classifiers.runtime import Classifier, LiteRTClassifier
from emotion_core.faces import (
    DEFAULT_MAX_SIDE_PX,
    FaceDetector,
    SmallFaces,
    build_detector,
    crop_faces,
    detect_any_rotation,
)
from emotion_core.types import (
    Decisions,
    EmotionScores,
    FaceDetections,
    Float32Array,
    Frame,
    FrameResult,
    Int64Array,
    UInt8Array,
)


class EmotionPipeline:
    """Finds faces, crops and classifies them.

    It belongs to one thread, as its detector does; the classifier may be a shared
    `InferenceWorker`.

    Args:
        detector: finds the faces; its framing decides how they are cropped.
        classifier: gives the scores of the crops.
        try_rotations: look for faces in the picture turned by 90, 180 and 270 degrees if it
            shows none as it is.
        threshold: top probability below which a face counts as uncertain; None for the
            classifier's own.
        crop_size_px: side of the crops that the classifier takes.

    Raises:
        ValueError: the threshold is not in 0-1.
    """

    def __init__(
        self,
        detector: FaceDetector,
        classifier: Classifier,
        *,
        try_rotations: bool = True,
        threshold: float | None = None,
        crop_size_px: int = 48,
    ) -> None:
        if threshold is not None and not 0 <= threshold <= 1:
            raise ValueError(f"threshold: wanted a number from 0 to 1. Received: {threshold}")
        self._detector = detector
        self._classifier = classifier
        self._try_rotations = try_rotations
        self._threshold = threshold
        self._crop_size_px = crop_size_px

    @classmethod
    def load(
        cls,
        model: str | LiteRTClassifier | None = None,
        detector: str | None = None,
        *,
        min_confidence: float | None = None,
        small_faces: SmallFaces | str = SmallFaces.AUTO,
        max_side_px: int = DEFAULT_MAX_SIDE_PX,
        threshold: float | None = None,
        labels: str | None = None,
        threads: int | None = None,
    ) -> "EmotionPipeline":
        """Opens a model and a face detector, to use them for many pictures.

        Args:
            model: a model's name, or what `load_model` gave; None for the default.
            detector: a face detector's name; None for the best that can be used here.
            min_confidence: leave out faces of which the detector is less sure, 0-1; None for the
                detector's own.
            small_faces: how hard small faces are looked for in large pictures.
            max_side_px: longest side on which faces are looked for first.
            threshold: call an answer uncertain below this score, 0-1; None for the model's own.
            labels: whose labels answer, ``raters`` or ``fer2013``; None for what the model has,
                raters' first. For a model that is given by name.
            threads: how many share out each picture; None: the cores, at most four. They spin
                while they wait for each other: take 1 for several pipelines side by side.

        Raises:
            ModelError: no such model, its files are not those of its card, or it has no head for
                these labels.
            DetectorError: no such detector, or it cannot be used here.
            ValueError: an option is out of range, or an opened model answers by other labels.
        """
        if isinstance(model, LiteRTClassifier):
            if labels not in (None, model.labels):
                raise ValueError(
                    f"labels: wanted {model.labels}, for which the model was opened, or none. "
                    f"Received: {labels!r}. Open it with load_model(..., labels={labels!r})."
                )
            classifier = model
        else:
            classifier = load_model(model, threads=threads, spin=True, labels=labels)
        return cls(
            build_detector(
                detector,
                min_confidence=min_confidence,
                max_side_px=max_side_px,
                small_faces=SmallFaces(small_faces),
                threads=threads or usable_threads(),
            ),
            classifier,
            threshold=threshold,
            crop_size_px=classifier.card.input_size_px,
        )

    @property
    def detector(self) -> FaceDetector:
        """What finds the faces."""
        return self._detector

    @property
    def classifier(self) -> Classifier:
        """What gives the scores of the crops."""
        return self._classifier

    def analyze(self, frame: Frame) -> FrameResult:
        """Reads the expressions of one frame.

        Args:
            frame: an upright picture.

        Returns:
            Its faces in reading order, numbered from 1. A picture without faces gives an empty
            result. Times of the stages "detect", "crop" and "classify" are included.
        """
        stages = Stages()
        detections, rotation_deg = self._detect(frame)
        stages.done("detect")
        return self._read(frame, detections, rotation_deg, stages)

    def rescore(self, result: FrameResult) -> FrameResult:
        """Lets this pipeline's classifier read faces that are known already.

        No face is searched or cropped. The scores are other ones, so everything that was decided
        by the old ones is decided anew.

        Args:
            result: of the same picture, with whatever classifier.

        Raises:
            ValueError: its crops are not of the size that the classifier takes.
        """
        size_px = result.crops.images.shape[1]
        if size_px != self._crop_size_px:
            raise ValueError(
                f"result: wanted crops of {self._crop_size_px} pixels. Received: {size_px}"
            )
        stages = Stages()
        scores = self._classifier.predict(result.crops.images)
        stages.done("classify")
        return replace(
            result,
            scores=scores,
            decisions=Decisions.from_scores(scores, self._threshold),
            stage_ms={**result.stage_ms, **stages.ms},
        )

    @property
    def crop_size_px(self) -> int:
        """Side of the crops that the classifier takes."""
        return self._crop_size_px

    def _read(
        self, frame: Frame, detections: FaceDetections, rotation_deg: int, stages: "Stages"
    ) -> FrameResult:
        """Crops and classifies faces that were found, and numbers them in their order."""
        crops = crop_faces(
            frame.image,
            detections,
            self._detector.framing,
            size_px=self._crop_size_px,
            rotation_deg=rotation_deg,
        )
        stages.done("crop")
        scores = self._scores(crops.images)
        stages.done("classify")
        return FrameResult(
            frame_index=frame.index,
            timestamp_s=frame.timestamp_s,
            size_px=frame.size_px,
            detections=detections,
            scores=scores,
            decisions=Decisions.from_scores(scores, self._threshold),
            track_ids=np.arange(1, len(detections) + 1, dtype=np.int64),
            crops=crops,
            rotation_deg=rotation_deg,
            stage_ms=stages.ms,
        )

    def _scores(self, images: UInt8Array) -> EmotionScores:
        return self._classifier.predict(images)

    def _detect(self, frame: Frame) -> tuple[FaceDetections, int]:
        if self._try_rotations:
            detections, rotation_deg = detect_any_rotation(self._detector, frame.image)
        else:
            detections, rotation_deg = self._detector.detect(frame.image), 0
        return detections.select(reading_order(detections.boxes)), rotation_deg


def reading_order(boxes: Float32Array) -> Int64Array:
    """The order in which people would number faces: rows from the top, each from the left.

    A face stands in the row of the topmost face that is left if its centre is above that face's
    lower edge.

    Args:
        boxes: (N, 4) float32, xyxy pixels.

    Returns:
        (N,) int64 indices; the same for any order of the same boxes.
    """
    # By content alone: first by the upper edge, ties by the others.
    waiting = sorted(range(len(boxes)), key=lambda i: tuple(boxes[i, [1, 0, 2, 3]]))
    middles = (boxes[:, 1] + boxes[:, 3]) / 2
    order: list[int] = []
    while waiting:
        lower_edge = boxes[waiting[0], 3]
        row = [i for i in waiting if i == waiting[0] or middles[i] < lower_edge]
        waiting = [i for i in waiting if i not in row]
        order += sorted(row, key=lambda i: tuple(boxes[i]))
    return np.array(order, dtype=np.int64)


class Stages:
    """Milliseconds between the ends of consecutive stages."""

    def __init__(self) -> None:
        self.ms: dict[str, float] = {}
        self._began = time.perf_counter()

    def done(self, stage: str) -> None:
        """Notes how long a stage took, since the one before."""
        now = time.perf_counter()
        self.ms[stage] = (now - self._began) * 1000
        self._began = now
