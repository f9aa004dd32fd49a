"""From a finished run to a model that the photo and live pages use."""

import streamlit as st

from emotion_core.errors import EmotionLensError, ModelError
from emotion_core.jobs import JobBoard, progress_words
from emotion_core.markdown import plain
from emotion_core.training.promotion import (
    Promotion,
    promotion_of,
    start_promotion,
    suggested_description,
    suggested_name,
)
from emotion_core.training.runs import RunInfo
from emotion_core.wording import percent
from pages.parts.common.resources import registry
from pages.parts.common.settings import MODEL_KEY

_PROBLEM = "_promotion_problem_"


def promotion_panel(board: JobBoard, run: RunInfo) -> None:
    """Draws what can be done with a run's model: make it, wait for it, use it."""
    if not run.has_model:
        return
    now = promotion_of(board, run.folder)
    if now is not None and now.job is not None and now.is_active:
        st.progress(now.job.progress.share, text=plain(progress_words(now.job)))
        return
    if now is not None and now.is_done:
        _in_use(now)
        return
    if now is not None and now.error:
        st.error(f"The run was not promoted. {plain(now.error)}", icon=":material/error:")
    _offer(board, run)


def _in_use(now: Promotion) -> None:
    try:
        card = registry().card(now.model)
    except ModelError as error:
        st.error(plain(error), icon=":material/error:")
        return
    figures = ", ".join(
        f"{percent(card.metrics[split]['accuracy'], 1)} {words}"
        for split, words in (("validation", "validation"), ("test", "test"))
        if split in card.metrics
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":material/check_circle: Model **{plain(now.model)}** is in place ({figures}).",
            width="stretch",
        )
        photos = st.button(
            "Use it on photos", key=f"photos_{now.model}", icon=":material/photo_library:",
            on_click=_choose, args=(now.model,),
        )  # fmt: skip
        live = st.button(
            "Use it live", key=f"use_live_{now.model}", icon=":material/videocam:",
            on_click=_choose, args=(now.model,),
        )  # fmt: skip
    if photos:
        st.switch_page("pages/photos.py")
    if live:
        st.switch_page("pages/live.py")


def _choose(model: str) -> None:
    st.session_state[MODEL_KEY] = model


def _offer(board: JobBoard, run: RunInfo) -> None:
    with st.popover("Evaluate and promote", icon=":material/verified:"):
        st.markdown(
            "Exports the best epoch, checks that the exported model predicts alike, calibrates it "
            "on the validation images and evaluates it on the test images (entered in the "
            "test-set access log). Then all pages can use it."
        )
        name = st.text_input("Name", suggested_name(run), key=f"promote_name_{run.name}")
        title = st.text_input(
            "Title", run.name.replace("-", " ").capitalize(), key=f"promote_title_{run.name}"
        )
        description = st.text_area(
            "Description", suggested_description(run), key=f"promote_words_{run.name}", height=90
        )
        use_for = st.text_input(
            "Use it for", key=f"promote_use_{run.name}", placeholder="faces seen from the side",
            help="A few words on when to choose this model rather than another, shown wherever "
                 "models are chosen. Optional.",
        )  # fmt: skip
        flip = st.toggle(
            "Horizontal-flip test-time augmentation (TTA)", value=True,
            key=f"promote_flip_{run.name}",
            help="Averages the logits of a face and its mirror image: slightly more accurate, "
                 "twice the time per face.",
        )  # fmt: skip
        st.button(
            "Promote", key=f"promote_{run.name}", type="primary", on_click=_make,
            args=(board, run, name.strip(), title, description, use_for, flip),
        )  # fmt: skip
        if problem := st.session_state.pop(_PROBLEM + run.name, ""):
            st.error(plain(problem), icon=":material/error:")


def _make(
    board: JobBoard,
    run: RunInfo,
    name: str,
    title: str,
    description: str,
    use_for: str,
    flip: bool,
) -> None:
    try:
        start_promotion(board, run, name, title, description, use_for=use_for, flip_tta=flip)
    except EmotionLensError as error:
        st.session_state[_PROBLEM + run.name] = str(error)
