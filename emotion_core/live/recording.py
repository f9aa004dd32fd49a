"""Records scores, never pixels. Memory stays bounded: full blocks go to a temporary file."""

import contextlib
import logging
import tempfile
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from emotion_core.emotions import LabelSet
from emotion_core.live.recorded_rows import RowBlock, rows_schema
from emotion_core.live.timeline import ExpressionTime
from emotion_core.live.trend import ScoreTrend
from emotion_core.types import FrameResult

_logger = logging.getLogger(__name__)

#: Six hours of three faces at 30 frames a second; about 150 MB on disk.
MAX_ROWS = 2_000_000
#: One block is 0.5 MB: two minutes of one face.
BLOCK_ROWS = 4096
MAX_MARKERS = 1000
_SAME_MARK_S = 1.0


class ScoreSource(NamedTuple):
    """What gives the scores: model, whose labels it was asked for, and detector."""

    model: str
    labels: str
    detector: str


@dataclass(frozen=True, slots=True)
class Marker:
    """A moment that the viewer marked."""

    time_s: float
    note: str


@dataclass(frozen=True, slots=True)
class Summary:
    """A recording in figures.

    Attributes:
        started: when it began.
        seconds: from its first frame to its last.
        frames: how many were recorded, those without a face included.
        rows: one per face and frame, and one per frame without a face.
        faces: how many different face numbers.
        time: {emotion, "uncertain", "no face" or "no frame": seconds}; adds up to ``seconds``.
    """

    started: datetime
    seconds: float
    frames: int
    rows: int
    faces: int
    time: dict[str, float]


class Recording:
    """The scores of a stream from start to stop.

    ``add`` is for the media thread and never raises; what went wrong stands in ``problem``.

    Args:
        label_set: of the scores.
        source: in use.
        block_rows: rows that are held in memory.
        max_rows: the recording ends here.
    """

    def __init__(
        self,
        label_set: LabelSet,
        source: ScoreSource,
        *,
        block_rows: int = BLOCK_ROWS,
        max_rows: int = MAX_ROWS,
    ) -> None:
        self.label_set = label_set
        self.started = datetime.now(UTC)
        self.problem = ""
        self.trend = ScoreTrend(label_set)
        self._max_rows = max_rows
        self._sources = [source]
        self._markers: list[Marker] = []
        self._lock = threading.Lock()
        self._schema = rows_schema(label_set)
        # Without a name in any folder, so that it is gone when nobody holds it any more.
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        writer = pq.ParquetWriter(self._file, self._schema)
        self._writer: pq.ParquetWriter | None = writer
        weakref.finalize(self, _close, writer, self._file)
        self._block = RowBlock(block_rows, len(label_set))
        self._time = ExpressionTime()
        self._faces: set[int] = set()
        self._frames = self._rows = 0
        self._first_s: float | None = None
        self._last_s = 0.0

    @property
    def stopped(self) -> bool:
        """Whether it takes no more frames."""
        return self._writer is None

    @property
    def markers(self) -> tuple[Marker, ...]:
        """The markers that were set, in order."""
        return tuple(self._markers)

    @property
    def sources(self) -> tuple[ScoreSource, ...]:
        """What gave the scores of each part, in order."""
        return tuple(self._sources)

    def add(self, result: FrameResult) -> None:
        """Takes a frame in, as it is displayed; its raw scores are kept beside."""
        with self._lock:
            if self._writer is None or self.problem:
                return
            try:
                self._add(self._writer, result)
            except Exception:
                _logger.exception("The recording could not continue")
                self.problem = (
                    "The recording ended early because it could not be written; is the disk full? "
                    "What was recorded until then is kept."
                )

    def use(self, source: ScoreSource) -> None:
        """From now on another model, head or detector gives the scores."""
        with self._lock:
            if self._sources[-1] != source:
                self._sources.append(source)

    def mark(self, note: str) -> None:
        """Marks the newest moment, unless it was just marked and there is nothing to add."""
        marker = Marker(self._elapsed_s(), note.strip()[:200])
        with self._lock:
            # A click on a busy page can come twice.
            last_s = self._markers[-1].time_s if self._markers else float("-inf")
            again = not marker.note and marker.time_s - last_s < _SAME_MARK_S
            if not again and len(self._markers) < MAX_MARKERS:
                self._markers.append(marker)

    def stop(self) -> None:
        """Ends the recording; what was recorded can then be read. May be called again."""
        with self._lock:
            writer, self._writer = self._writer, None
            if writer is not None:
                self._flush(writer)
                writer.close()

    def summary(self) -> Summary:
        """The figures so far."""
        with self._lock:
            return Summary(
                self.started,
                self._elapsed_s(),
                self._frames,
                self._rows,
                len(self._faces),
                self._time.seconds(),
            )

    def tables(self) -> Iterator[pa.Table]:
        """The rows, block by block, in the order of time; at least one table, maybe empty.

        Raises:
            RuntimeError: the recording still runs.
        """
        if not self.stopped:
            raise RuntimeError("Wanted a stopped recording. Stop it first.")
        waiting = list(self._markers)
        self._file.seek(0)
        stored = pq.ParquetFile(self._file)
        if not stored.num_row_groups:
            yield self._finished(self._schema.empty_table(), waiting)
        for batch in stored.iter_batches(batch_size=BLOCK_ROWS):
            yield self._finished(pa.Table.from_batches([batch]), waiting)

    def _add(self, writer: pq.ParquetWriter, result: FrameResult) -> None:
        if result.scores.label_set != self.label_set:
            self.problem = "The recording ended because the new model knows other expressions."
            return
        places: list[int | None] = list(result) or [None]
        if self._rows + len(places) > self._max_rows:
            self.problem = f"The recording is full: it holds {self._max_rows:,} rows."
            return
        self._first_s = result.timestamp_s if self._first_s is None else self._first_s
        self._last_s = result.timestamp_s
        self._frames += 1
        self._time.add(result)
        self.trend.add(self._elapsed_s(), result)
        self._faces.update(result.track_ids.tolist())
        for face in places:
            if self._block.full:
                self._flush(writer)
            self._block.add(result, face, self._elapsed_s(), len(self._sources) - 1)
            self._rows += 1

    def _elapsed_s(self) -> float:
        return 0.0 if self._first_s is None else self._last_s - self._first_s

    def _flush(self, writer: pq.ParquetWriter) -> None:
        arrays = self._block.take()
        if len(arrays[0]):
            writer.write_table(pa.table(arrays, schema=self._schema))

    def _finished(self, table: pa.Table, waiting: list[Marker]) -> pa.Table:
        """Names instead of numbers, and each marker on the first row that is not before it."""
        emotions = pa.array(self.label_set.names, pa.string()).take(table["emotion"])
        sources = table["source"].to_numpy()
        times = table["time_s"].to_numpy()
        notes = [""] * len(times)
        while waiting and len(times) and waiting[0].time_s <= times[-1]:
            marker = waiting.pop(0)
            row = int(np.searchsorted(times, marker.time_s))
            notes[row] = "; ".join(filter(None, (notes[row], marker.note or "marked")))
        table = table.set_column(
            table.column_names.index("emotion"), "emotion", emotions
        ).drop_columns(["source"])
        for place, name in enumerate(ScoreSource._fields):
            names = np.array([source[place] for source in self._sources])
            table = table.append_column(name, pa.array(names[sources].tolist(), pa.string()))
        return table.append_column("marker", pa.array(notes, pa.string()))


def _close(writer: pq.ParquetWriter, file: IO[bytes]) -> None:
    """Ends what nobody will read any more, in the order in which it can be ended."""
    with file, contextlib.suppress(OSError):
        writer.close()
