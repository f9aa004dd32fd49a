"""Whether a model knows when pictures are unlike those that it was trained on."""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from emotion_core.charts.evaluation import confidence_chart
from emotion_core.evaluation import EvaluatedModel
from emotion_core.evaluation.cache import LogitsCache
from emotion_core.evaluation.shift_figures import MAX_IMAGES, ShiftFigures, ShiftReport, ShiftTest
from emotion_core.evaluation.shifts import SHIFTS
from emotion_core.evaluation.shifts import shifted as shifted_faces
from emotion_core.html import pieces
from emotion_core.images import encode_png, resize_image
from emotion_core.markdown import plain
from emotion_core.types import UInt8Array
from emotion_core.wording import percent
from pages.parts.common.jobs import job_board, job_outcome, job_progress
from pages.parts.evaluation.choice import Choice
from pages.parts.evaluation.start_button import start_button, was_started

_EXAMPLES = 6
_EXAMPLE_PX = 72


def shifted(choice: Choice) -> None:
    """Draws accuracy beside confidence under each condition, or the way to them."""
    key = f"shifts:{choice.model.key}:{choice.rows.key}:{choice.rows.labels}"
    test = ShiftTest(choice.rows)
    if was_started("shifts") and not test.is_known(choice.model, choice.cache):
        _start(choice, key)
    job = job_board().find(key)
    if job is not None and job.is_active:
        job_progress(job)
        return
    job_outcome(job)
    if test.is_known(choice.model, choice.cache):
        with st.spinner("Shifting the faces"):
            report = _report(key, repr(choice.model.head), test, choice.model, choice.cache)
        _figures(report)
        _examples(choice, report.conditions)
        return
    n = min(MAX_IMAGES, len(choice.rows.images)) * len(SHIFTS)
    start_button(
        "shifts",
        "Evaluate on shifted faces",
        f"Evaluates the model on {n:,} faces, which takes about a minute and continues when you "
        "leave the page.",
    )
    st.caption(
        "How right and how confident the model is on faces as detectors and cameras deliver them "
        "will appear here: badly framed, compressed, blurred, dark, small, turned to one side."
    )
    _examples(choice, {})


def _start(choice: Choice, key: str) -> None:
    job_board().submit(
        "shifts",
        choice.job_arguments(choice.model.name),
        title=f"Shifted faces for {choice.model.name}",
        key=key,
    )


@st.cache_data(show_spinner=False, max_entries=20)
def _report(
    key: str,  # noqa: ARG001 - of the cache
    head: str,  # noqa: ARG001 - another calibration is another report
    _test: ShiftTest,
    _model: EvaluatedModel,
    _cache: LogitsCache,
) -> ShiftReport:
    """Drawing the shifted faces takes seconds, and their pictures tell the temperatures."""
    return _test.report(_test.predictions(_model, _cache))


def _figures(report: ShiftReport) -> None:
    worst = max(report.conditions, key=lambda name: report.conditions[name].overconfidence)
    over = report.conditions[worst].overconfidence
    n = next(iter(report.conditions.values())).n
    items = [
        (
            "Calibration error",
            percent(report.ece, 1),
            f"over all conditions, n = {n:,} faces under each",
        ),
        (
            "Most overconfident",
            f"{100 * over:+.1f} points".replace("-", "−"),
            f"{SHIFTS[worst].title.lower()}: mean confidence above accuracy",
        ),
    ]
    st.html(pieces.figures(items))
    st.markdown("● right · ○ mean confidence")
    st.altair_chart(
        confidence_chart(
            {SHIFTS[n].title: (f.accuracy, f.confidence) for n, f in report.conditions.items()}
        ),
        alt="; ".join(
            f"{SHIFTS[name].title}: {_said(found)}" for name, found in report.conditions.items()
        ),
    )
    st.caption(
        "A ring at the right of its dot: more confident than right. At the left: less confident "
        "than it could be."
    )


def _said(found: ShiftFigures) -> str:
    return f"{percent(found.accuracy)} right at {percent(found.confidence)} confidence"


def _examples(choice: Choice, figures: Mapping[str, ShiftFigures]) -> None:
    """The same faces under each condition."""
    originals = choice.rows.images.images[choice.rows.judged][:_EXAMPLES]
    st.subheader("What the conditions look like", anchor=False)
    _strip(originals, "As they are", "")
    for place in range(0, len(SHIFTS), 2):
        for column, shift in zip(
            st.columns(2, gap="medium"), list(SHIFTS.values())[place : place + 2], strict=True
        ):
            said = f" · {_said(figures[shift.name])}" if shift.name in figures else ""
            with column:
                _strip(shifted_faces(originals, shift.name), shift.title, f"{shift.what}{said}")


def _strip(faces: UInt8Array, title: str, what: str) -> None:
    larger = [resize_image(face, (_EXAMPLE_PX, _EXAMPLE_PX)) for face in faces]
    st.markdown(f"**{plain(title)}**" + (f": {plain(what)}" if what else ""))
    st.image(encode_png(np.hstack(larger)), alt=f"Example faces: {title.lower()}, {what}")
