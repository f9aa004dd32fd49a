"""One job on the page Jobs: how far it is, why it ended, its log, and what can be done with it."""

import time
from collections.abc import Callable

import streamlit as st

from emotion_core.errors import EmotionLensError
from emotion_core.files.file_names import safe_file_name
from emotion_core.files.outside_files import tail_of
from emotion_core.jobs import JobBoard, JobInfo, JobState, progress_words
from emotion_core.jobs.kinds import KINDS
from emotion_core.jobs.store import JobFolder
from emotion_core.markdown import plain
from emotion_core.wording import duration
from pages.parts.common.jobs import JOB_ICONS, do_job, took_words, when_ended

# The log is shown from its end; the whole of it is fetched.
_LINES, _MOST_LINES = 40, 200_000


def active_job(board: JobBoard, job: JobInfo) -> None:
    """One that works or waits."""
    kept = KINDS[job.kind].kept if job.kind in KINDS else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        _title(job)
        if job.state == JobState.QUEUED and job.position > 1:
            st.button(
                "Move up", key=f"jobs_up_{job.id}", icon=":material/arrow_upward:",
                type="tertiary", on_click=do_job, args=(_move_up, job.id),
            )  # fmt: skip
        if job.state == JobState.STOPPING:
            st.button("Stopping", key=f"jobs_stopping_{job.id}", disabled=True)
        else:
            what = "It leaves the queue." if job.state == JobState.QUEUED else kept
            _confirmed("Stop", ":material/stop:", what, "Stop it", board.stop, job)
    st.progress(job.progress.share, text=plain(progress_words(job)))
    if words := _pace(job):
        st.caption(plain(words))
    if text := job.progress.preview.get("text"):
        st.caption(plain(text))
    _log(board, job)


def ended_job(board: JobBoard, job: JobInfo) -> None:
    """One that is done, was stopped, or failed."""
    with st.container(horizontal=True, vertical_alignment="center"):
        _title(job)
        if job.can_resume:
            st.button(
                "Resume" if job.resumes else "Retry", key=f"jobs_retry_{job.id}",
                icon=":material/replay:", on_click=do_job, args=(board.resume, job.id),
                help="Goes on where it was." if job.resumes else "Begins anew.",
            )  # fmt: skip
        _confirmed(
            "Remove", ":material/close:", "Its record and log go; what it made stays.",
            "Remove it", board.forget, job,
        )  # fmt: skip
    if job.error:
        st.error(plain(job.error), icon=":material/error:")
    _log(board, job)


def _title(job: JobInfo) -> None:
    kind = KINDS[job.kind].title if job.kind in KINDS else job.kind
    about = kind
    if not job.is_active:
        about = f"{kind} · {job.state} {when_ended(job)}{took_words(job)}"
    with st.container(gap=None, width="stretch"):
        st.markdown(f"{JOB_ICONS[job.state]} **{plain(job.title)}**")
        st.caption(plain(about))


def _pace(job: JobInfo) -> str:
    """How fast it works and for how long, in words."""
    if job.started is None:
        return ""
    parts = [f"Working for {duration(time.time() - job.started)}"]
    now = job.progress
    if now.rate and now.unit:
        parts.append(f"{now.rate:,.3g} {now.unit} a second")
    return " · ".join(parts)


def _confirmed(
    label: str, icon: str, words: str, action: str, do: Callable[[str], None], job: JobInfo
) -> None:
    """A button that asks once more."""
    with st.popover(
        label, icon=icon, type="tertiary" if label == "Remove" else "secondary",
        key=f"jobs_{label}_{job.id}",
    ):  # fmt: skip
        st.markdown(plain(words))
        st.button(
            action, key=f"jobs_{label}_yes_{job.id}", type="primary", on_click=do_job,
            args=(do, job.id),
        )  # fmt: skip


def _move_up(job: str) -> None:
    JobBoard().move(job, -1)


def _log(board: JobBoard, job: JobInfo) -> None:
    try:
        log = board.log_tail(job.id, _LINES)
    except EmotionLensError:
        return  # it was removed meanwhile
    if not log:
        return
    with st.expander("Log", icon=":material/notes:", key=f"jobs_log_{job.id}"):
        st.code(log, language=None, height=220)
        path = JobFolder(job.folder).log()
        st.download_button(
            "Download the log", lambda: tail_of(path, _MOST_LINES), safe_file_name(job.id, ".txt"),
            "text/plain", key=f"jobs_log_file_{job.id}", icon=":material/download:",
            on_click="ignore", type="tertiary",
        )  # fmt: skip
