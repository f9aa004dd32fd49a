"""Faces that a detector misses in single frames, from the frames around."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from emotion_core.geometry import box_iou
from emotion_core.types import Float32Array, Frame

# A face stays hidden for so long before it was first found and after it was last found.
_AHEAD_S, _BEHIND_S = 0.5, 1.0
# Frames that wait for those after them take at most so much memory.
_MOST_BYTES = 150_000_000
# A face that is found in this frame, too.
_SAME_IOU = 0.2
# A missed face has moved: by this share of its side, and that per second.
_GROWTH, _SPEED = 0.35, 1.5


def looked_around(
    frames: Iterable[Frame], find: Callable[[Frame], Float32Array]
) -> Iterator[tuple[Frame, Float32Array]]:
    """Looks for faces in every frame, and remembers them in the frames around.

    Args:
        frames: of a video, in their order.
        find: gives (N, 4) float32 boxes of the faces in a frame, xyxy pixels.

    Yields:
        Each frame with (M, 4) float32: the faces that were found in it, then, with room, those
        that were found shortly before or after it at places where this frame has none.
    """
    waiting: deque[tuple[Frame, Float32Array]] = deque()
    seen: deque[tuple[Frame, Float32Array]] = deque()

    def first() -> tuple[Frame, Float32Array]:
        frame, boxes = waiting.popleft()
        now_s = frame.timestamp_s
        while seen and now_s - seen[0][0].timestamp_s > _BEHIND_S:
            seen.popleft()
        around = [
            _missed(frame, boxes, other, found)
            for other, found in (*seen, *waiting)
            if other.timestamp_s - now_s <= _AHEAD_S
        ]
        # The picture itself is not needed again.
        seen.append((_without_picture(frame), boxes))
        return frame, np.concatenate([boxes, *around]).astype(np.float32, copy=False)

    for frame in frames:
        waiting.append((frame, np.asarray(find(frame), np.float32).reshape(-1, 4)))
        while (
            waiting[-1][0].timestamp_s - waiting[0][0].timestamp_s >= _AHEAD_S
            or len(waiting) * frame.image.nbytes > _MOST_BYTES
        ):
            yield first()
            if not waiting:
                break
    while waiting:
        yield first()


def _without_picture(frame: Frame) -> Frame:
    width, height = frame.size_px
    flat = np.broadcast_to(np.zeros(3, np.uint8), (height, width, 3))  # no memory
    return Frame(flat, frame.index, frame.timestamp_s)


def _missed(frame: Frame, boxes: Float32Array, other: Frame, found: Float32Array) -> Float32Array:
    """The faces of another frame that this one lacks, in its pixels and with room."""
    if not len(found):
        return found
    x, y = np.divide(frame.size_px, other.size_px)
    there = found * np.array([x, y, x, y], np.float32)
    if len(boxes):
        there = there[box_iou(there, boxes).max(axis=1) < _SAME_IOU]
    growth = _GROWTH + _SPEED * abs(other.timestamp_s - frame.timestamp_s)
    room = np.tile(there[:, 2:] - there[:, :2], 2) * growth * [-1, -1, 1, 1]
    return np.asarray(there + room, np.float32)
