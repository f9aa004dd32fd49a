"""The forms in which ``analyze`` hands out results: one sink per form."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from emotion_core import tables
from emotion_core.cli.common import UsageError
from emotion_core.emotions import LabelSet
from emotion_core.files.atomic_files import AtomicFile
from emotion_core.types import FrameResult

FORMATS = ("json", "jsonl", "csv", "parquet")


class ResultSink(Protocol):
    """Takes results as they come and writes them out, at the latest when it is finished."""

    def add(self, source: str, result: FrameResult) -> None:
        """Takes what was read in one picture."""

    def add_error(self, source: str, error: str) -> None:
        """Takes the sentence that says why a picture could not be read."""

    def finish(self) -> None:
        """Writes what is not written yet."""


class DocumentSink:
    """One JSON document with everything."""

    def __init__(self, file: IO[bytes], model: str, detector: str, labels: str) -> None:
        self._file, self._model, self._detector, self._labels = file, model, detector, labels
        self._results: list[tuple[str, FrameResult]] = []
        self._errors: list[tuple[str, str]] = []

    def add(self, source: str, result: FrameResult) -> None:
        """Keeps it for the document."""
        self._results.append((source, result))

    def add_error(self, source: str, error: str) -> None:
        """Keeps it for the document."""
        self._errors.append((source, error))

    def finish(self) -> None:
        """Writes the document."""
        document = tables.analysis_document(
            self._model, self._detector, self._results, self._errors, self._labels
        )
        self._file.write(tables.to_json_bytes(document))


class LinesSink:
    """One line of JSON per input, written as soon as it is known."""

    def __init__(self, file: IO[bytes], model: str, detector: str, labels: str) -> None:
        self._file = file
        self._origin = {"model": model, "labels": labels, "detector": detector}

    def add(self, source: str, result: FrameResult) -> None:
        """Writes a line."""
        self._write({**self._origin, **tables.result_entry(source, result)})

    def add_error(self, source: str, error: str) -> None:
        """Writes a line."""
        self._write(tables.error_entry(source, error))

    def finish(self) -> None:
        """Hands the last lines on."""
        self._file.flush()

    def _write(self, entry: dict[str, Any]) -> None:
        line = json.dumps(entry, ensure_ascii=False, allow_nan=False)
        self._file.write(line.encode("utf-8") + b"\n")
        self._file.flush()


class TableSink:
    """A table with one row per face. Errors have no row: they are told on stderr."""

    def __init__(
        self,
        file: IO[bytes],
        model: str,
        detector: str,
        labels: str,
        label_set: LabelSet,
        form: str,
    ) -> None:
        self._file, self._origin = file, (model, detector, labels)
        self._label_set = label_set
        self._to_bytes = tables.to_csv_bytes if form == "csv" else tables.to_parquet_bytes
        self._records: list[dict[str, Any]] = []

    def add(self, source: str, result: FrameResult) -> None:
        """Keeps the rows of its faces."""
        self._records += tables.results_to_records(source, result, *self._origin)

    def add_error(self, source: str, error: str) -> None:
        """Nothing: a table has no place for it, and the command says it."""

    def finish(self) -> None:
        """Writes the table."""
        self._file.write(self._to_bytes(tables.records_to_frame(self._records, self._label_set)))


def build_sink(
    form: str, file: IO[bytes], model: str, detector: str, labels: str, label_set: LabelSet
) -> ResultSink:
    """The sink for one of ``FORMATS``."""
    if form == "json":
        return DocumentSink(file, model, detector, labels)
    if form == "jsonl":
        return LinesSink(file, model, detector, labels)
    return TableSink(file, model, detector, labels, label_set, form)


def choose_format(form: str | None, output: Path | None) -> str:
    """The form asked for, else the one that the output's suffix names, else JSON.

    Raises:
        UsageError: Parquet would go to a terminal.
    """
    suffix = output.suffix.lstrip(".").lower() if output else ""
    chosen = form or (suffix if suffix in FORMATS else "json")
    if chosen == "parquet" and output is None and sys.stdout.isatty():
        raise UsageError(
            "Parquet is binary and a terminal cannot show it. Give --output FILE, or pipe it on."
        )
    return chosen


@contextmanager
def open_output(output: Path | None) -> Iterator[IO[bytes]]:
    """The file to write to, complete or not at all; without a path, stdout.

    Raises:
        OutputError: the file cannot be written.
    """
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with AtomicFile(output, kept="What stood there before is as it was.") as file:
            yield file
