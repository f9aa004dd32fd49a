"""Frame tables whose truth is known."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from emotion_core.emotions import FER2013
from emotion_core.types import (
    Decisions,
    EmotionScores,
    FaceCrops,
    FaceDetections,
    FrameResult,
)
from emotion_core.video.frame_table import (
    FrameRows,
    FrameTable,
    read_frame_table,
    write_frame_table,
)

#: One face: track, expression, its score, left edge of its box.
Face = tuple[int, str, float, float]


def result(index: int, time_s: float, faces: Sequence[Face]) -> FrameResult:
    n = len(faces)
    rows = np.zeros((n, 7), np.float32)
    for row, (_, name, score, _) in zip(rows, faces, strict=True):
        row[:] = (1 - score) / 6
        row[FER2013.index(name)] = score
    boxes = np.array([[x, 10, x + 40, 60] for *_, x in faces], np.float32).reshape(n, 4)
    scores = EmotionScores(rows, FER2013, 0.5)
    return FrameResult(
        index,
        time_s,
        (320, 240),
        FaceDetections(boxes, np.full(n, 0.9, np.float32), np.zeros((n, 5, 2), np.float32)),
        scores,
        Decisions.from_scores(scores),
        np.array([track for track, *_ in faces], np.int64),
        FaceCrops(np.zeros((n, 48, 48), np.uint8), np.zeros((n, 2, 3), np.float32)),
    )


def happy(track: int = 1, score: float = 0.9, x: float = 10) -> Face:
    return (track, "happy", score, x)


def sad(track: int = 1, score: float = 0.8, x: float = 10) -> Face:
    return (track, "sad", score, x)


def write_table(
    path: Path, frames: Sequence[tuple[float, Sequence[Face]]], **metadata: object
) -> FrameTable:
    """Writes and reads a table of (time, faces) per sampled frame."""
    rows = FrameRows()
    for index, (time_s, faces) in enumerate(frames):
        rows.add(result(index, time_s, faces))
    write_frame_table(path, [rows.take()], metadata, FER2013)
    return read_frame_table(path)
