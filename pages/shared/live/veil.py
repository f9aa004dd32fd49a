"""Keeps faces hidden where they were a moment ago, should the detector miss them in a frame."""

import numpy as np

from emotion_core.types import Float32Array, FrameResult

#: A face that is no longer found stays hidden for so long.
HOLD_S = 1.0
# It may have moved meanwhile: its box grows by this share of its side to every side.
_GROWTH = 0.35


class FaceVeil:
    """Remembers where faces were. Lives on the media thread."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[float, Float32Array]] = {}

    def missed(self, result: FrameResult) -> Float32Array:
        """Takes a frame in.

        Args:
            result: the newest frame.

        Returns:
            (M, 4) float32, xyxy pixels, where faces that it lacks were last, with some room.
        """
        now = result.timestamp_s
        tracks = result.track_ids.tolist()
        for face, track in enumerate(tracks):
            self._seen[track] = (now, result.detections.boxes[face])
        self._seen = {t: seen for t, seen in self._seen.items() if now - seen[0] <= HOLD_S}
        lost = [box for track, (_, box) in self._seen.items() if track not in tracks]
        boxes = np.array(lost, np.float32).reshape(-1, 4)
        sides = boxes[:, 2:] - boxes[:, :2]
        return np.hstack([boxes[:, :2] - _GROWTH * sides, boxes[:, 2:] + _GROWTH * sides])
