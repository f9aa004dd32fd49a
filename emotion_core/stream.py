"""The pipeline for consecutive frames: follows faces, numbers them and calms their scores."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from emotion_core.classifiers.runtime import Classifier, quick_form
from emotion_core.faces import FaceDetector
from emotion_core.faces.detector import BoundedDetector
from emotion_core.faces.flow import FlowFollower
from emotion_core.faces.tracking import MAX_ABSENCE_S, FaceTracker
from emotion_core.pipeline import EmotionPipeline, Stages
from emotion_core.smoothing import ScoreSmoother
from emotion_core.types import EmotionScores, FaceDetections, Frame, FrameResult, UInt8Array

# Frames are late, and one without a find is no absence.
_STEPS_AWAY = 2.5


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """How a stream is read.

    Attributes:
        detect_every: frames from one detection to the next; between them faces are followed by
            optical flow. 1 detects in every frame.
        half_life_s: of the smoothing of scores; 0 for none.
        threshold: top probability below which a face counts as uncertain; None: the model's own.
        flip_tta: whether a face is averaged with its mirror image, where its model does so.
        detect_side: factor for the long side of the pictures that faces are searched in.
    """

    detect_every: int = 3
    half_life_s: float = 0.4
    threshold: float | None = None
    flip_tta: bool = True
    detect_side: float = 1.0

    def __post_init__(self) -> None:
        if self.detect_every < 1:
            raise ValueError(f"detect_every: wanted 1 or more. Received: {self.detect_every}")
        if self.half_life_s < 0:
            raise ValueError(f"half_life_s: wanted 0 or more. Received: {self.half_life_s}")
        if not 0 < self.detect_side <= 1:
            raise ValueError(f"detect_side: wanted above 0, up to 1. Received: {self.detect_side}")


class StreamPipeline(EmotionPipeline):
    """Reads the frames of one camera or video in their order. Belongs to one session.

    Args:
        detector: finds the faces.
        classifier: gives the scores of the crops; may be shared.
        options: how the stream is read.
        crop_size_px: side of the crops that the classifier takes.
    """

    def __init__(
        self,
        detector: FaceDetector,
        classifier: Classifier,
        options: StreamOptions = StreamOptions(),
        *,
        crop_size_px: int = 48,
    ) -> None:
        super().__init__(
            detector,
            classifier,
            try_rotations=False,
            threshold=options.threshold,
            crop_size_px=crop_size_px,
        )
        self.options = options
        self._side_px = detector.max_side_px if isinstance(detector, BoundedDetector) else 0
        self._tracker = FaceTracker()
        self._smoother = ScoreSmoother(options.half_life_s)
        self._follower = FlowFollower()
        self._last = FaceDetections.empty()
        self._since_detection = 0

    def change(
        self,
        *,
        options: StreamOptions | None = None,
        detector: FaceDetector | None = None,
        classifier: Classifier | None = None,
        crop_size_px: int | None = None,
    ) -> None:
        """Changes what is given between two frames; faces keep their numbers."""
        if options is not None:
            self.options = options
            self._threshold = options.threshold
            self._smoother.half_life_s = options.half_life_s
        if detector is not None:
            self._detector = detector
            self._side_px = detector.max_side_px if isinstance(detector, BoundedDetector) else 0
            self._since_detection = 0
        if classifier is not None:
            self._classifier = classifier
            # The old model's scores say nothing about the new one's.
            self._smoother.reset()
        if crop_size_px is not None:
            self._crop_size_px = crop_size_px

    def _scores(self, images: UInt8Array) -> EmotionScores:
        classifier = self._classifier if self.options.flip_tta else quick_form(self._classifier)
        return classifier.predict(images)

    def _detect(self, frame: Frame) -> tuple[FaceDetections, int]:
        if isinstance(self._detector, BoundedDetector):
            self._detector.max_side_px = round(self._side_px * self.options.detect_side)
        return super()._detect(frame)

    def mirror(self) -> None:
        """The frames to come are mirror images of those before; faces keep their numbers."""
        self._tracker.mirror()
        self._since_detection = 0

    def expect_steps(self, step_s: float) -> None:
        """Says how far apart the frames will be, so that faces are not given up between two.

        Args:
            step_s: seconds from one frame to the next; usual are fractions of one.
        """
        self._tracker.max_absence_s = max(MAX_ABSENCE_S, _STEPS_AWAY * step_s)

    def cut(self) -> None:
        """The frames to come show another scene: faces get new numbers and are searched at once."""
        self._tracker.cut()
        self._since_detection = 0

    def checkpoint(self) -> dict[str, Any]:
        """What is needed to go on from here in another process, as JSON; see ``restore``.

        In the next frame faces are searched, here as there, since the frame that they would be
        followed from is not kept. So both go on with the very same results.
        """
        self._since_detection = 0
        return {"tracker": self._tracker.state(), "smoother": self._smoother.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on where ``checkpoint`` was made, with the same model, detector and options."""
        self._tracker.restore(state["tracker"])
        self._smoother.restore(state["smoother"])
        self._since_detection = 0

    def analyze(self, frame: Frame) -> FrameResult:
        """Reads one frame.

        Args:
            frame: not older than the one before; of any size.

        Returns:
            Its faces with their lasting numbers, raw and smoothed scores and steady labels.

        Raises:
            ValueError: the frame is older than the one before.
        """
        stages = Stages()
        followed = None
        if 0 < self._since_detection < self.options.detect_every:
            followed = self._follower.follow(frame.image, self._last)
        if followed is None:
            self._last, _ = self._detect(frame)
            self._since_detection = 0
            if self.options.detect_every > 1:
                self._follower.start(frame.image)
        else:
            self._last = followed
        self._since_detection += 1
        stages.done("detect")
        result = self._read(frame, self._last, 0, stages)
        track_ids = self._tracker.update(result.detections, frame.timestamp_s, frame.size_px)
        decisions = self._smoother.update(
            result.scores, track_ids, frame.timestamp_s, threshold=self._threshold
        )
        stages.done("track")
        return replace(
            result,
            decisions=decisions,
            track_ids=np.asarray(track_ids, np.int64),
            stage_ms=stages.ms,
        )
