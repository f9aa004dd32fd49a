"""Frame tables made by hand."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from emotion_core.emotions import FER2013
from emotion_core.video.frame_table import FrameTable, table_schema, to_pandas, write_frame_table

NAMES = FER2013.names


def rows(*frames: tuple[float, list[tuple[int, str, float]]]) -> FrameTable:
    """A table of (time, [(track, expression, probability)]), faces 40 pixels apart."""
    columns: dict[str, list[Any]] = {name: [] for name in table_schema().names}
    for number, (time_s, faces) in enumerate(frames):
        for face, (track, name, share) in enumerate(faces or [(0, "", 0.0)]):
            shares = {n: (share if n == name else (1 - share) / 6) for n in NAMES}
            values: dict[str, Any] = dict.fromkeys(columns)
            values |= {
                "frame": number, "time_s": time_s, "width": 200, "height": 100, "shot": 1,
            }  # fmt: skip
            if track:
                values |= {
                    "face": face, "track": track, "person": f"Person {track}", "x0": 40.0 * track,
                    "y0": 10.0, "x1": 40.0 * track + 20, "y1": 30.0, "detector_confidence": 0.9,
                    "expression": name, "confidence": share, "uncertain": share < 0.4, **shares,
                    **{f"smoothed_{n}": shares[n] for n in NAMES},
                }  # fmt: skip
            for column in columns:
                columns[column].append(values[column])
    table = pa.table(
        [pa.array(columns[f.name], f.type) for f in table_schema()], schema=table_schema()
    )
    return FrameTable(to_pandas(table), {"source": {"duration_s": 2.0}, "options": {}})


TABLE = rows(
    (0.0, [(1, "happy", 0.9)]),
    (0.5, []),
    (1.0, [(1, "happy", 0.3), (2, "sad", 0.8)]),
    (1.5, [(2, "sad", 0.7)]),
)


def write_table(table: FrameTable, path: Path) -> None:
    """Writes a table as an analysis does."""
    arrays = pa.Table.from_pandas(table.frames, schema=table_schema(), preserve_index=False)
    write_frame_table(path, [arrays], table.metadata, FER2013)
