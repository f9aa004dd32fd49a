"""A stopped recording as CSV, JSON and Parquet. Blocks are written one by one."""

import io
import json
from typing import Any

import pyarrow.parquet as pq

from pages.shared.live.recording import Recording

_DIGITS = 5


def to_csv(recording: Recording) -> bytes:
    """One row per face and frame."""
    buffer = io.BytesIO()
    for number, table in enumerate(recording.tables()):
        frame = table.to_pandas()
        frame.to_csv(
            buffer, index=False, header=number == 0, float_format="%.6g", lineterminator="\n"
        )
    return buffer.getvalue()


def to_parquet(recording: Recording) -> bytes:
    """One row per face and frame, with column types."""
    buffer = io.BytesIO()
    writer: pq.ParquetWriter | None = None
    for table in recording.tables():
        writer = writer or pq.ParquetWriter(buffer, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()
    return buffer.getvalue()


def to_json(recording: Recording) -> bytes:
    """The summary, the markers, and the rows as lists in the order of the columns."""
    buffer = io.StringIO()
    head = json.dumps(_head(recording), ensure_ascii=False, indent=2)
    buffer.write(head.removesuffix("\n}"))
    columns: list[str] = []
    for table in recording.tables():
        if not columns:
            columns = table.column_names
            buffer.write(f',\n  "columns": {json.dumps(columns)},\n  "rows": [')
        else:
            buffer.write(",")
        values = [_rounded(column.to_pylist()) for column in table.columns]
        rows = [json.dumps(row, ensure_ascii=False) for row in zip(*values, strict=True)]
        buffer.write("\n    " + ",\n    ".join(rows))
    buffer.write("\n  ]\n}\n" if columns else ',\n  "columns": [],\n  "rows": []\n}\n')
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
