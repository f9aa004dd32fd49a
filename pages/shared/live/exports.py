"""A stopped recording as CSV, JSON and Parquet. Blocks are written one by one."""

import io
import json
from typing import Any

import pyarrow.parquet as pq

from emotion_core.csv_cells import csv_safe_frame
from pages.shared.live.recording import Recording

_DIGITS = 5


def to_csv(recording: Recording) -> bytes:
    """One row per face and frame."""
    buffer = io.BytesIO()
    for number, table in enumerate(recording.tables()):
        frame = csv_safe_frame(table.to_pandas())
        frame.to_csv(
            buffer, index=False, header=number == 0, float_format="%.6g", lineterminator="\n"
        )
    return buffer.getvalue()


def to_parquet(recording: Recording) -> bytes:
    """One row per face and frame, with column types."""
    buffer = io.BytesIO()
    tables = recording.tables()
    first = next(tables)
    with pq.ParquetWriter(buffer, first.schema) as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)
    return buffer.getvalue()


def to_json(recording: Recording) -> bytes:
    """The summary, the markers, and the rows as lists in the order of the columns."""
    buffer = io.StringIO()
    head = json.dumps(_head(recording), ensure_ascii=False, indent=2)
    buffer.write(head.removesuffix("\n}"))
    between = "\n    "
    for number, table in enumerate(recording.tables()):
        if number == 0:
            buffer.write(f',\n  "columns": {json.dumps(table.column_names)},\n  "rows": [')
        values = [_rounded(column.to_pylist()) for column in table.columns]
        for row in zip(*values, strict=True):
            buffer.write(between + json.dumps(row, ensure_ascii=False))
            between = ",\n    "
    buffer.write("\n  ]\n}\n")
    return buffer.getvalue().encode("utf-8")


def _head(recording: Recording) -> dict[str, Any]:
    summary = recording.summary()
    return {
        "started": summary.started.isoformat(timespec="seconds"),
        "seconds": round(summary.seconds, 3),
        "frames": summary.frames,
        "faces": summary.faces,
        "models": list(dict.fromkeys(model for model, _ in recording.sources)),
        "detectors": list(dict.fromkeys(detector for _, detector in recording.sources)),
        "seconds_per_expression": {name: round(s, 3) for name, s in summary.time.items()},
        "markers": [{"time_s": round(m.time_s, 3), "note": m.note} for m in recording.markers],
    }


def _rounded(values: list[Any]) -> list[Any]:
    if values and isinstance(values[0], float):
        return [round(value, _DIGITS) for value in values]
    return values
