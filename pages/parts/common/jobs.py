"""Long work on the pages: its progress where it was begun, and all of it in one panel."""

import time
from collections.abc import Callable

import streamlit as st

from emotion_core.errors import EmotionLensError
from emotion_core.jobs import JobBoard, JobInfo, JobState, progress_words
from emotion_core.markdown import plain
from emotion_core.wording import count_of, duration

_EVERY_S = 1.0
_BOARD_EVERY_S = 2.0
#: The sidebar shows as many; the rest is counted.
_BOARD_JOBS = 3
_PANEL_JOBS = 30
_PROBLEM = "_jobs_problem"

#: One per state.
JOB_ICONS = {
    JobState.QUEUED: ":material/hourglass_empty:",
    JobState.RUNNING: ":material/progress_activity:",
    JobState.STOPPING: ":material/progress_activity:",
    JobState.STOPPED: ":material/stop_circle:",
    JobState.FAILED: ":material/error:",
    JobState.DONE: ":material/check_circle:",
}


def job_board() -> JobBoard:
    """The jobs of this installation."""
    return JobBoard()


def job_progress(job: JobInfo, live: Callable[[], None] | None = None) -> None:
    """Progress of an active job with a way to stop it; when it ends, the page is drawn again.

    Args:
        job: waits or works.
        live: draws what is there so far, again and again while the job works.
    """
    st.fragment(run_every=_EVERY_S)(_progress)(job.id, live)


def _progress(job_id: str, live: Callable[[], None] | None) -> None:
    job = _known(job_id)
    if job is None or not job.is_active:
        st.rerun()
    job_board().ensure_supervisor()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(job.progress.share, text=plain(progress_words(job)))
        _stop_button(job, "progress")
    if live is not None:
        live()


def job_outcome(job: JobInfo | None) -> None:
    """Says that a job failed or was stopped, until that is put away; nothing for any other."""
    if job is None or job.state not in (JobState.FAILED, JobState.STOPPED):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if job.state == JobState.FAILED:
            st.error(f"{plain(job.error)} ({plain(when_ended(job))})", icon=":material/error:")
        else:
            st.info(
                f"Stopped {plain(when_ended(job))}. What was finished is kept.",
                icon=":material/info:",
            )
        st.button(
            "Dismiss", key=f"dismiss_{job.id}", type="tertiary", on_click=do_job,
            args=(job_board().forget, job.id),
        )  # fmt: skip


def sidebar_jobs() -> None:
    """The board on every page: what works now, and the way to the panel of all jobs."""
    jobs = job_board().jobs()
    if not jobs:
        return
    active = any(job.is_active for job in jobs)
    with st.sidebar, st.container(key="jobs_board"):
        st.fragment(run_every=_BOARD_EVERY_S if active else None)(_board)()


def _board() -> None:
    board = job_board()
    board.ensure_supervisor()
    active = board.active()
    for job in active[:_BOARD_JOBS]:
        st.progress(job.progress.share, text=f"**{plain(job.title)}** {plain(progress_words(job))}")
    label = f"All {count_of(len(active), 'job')}" if len(active) > _BOARD_JOBS else "Jobs"
    if st.button(label, key="jobs_open", icon=":material/list_alt:", type="tertiary"):
        jobs_panel()


@st.dialog("Jobs", width="large", icon=":material/list_alt:")
def jobs_panel() -> None:
    """All jobs with their progress, and what can be done with each."""
    st.fragment(run_every=_EVERY_S)(_panel)()


def _panel() -> None:
    board = job_board()
    board.ensure_supervisor()
    jobs = board.jobs()
    job_problem()
    if not jobs:
        st.caption("Imports, audits, evaluations and trainings appear here while they run.")
    # What works or waits first, then what has ended, newest first.
    shown = sorted(jobs[:_PANEL_JOBS], key=lambda job: not job.is_active)
    for job in shown:
        with st.container(border=True, key=f"job_{job.id}"):
            _job(board, job)
    if len(jobs) > len(shown):
        st.caption(f"{len(jobs) - len(shown)} older ones are not listed.")
    if st.button(
        "Open the page Jobs", key="jobs_page", type="tertiary", icon=":material/list_alt:"
    ):
        st.switch_page("pages/jobs.py")


def _job(board: JobBoard, job: JobInfo) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{JOB_ICONS[job.state]} **{plain(job.title)}**", width="stretch")
        if job.is_active:
            _stop_button(job, "panel")
        else:
            if job.can_resume:
                st.button(
                    "Resume" if job.resumes else "Run again", key=f"job_resume_{job.id}",
                    icon=":material/play_arrow:", type="tertiary", on_click=do_job,
                    args=(board.resume, job.id),
                )  # fmt: skip
            st.button(
                "Remove", key=f"job_forget_{job.id}", icon=":material/close:", type="tertiary",
                on_click=do_job, args=(board.forget, job.id),
                help="Removes it from this list. What it made stays.",
            )  # fmt: skip
    if job.is_active:
        st.progress(job.progress.share, text=plain(progress_words(job)))
        if text := job.progress.preview.get("text"):
            st.caption(plain(text))
    else:
        st.caption(plain(f"{job.state.capitalize()} {when_ended(job)}{took_words(job)}"))
        if job.error:
            st.error(plain(job.error))
    if log := board.log_tail(job.id):
        with st.expander("Log", icon=":material/notes:"):
            st.code(log, language=None, height=200)


def _stop_button(job: JobInfo, where: str) -> None:
    stopping = job.state == JobState.STOPPING
    st.button(
        "Stopping" if stopping else "Stop", key=f"job_stop_{where}_{job.id}",
        icon=":material/stop:", disabled=stopping, on_click=do_job, args=(job_board().stop, job.id),
    )  # fmt: skip


def when_ended(job: JobInfo) -> str:
    """When a job ended: ``"at 14:02"``, ``"on 2026-11-30 at 14:02"``."""
    moment = time.localtime(job.ended or job.created)
    today = time.localtime()[:3] == moment[:3]
    return time.strftime("at %H:%M" if today else "on %Y-%m-%d at %H:%M", moment)


def took_words(job: JobInfo) -> str:
    """How long a job worked, to be said behind when it ended; empty where nobody knows."""
    if job.started is None or job.ended is None:
        return ""
    return f", took {duration(job.ended - job.started)}"


def job_problem() -> None:
    """Says what went wrong with the last button of a job, once."""
    if problem := st.session_state.pop(_PROBLEM, ""):
        st.error(plain(problem), icon=":material/error:")


def _known(job_id: str) -> JobInfo | None:
    try:
        return job_board().get(job_id)
    except EmotionLensError:
        return None


def do_job(action: Callable[[str], None], job_id: str) -> None:
    """Runs an action of a button; what goes wrong is shown by the next drawing."""
    try:
        action(job_id)
    except EmotionLensError as error:
        st.session_state[_PROBLEM] = str(error)
