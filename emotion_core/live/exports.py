"""A stopped recording as CSV, JSON and Parquet. Blocks are written one by one."""

import io
import json
import math
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from emotion_core.files.csv_cells import csv_safe_frame
from emotion_core.live.recorded import Recorded, Summary, file_rows, summarise
from emotion_core.live.timeline import MAX_GAP_S, NO_FACE, NO_FRAME, UNCERTAIN

_DIGITS = 5
# Seconds of states must still add up to the length after rounding, to less than a microsecond.
_SECONDS_DIGITS = 9

#: What a reader of the files should know; stands in JSON and Parquet and beside the downloads.
NOTES = (
    "A row is one face in one frame; a frame without a face has one row whose columns of the face "
    "are empty.",
    f"Where no frame came for over {MAX_GAP_S:.0f} s there is no row, and the time counts as "
    f'"{NO_FRAME}".',
    "Boxes are pixels of a frame of that row's width and height, which may change.",
    f'The seconds per expression, with "{UNCERTAIN}", "{NO_FACE}" and "{NO_FRAME}", add up to the '
    "length; several faces share the time in which they are in the picture.",
)


def to_csv(recorded: Recorded) -> bytes:
    """One row per face and frame, and one per frame without a face."""
    buffer = io.BytesIO()
    for number, table in enumerate(file_rows(recorded)):
        # Otherwise a row without a face would turn whole numbers into 1.0.
        frame = csv_safe_frame(table.to_pandas(integer_object_nulls=True))
        frame.to_csv(
            buffer, index=False, header=number == 0, float_format="%.6g", lineterminator="\n"
        )
    return buffer.getvalue()


def to_parquet(recorded: Recorded) -> bytes:
    """The rows of the CSV with column types; the file's metadata hold the notes."""
    buffer = io.BytesIO()
    tables = file_rows(recorded)
    first = next(tables)
    schema = first.schema.with_metadata({"notes": "\n".join(NOTES)})
    with pq.ParquetWriter(buffer, schema) as writer:
        writer.write_table(first.cast(schema))
        for table in tables:
            writer.write_table(table.cast(schema))
    return buffer.getvalue()


def to_json(recorded: Recorded) -> bytes:
    """The summary, the notes, the markers, and the rows as lists in the order of the columns."""
    buffer = io.StringIO()
    head = json.dumps(_head(recorded, summarise(recorded)), ensure_ascii=False, indent=2)
    buffer.write(head.removesuffix("\n}"))
    between = "\n    "
    for number, table in enumerate(file_rows(recorded)):
        if number == 0:
            buffer.write(f',\n  "columns": {json.dumps(table.column_names)},\n  "rows": [')
        values = [_plain(column) for column in table.columns]
        for row in zip(*values, strict=True):
            buffer.write(between + json.dumps(row, ensure_ascii=False))
            between = ",\n    "
    buffer.write("\n  ]\n}\n")
    return buffer.getvalue().encode("utf-8")


def _head(recorded: Recorded, summary: Summary) -> dict[str, Any]:
    sources = [part.source for part in recorded.parts]
    return {
        "started": recorded.started.isoformat(timespec="seconds"),
        "seconds": round(summary.seconds, _SECONDS_DIGITS),
        "frames": summary.frames,
        "faces": summary.faces,
        "models": list(dict.fromkeys(source.model for source in sources)),
        "labels": list(dict.fromkeys(source.labels for source in sources)),
        "detectors": list(dict.fromkeys(source.detector for source in sources)),
        "seconds_per_expression": {
            state: round(s, _SECONDS_DIGITS) for state, s in summary.time.items()
        },
        "notes": list(NOTES),
        "markers": [{"time_s": round(m.time_s, 3), "note": m.note} for m in recorded.markers],
    }


def _plain(column: pa.ChunkedArray) -> list[Any]:
    """A column's values as JSON can hold them; None where there is none."""
    values: list[Any] = column.to_pylist()
    if not pa.types.is_floating(column.type):
        return values
    return [
        None if value is None or not math.isfinite(value) else round(value, _DIGITS)
        for value in values
    ]
