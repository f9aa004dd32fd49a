"""All jobs on one page, renewed by itself: what works, what waits, what ended."""

from collections.abc import Sequence

import streamlit as st

from emotion_core.html import pieces
from emotion_core.jobs import JobBoard, JobInfo, JobState
from emotion_core.markdown import plain
from emotion_core.wording import count_of, percent
from pages.parts.common.guard import guarded
from pages.parts.common.jobs import job_board, job_problem
from pages.parts.jobs.row import active_job, ended_job

_EVERY_S = 2.0
_STATES: dict[str, frozenset[JobState]] = {
    "All": frozenset((JobState.DONE, JobState.STOPPED, JobState.FAILED)),
    "Failed": frozenset((JobState.FAILED,)),
    "Stopped": frozenset((JobState.STOPPED,)),
    "Done": frozenset((JobState.DONE,)),
}
_STATE, _SHOWN, _PAGE = "jobs_state", "_jobs_shown", 10


def jobs_board() -> None:
    """Draws the jobs; only this part is drawn again while they work."""
    st.fragment(run_every=_EVERY_S)(_board)()


def _board() -> None:
    with guarded():
        board = job_board()
        board.ensure_supervisor()
        jobs = board.jobs()
        job_problem()
        if not jobs:
            _nothing()
            return
        st.html(pieces.figures(_figures(jobs)))
        _active(board, sorted(
            (job for job in jobs if job.is_active), key=lambda job: (job.position, job.created)
        ))  # fmt: skip
        _ended(board, [job for job in jobs if not job.is_active])


def _nothing() -> None:
    st.caption(
        "Long work appears here: videos that are read, trainings, imports, audits, evaluations. It "
        "goes on when the browser is closed."
    )
    with st.container(horizontal=True):
        if st.button("Read a video", type="primary", icon=":material/movie:", key="jobs_to_videos"):
            st.switch_page("pages/videos.py")
        if st.button("Train a model", icon=":material/model_training:", key="jobs_to_training"):
            st.switch_page("pages/training.py")


def _figures(jobs: Sequence[JobInfo]) -> list[tuple[str, str, str]]:
    counts = {state: sum(job.state == state for job in jobs) for state in JobState}
    running = [job for job in jobs if job.state in (JobState.RUNNING, JobState.STOPPING)]
    shares = [percent(job.progress.share) for job in running if job.progress.total]
    return [
        ("Running", f"{len(running)}", ", ".join(shares[:3]) or "jobs"),
        ("Waiting", f"{counts[JobState.QUEUED]}", "in the queue"),
        ("Failed", f"{counts[JobState.FAILED]}", "in the last 30 days"),
        ("Stopped", f"{counts[JobState.STOPPED]}", "can go on"),
        ("Done", f"{counts[JobState.DONE]}", "in the last 30 days"),
    ]


def _active(board: JobBoard, jobs: Sequence[JobInfo]) -> None:
    if not jobs:
        st.caption("Nothing works or waits.")
        return
    st.header("Now", anchor=False)
    for job in jobs:
        with st.container(border=True, key=f"jobs_row_{job.id}"):
            active_job(board, job)


def _ended(board: JobBoard, jobs: Sequence[JobInfo]) -> None:
    if not jobs:
        return
    st.header("Ended", anchor=False)
    st.segmented_control(
        "Which", list(_STATES), default="All", key=_STATE, label_visibility="collapsed",
        required=True,
    )  # fmt: skip
    wanted = _STATES[st.session_state.get(_STATE) or "All"]
    found = [job for job in jobs if job.state in wanted]
    if not found:
        st.caption("None of these.")
    shown = found[: st.session_state.get(_SHOWN, _PAGE)]
    for job in shown:
        with st.container(border=True, key=f"jobs_row_{job.id}"):
            ended_job(board, job)
    if rest := len(found) - len(shown):
        st.button(
            f"Show {min(rest, _PAGE)} more of {plain(count_of(rest, 'older one'))}",
            key="jobs_more", type="tertiary", icon=":material/expand_more:", on_click=_more,
        )  # fmt: skip


def _more() -> None:
    st.session_state[_SHOWN] = st.session_state.get(_SHOWN, _PAGE) + _PAGE
