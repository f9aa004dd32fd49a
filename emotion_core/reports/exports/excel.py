"""A workbook with everything: figures, events, markers, rows and where they come from."""

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion_core.errors import OutputError
from emotion_core.extras import need
from emotion_core.reports.session_frames import SessionFrames
from emotion_core.reports.statistics import (
    group_statistics,
    marked_intervals,
    person_statistics,
)
from emotion_core.video.events import find_events
from emotion_core.video.exports import exported_frames

if TYPE_CHECKING:
    pass

#: Rows of a sheet. Source: Excel specifications and limits, support.microsoft.com.
MAX_ROWS = 1_048_576
_MAX_TEXT = 32_767
#: More rows take minutes and make files that no spreadsheet opens; CSV and Parquet have them all.
MAX_FRAMES = 1_000_000
_SHEET_NAME = 31


def to_excel(sessions: Sequence[SessionFrames]) -> bytes:
    """Sessions as a workbook (.xlsx). Text stays text: no cell is a formula or a link.

    Raises:
        OutputError: there are more rows of frames than a workbook should have.
        MissingExtraError: the package that writes it is not installed.
    """
    need("xlsxwriter", "An Excel file")
    import pandas as pd
    import xlsxwriter

    rows = sum(len(session.view.frames) for session in sessions)
    if rows > MAX_FRAMES:
        raise OutputError(
            f"An Excel file takes at most {MAX_FRAMES:,} rows of frames. Received: {rows:,}. "
            "Export CSV or Parquet, or an interval."
        )
    intervals = [i for session in sessions for i in marked_intervals(session)]
    figures = person_statistics(sessions, intervals)
    sheets: list[tuple[str, pd.DataFrame]] = [
        ("sessions", pd.DataFrame(list(_origins(sessions)))),
        ("people", figures),
        ("groups", group_statistics(figures)),
        ("events", pd.DataFrame(list(_events(sessions)))),
        ("markers", pd.DataFrame(list(_markers(sessions)))),
    ]
    frames = [exported_frames(s.view).assign(session=s.id, session_name=s.name) for s in sessions]
    sheets.append(("frames", pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()))
    buffer = io.BytesIO()
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
        "strings_to_numbers": False, "nan_inf_to_errors": False,
    }  # fmt: skip
    with xlsxwriter.Workbook(buffer, options) as book:
        head = book.add_format({"bold": True, "bottom": 1})
        for name, table in sheets:
            sheet = book.add_worksheet(name[:_SHEET_NAME])
            sheet.freeze_panes(1, 0)
            for column, title in enumerate(table.columns):
                sheet.write_string(0, column, str(title), head)
            if len(table.columns):
                sheet.autofilter(0, 0, len(table), len(table.columns) - 1)
                sheet.set_column(0, len(table.columns) - 1, 14)
            for column, (_, values) in enumerate(table.items()):
                _write_column(sheet, column, values.astype(object).tolist())
    return buffer.getvalue()


def _write_column(sheet: Any, column: int, values: Sequence[Any]) -> None:
    for row, value in enumerate(values, start=1):
        if isinstance(value, bool | np.bool_):
            sheet.write_boolean(row, column, bool(value))
        elif isinstance(value, str):
            sheet.write_string(row, column, value[:_MAX_TEXT])
        elif isinstance(value, int | float | np.number) and np.isfinite(value):
            sheet.write_number(row, column, float(value))


def _origins(sessions: Sequence[SessionFrames]) -> Iterator[Mapping[str, Any]]:
    for session in sessions:
        data = session.metadata
        source, model = data.get("source") or {}, data.get("model") or {}
        yield {
            "session": session.id, "session_name": session.name, "kind": session.kind.value,
            "group": session.group, "created": session.created, "notes": session.notes,
            "start_s": session.view.window[0], "end_s": session.view.window[1],
            "people": len(session.view.names), "source": str(source.get("name", "")),
            "source_sha256": str(source.get("sha256", "")),
            "model": str(model.get("name", "")), "model_sha256": str(model.get("sha256", "")),
            "detector": str((data.get("detector") or {}).get("name", "")),
            "threshold": (data.get("options") or {}).get("threshold"),
            "versions": ", ".join(f"{k} {v}" for k, v in (data.get("versions") or {}).items()),
        }  # fmt: skip


def _events(sessions: Sequence[SessionFrames]) -> Iterator[Mapping[str, Any]]:
    for session in sessions:
        for event in find_events(session.view):
            yield {"session": session.id, **event.to_dict()}


def _markers(sessions: Sequence[SessionFrames]) -> Iterator[Mapping[str, Any]]:
    for session in sessions:
        for marker in session.markers:
            yield {"session": session.id, **marker.to_dict()}
