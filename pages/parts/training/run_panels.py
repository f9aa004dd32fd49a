"""The runs themselves: the one that trains, those that wait, those that have ended."""

from collections.abc import Callable, Sequence

import streamlit as st

from emotion_core.charts.curves import CurveOptions, available_panels, curves_chart
from emotion_core.errors import EmotionLensError
from emotion_core.html import pieces
from emotion_core.markdown import plain
from emotion_core.training.promotion import PROMOTION
from emotion_core.training.queue import RunQueue
from emotion_core.training.runs import RunInfo
from emotion_core.training.wording import state_words
from emotion_core.wording import count_of, duration, percent
from pages.parts.common.guard import guarded
from pages.parts.training.promotion_panel import promotion_panel

_EVERY_S = 2.0
_ENDED_SHOWN = 5
_ENDED = ("done", "stopped", "failed", "damaged")
_CURVES_PX = 170
_PROBLEM = "_training_problem"


def runs_panel(queue: RunQueue) -> None:
    """Draws all runs; renewed by itself while one trains, waits or is promoted."""
    active = _is_active(queue, queue.runs())
    st.fragment(run_every=_EVERY_S if active else None)(_runs)(queue, active)


def _is_active(queue: RunQueue, runs: Sequence[RunInfo]) -> bool:
    return any(run.state in ("running", "queued") for run in runs) or any(
        job.kind == PROMOTION for job in queue.board.active()
    )


def _runs(queue: RunQueue, was_active: bool) -> None:
    with guarded():
        runs = queue.runs()
        queue.ensure(runs)
        if _is_active(queue, runs) != was_active:
            st.rerun()  # the whole page: this part begins or ends to renew itself
        if problem := st.session_state.pop(_PROBLEM, ""):
            st.error(plain(problem), icon=":material/error:")
        for run in runs:
            if run.state == "running":
                _running(queue, run)
        _waiting(queue, [run for run in runs if run.state == "queued"])
        _ended(queue, [run for run in runs if run.state in _ENDED])


def _running(queue: RunQueue, run: RunInfo) -> None:
    stopping = queue.is_stopping(run)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(f"Training {plain(run.name)}", anchor=False)
        st.button(
            "Stopping" if stopping else "Stop", key=f"stop_{run.name}", icon=":material/stop:",
            disabled=stopping, on_click=_do, args=(queue.stop, run.name),
            help="Keeps everything up to the last full epoch; the run can be resumed.",
        )  # fmt: skip
    _problem(run)
    st.progress(run.progress, text=_progress_words(run))
    st.html(pieces.figures(_figures(run)))
    history = run.history()
    columns = st.columns(2, gap="large")
    for place, panel in zip(columns, ("Accuracy", "Loss"), strict=True):
        # A fixed height: the first curves push nothing away.
        with place, st.container(height=_CURVES_PX + 90, border=False):
            if history.empty or panel not in available_panels({run.name: history}):
                st.caption(f"{panel} will appear here after the first epoch.")
                continue
            st.altair_chart(
                curves_chart(
                    {run.name: history}, [panel], CurveOptions(epochs=run.epochs),
                    height=_CURVES_PX,
                ),
                width="stretch", key=f"live_{panel}",
                alt=f"{panel} of {run.name} by epoch, training dashed and validation solid.",
            )  # fmt: skip
    with st.expander("Log", icon=":material/notes:"):
        st.code(run.log_tail(40) or "Nothing yet.", language=None, height=240)


def _progress_words(run: RunInfo) -> str:
    if not run.epoch and not run.batch:
        return f"Preparing · {count_of(run.epochs, 'epoch')}"
    now = min(run.epochs, run.epoch + 1)
    parts = [f"Epoch {now:,} of {run.epochs:,}"]
    if run.batches:
        parts.append(f"step {run.batch:,} of {run.batches:,}")
    return " · ".join(parts)


def _figures(run: RunInfo) -> list[tuple[str, str, str]]:
    best = run.best_val_accuracy
    return [
        (
            "Time left",
            duration(run.eta_s) if run.eta_s is not None else "–",
            "at the current speed",
        ),
        ("Speed", f"{run.samples_per_s:,.0f} /s" if run.samples_per_s else "–", "training images"),
        (
            "Best so far",
            percent(best, 1) if best is not None else "–",
            f"validation, epoch {run.best_epoch}" if best is not None else "validation",
        ),
        (
            "Processor",
            f"{run.cpu_percent:.0f} %" if run.cpu_percent is not None else "–",
            "100 % is one core",
        ),
        (
            "Memory",
            f"{run.rss_mb / 1000:.1f} GB" if run.rss_mb is not None else "–",
            "of this run",
        ),
    ]


def _waiting(queue: RunQueue, runs: Sequence[RunInfo]) -> None:
    if not runs:
        return
    waiting = sorted(runs, key=lambda run: run.position)
    st.header(f"Waiting: {count_of(len(waiting), 'run')}", anchor=False)
    if problem := queue.hindrance():
        st.warning(plain(problem), icon=":material/hard_drive:")
    for i, run in enumerate(waiting):
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            st.markdown(f"**{plain(run.name)}** · {_plan(run)}", width="stretch")
            _small_button(
                "Move up", f"up_{run.name}", ":material/arrow_upward:", _do, queue.move,
                run.name, -1, disabled=i == 0,
            )  # fmt: skip
            _small_button(
                "Move down", f"down_{run.name}", ":material/arrow_downward:", _do, queue.move,
                run.name, 1, disabled=i == len(waiting) - 1,
            )  # fmt: skip
            _small_button(
                "Remove", f"out_{run.name}", ":material/close:", _do, queue.stop, run.name
            )
        _problem(run)


def _plan(run: RunInfo) -> str:
    config = run.config
    return f"{plain(config.get('architecture', ''))}, {count_of(run.epochs, 'epoch')}"


def _ended(queue: RunQueue, runs: Sequence[RunInfo]) -> None:
    if not runs:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Past runs", anchor=False)
        if st.button("Compare", icon=":material/query_stats:", type="tertiary"):
            st.switch_page("pages/history.py")
    for run in runs[:_ENDED_SHOWN]:
        with st.container(border=True, key=f"ended_{run.name}"):
            _ended_run(queue, run)
    if len(runs) > _ENDED_SHOWN:
        st.caption(f"{len(runs) - _ENDED_SHOWN} older ones stand on the History page.")


def _ended_run(queue: RunQueue, run: RunInfo) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(run.name)}** · {_summary(run)}", width="stretch")
        if run.can_resume:
            st.button(
                "Resume", key=f"resume_{run.name}", icon=":material/play_arrow:",
                on_click=_do, args=(queue.resume, run.name),
            )  # fmt: skip
        with st.popover("Delete", icon=":material/delete:"):
            st.markdown(f"Delete **{plain(run.name)}** with its weights and history?")
            st.button(
                "Delete permanently", key=f"delete_{run.name}", icon=":material/delete_forever:",
                on_click=_do, args=(queue.delete, run.name),
            )  # fmt: skip
    if run.state == "failed" and run.error:
        st.error(plain(run.error), icon=":material/error:")
    _problem(run)
    promotion_panel(queue.board, run)


def _problem(run: RunInfo) -> None:
    """What of the run's folder cannot be read."""
    if run.problem:
        st.warning(plain(run.problem), icon=":material/broken_image:")


def _summary(run: RunInfo) -> str:
    # Without its settings nobody knows how many epochs there should have been.
    done = count_of(run.epoch, "epoch")
    if "config.json" not in run.faults:
        done = plain(run.epochs_text)
    parts = [plain(state_words(run.state)), done]
    if run.best_val_accuracy is not None:
        parts.append(f"{percent(run.best_val_accuracy, 1)} on the validation images")
    if run.test_accuracy is not None:
        parts.append(f"{percent(run.test_accuracy, 1)} on the test images")
    if run.seconds > 0:
        parts.append(duration(run.seconds))
    return " · ".join(parts)


def _small_button(
    label: str, key: str, icon: str, action: Callable[..., None], *args: object,
    disabled: bool = False,
) -> None:  # fmt: skip
    st.button(
        label, key=key, icon=icon, type="tertiary", disabled=disabled, on_click=action, args=args
    )


def _do(action: Callable[..., None], name: str, *args: object) -> None:
    """Runs an action of a button; what goes wrong is shown by the next drawing."""
    try:
        action(name, *args)
    except EmotionLensError as error:
        st.session_state[_PROBLEM] = str(error)
