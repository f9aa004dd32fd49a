"""The data that flows from picture to prediction. Row i is the same face in every type.

Frozen, validated, with read-only arrays. An array is never None: N may be 0.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from emotion_core.emotions import FER2013, Emotion, LabelSet

UInt8Array = npt.NDArray[np.uint8]
Float32Array = npt.NDArray[np.float32]
Int64Array = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# Probabilities are float32.
_ROUNDING = 1e-4


def checked(
    name: str, value: Any, shape: tuple[int | None, ...], dtype: type[np.generic]
) -> npt.NDArray[Any]:
    """Returns a read-only view of an array after checking its shape and dtype.

    Args:
        name: what the array is called in the error message.
        value: the array.
        shape: wanted shape; None stands for any length.
        dtype: wanted dtype.

    Raises:
        ValueError: not an array, or another shape or dtype.
    """
    wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
    if not isinstance(value, np.ndarray):
        raise ValueError(
            f"{name}: wanted an array {wanted} {np.dtype(dtype)}. Received: {type(value).__name__}"
        )
    fits = value.ndim == len(shape) and all(
        n is None or n == m for n, m in zip(shape, value.shape, strict=True)
    )
    if not fits or value.dtype != dtype:
        raise ValueError(
            f"{name}: wanted {wanted} {np.dtype(dtype)}. Received: {value.shape} {value.dtype}"
        )
    view = value.view()
    view.flags.writeable = False
    return view


def _set(instance: object, name: str, value: object) -> None:
    object.__setattr__(instance, name, value)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a source, upright.

    Attributes:
        image: (H, W, 3) uint8 BGR.
        index: position in the source, from 0.
        timestamp_s: seconds from the start of the source.
    """

    image: UInt8Array
    index: int = 0
    timestamp_s: float = 0.0

    def __post_init__(self) -> None:
        image = checked("Frame.image", self.image, (None, None, 3), np.uint8)
        if image.size == 0:
            raise ValueError(f"Frame.image: wanted at least 1x1 pixels. Received: {image.shape}")
        _set(self, "image", image)

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height)."""
        return self.image.shape[1], self.image.shape[0]


@dataclass(frozen=True, slots=True, eq=False)
class FaceDetections:
    """Found faces.

    Attributes:
        boxes: (N, 4) float32, xyxy pixels of the frame.
        confidences: (N,) float32, the detector's confidence, 0-1.
        landmarks: (N, K, 2) float32, xy pixels. K is 0 or 5: the subject's right eye (left in the
            picture), left eye, nose tip, right and left corner of the mouth.
    """

    boxes: Float32Array
    confidences: Float32Array
    landmarks: Float32Array

    def __post_init__(self) -> None:
        _set(self, "boxes", checked("FaceDetections.boxes", self.boxes, (None, 4), np.float32))
        n = len(self.boxes)
        _set(
            self,
            "confidences",
            checked("FaceDetections.confidences", self.confidences, (n,), np.float32),
        )
        _set(
            self,
            "landmarks",
            checked("FaceDetections.landmarks", self.landmarks, (n, None, 2), np.float32),
        )

    @classmethod
    def empty(cls) -> "FaceDetections":
        return cls(
            np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 0, 2), np.float32)
        )

    def __len__(self) -> int:
        return len(self.boxes)

    def select(self, rows: npt.NDArray[Any] | list[int]) -> "FaceDetections":
        """The detections of the given rows (indices or a boolean mask), in that order."""
        index = np.asarray(rows, dtype=np.intp) if isinstance(rows, list) else rows
        return FaceDetections(self.boxes[index], self.confidences[index], self.landmarks[index])


@dataclass(frozen=True, slots=True, eq=False)
class FaceCrops:
    """The squares that a classifier sees.

    Attributes:
        images: (N, S, S) uint8 gray, or (N, S, S, 3) uint8 BGR.
        frame_to_crop: (N, 2, 3) float32 affine matrices from frame pixels to crop pixels.
    """

    images: UInt8Array
    frame_to_crop: Float32Array

    def __post_init__(self) -> None:
        shape: tuple[int | None, ...] = (None, None, None)
        if isinstance(self.images, np.ndarray) and self.images.ndim == 4:
            shape = (None, None, None, 3)
        images = checked("FaceCrops.images", self.images, shape, np.uint8)
        if images.shape[1] != images.shape[2]:
            raise ValueError(f"FaceCrops.images: wanted squares. Received: {images.shape}")
        _set(self, "images", images)
        _set(
            self,
            "frame_to_crop",
            checked("FaceCrops.frame_to_crop", self.frame_to_crop, (len(images), 2, 3), np.float32),
        )

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, slots=True, eq=False)
class EmotionScores:
    """Calibrated probabilities per face.

    Attributes:
        probabilities: (N, C) float32, rows sum to 1.
        label_set: the C emotions in the order of the columns.
        threshold: the top probability that the model asks for before a prediction counts as sure.
            `Decisions` start from it; whoever wants another one decides by that.
    """

    probabilities: Float32Array
    label_set: LabelSet = FER2013
    threshold: float = 0.0

    def __post_init__(self) -> None:
        probabilities = checked(
            "EmotionScores.probabilities",
            self.probabilities,
            (None, len(self.label_set)),
            np.float32,
        )
        if len(probabilities) and not np.allclose(probabilities.sum(axis=1), 1.0, atol=1e-3):
            raise ValueError(
                "EmotionScores.probabilities: wanted rows that sum to 1. "
                f"Received sums {probabilities.sum(axis=1)}"
            )
        _set(self, "probabilities", probabilities)

    @classmethod
    def empty(cls, label_set: LabelSet = FER2013, threshold: float = 0.0) -> "EmotionScores":
        return cls(np.zeros((0, len(label_set)), np.float32), label_set, threshold)

    def __len__(self) -> int:
        return len(self.probabilities)

    @property
    def labels(self) -> Int64Array:
        """(N,) int64, the label with the highest probability."""
        return np.asarray(self.probabilities.argmax(axis=1), dtype=np.int64)

    @property
    def confidences(self) -> Float32Array:
        """(N,) float32, the highest probability of each face."""
        return np.asarray(self.probabilities.max(axis=1, initial=0.0), dtype=np.float32)

    def emotion(self, face: int) -> Emotion:
        """The most probable emotion of one face."""
        return self.label_set[int(self.labels[face])]

    def as_dict(self, face: int) -> dict[str, float]:
        """{emotion name: probability} of one face, in label order."""
        row = self.probabilities[face]
        return {name: float(p) for name, p in zip(self.label_set.names, row, strict=True)}


def is_uncertain(confidences: npt.ArrayLike, threshold: float) -> BoolArray:
    """Whether predictions with these top probabilities are uncertain, by the threshold alone."""
    return np.asarray(np.asarray(confidences, np.float32) < np.float32(threshold), np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """What each face is called. The one place that says so, for pictures, streams and tables.

    Decisions hold the scores that they were made from, and refuse scores that they contradict: a
    label cannot outlive the scores of another model. Other scores need new decisions.

    Attributes:
        scores: of N faces, smoothed where they come from a stream.
        threshold: below this top probability a face counts as uncertain.
        labels: (N,) int64, the label of each face: that with the highest score, or in a stream,
            where labels do not flicker, one that trails it by less than ``LABEL_MARGIN``.
        uncertain: (N,) bool. As steady in a stream: within ``DOUBT_MARGIN`` of the threshold a
            face may still be on the side on which it was.
    """

    #: A steady label may trail the highest score by less than this.
    LABEL_MARGIN: ClassVar[float] = 0.15
    #: A top probability that is this far from the threshold decides at once.
    DOUBT_MARGIN: ClassVar[float] = 0.05

    scores: EmotionScores
    threshold: float
    labels: Int64Array
    uncertain: BoolArray

    def __post_init__(self) -> None:
        n = len(self.scores)
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold: wanted a number from 0 to 1. Received: {self.threshold}")
        _set(self, "labels", checked("Decisions.labels", self.labels, (n,), np.int64))
        _set(self, "uncertain", checked("Decisions.uncertain", self.uncertain, (n,), np.bool_))
        if ((self.labels < 0) | (self.labels >= len(self.scores.label_set))).any():
            raise ValueError(
                f"Decisions.labels: wanted 0 to {len(self.scores.label_set) - 1}. "
                f"Received: {self.labels}"
            )
        top = self.scores.confidences
        if (top - self.confidences > self.LABEL_MARGIN + _ROUNDING).any():
            raise ValueError(
                f"Decisions.labels: wanted labels that trail the highest score by less than "
                f"{self.LABEL_MARGIN}; these were decided from other scores. Decide again."
            )
        changed = self.uncertain != is_uncertain(top, self.threshold)
        if (changed & (np.abs(top - self.threshold) > self.DOUBT_MARGIN + _ROUNDING)).any():
            raise ValueError(
                "Decisions.uncertain: wanted what the threshold says of scores that are clear of "
                "it; these were decided from other scores. Decide again."
            )

    @classmethod
    def from_scores(cls, scores: EmotionScores, threshold: float | None = None) -> "Decisions":
        """Decides by the scores alone: the highest one, and whether it reaches the threshold.

        Args:
            scores: N faces.
            threshold: top probability below which a face counts as uncertain; None for the
                model's own.

        Raises:
            ValueError: the threshold is not in 0-1.
        """
        limit = scores.threshold if threshold is None else threshold
        return cls(scores, limit, scores.labels, is_uncertain(scores.confidences, limit))

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def confidences(self) -> Float32Array:
        """(N,) float32, the probability of each face's label."""
        rows = self.scores.probabilities
        return np.asarray(rows[np.arange(len(rows)), self.labels], dtype=np.float32)

    def emotion(self, face: int) -> Emotion:
        """What one face is called."""
        return self.scores.label_set[int(self.labels[face])]


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
        _set(self, "track_ids", checked("FrameResult.track_ids", self.track_ids, (n,), np.int64))

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
