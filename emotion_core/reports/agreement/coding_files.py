"""Codings by people: CSV, ELAN and BORIS in, one list of coded words out."""

import io
import itertools
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from emotion_core.errors import ReportError
from emotion_core.files.atomic_files import readable
from emotion_core.files.outside_files import parse_json, read_text
from emotion_core.reports.agreement.codings import CodedWord, CodedWords, Coding

#: Coded intervals of one file.
MAX_CODES = 1_000_000

_START = ("start_s", "onset_s", "start (s)", "onset", "start", "begin", "time", "time_s", "from")
_END = ("end_s", "offset_s", "stop (s)", "offset", "end", "stop", "to")
_DURATION = ("duration_s", "duration (s)", "duration")
_LABEL = ("expression", "emotion", "label", "trial_type", "behavior", "code")
_PERSON = ("person", "subject", "participant", "tier")
_CODER = ("coder", "rater", "annotator", "observer")


class _Codes:
    """Collects what stands in a file; times that make no sense are refused."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._codes: list[CodedWord] = []

    def add(self, start_s: float, end_s: float, label: str, person: str, coder: str) -> None:
        if not (math.isfinite(start_s) and math.isfinite(end_s)) or end_s < start_s:
            raise ReportError(
                f"{self._source}: wanted intervals that end after they begin. "
                f"Received: {label!r} from {start_s:g} to {end_s:g} s"
            )
        if len(self._codes) >= MAX_CODES:
            raise ReportError(f"{self._source}: wanted at most {MAX_CODES:,} coded intervals.")
        self._codes.append(CodedWord(start_s, end_s, label, person.strip(), coder.strip()))

    def done(self) -> CodedWords:
        return CodedWords(self._source, tuple(self._codes))


def read_coding(path: Path) -> Coding:
    """Reads what people coded.

    ELAN (``.eaf``: a tier per person, or with a participant and an annotator), a BORIS project
    (``.boris``, one observation), BORIS' tabular or aggregated events, BIDS events, or any CSV
    with columns such as ``start, end, expression`` and perhaps ``person`` and ``coder``. Without
    an end, a code stands until the next one of the same person and coder.

    Raises:
        ReportError: it cannot be read, is none of these, or codes no expression.
    """
    return parse_words(read_text(path, ReportError), readable(path.name)).coding()


def parse_words(content: str | bytes, name: str) -> CodedWords:
    """The coded words of a file that is not on the disk; see ``read_coding``.

    Args:
        content: of the file.
        name: of the file; its ending says what it is.

    Raises:
        ReportError: it is no text, or none of these.
    """
    if isinstance(content, bytes):
        try:
            content = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ReportError(
                f"{name}: wanted text in UTF-8. Byte {error.start} is not. Save it as CSV in UTF-8."
            ) from error
    readers: dict[str, Callable[[str, str], CodedWords]] = {
        ".eaf": read_elan,
        ".boris": read_boris,
    }
    return readers.get(Path(name).suffix.lower(), read_csv)(content, name)


def read_elan(text: str, source: str) -> CodedWords:
    """Coded words of an ELAN document.

    Annotations that refer to others (symbolic associations) take their times.

    Raises:
        ReportError: it is none.
    """
    codes = _Codes(source)
    try:
        root = ElementTree.fromstring(text.encode())
    except ElementTree.ParseError as error:
        raise ReportError(f"{source}: wanted an ELAN document (.eaf). {error}.") from error
    if root.tag != "ANNOTATION_DOCUMENT":
        raise ReportError(f"{source}: wanted an ELAN document. Received: <{root.tag}>")
    try:
        slots = {
            slot.attrib["TIME_SLOT_ID"]: int(slot.attrib["TIME_VALUE"]) / 1000
            for slot in root.iterfind("TIME_ORDER/TIME_SLOT")
            if "TIME_VALUE" in slot.attrib
        }
        spans: dict[str, tuple[float, float]] = {}
        for found in root.iterfind("TIER/ANNOTATION/ALIGNABLE_ANNOTATION"):
            ends = [slots.get(found.attrib[f"TIME_SLOT_REF{i}"], math.nan) for i in (1, 2)]
            spans[found.attrib["ANNOTATION_ID"]] = ends[0], ends[1]
        refers = {
            found.attrib["ANNOTATION_ID"]: found.attrib["ANNOTATION_REF"]
            for found in root.iterfind("TIER/ANNOTATION/REF_ANNOTATION")
        }
        for tier in root.iterfind("TIER"):
            person = tier.get("PARTICIPANT") or tier.attrib["TIER_ID"]
            for found in tier.iterfind("ANNOTATION/*"):
                span = _span(found.attrib["ANNOTATION_ID"], spans, refers)
                value = (found.findtext("ANNOTATION_VALUE") or "").strip()
                if span is not None and value:
                    codes.add(*span, value, person, tier.get("ANNOTATOR") or "")
    except (KeyError, ValueError) as error:
        raise ReportError(f"{source}: damaged: {error} is missing or no number.") from error
    return codes.done()


def _span(
    id: str, spans: dict[str, tuple[float, float]], refers: dict[str, str]
) -> tuple[float, float] | None:
    """Times of an annotation; None where ELAN left them open."""
    for _ in range(100):  # deeper than any tier, and a circle ends
        if id in spans:
            found = spans[id]
            return None if math.isnan(found[0] + found[1]) else found
        if id not in refers:
            break
        id = refers[id]
    return None


def read_boris(text: str, source: str) -> CodedWords:
    """Coded words of a BORIS project with one observation that has events.

    Raises:
        ReportError: it is none, or has several.
    """
    project = parse_json(text, source, ReportError)
    observations = project.get("observations") if isinstance(project, dict) else None
    if not isinstance(observations, dict):
        raise ReportError(f"{source}: wanted a BORIS project. It has no observations.")
    coded = {k: o for k, o in observations.items() if isinstance(o, dict) and o.get("events")}
    if len(coded) != 1:
        raise ReportError(
            f"{source}: wanted one observation with events. Received: "
            f"{', '.join(map(str, coded)) or 'none'}. Export the one that you mean as CSV."
        )
    codes, running = _Codes(source), dict[tuple[str, str], float]()
    try:
        events = sorted(next(iter(coded.values()))["events"], key=lambda event: float(event[0]))
        for event in events:
            key = str(event[1]), str(event[2])
            if key in running:
                codes.add(running.pop(key), float(event[0]), key[1], key[0], "")
            else:
                running[key] = float(event[0])
    except (TypeError, ValueError, LookupError) as error:
        raise ReportError(f"{source}: wanted events of time, subject, behaviour.") from error
    return codes.done()


def read_csv(text: str, source: str) -> CodedWords:
    """Coded words of a table, by the names of its columns.

    Raises:
        ReportError: there are no such columns, or a time is no number.
    """
    import pandas as pd

    try:
        table = pd.read_csv(
            io.StringIO(text.lstrip("\ufeff")), sep=_separator(text), dtype=str,
            keep_default_na=False,
        )  # fmt: skip
    except (ValueError, pd.errors.ParserError) as error:
        raise ReportError(f"{source}: wanted a table (CSV or TSV). {error}") from error
    table.columns = [str(name).strip().casefold() for name in table.columns]
    start, label = _column(table, _START), _column(table, _LABEL)
    if not start or not label:
        raise ReportError(
            f"{source}: wanted columns for the begin (such as {_START[0]}) and for the expression "
            f"(such as {_LABEL[0]}). Received: {', '.join(table.columns) or 'none'}"
        )
    person, coder = _column(table, _PERSON), _column(table, _CODER)
    rows = [
        (
            number,
            _seconds(row[start], source),
            str(row[label]).strip(),
            str(row[person]) if person else "",
            str(row[coder]) if coder else "",
        )
        for number, row in enumerate(table.to_dict("records"))
    ]
    codes = _Codes(source)
    if "behavior type" in table.columns and "start (s)" not in table.columns:
        _add_pairs(codes, rows, table["behavior type"], source)
        return codes.done()
    end, duration = _column(table, _END), _column(table, _DURATION)
    for number, start_s, name, who, by in rows:
        if end or duration:
            given = _seconds(table[end or duration][number], source)
            codes.add(start_s, given if end else start_s + given, name, who, by)
    if not end and not duration:
        for own in _each_line(rows):
            for (_, start_s, name, who, by), after in itertools.pairwise(own):
                codes.add(start_s, after[1], name, who, by)
    return codes.done()


_Row = tuple[int, float, str, str, str]


def _add_pairs(codes: _Codes, rows: list[_Row], kinds: Any, source: str) -> None:
    """BORIS' tabular events: START and STOP of a behaviour of a subject."""
    running: dict[tuple[str, str, str], float] = {}
    for number, time_s, name, who, by in rows:
        key, kind = (name, who, by), str(kinds[number]).strip().upper()
        if kind == "START":
            running[key] = time_s
        elif kind == "STOP":
            if key not in running:
                raise ReportError(f"{source}: {name} stops at {time_s:g} s and never started.")
            codes.add(running.pop(key), time_s, name, who, by)


def _each_line(rows: Iterable[_Row]) -> Iterable[list[_Row]]:
    """Rows of each person and coder, in the order of time."""
    lines: dict[tuple[str, str], list[_Row]] = {}
    for row in rows:
        lines.setdefault(row[3:], []).append(row)
    return (sorted(own, key=lambda row: row[1]) for own in lines.values())


def _separator(text: str) -> str:
    head = text.lstrip("\ufeff").partition("\n")[0]
    return max("\t;,", key=head.count)


def _column(table: Any, names: Iterable[str]) -> str:
    return next((name for name in names if name in table.columns), "")


def _seconds(text: str, source: str) -> float:
    """``"1.5"``, ``"1,5"``, ``"0:01.5"`` or ``"00:00:01.5"``."""
    parts = str(text).strip().replace(",", ".").split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        raise ReportError(
            f"{source}: wanted a time in seconds. Received: {str(text)[:60]!r}"
        ) from None
    if len(numbers) > 3:
        raise ReportError(f"{source}: wanted a time in seconds. Received: {str(text)[:60]!r}")
    return math.fsum(n * 60**power for power, n in enumerate(reversed(numbers)))
