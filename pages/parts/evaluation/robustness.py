"""How accuracy falls as pictures get worse."""

from collections.abc import Mapping, Sequence

import streamlit as st

from emotion_core.charts.evaluation import robustness_chart
from emotion_core.evaluation.corruptions import CORRUPTIONS
from emotion_core.evaluation.robustness import MAX_IMAGES, RobustnessPoint, RobustnessTest
from pages.parts.common.jobs import job_board, job_outcome, job_progress
from pages.parts.evaluation.choice import Choice
from pages.parts.evaluation.start_button import start_button, was_started


def robustness(choice: Choice) -> None:
    """Draws the curves that are known, and the way to the others."""
    key = _key(choice)
    if was_started("robustness") and not _is_whole(_points(choice)):
        _start(choice)
    job = job_board().find(key)
    if job is not None and job.is_active:
        job_progress(job, lambda: _curves(_points(choice)))
        return
    points = _points(choice)
    job_outcome(job)
    if not _is_whole(points):
        n = min(MAX_IMAGES, len(choice.rows.images))
        start_button(
            "robustness",
            "Resume measuring" if points else "Measure robustness",
            f"Corrupts {n:,} of these faces more and more strongly and evaluates the model on "
            "them. Takes about a minute and continues when you leave the page.",
        )
    _curves(points)


def _key(choice: Choice) -> str:
    return f"robustness:{choice.model.key}:{choice.rows.key}:{choice.rows.labels}"


def _points(choice: Choice) -> tuple[RobustnessPoint, ...]:
    """What is known; nothing where that is only the pictures themselves."""
    points = RobustnessTest(choice.model, choice.rows, choice.cache, max_images=MAX_IMAGES).points()
    corrupted = any(p.level != CORRUPTIONS[p.corruption].clean_level for p in points)
    return points if corrupted else ()


def _start(choice: Choice) -> None:
    job_board().submit(
        "robustness",
        {**choice.job_arguments(choice.model.name), "max_images": MAX_IMAGES},
        title=f"Robustness test of {choice.model.name}",
        key=_key(choice),
    )


def _is_whole(points: Sequence[RobustnessPoint]) -> bool:
    known = {(point.corruption, point.level) for point in points}
    return all(
        (kind.name, level) in known for kind in CORRUPTIONS.values() for level in kind.levels
    )


def _curves(points: Sequence[RobustnessPoint]) -> None:
    if not points:
        st.caption(
            "How many predictions stay correct when faces are blurred, noisy, dark, covered, "
            "turned or small will appear here."
        )
        return
    columns = [*st.columns(3, gap="medium"), *st.columns(3, gap="medium")]
    for column, kind in zip(columns, CORRUPTIONS.values(), strict=True):
        own = sorted((p for p in points if p.corruption == kind.name), key=lambda p: p.level)
        with column:
            st.markdown(f"**{kind.title}**")
            st.altair_chart(
                robustness_chart(
                    {"this model": [_row(point) for point in own]},
                    kind.unit,
                    # The worst pictures stand at the right.
                    reverse=max(kind.levels) < kind.clean_level,
                    clean_level=kind.clean_level,
                ),
                alt=f"Share of correct predictions against {kind.title.lower()} ({kind.unit}).",
            )
    st.caption(
        f"Correct predictions on {points[0].n:,} faces, the same for every condition. The dashed "
        "line marks the uncorrupted picture; bands are 95 % intervals."
    )


def _row(point: RobustnessPoint) -> Mapping[str, float]:
    low, high = point.accuracy_ci95
    return {
        "level": point.level,
        "accuracy": point.accuracy,
        "ci_low": low,
        "ci_high": high,
        "n": point.n,
    }
