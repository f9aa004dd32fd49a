"""Everything of a session that can be taken along: a report, tables, files of other tools."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from emotion_core.errors import EmotionLensError, MissingExtraError
from emotion_core.extras import need
from emotion_core.files.file_names import safe_file_name
from emotion_core.markdown import plain
from emotion_core.reports.exports.excel import MAX_FRAMES
from emotion_core.reports.exports.forms import FORMS, export_sessions
from emotion_core.reports.session_frames import SessionFrames, SessionKind
from emotion_core.reports.statistics import marked_intervals
from emotion_core.store.session import StoredSession
from emotion_core.store.session_info import SessionInfo
from emotion_core.wording import clock
from pages.parts.sessions.agreement import last_agreement
from pages.parts.sessions.reading import read_session

_WHOLE = "The whole session"
_MIME: Mapping[str, str] = {
    ".csv": "text/csv", ".json": "application/json", ".jsonl": "application/jsonl",
    ".parquet": "application/vnd.apache.parquet", ".vtt": "text/vtt", ".zip": "application/zip",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".eaf": "application/xml",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Offer:
    """One file: its form, what the button says, and what reads it."""

    form: str
    label: str
    words: str


_TABLES = (
    _Offer("csv", "CSV", "Every frame, a row per face: for spreadsheets, R, SPSS and pandas."),
    _Offer("parquet", "Parquet", "The same with types and origin: for pandas, DuckDB and Arrow."),
    _Offer("excel", "Excel", "Figures, events, markers and rows in one workbook: for Excel and "
           "LibreOffice."),
    _Offer("json", "JSON", "Figures, events, markers and origin: for programs."),
    _Offer("jsonl", "JSON lines", "A line per frame with its faces: for programs."),
)  # fmt: skip
_TOOLS = (
    _Offer("pyfeat", "Py-Feat", "A table with Py-Feat's columns: `feat.Fex` and `read_feat` take "
           "it."),
    _Offer("openface", "OpenFace", "A table with OpenFace's columns: for scripts that read its "
           "output."),
    _Offer("bids", "BIDS", "A data set of events with side-cars: for MNE, FSL and other "
           "BIDS tools."),
    _Offer("elan", "ELAN", "A tier per person on the time line of the video: opens in ELAN."),
    _Offer("boris", "BORIS", "Expressions as state events: BORIS and its scripts read it."),
    _Offer("webvtt", "WebVTT", "What is shown when, as subtitles: for VLC and web players."),
)  # fmt: skip


def downloads(session: StoredSession) -> None:
    """Draws the section; each file is made when it is asked for."""
    try:
        info = session.info()
        frames = _chosen(session, info)
    except EmotionLensError as error:
        st.error(plain(error), icon=":material/error:")
        return
    st.header("Report", anchor=False)
    _reports(session, frames)
    st.header("Tables", anchor=False)
    for offer in _TABLES:
        _row(frames, offer)
    st.header("For other tools", anchor=False)
    for offer in _TOOLS:
        _row(frames, offer)


def _chosen(session: StoredSession, info: SessionInfo) -> SessionFrames:
    """The session as it is taken along: which part of it, and whether resting faces are zero."""
    resting = any(person.baseline is not None for person in info.people)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        relative = resting and st.toggle(
            "Subtract resting faces", key=f"session_relative_{info.id}",
            help="Smoothed scores become changes from each person's resting interval. What a face "
            "was called stays.",
        )  # fmt: skip
        frames = read_session(session, relative=bool(relative))
        intervals = {
            f"{one.name} ({clock(one.start_s)} to {clock(one.end_s)})": one
            for one in marked_intervals(frames)
        }
        part = _WHOLE
        if intervals and frames.kind is not SessionKind.PHOTOS:
            part = st.selectbox(
                "Part", [_WHOLE, *intervals], format_func=plain, width=360,
                key=f"session_part_{info.id}",
            )  # fmt: skip
    if part in intervals:
        one = intervals[part]
        return frames.within(one.start_s, one.end_s)
    return frames


def _reports(session: StoredSession, frames: SessionFrames) -> None:
    agreed = last_agreement(session)
    title = st.text_input(
        "Title", key=f"session_report_title_{frames.id}", placeholder=frames.name, width=420,
        max_chars=200,
    )  # fmt: skip
    st.caption(
        "What was read, by which model and how sure it is, charts, tables, a method paragraph to "
        "cite, and limits."
        + (" With the agreement with human codes from above." if agreed is not None else "")
    )

    def make(form: str) -> bytes:
        from emotion_core.reports.documents.content import build_report
        from emotion_core.reports.documents.html import to_html
        from emotion_core.reports.documents.pdf import to_pdf

        document = build_report(
            [frames], created=_now(), title=title.strip(),
            agreements={} if agreed is None else {frames.name: agreed},
        )  # fmt: skip
        return to_html(document) if form == "html" else to_pdf(document)

    no_charts = _missing("vl_convert", "A report")
    with st.container(horizontal=True):
        _button(
            frames, "report-html", "Report (HTML)", "_report.html", "text/html",
            lambda: make("html"), no_charts, primary=True,
        )  # fmt: skip
        _button(
            frames, "report-pdf", "Report (PDF)", "_report.pdf", "application/pdf",
            lambda: make("pdf"), no_charts or _missing("reportlab", "A PDF report"),
        )  # fmt: skip


def _row(frames: SessionFrames, offer: _Offer) -> None:
    form = FORMS[offer.form]
    why = _why_not(frames, offer)
    suffix = f"_{offer.form}{form.suffix}" if offer in _TOOLS else form.suffix
    with st.container(
        horizontal=True, vertical_alignment="center", key=f"session_file_{offer.form}"
    ):
        _button(
            frames, offer.form, offer.label, suffix, _MIME[form.suffix],
            lambda: export_sessions([frames], offer.form, created=_now())[0], why,
        )  # fmt: skip
        st.caption(plain(why) if why else offer.words)


def _button(
    frames: SessionFrames, form: str, label: str, suffix: str, mime: str,
    make: Callable[[], bytes], why_not: str, *, primary: bool = False,
) -> None:  # fmt: skip
    st.download_button(
        label, data=make, file_name=safe_file_name(frames.name, suffix), mime=mime,
        icon=":material/description:" if form.startswith("report") else ":material/download:",
        key=f"session_save_{form}", on_click="ignore", disabled=bool(why_not),
        type="primary" if primary else "secondary", help=plain(why_not) or None,
        width="content" if form.startswith("report") else 150,
    )  # fmt: skip


def _why_not(frames: SessionFrames, offer: _Offer) -> str:
    """Why a file cannot be made of this session; empty where it can."""
    if frames.kind is SessionKind.PHOTOS and (FORMS[offer.form].timed or offer.form == "bids"):
        return "It has times, and photos have none."
    if offer.form == "bids" and not frames.view.names:
        return "No face was found in this session."
    if offer.form == "excel":
        if len(frames.view.frames) > MAX_FRAMES:
            return f"A workbook takes {MAX_FRAMES:,} rows; this session has more. Take Parquet."
        return _missing("xlsxwriter", "An Excel file")
    return ""


def _missing(module: str, what: str) -> str:
    try:
        need(module, what)
    except MissingExtraError as error:
        return str(error)
    return ""


def _now() -> datetime:
    return datetime.now().astimezone()
