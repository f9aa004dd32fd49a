"""All forms in which sessions can be taken along, by the names that the command line uses."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from emotion_core.errors import ReportError
from emotion_core.files.file_names import FileNames
from emotion_core.reports.exports.bids import to_bids
from emotion_core.reports.exports.boris import to_boris
from emotion_core.reports.exports.elan import to_elan
from emotion_core.reports.exports.excel import to_excel
from emotion_core.reports.exports.tabular import to_openface, to_pyfeat
from emotion_core.reports.session_frames import SessionFrames, SessionKind
from emotion_core.video.exports import (
    summary_to_json,
    to_csv,
    to_json_lines,
    to_parquet,
    to_webvtt,
)
from emotion_core.video.frame_table import FrameTable


@dataclass(frozen=True, slots=True)
class ExportForm:
    """A form of export.

    Attributes:
        name: as the command line has it.
        suffix: of the file, with its dot.
        words: what it is.
        write: makes the file of one session; None for forms that take all sessions at once.
        timed: whether it needs time, which photos do not have.
    """

    name: str
    suffix: str
    words: str
    write: Callable[[SessionFrames], bytes] | None = None
    timed: bool = False


FORMS: Mapping[str, ExportForm] = {
    form.name: form
    for form in (
        ExportForm("csv", ".csv", "rows of faces", lambda s: to_csv(s.view)),
        ExportForm(
            "parquet", ".parquet", "rows of faces with types and origin",
            lambda s: to_parquet(s.view, _table(s)),
        ),
        ExportForm(
            "json", ".json", "figures, events, markers and origin",
            lambda s: summary_to_json(s.view, _table(s), s.markers),
        ),
        ExportForm("jsonl", ".jsonl", "a line per frame", lambda s: to_json_lines(s.view)),
        ExportForm("excel", ".xlsx", "a workbook with everything"),
        ExportForm("bids", ".zip", "a BIDS data set of events"),
        ExportForm("elan", ".eaf", "an ELAN document", to_elan, timed=True),
        ExportForm("boris", ".csv", "BORIS' tabular events", to_boris, timed=True),
        ExportForm("pyfeat", ".csv", "Py-Feat's columns", to_pyfeat),
        ExportForm("openface", ".csv", "OpenFace's columns", to_openface),
        ExportForm("webvtt", ".vtt", "subtitles", lambda s: to_webvtt(s.view), timed=True),
        ExportForm("report-html", ".html", "a report as a page"),
        ExportForm("report-pdf", ".pdf", "a report as PDF"),
    )
}  # fmt: skip


def export_sessions(
    sessions: Sequence[SessionFrames], form: str, *, created: datetime
) -> tuple[bytes, str]:
    """Sessions in a form.

    Args:
        sessions: at least one. Of several, forms that hold one session each come as a zip.
        form: a key of ``FORMS``.
        created: when; reports say it.

    Returns:
        The file and its suffix.

    Raises:
        ReportError: there is no session, the form is unknown, or it needs time and got photos.
        MissingExtraError: a package is not installed.
        OutputError: it would be too large.
    """
    if not sessions:
        raise ReportError("Wanted at least one session to export. Received none.")
    if form not in FORMS:
        raise ReportError(f"form: wanted one of {', '.join(FORMS)}. Received: {form!r}")
    wanted = FORMS[form]
    photos = [s.name for s in sessions if s.kind is SessionKind.PHOTOS]
    if wanted.timed and photos:
        raise ReportError(
            f"{wanted.words} has times, and photos have none: {', '.join(photos)}. "
            "Take csv, json, excel, pyfeat, openface or a report."
        )
    if wanted.write is None:
        return _of_all(sessions, form, created), wanted.suffix
    if len(sessions) == 1:
        return wanted.write(sessions[0]), wanted.suffix
    names, buffer = FileNames(), io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for session in sessions:
            archive.writestr(names.add(session.name, wanted.suffix), wanted.write(session))
    return buffer.getvalue(), ".zip"


def _of_all(sessions: Sequence[SessionFrames], form: str, created: datetime) -> bytes:
    if form == "excel":
        return to_excel(sessions)
    if form == "bids":
        return to_bids(sessions)
    # Charts take a second to load, which nobody waits for who wants a table.
    from emotion_core.reports.documents.content import build_report
    from emotion_core.reports.documents.html import to_html
    from emotion_core.reports.documents.pdf import to_pdf

    document = build_report(sessions, created=created)
    return to_html(document) if form == "report-html" else to_pdf(document)


def _table(session: SessionFrames) -> FrameTable:
    return FrameTable(session.view.frames, session.metadata)
