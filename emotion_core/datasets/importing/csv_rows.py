"""Tables of text: one face per line, its pixels in one column or in one column each."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import IO

from emotion_core.datasets.importing.containers import READ_ERRORS
from emotion_core.datasets.importing.csv_plan import CsvPlan, plan_csv, split_fields
from emotion_core.datasets.importing.label_map import MAX_LABELS, clean_label
from emotion_core.datasets.importing.pixel_text import parse_numbers
from emotion_core.datasets.importing.rows import (
    N_EXAMPLES,
    LeftOutRows,
    RejectedRow,
    RowError,
    SourceRow,
    find_label,
    shown,
)
from emotion_core.datasets.importing.splits import UNKNOWN, parse_split
from emotion_core.datasets.importing.text_lines import (
    MAX_LINE,
    SAMPLE_BYTES,
    TextLines,
    find_encoding,
)
from emotion_core.emotions import Emotion
from emotion_core.errors import DatasetError
from emotion_core.types import UInt8Array

# Lines between two questions whether to stop.
_TICK_EVERY = 500


def plan_of(name: str, start: bytes) -> tuple[CsvPlan, str, str]:
    """How to read a CSV, by its first bytes.

    Returns:
        the plan, Python's name of the encoding and the name for people, as ``find_encoding``.

    Raises:
        DatasetError: it is no text, or no data set.
    """
    found = find_encoding(start)
    if found is None:
        raise DatasetError(
            f"{name} is a binary file. Wanted a CSV, a Parquet file, a zip or a folder of pictures."
        )
    encoding, called = found
    text = start.decode(encoding, errors="replace").removeprefix("\ufeff")
    lines = [line.rstrip("\r") for line in text.split("\n")]
    if len(start) >= SAMPLE_BYTES and len(lines) > 1:
        lines.pop()  # cut by the end of the sample
    return plan_csv(name, lines), encoding, called


class CsvSource:
    """Reads ``fer2013.csv``, ``icml_face_data.csv`` and their likes, a line at a time.

    Args:
        name: of the file, for messages.
        size: bytes.
        open_file: opens it for reading.

    Raises:
        DatasetError: its columns are not those of a data set.
    """

    no_row_order = ""
    set_name = ""
    label_kind = "label"
    nothing_known = ""

    def __init__(self, name: str, size: int, open_file: Callable[[], IO[bytes]]) -> None:
        self.form = "csv"
        self.notes: list[str] = []
        self.total = size
        self._name = name
        try:
            with open_file() as file:
                start = file.read(SAMPLE_BYTES)
        except READ_ERRORS as error:  # a disk that fails, or a zip that is damaged
            raise DatasetError(f"{name}: reading stopped: {error}") from error
        self._plan, encoding, called = plan_of(name, start)
        self._lines = TextLines(name, open_file, encoding)
        self.assumed = [f"The text is {called}."] if called else []
        self.assumed += self._plan.assumed
        self._labels: Counter[str] | None = None
        self._examples: dict[str, list[str]] = {}
        self._table: Mapping[str, Emotion | None] = {}
        if self._plan.usage is None:
            self.notes.append(
                "The file names no splits: eight of ten rows went to Training, one each to "
                "PublicTest and PrivateTest."
            )

    @property
    def done(self) -> int:
        """Bytes read so far."""
        return self._lines.done

    def labels(self, _chosen: Collection[str], tick: Callable[[], None]) -> Mapping[str, int]:
        """{label: rows that may be faces}."""
        if self._labels is None:
            counted: Counter[str] = Counter()
            for number, (_, line) in enumerate(self._rows()):
                if (number + 1) % _TICK_EVERY == 0:
                    tick()
                label = self._label_of(line)
                if label is None or (label not in counted and len(counted) >= MAX_LABELS):
                    continue
                counted[label] += 1
                if counted[label] <= N_EXAMPLES:
                    self._examples.setdefault(label, []).append(line)
            self._labels, self._lines.done = counted, 0
        return self._labels

    def examples(self, name: str) -> list[UInt8Array]:
        """Up to ``N_EXAMPLES`` faces of a label."""
        faces = []
        for line in self._examples.get(name, []):
            try:
                faces.append(self._face(split_fields(line, self._plan.separator)))
            except RowError:
                continue
        return faces

    def use(self, table: Mapping[str, Emotion | None]) -> None:
        """Says what the labels stand for."""
        self._table = table

    def rows(self) -> Iterator[SourceRow | RejectedRow | LeftOutRows]:
        """The faces, and in their place what is no face."""
        for number, (line_number, line) in enumerate(self._rows()):
            try:
                yield self._row(line, number)
            except RowError as error:
                yield RejectedRow(line_number, self._name, str(error))

    def _rows(self) -> Iterator[tuple[int, str]]:
        is_header = self._plan.has_header
        for number, line in self._lines:
            if not line or line.isspace():
                continue
            if is_header:
                is_header = False
                continue
            yield number, line

    def _label_of(self, line: str) -> str | None:
        """The label of a line that may hold a face, without taking all of it apart."""
        plan = self._plan
        # A digit and what separates it from the next.
        if len(line) < 2 * plan.form.side**2 - 1 or len(line) > MAX_LINE:
            return None
        if plan.is_wide and plan.label == 0 and '"' not in line:
            return clean_label(line[: line.find(plan.separator)])
        fields = split_fields(line, plan.separator)
        return clean_label(fields[plan.label]) if len(fields) >= plan.n_columns else None

    def _row(self, line: str, number: int) -> SourceRow | LeftOutRows:
        plan = self._plan
        if len(line) > MAX_LINE:
            raise RowError(f"wanted a face of 2,304 pixels, the line is over {MAX_LINE:,} bytes")
        fields = split_fields(line, plan.separator)
        if len(fields) < plan.n_columns:
            raise RowError(f"wanted at least {plan.n_columns} columns, received {len(fields)}")
        usage = UNKNOWN
        if plan.usage is not None:
            text = fields[plan.usage]
            split = parse_split(text)
            if split is None:
                raise RowError(
                    f"wanted Training, PublicTest or PrivateTest, received {shown(text)}"
                )
            usage = split
        name = clean_label(fields[plan.label])
        label = find_label(name, self._table)
        if label is None:
            return LeftOutRows(name, 1)
        return SourceRow(self._face(fields), label, usage, number)

    def _face(self, fields: list[str]) -> UInt8Array:
        return self._plan.form.face(parse_numbers(self._plan.pixel_text(fields)))
