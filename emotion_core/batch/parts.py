"""Outcomes -> the files of a shard: the same bytes whoever read, whenever, in whatever order."""

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from emotion_core import tables
from emotion_core.batch.items import Outcome, Shard
from emotion_core.batch.options import VIDEOS
from emotion_core.emotions import LabelSet
from emotion_core.video.frame_table import table_schema

_TEXT = pa.large_string()
_KINDS = {"str": _TEXT, "int64": pa.int64(), "float64": pa.float64(), "bool": pa.bool_()}


def part_schema(kind: str, label_set: LabelSet) -> pa.Schema:
    """The columns of a part: those of ``analyze``, or the source and those of ``video``."""
    if kind == VIDEOS:
        return table_schema(label_set).insert(0, pa.field("source", pa.string(), nullable=False))
    return pa.schema(
        [(name, _KINDS[kind]) for name, kind in tables.face_column_types(label_set).items()]
    )


def build_part(
    kind: str, label_set: LabelSet, shard: Shard, outcomes: Sequence[Outcome]
) -> pa.Table:
    """The rows of a shard, in the order of its inputs."""
    schema = part_schema(kind, label_set)
    if kind == VIDEOS:
        pieces = [schema.empty_table()]
        for outcome in outcomes:
            if outcome.rows is not None:
                rows = pa.ipc.open_stream(outcome.rows).read_all()
                source = pa.array([shard.items[outcome.position].source] * len(rows), pa.string())
                pieces.append(pa.table([source, *rows.columns], names=schema.names).cast(schema))
        return pa.concat_tables(pieces).unify_dictionaries().combine_chunks()
    records = [record for outcome in outcomes for record in outcome.rows or ()]
    columns = [pa.array([record[field.name] for record in records], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def write_part(rows: pa.Table, file: Any) -> None:
    """Writes rows as Parquet."""
    pq.write_table(rows, file, compression="zstd")


def error_lines(shard: Shard, outcomes: Sequence[Outcome]) -> bytes:
    """A line of JSON per input that failed: ``source``, ``id``, ``error``."""
    lines = []
    for outcome in outcomes:
        if outcome.error:
            item = shard.items[outcome.position]
            line = {**tables.error_entry(item.source, outcome.error), "id": item.id}
            lines.append(json.dumps(line, ensure_ascii=False) + "\n")
    return "".join(lines).encode("utf-8", "replace")
