"""Keeps faces hidden where they were a moment ago, should the detector miss them in a frame."""

from dataclasses import dataclass, replace

import numpy as np

from emotion_core.faces.resizing import mirror_matrix, move_boxes, resizing_matrices
from emotion_core.types import Float32Array, FrameResult

#: A face that is no longer found stays hidden for so long.
HOLD_S = 1.0
# It may have moved meanwhile: its box grows by this share of its side to every side.
_GROWTH = 0.35


@dataclass(frozen=True, slots=True)
class _Seen:
    time_s: float
    box: Float32Array  # (1, 4)
    size_px: tuple[int, int]  # of the frame

    def box_in(self, size_px: tuple[int, int]) -> Float32Array:
        """(1, 4) all of where the face may be in a frame of another size."""
        if size_px == self.size_px:
            return self.box
        boxes = np.vstack(
            [move_boxes(matrix, self.box) for matrix in resizing_matrices(self.size_px, size_px)]
        )
        return np.hstack([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])[None]


class HiddenFaces:
    """Remembers where faces were. Lives on the media thread."""

    def __init__(self) -> None:
        self._seen: dict[int, _Seen] = {}

    def mirror(self) -> None:
        """From the next frame on left and right are swapped."""
        self._seen = {
            track: replace(seen, box=move_boxes(mirror_matrix(seen.size_px), seen.box))
            for track, seen in self._seen.items()
        }

    def missed(self, result: FrameResult) -> Float32Array:
        """Takes a frame in.

        Args:
            result: the newest frame, of any size.

        Returns:
            (M, 4) float32, xyxy pixels, where faces that it lacks were last, with some room.
        """
        now, size_px = result.timestamp_s, result.size_px
        tracks = result.track_ids.tolist()
        for face, track in enumerate(tracks):
            self._seen[track] = _Seen(now, result.detections.boxes[face : face + 1], size_px)
        self._seen = {t: seen for t, seen in self._seen.items() if now - seen.time_s <= HOLD_S}
        lost = [seen.box_in(size_px) for track, seen in self._seen.items() if track not in tracks]
        boxes = np.concatenate(lost) if lost else np.zeros((0, 4), np.float32)
        sides = boxes[:, 2:] - boxes[:, :2]
        return np.hstack([boxes[:, :2] - _GROWTH * sides, boxes[:, 2:] + _GROWTH * sides])
