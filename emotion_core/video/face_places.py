"""Where faces are in every frame of a video, from where they were in the sampled ones."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emotion_core.emotions import Emotion
from emotion_core.types import BoolArray, Float32Array, Int64Array, checked

if TYPE_CHECKING:
    import pandas as pd

    _Row = np.signedinteger

# After its last sample and before the next one without it, a box stays for at most so long.
_HOLD_S = 0.5
# A track that comes back within this time was there meanwhile (faces.tracking keeps its number).
_LINK_S = 2.0
# A face that is not found any more, or not yet, may be there all the same: for so long.
_UNSEEN_S = 1.0
# Meanwhile it moves: by this share of its side and that per second, or half again as fast as it
# was last seen to; up to so much.
_UNSEEN_GROWTH, _UNSEEN_SPEED, _FASTER, _MOST_GROWTH = 0.35, 1.0, 1.5, 2.0
# Between two samples it leaves the straight way by this share of its side, and that per second.
_BETWEEN_GROWTH, _BETWEEN_SPEED = 0.15, 0.5
# Where the next sample is further away, nothing is known of who came and went between.
_KNOWN_S = 0.5
_ROUNDING_S = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class SampledFaces:
    """Faces of the S sampled frames of a video: N rows, one per face and frame.

    Attributes:
        times_s: (S,) float64, ascending, of all sampled frames, those without a face too.
        sizes: (S, 2) int64, (width, height) of these frames.
        shots: (S,) int64, which lie between the same two cuts.
        sample: (N,) int64, row of ``times_s`` of each face, ascending.
        boxes: (N, 4) float32, xyxy pixels.
        tracks: (N,) int64.
        names: N texts: what is written before each label.
        emotions: N emotions.
        confidences: (N,) float32.
        uncertain: (N,) bool.
        shown: (N,) bool, which are drawn; the others are still blurred.
    """

    times_s: np.ndarray
    sizes: Int64Array
    shots: Int64Array
    sample: Int64Array
    boxes: Float32Array
    tracks: Int64Array
    names: tuple[str, ...]
    emotions: tuple[Emotion, ...]
    confidences: Float32Array
    uncertain: BoolArray
    shown: BoolArray

    def __post_init__(self) -> None:
        n_samples, n = len(self.times_s), len(self.sample)
        checked("SampledFaces.times_s", self.times_s, (n_samples,), np.float64)
        checked("SampledFaces.sizes", self.sizes, (n_samples, 2), np.int64)
        checked("SampledFaces.shots", self.shots, (n_samples,), np.int64)
        checked("SampledFaces.boxes", self.boxes, (n, 4), np.float32)
        checked("SampledFaces.tracks", self.tracks, (n,), np.int64)
        checked("SampledFaces.confidences", self.confidences, (n,), np.float32)
        checked("SampledFaces.uncertain", self.uncertain, (n,), np.bool_)
        checked("SampledFaces.shown", self.shown, (n,), np.bool_)
        if len(self.names) != n or len(self.emotions) != n:
            raise ValueError(
                f"SampledFaces: wanted {n} names and emotions. "
                f"Received: {len(self.names)} and {len(self.emotions)}"
            )
        if (np.diff(self.times_s) < 0).any() or (np.diff(self.sample) < 0).any():
            raise ValueError("SampledFaces: wanted samples in the order of time.")

    def __len__(self) -> int:
        return len(self.sample)

    @classmethod
    def from_table(
        cls, table: "pd.DataFrame", *, hidden: BoolArray | None = None
    ) -> "SampledFaces":
        """The faces of a frame table.

        Args:
            table: columns ``frame, time_s, width, height, track, x0, y0, x1, y1, expression,
                confidence, uncertain`` and, where they are there, ``person`` and ``shot``; a frame
                without a face has one row whose track is missing.
            hidden: (rows,) bool, faces that get no box and no label.
        """
        frames, first = np.unique(table["frame"].to_numpy(np.int64), return_index=True)
        samples = table.iloc[first]
        has_face = table["track"].notna().to_numpy(bool)
        faces = table[has_face]
        tracks = faces["track"].to_numpy(np.int64)
        people = faces["person"] if "person" in table else [None] * len(faces)
        unsure = faces["uncertain"].to_numpy(bool, na_value=False)
        unseen = np.zeros(len(table), bool) if hidden is None else hidden
        return cls(
            times_s=samples["time_s"].to_numpy(np.float64),
            sizes=samples[["width", "height"]].to_numpy(np.int64),
            shots=(
                samples["shot"].to_numpy(np.int64)
                if "shot" in table
                else np.zeros(len(samples), np.int64)
            ),
            sample=np.searchsorted(frames, faces["frame"].to_numpy(np.int64)).astype(np.int64),
            boxes=faces[["x0", "y0", "x1", "y1"]].to_numpy(np.float32),
            tracks=tracks,
            names=tuple(_name(p, t) for p, t in zip(people, tracks.tolist(), strict=True)),
            emotions=tuple(Emotion(name) for name in faces["expression"]),
            confidences=faces["confidence"].to_numpy(np.float32),
            uncertain=unsure,
            shown=~unseen[has_face],
        )


def _name(person: object, track: int) -> str:
    """A person's name; the number alone where nobody has given one."""
    text = person if isinstance(person, str) and person else str(track)
    return str(track) if text == f"Person {track}" else text


@dataclass(frozen=True, slots=True, eq=False)
class DrawnFaces:
    """What is drawn in one frame.

    Attributes:
        rows: (M,) int64 rows of `SampledFaces`, whose labels are shown.
        boxes: (M, 4) float32, xyxy pixels of this frame.
    """

    rows: Int64Array
    boxes: Float32Array


class FacePlaces:
    """Finds faces in frames at any time.

    Args:
        faces: of the sampled frames.
    """

    def __init__(self, faces: SampledFaces) -> None:
        self.faces = faces
        self._starts = np.searchsorted(faces.sample, np.arange(len(faces.times_s) + 1))
        self._covers = _covers(faces)

    def drawn(self, time_s: float, size_px: tuple[int, int]) -> DrawnFaces:
        """The boxes to draw: between two samples on the straight way from one to the next.

        Args:
            time_s: of the frame.
            size_px: (width, height) of the frame.
        """
        faces = self.faces
        before = self._before(time_s)
        if before < 0:
            return DrawnFaces(np.zeros(0, np.int64), np.zeros((0, 4), np.float32))
        after = before + 1 if before + 1 < len(faces.times_s) else None
        since_s = time_s - faces.times_s[before]
        gap_s = None if after is None else faces.times_s[after] - faces.times_s[before]
        later = {} if after is None else self._by_track(after)
        cut = after is not None and faces.shots[before] != faces.shots[after]
        rows, boxes = [], []
        for track, row in self._by_track(before).items():
            box = faces.boxes[row]
            held = since_s <= min(_HOLD_S, _HOLD_S if gap_s is None else gap_s / 2)
            if track in later and not cut and gap_s is not None and gap_s <= 2 * _HOLD_S:
                box = box + (faces.boxes[later[track]] - box) * np.float32(since_s / gap_s)
            elif since_s > _ROUNDING_S and not held:
                continue
            if faces.shown[row]:
                rows.append(row)
                boxes.append(box * _scale(faces.sizes[before], size_px))
        return DrawnFaces(np.array(rows, np.int64), np.array(boxes, np.float32).reshape(-1, 4))

    def covered(self, time_s: float, size_px: tuple[int, int]) -> Float32Array:
        """(M, 4) float32: all of where a sampled face may be in a frame, with room.

        Args:
            time_s: of the frame.
            size_px: (width, height) of the frame.
        """
        begins, ends, boxes = self._covers
        # A face is covered for minutes at most, but searching all is quick: 0.1 ms for 100,000.
        there = (begins <= time_s + _ROUNDING_S) & (ends >= time_s - _ROUNDING_S)
        return np.asarray(boxes[there] * _scale((1, 1), size_px), np.float32)

    def is_known(self, time_s: float, size_px: tuple[int, int]) -> bool:
        """Whether samples are so near that nobody can have come and gone unseen.

        Also False where the size of the picture changes: what was where is not known then.
        """
        faces, before = self.faces, self._before(time_s)
        if before < 0:
            return False
        if tuple(faces.sizes[before]) != size_px:
            return False
        since_s = time_s - faces.times_s[before]
        if since_s <= _ROUNDING_S:
            return True
        if before + 1 == len(faces.times_s):  # the last frames are fewer than a step of samples
            step_s = faces.times_s[before] - faces.times_s[before - 1] if before else 0.0
            return bool(since_s < min(_KNOWN_S, step_s))
        same = tuple(faces.sizes[before + 1]) == size_px
        return bool(same and faces.times_s[before + 1] - faces.times_s[before] <= _KNOWN_S)

    def _before(self, time_s: float) -> int:
        """Row of the last sample that is not after a time; -1: all are."""
        return int(np.searchsorted(self.faces.times_s, time_s + _ROUNDING_S, side="right")) - 1

    def _by_track(self, sample: int) -> dict[int, int]:
        rows = range(self._starts[sample], self._starts[sample + 1])
        return {int(self.faces.tracks[row]): row for row in rows}


def _scale(size: tuple[int, int] | np.ndarray, size_px: tuple[int, int]) -> Float32Array:
    x, y = size_px[0] / size[0], size_px[1] / size[1]
    return np.array([x, y, x, y], np.float32)


def _is_linked(faces: SampledFaces, row: "_Row", follower: "_Row") -> bool:
    """Whether a face was there all the time between two of its samples."""
    sample, later = faces.sample[row], faces.sample[follower]
    return bool(later == sample + 1 or faces.times_s[later] - faces.times_s[sample] <= _LINK_S)


def _covers(faces: SampledFaces) -> tuple[np.ndarray, np.ndarray, Float32Array]:
    """(begin, end, box as shares of width and height) of every place where a face may be.

    Between two samples of a track its whole way, and before the first and after the last one a
    larger box: it may have been there unseen.
    """
    times, n_samples = faces.times_s, len(faces.times_s)
    sides = faces.sizes[faces.sample][:, [0, 1, 0, 1]] if len(faces) else np.ones((0, 4))
    shares = faces.boxes / sides
    begins, ends, boxes = [], [], []

    def cover(begin_s: float, end_s: float, box: np.ndarray, growth: float) -> None:
        side = np.tile(box[2:] - box[:2], 2)
        begins.append(begin_s)
        ends.append(end_s)
        boxes.append(box + side * growth * [-1, -1, 1, 1])

    def unseen_growth(
        row: np.signedinteger, other: np.signedinteger | None, away_s: float
    ) -> float:
        speed = _UNSEEN_SPEED
        if other is not None and _is_linked(faces, *sorted((row, other))):
            side = max(float((shares[row][2:] - shares[row][:2]).min()), 1e-6)
            moved = float(np.abs(shares[row] - shares[other]).max()) / side
            apart_s = abs(float(times[faces.sample[row]] - times[faces.sample[other]]))
            speed = max(speed, _FASTER * moved / max(apart_s, _ROUNDING_S))
        return min(_MOST_GROWTH, _UNSEEN_GROWTH + speed * min(away_s, _UNSEEN_S))

    for track in np.unique(faces.tracks):
        rows = np.flatnonzero(faces.tracks == track)
        for i, row in enumerate(rows):
            sample = faces.sample[row]
            now_s, box = times[sample], shares[row]
            before = rows[i - 1] if i > 0 else None
            after = rows[i + 1] if i + 1 < len(rows) else None
            if after is not None and _is_linked(faces, row, after):
                other, until_s = shares[after], times[faces.sample[after]]
                way = np.concatenate([np.minimum(box, other)[:2], np.maximum(box, other)[2:]])
                growth = _BETWEEN_GROWTH + _BETWEEN_SPEED * min(until_s - now_s, _UNSEEN_S)
                cover(now_s, until_s, way, growth)
            else:
                until_s = times[sample + 1] if sample + 1 < n_samples else np.inf
                growth = unseen_growth(row, before, until_s - now_s)
                cover(now_s, max(now_s + _UNSEEN_S, until_s), box, growth)
            if before is None or not _is_linked(faces, before, row):
                from_s = times[sample - 1] if sample > 0 else -np.inf
                growth = unseen_growth(row, after, now_s - from_s)
                cover(min(now_s - _UNSEEN_S, from_s), now_s, box, growth)
    return (
        np.array(begins, np.float64),
        np.array(ends, np.float64),
        np.array(boxes, np.float32).reshape(-1, 4),
    )
