"""Keeps the number of a face stable from frame to frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from emotion_core.faces.motion import FaceMotion
from emotion_core.faces.resizing import mirror_matrix, resizing_matrices
from emotion_core.types import FaceDetections, Float32Array, Int64Array

# A box belongs to a face only if its centre is within this many standard deviations of where the
# face is expected, or within half a side and a bit more for each second of absence; never further
# than two sides, however long the face was away: there somebody else is as likely.
_REACH_SPREADS = 3.0
_REACH_SIDES = 0.5
_REACH_SIDES_PER_S = 1.5
_MAX_REACH_SIDES = 2.0
_MAX_SIZE_RATIO = 1.6

# A face may also have stopped or turned back where it was lost: somewhat less likely than that it
# went on (log-likelihood), and within a smaller reach.
_STOPPED = -1.0
_STOPPED_SIDES_PER_S = 0.5
_STOPPED_MAX_SIDES = 1.5
_STOPPED_NOISE = 0.08

# Log-likelihood of a face that nobody knew yet: one in 150 for each square of a face's size. Were
# it much smaller, two poor matches would be taken before a good one and somebody new.
_STRANGER = -5.0

# How much better than stretching another explanation of a new frame size must fit.
_CLEARLY = 1.0

#: A face that is away for up to so long keeps its number.
MAX_ABSENCE_S = 2.0


@dataclass(slots=True)
class _Track:
    number: int
    motion: FaceMotion  # when it was seen last
    seen_s: float
    size_px: tuple[int, int] | None  # of the frame whose pixels these are

    def move(self, matrix: Float32Array, size_px: tuple[int, int]) -> None:
        self.motion, self.size_px = self.motion.moved(matrix), size_px


class FaceTracker:
    """Gives every face a number that it keeps.

    Where each face will be is predicted from its speed, and boxes are matched to the faces by the
    most likely assignment; a face that was hidden for up to ``max_absence_s`` gets its number
    back. Numbers survive frames of another size. Belongs to one session.

    Faces are told apart by their places alone, since how a face looks is not kept: somebody who
    appears where another was to appear gets that number.

    Args:
        max_absence_s: how long a face may be away and keep its number.
    """

    def __init__(self, max_absence_s: float = MAX_ABSENCE_S) -> None:
        #: May be changed between two frames.
        self.max_absence_s = max_absence_s
        self._tracks: list[_Track] = []
        self._next = 1

    def reset(self) -> None:
        """Forgets every face; numbers start at 1 again."""
        self._tracks.clear()
        self._next = 1

    def cut(self) -> None:
        """The frames to come show another scene: no face goes on, and no number comes again."""
        self._tracks.clear()

    def state(self) -> dict[str, Any]:
        """Everything that is known of the faces, as JSON; see ``restore``."""
        tracks = [
            {
                "number": track.number,
                "motion": track.motion.to_dict(),
                "seen_s": track.seen_s,
                "size_px": track.size_px and list(track.size_px),
            }
            for track in self._tracks
        ]
        return {"tracks": tracks, "next": self._next}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on where ``state`` was asked for, with the very same numbers."""
        self._next = int(state["next"])
        self._tracks = [
            _Track(
                int(track["number"]),
                FaceMotion.from_dict(track["motion"]),
                float(track["seen_s"]),
                (int(track["size_px"][0]), int(track["size_px"][1])) if track["size_px"] else None,
            )
            for track in state["tracks"]
        ]

    def mirror(self) -> None:
        """From the next frame on left and right are swapped. Faces of unknown frames are lost."""
        kept = []
        for track in self._tracks:
            if track.size_px is not None:
                track.move(mirror_matrix(track.size_px), track.size_px)
                kept.append(track)
        self._tracks = kept

    def update(
        self, detections: FaceDetections, time_s: float, size_px: tuple[int, int] | None = None
    ) -> Int64Array:
        """Numbers of the faces of one frame.

        Args:
            detections: N faces.
            time_s: time of the frame; never before the last one's.
            size_px: (width, height) of the frame; None where all frames have one size.

        Returns:
            (N,) int64, from 1; every number once.

        Raises:
            ValueError: the time runs backwards.
        """
        if any(time_s < track.seen_s for track in self._tracks):
            last = max(track.seen_s for track in self._tracks)
            raise ValueError(f"time_s: wanted at least {last}. Received: {time_s}")
        self._tracks = [t for t in self._tracks if time_s - t.seen_s <= self.max_absence_s]
        numbers = np.zeros(len(detections), np.int64)
        matched = self._match(detections.boxes, time_s, size_px)
        for face, box in enumerate(detections.boxes):
            track = matched.get(face)
            if track is None:
                track = _Track(self._next, FaceMotion.of(box), time_s, size_px)
                self._next += 1
                self._tracks.append(track)
            else:
                track.motion = track.motion.after(time_s - track.seen_s).seen(box)
                track.seen_s = time_s
            numbers[face] = track.number
        return numbers

    def _match(
        self, boxes: Float32Array, time_s: float, size_px: tuple[int, int] | None
    ) -> dict[int, _Track]:
        """{face: its track}; tracks of frames of another size are moved to this one's pixels."""
        if not len(boxes) or not self._tracks:
            return {}
        away_s = [time_s - track.seen_s for track in self._tracks]
        best, pairs, ways = -np.inf, _Pairs(), self._ways(size_px)
        chosen = ways[0]
        for way in ways:
            motions = [
                track.motion if matrix is None else track.motion.moved(matrix)
                for track, matrix in zip(self._tracks, way, strict=True)
            ]
            found = _assign(boxes, motions, away_s)
            if found.worth > best + _CLEARLY:
                best, pairs, chosen = found.worth, found, way
        elsewhere = [track for track, matrix in enumerate(chosen) if matrix is not None]
        # Unless a face confirms how the size changed, that stays open until one does.
        if size_px is not None and any(track in pairs.track_of.values() for track in elsewhere):
            for track in elsewhere:
                matrix = chosen[track]
                if matrix is not None:
                    self._tracks[track].move(matrix, size_px)
        return {face: self._tracks[track] for face, track in pairs.track_of.items()}

    def _ways(self, size_px: tuple[int, int] | None) -> list[list[Float32Array | None]]:
        """How the frames may have come to this size: per way, each track's matrix or None."""
        options = [
            (None,)
            if size_px is None or track.size_px is None or track.size_px == size_px
            else resizing_matrices(track.size_px, size_px)
            for track in self._tracks
        ]
        n = max(len(matrices) for matrices in options)
        return [[matrices[min(way, len(matrices) - 1)] for matrices in options] for way in range(n)]


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Which face belongs to which track, and the log-likelihood ratio to none belonging."""

    track_of: dict[int, int] = field(default_factory=dict)
    worth: float = 0.0


def _assign(boxes: Float32Array, motions: list[FaceMotion], away_s: list[float]) -> _Pairs:
    """The most likely pairs of boxes (N, 4) and faces that were last seen so long ago."""
    worth = _worth(boxes, motions, np.array(away_s))
    faces, tracks = linear_sum_assignment(worth, maximize=True)
    pairs = {
        int(face): int(track)
        for face, track in zip(faces, tracks, strict=True)
        if worth[face, track] > 0
    }
    return _Pairs(pairs, float(sum(worth[face, track] for face, track in pairs.items())))


def _worth(boxes: Float32Array, motions: list[FaceMotion], away_s: np.ndarray) -> np.ndarray:
    """(N, T) how much more likely each box is each face than a new one; 0 where it cannot be."""
    expected = [motion.after(float(away)) for motion, away in zip(motions, away_s, strict=True)]
    sides = np.array([motion.side for motion in motions])
    spreads = np.array([motion.spread for motion in expected])
    reach = np.maximum(_REACH_SPREADS * spreads, _REACH_SIDES + _REACH_SIDES_PER_S * away_s)
    went_on = _likelihood(boxes, expected, sides, spreads, np.minimum(reach, _MAX_REACH_SIDES))
    reach = np.minimum(_REACH_SIDES + _STOPPED_SIDES_PER_S * away_s, _STOPPED_MAX_SIDES)
    stopped = _likelihood(boxes, motions, sides, _STOPPED_NOISE + reach / 3, reach) + _STOPPED
    ratio = np.maximum((boxes[:, 2:] - boxes[:, :2]).max(axis=1), 1)[:, None] / sides
    alike = (ratio < _MAX_SIZE_RATIO) & (ratio > 1 / _MAX_SIZE_RATIO)
    return np.where(alike, np.maximum(np.maximum(went_on, stopped) - _STRANGER, 0), 0)


def _likelihood(
    boxes: Float32Array,
    motions: list[FaceMotion],
    sides: np.ndarray,
    spreads: np.ndarray,
    reach: np.ndarray,
) -> np.ndarray:
    """(N, T) log-likelihood of each box's centre for each face; -inf out of reach.

    That of a face that may be anywhere is low everywhere: a box near two faces belongs to the one
    that was seen a moment ago and not to one that might have come there.

    Args:
        boxes: (N, 4).
        motions: where the T faces should be.
        sides: (T,) their sizes in pixels.
        spreads: (T,) standard deviations of their places, in sides.
        reach: (T,) how far off they may be, in sides.
    """
    centres = (boxes[:, None, :2] + boxes[:, None, 2:]) / 2
    places = np.stack([motion.centre for motion in motions])
    distance = np.linalg.norm(centres - places, axis=2) / sides
    likelihood = -((distance / spreads) ** 2) / 2 - 2 * np.log(spreads)
    return np.where(distance <= reach, likelihood, -np.inf)
