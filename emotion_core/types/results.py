"""Everything that is known of one frame."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from emotion_core.types.arrays import BoolArray, Int64Array, checked, set_field
from emotion_core.types.decisions import Decisions
from emotion_core.types.faces import FaceCrops, FaceDetections
from emotion_core.types.scores import EmotionScores


@dataclass(frozen=True, slots=True, eq=False)
class FrameResult:
    """Everything that is known of one frame.

    Attributes:
        frame_index: index of the frame in its source.
        timestamp_s: seconds from the start of the source.
        size_px: (width, height) of the frame.
        detections: N faces.
        scores: raw scores of the same N faces.
        decisions: what the same N faces are called, with the scores that say so.
        track_ids: (N,) int64, stable face numbers from 1.
        crops: the classifier's input of the same N faces.
        rotation_deg: 0, 90, 180 or 270: how far the picture had to be turned counter-clockwise
            before faces were found. Boxes are always given in the picture as it was.
        stage_ms: milliseconds per stage ("detect", "crop", "classify", "track").
    """

    frame_index: int
    timestamp_s: float
    size_px: tuple[int, int]
    detections: FaceDetections
    scores: EmotionScores
    decisions: Decisions
    track_ids: Int64Array
    crops: FaceCrops
    rotation_deg: int = 0
    stage_ms: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.detections)
        for name in ("scores", "decisions", "crops"):
            length = len(getattr(self, name))
            if length != n:
                raise ValueError(f"FrameResult.{name}: wanted {n} faces. Received: {length}")
        if self.scores.label_set != self.decisions.scores.label_set:
            raise ValueError(
                "FrameResult.decisions: wanted decisions from scores of the same model. Received "
                f"{self.decisions.scores.label_set.names} beside {self.scores.label_set.names}"
            )
        set_field(
            self, "track_ids", checked("FrameResult.track_ids", self.track_ids, (n,), np.int64)
        )

    def __len__(self) -> int:
        return len(self.detections)

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self)))

    @property
    def smoothed(self) -> EmotionScores:
        """The scores that were decided on: smoothed in a stream, else the raw ones."""
        return self.decisions.scores

    @property
    def labels(self) -> Int64Array:
        """(N,) int64, the label of each face."""
        return self.decisions.labels

    @property
    def uncertain(self) -> BoolArray:
        """(N,) bool, whether each face counts as uncertain."""
        return self.decisions.uncertain

    def decided(self, threshold: float | None = None, *, raw: bool = False) -> "FrameResult":
        """The same faces and scores, decided anew.

        Args:
            threshold: top probability below which a face counts as uncertain; None for that of
                the decisions so far.
            raw: decide on the raw scores instead of the smoothed ones.
        """
        scores = self.scores if raw else self.smoothed
        limit = self.decisions.threshold if threshold is None else threshold
        return replace(self, decisions=Decisions.from_scores(scores, limit))
