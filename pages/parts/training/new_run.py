"""A new run: from a preset to the queue."""

import hashlib
import json

import streamlit as st

from emotion_core.datasets import SYNTHETIC
from emotion_core.errors import EmotionLensError
from emotion_core.markdown import plain
from emotion_core.training.presets import PRESETS
from emotion_core.training.queue import RunQueue
from emotion_core.wording import count_of, duration
from pages.parts.common.guard import guarded
from pages.parts.common.jobs import job_board, job_outcome, job_progress
from pages.parts.training import form
from pages.parts.training.augmentation_preview import augmented_grid


def first_run(queue: RunQueue) -> None:
    """The empty page: one click to a first training that needs no data set."""
    with st.container(border=True):
        st.markdown(
            "**Nothing has been trained here yet.** The synthetic data set is generated on this "
            "machine, so a first run needs no download. It takes about a minute and goes all the "
            "way from data to a model that the Photos page can use."
        )
        st.button(
            "Train on synthetic data", type="primary", icon=":material/model_training:",
            key="train_first", on_click=_start_smoke_run, args=(queue,),
        )  # fmt: skip


def _start_smoke_run(queue: RunQueue) -> None:
    form.choose_preset("smoke")
    _start(queue, form.Choice(PRESETS["smoke"], SYNTHETIC), "")


def new_run(queue: RunQueue, *, is_primary: bool) -> None:
    """Draws presets, form and preview; a change redraws only this part."""
    st.fragment(_new_run)(queue, is_primary)


def _new_run(queue: RunQueue, is_primary: bool) -> None:
    with guarded():
        st.header("New run", anchor=False)
        form.preset_choice()
        actions = st.container()
        settings, changes = st.columns([3, 2], gap="large")
        with settings:
            st.subheader("Settings", anchor=False)
            choice = form.settings_form()
        with actions:
            _actions(queue, choice, is_primary)
        with changes:
            st.subheader("Augmentation preview", anchor=False)
            picture = st.container()
            form.augmentation_form()
            with picture:  # last: reading a large data set takes seconds
                augmented_grid(choice)


def _actions(queue: RunQueue, choice: form.Choice, is_primary: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name", key=form.NAME_KEY, placeholder=queue.free_name(choice.config), width=220,
            persist_state="session",
        )  # fmt: skip
        st.button(
            "Start", key="train_start", icon=":material/model_training:",
            type="primary" if is_primary else "secondary", on_click=_start,
            args=(queue, choice, name),
        )  # fmt: skip
        _estimate(choice)
    if problem := st.session_state.pop("_training_start_problem", ""):
        st.error(plain(problem), icon=":material/error:")
    elif st.session_state.pop("_training_started", False):
        st.rerun()  # the whole page: the run stands above this part


def _start(queue: RunQueue, choice: form.Choice, name: str) -> None:
    try:
        queue.enqueue(choice.config, choice.dataset, name.strip())
    except EmotionLensError as error:
        st.session_state["_training_start_problem"] = str(error)
        return
    st.session_state["_training_started"] = True
    st.session_state[form.NAME_KEY] = ""


def _estimate(choice: form.Choice) -> None:
    """How long the run will take: measured when asked for, and remembered."""
    key = _estimate_key(choice)
    job = job_board().find(key)
    measuring = job is not None and job.is_active
    st.button(
        "Measuring" if measuring else "Estimate the time", key="train_estimate",
        icon=":material/timer:", disabled=measuring, on_click=_begin_estimate, args=(key, choice),
        help="Trains for a few seconds in a separate process and measures the speed.",
    )  # fmt: skip
    if job is None:
        return
    if measuring:
        job_progress(job)
    elif (found := job_board().result(job.id)) is None:
        job_outcome(job)
    else:
        st.markdown(
            f"**About {duration(found['seconds_total'])}** · {found['samples_per_s']:,.0f} images "
            f"a second · {count_of(found['n_images'], 'image')} per epoch",
            width="stretch",
        )


def _estimate_key(choice: form.Choice) -> str:
    settings = json.dumps([choice.config.to_dict(), str(choice.dataset)], sort_keys=True)
    return f"estimate:{hashlib.sha256(settings.encode()).hexdigest()[:24]}"


def _begin_estimate(key: str, choice: form.Choice) -> None:
    try:
        job_board().submit(
            "training-estimate",
            {"config": choice.config.to_dict(), "dataset": str(choice.dataset)},
            title=f"Estimate the time of {choice.config.architecture}",
            key=key,
        )
    except EmotionLensError as error:
        st.session_state["_training_start_problem"] = str(error)
