"""The frame table: a row per face of a sampled frame, and one per sampled frame without a face."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from emotion_core.emotions import FER2013, LabelSet
from emotion_core.errors import VideoError
from emotion_core.files.atomic_files import AtomicFile, readable
from emotion_core.files.outside_files import open_regular
from emotion_core.types import FrameResult

if TYPE_CHECKING:
    import pandas as pd

#: Key of the Parquet file's metadata under which JSON stands.
METADATA_KEY = "emotion_lens"
#: Version of the columns and of the metadata.
FORMAT = 1
#: The five points of a face, as ``FaceDetections.landmarks`` orders them; each has ``_x``, ``_y``.
LANDMARKS = ("right_eye", "left_eye", "nose", "mouth_right", "mouth_left")
#: Columns of the points, empty where the detector gives none.
LANDMARK_COLUMNS = tuple(f"{name}_{axis}" for name in LANDMARKS for axis in "xy")

_BOX = ("x0", "y0", "x1", "y1")
_TEXT = pa.dictionary(pa.int32(), pa.string())
# Rows of a group: columns compress well, and a reader needs a few megabytes.
_GROUP_ROWS = 16_384


def table_schema(label_set: LabelSet = FER2013) -> pa.Schema:
    """The columns; from ``face`` to the scores they are null in a frame without a face.

    ``face`` counts the faces of a frame from 0, ``track`` is a face's lasting number from 1,
    ``shot`` counts what lies between two cuts from 1. Boxes and points are pixels of a frame of
    this row's ``width`` and ``height``.
    """
    scores = label_set.names
    return pa.schema(
        [
            pa.field("frame", pa.int64(), nullable=False),
            pa.field("time_s", pa.float64(), nullable=False),
            pa.field("width", pa.int64(), nullable=False),
            pa.field("height", pa.int64(), nullable=False),
            ("face", pa.int32()),
            ("track", pa.int32()),
            ("person", _TEXT),
            *((name, pa.float32()) for name in (*_BOX, "detector_confidence", *LANDMARK_COLUMNS)),
            ("expression", _TEXT),
            ("confidence", pa.float32()),
            ("uncertain", pa.bool_()),
            *((name, pa.float32()) for name in scores),
            *((f"smoothed_{name}", pa.float32()) for name in scores),
            pa.field("shot", pa.int64(), nullable=False),
        ]
    )


def person_name(number: int) -> str:
    """What a person is called whom nobody has named."""
    return f"Person {number}"


class FrameRows:
    """Collects the rows of some frames.

    Args:
        label_set: of the scores.
    """

    def __init__(self, label_set: LabelSet = FER2013) -> None:
        self._schema = table_schema(label_set)
        self._label_set = label_set
        self._rows: list[tuple[Any, ...]] = []
        #: Sampled frames that were added.
        self.frames = 0

    def add(self, result: FrameResult, shot: int = 1) -> None:
        """Takes a sampled frame.

        Args:
            result: what was read in it, with the numbers and smoothed scores of a stream.
            shot: which one it is in, from 1.
        """
        self.frames += 1
        before = (result.frame_index, result.timestamp_s, *result.size_px)
        if not len(result):
            self._rows.append((*before, *(None,) * (len(self._schema) - len(before) - 1), shot))
        for face in result:
            found, decisions = result.detections, result.decisions
            points = found.landmarks[face].ravel().tolist() or [None] * len(LANDMARK_COLUMNS)
            track = int(result.track_ids[face])
            self._rows.append(
                (
                    *before, face, track, person_name(track),
                    *found.boxes[face].tolist(), float(found.confidences[face]), *points,
                    decisions.emotion(face).value, float(decisions.confidences[face]),
                    bool(decisions.uncertain[face]),
                    *result.scores.probabilities[face].tolist(),
                    *decisions.scores.probabilities[face].tolist(), shot,
                )
            )  # fmt: skip

    def take(self) -> pa.Table:
        """The rows so far; afterwards there are none."""
        rows, self._rows, self.frames = self._rows, [], 0
        columns = zip(*rows, strict=True) if rows else ((),) * len(self._schema)
        arrays = [
            pa.array(column, kind) for column, kind in zip(columns, self._schema.types, strict=True)
        ]
        return pa.Table.from_arrays(arrays, schema=self._schema)


@dataclass(frozen=True, slots=True, eq=False)
class FrameTable:
    """A frame table in memory.

    Attributes:
        frames: the rows, in the order of time; see ``table_schema``. ``face``, ``track`` and
            ``uncertain`` are of pandas' types that know missing values.
        metadata: ``source`` (name, size, hash, duration, codec, rotation ...), ``options``,
            ``model``, ``detector``, ``versions``, ``labels``, ``notes``.
    """

    frames: "pd.DataFrame"
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label_set(self) -> LabelSet:
        """The emotions, in the order of the columns of scores."""
        names = [
            name.removeprefix("smoothed_")
            for name in self.frames.columns
            if name.startswith("smoothed_")
        ]
        return LabelSet.from_names(names)


def to_pandas(table: pa.Table) -> "pd.DataFrame":
    """A table's rows for pandas: whole numbers stay whole beside missing ones, texts are plain."""
    import pandas as pd

    kinds = {pa.int32(): pd.Int32Dtype(), pa.bool_(): pd.BooleanDtype()}
    plain = pa.schema(
        [
            pa.field(f.name, pa.string(), f.nullable) if pa.types.is_dictionary(f.type) else f
            for f in table.schema
        ]
    )
    frame: pd.DataFrame = table.cast(plain).to_pandas(types_mapper=kinds.get)
    return frame


def write_frame_table(
    path: Path, tables: Iterable[pa.Table], metadata: Mapping[str, Any], label_set: LabelSet
) -> int:
    """Writes a frame table; it appears whole or not at all. Memory is that of a group of rows.

    Args:
        path: of the file.
        tables: the rows in their order, in pieces.
        metadata: what stands in ``FrameTable.metadata``.
        label_set: of the scores.

    Returns:
        How many rows it has.

    Raises:
        OutputError: it cannot be written.
        DiskFullError: there is no room for it.
    """
    text = json.dumps({"format": FORMAT, **metadata}, ensure_ascii=False, sort_keys=True)
    schema = table_schema(label_set).with_metadata({METADATA_KEY: text})
    n, waiting, n_waiting = 0, [schema.empty_table()], 0
    with (
        AtomicFile(path, kept="What was read in the video is kept.") as file,
        pq.ParquetWriter(file, schema, compression="zstd") as writer,
    ):
        for table in tables:
            waiting.append(table.cast(schema))
            n, n_waiting = n + len(table), n_waiting + len(table)
            if n_waiting >= _GROUP_ROWS:
                writer.write_table(_whole(waiting))
                waiting, n_waiting = [schema.empty_table()], 0
        if n_waiting or not n:
            writer.write_table(_whole(waiting))
    return n


def read_frame_table(path: Path) -> FrameTable:
    """Reads a frame table.

    Raises:
        VideoError: not there, damaged, or another table.
    """
    table = read_rows(path)
    wanted = {"frame", "time_s", "width", "height", "face", "track", "expression", "confidence"}
    if not wanted <= set(table.column_names) or "smoothed_neutral" not in table.column_names:
        raise VideoError(
            f"{readable(path)}: wanted a frame table with the columns {', '.join(sorted(wanted))} "
            f"and smoothed scores. Received: {', '.join(table.column_names) or 'no columns'}."
        )
    return FrameTable(to_pandas(table), read_metadata(table.schema))


def read_rows(path: Path) -> pa.Table:
    """The rows of a Parquet file.

    Raises:
        VideoError: not there, or damaged.
    """
    with open_regular(path, VideoError) as file:
        try:
            return pq.read_table(file)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise VideoError(
                f"{readable(path)}: wanted a frame table (Parquet). It is damaged, or another "
                "kind of file. Analyse the video again."
            ) from error


def read_metadata(schema: pa.Schema) -> dict[str, Any]:
    """What stands in a table's metadata; empty where there is nothing of ours."""
    text = (schema.metadata or {}).get(METADATA_KEY.encode(), b"{}")
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _whole(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()
