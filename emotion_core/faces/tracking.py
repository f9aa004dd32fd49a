"""Keeps the number of a face stable from frame to frame."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from emotion_core.geometry import box_iou
from emotion_core.types import FaceDetections, Float32Array, Int64Array

# Below this overlap two boxes are not taken for the same face; the value is SORT's.
# Source: Bewley et al., arXiv 1602.00763.
_MIN_IOU = 0.3

# A face that moved too far to overlap still counts as the same one if its centre moved by less
# than this many box sides per second of absence, plus half a side, and its size is alike.
_SIDES_PER_S = 1.5
_MAX_SIZE_RATIO = 1.6


@dataclass(slots=True)
class _Track:
    number: int
    box: Float32Array
    velocity: Float32Array  # of the box's four values, pixels per second
    seen_s: float

    def box_at(self, time_s: float) -> Float32Array:
        # Faces stop more often than they fly on: the speed fades while nobody sees it.
        ahead_s = min(time_s - self.seen_s, 0.2)
        return np.asarray(self.box + self.velocity * ahead_s, dtype=np.float32)


class FaceTracker:
    """Gives every face a number that it keeps.

    Boxes are matched to the tracks by the assignment with the largest total overlap; a face that
    comes back near its place within ``max_absence_s`` gets its number back. Belongs to one
    session.

    Args:
        max_absence_s: how long a face may be away and keep its number.
    """

    def __init__(self, max_absence_s: float = 2.0) -> None:
        self._max_absence_s = max_absence_s
        self._tracks: list[_Track] = []
        self._next = 1

    def reset(self) -> None:
        """Forgets every face; numbers start at 1 again."""
        self._tracks.clear()
        self._next = 1

    def update(self, detections: FaceDetections, time_s: float) -> Int64Array:
        """Numbers of the faces of one frame.

        Args:
            detections: N faces.
            time_s: time of the frame; never before the last one's.

        Returns:
            (N,) int64, from 1; every number once.

        Raises:
            ValueError: the time runs backwards.
        """
        if any(time_s < track.seen_s for track in self._tracks):
            last = max(track.seen_s for track in self._tracks)
            raise ValueError(f"time_s: wanted at least {last}. Received: {time_s}")
        self._tracks = [t for t in self._tracks if time_s - t.seen_s <= self._max_absence_s]
        numbers = np.zeros(len(detections), np.int64)
        matched = self._match(detections.boxes, time_s)
        for face, box in enumerate(detections.boxes):
            track = matched.get(face)
            if track is None:
                track = _Track(self._next, box, np.zeros(4, np.float32), time_s)
                self._next += 1
                self._tracks.append(track)
            else:
                elapsed_s = time_s - track.seen_s
                if elapsed_s > 0:
                    speed = (box - track.box) / elapsed_s
                    track.velocity = np.asarray(0.5 * track.velocity + 0.5 * speed, np.float32)
                track.box, track.seen_s = box, time_s
            numbers[face] = track.number
        return numbers

    def _match(self, boxes: Float32Array, time_s: float) -> dict[int, _Track]:
        """{face: its track}: by overlap first, then by nearness for what is left."""
        if not len(boxes) or not self._tracks:
            return {}
        expected = np.stack([track.box_at(time_s) for track in self._tracks])
        overlap = box_iou(boxes, expected)
        # The first term is between 1 and 2 where boxes overlap enough and the second below 1, so
        # that no number of near misses outweighs one real overlap.
        score = np.where(overlap >= _MIN_IOU, 1 + overlap, 0) + self._nearness(boxes, time_s) / 2
        faces, tracks = linear_sum_assignment(score, maximize=True)
        return {
            int(face): self._tracks[track]
            for face, track in zip(faces, tracks, strict=True)
            if score[face, track] > 0
        }

    def _nearness(self, boxes: Float32Array, time_s: float) -> Float32Array:
        """(N, T) float32 in 0-1: 1 at the same place, 0 out of reach or of another size."""
        last = np.stack([track.box for track in self._tracks])
        away_s = np.array([time_s - track.seen_s for track in self._tracks])
        sides = np.maximum((last[:, 2:] - last[:, :2]).max(axis=1), 1)
        new_sides = np.maximum((boxes[:, 2:] - boxes[:, :2]).max(axis=1), 1)
        centres, new_centres = (last[:, :2] + last[:, 2:]) / 2, (boxes[:, :2] + boxes[:, 2:]) / 2
        distance = np.linalg.norm(new_centres[:, None] - centres[None], axis=2)
        reach = (0.5 + _SIDES_PER_S * away_s) * sides
        ratio = new_sides[:, None] / sides[None]
        alike = (ratio < _MAX_SIZE_RATIO) & (ratio > 1 / _MAX_SIZE_RATIO)
        return np.asarray(np.where(alike, np.clip(1 - distance / reach, 0, 1), 0), np.float32)
