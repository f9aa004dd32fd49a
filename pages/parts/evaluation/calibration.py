"""Whether 80 % means 80 %, and what saying "uncertain" buys."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from emotion_core.charts.evaluation import coverage_chart, reliability_chart
from emotion_core.evaluation import Evaluation
from emotion_core.evaluation.curves import coverage_curve, reliability
from emotion_core.evaluation.metrics import expected_calibration_error
from emotion_core.markdown import plain
from emotion_core.types import Float32Array, Float64Array
from emotion_core.wording import count_of, percent


def calibration(evaluation: Evaluation, figures: Mapping[str, Any]) -> None:
    """Reliability before and after temperature scaling."""
    temperatures = evaluation.predictions.temperatures
    before, after = st.columns(2, gap="large")
    with before:
        _diagram(
            evaluation, evaluation.predictions.uncalibrated, "Before", "as the network outputs it"
        )
    with after:
        _diagram(
            evaluation,
            evaluation.probabilities,
            "After",
            _told(temperatures),
        )
    if (temperatures == 1).all():
        st.caption("This model is not calibrated: its temperature is 1, so both are the same.")
    elif np.ptp(temperatures):
        st.caption(
            "This head's temperature depends on the picture: the darker, flatter or less sharp a "
            "face, the less confident the prediction."
        )
    low, high = figures["ece_perfect_ci95"]
    st.caption(
        f"Chance alone gives an error of {percent(low, 1)} to {percent(high, 1)} on these "
        f"{count_of(len(evaluation.correct), 'face')}, even where every confidence is exactly "
        "right. Dots on the dashed line are well calibrated: of the predictions with a "
        "confidence of 80 %, 80 % are right. Larger dots stand for more faces; bars are 95 % "
        "intervals."
    )


def _told(temperatures: Float64Array) -> str:
    low, high = float(temperatures.min()), float(temperatures.max())
    if high - low < 0.005:
        return f"with temperature {low:.2f}"
    return f"with temperatures from {low:.2f} to {high:.2f}, by the picture"


def _diagram(evaluation: Evaluation, probabilities: Float32Array, title: str, note: str) -> None:
    confidences = probabilities.max(axis=1)
    error = expected_calibration_error(confidences, evaluation.correct)
    st.markdown(f"**{plain(title)}**, {plain(note)}: calibration error **{percent(error, 1)}**")
    st.altair_chart(
        reliability_chart(reliability(confidences, evaluation.correct)),
        alt=f"{title}: share of correct predictions against confidence. "
        f"Expected calibration error {percent(error, 1)}.",
    )


def confidence(evaluation: Evaluation, figures: Mapping[str, Any]) -> None:
    """Accuracy against the share of faces that get a confident prediction."""
    threshold = figures["threshold"]
    confidences = evaluation.probabilities.max(axis=1)
    chart, words = st.columns([3, 2], gap="large")
    with chart:
        st.altair_chart(
            coverage_chart(coverage_curve(confidences, evaluation.correct), threshold),
            alt="Accuracy against the share of faces that get a confident prediction.",
        )
    with words:
        if figures["accuracy_covered"] is None:
            st.markdown(f"Below **{percent(threshold)}** no face gets a confident prediction.")
        else:
            st.markdown(
                f"Called uncertain below **{percent(threshold)}**, "
                f"**{percent(figures['coverage'], 1)}** of the faces get a confident prediction; "
                f"**{percent(figures['accuracy_covered'], 1)}** of these are right "
                f"instead of {percent(figures['accuracy'], 1)} of all."
            )
        if threshold != evaluation.threshold:
            st.markdown(f"The model's card suggests {percent(evaluation.threshold)}.")
        st.caption(
            "“Uncertain below” in the sidebar moves the point. The band is the 95 % interval."
        )
