"""A person's resting face as zero: mean scores and curves become changes from it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from emotion_core.errors import ReportError
from emotion_core.reports.session_frames import SessionFrames
from emotion_core.types import BoolArray, Float64Array

if TYPE_CHECKING:
    import pandas as pd


def resting_scores(
    session: SessionFrames, person: int, start_s: float, end_s: float
) -> Float64Array:
    """A person's mean smoothed scores in an interval, weighed by time.

    Returns:
        (C,) float64.

    Raises:
        ReportError: the person is not seen in the interval, or nobody has that number.
    """
    view = session.within(start_s, end_s).view
    rows = view.frames[_rows_of(view.frames, person)]
    weights = rows["seconds"].to_numpy(np.float64)
    if not weights.sum() > 0:
        name = session.view.names.get(person, f"person {person}")
        raise ReportError(
            f"{session.name}: {name} is not seen from {start_s:g} to {end_s:g} s. "
            "Choose an interval in which they are at rest before the camera."
        )
    scores = rows[_columns(session)].to_numpy(np.float64)
    mean: Float64Array = weights @ scores / weights.sum()
    return mean


def subtract_baselines(
    session: SessionFrames, resting: Mapping[int, tuple[float, float]]
) -> SessionFrames:
    """Subtracts from people's smoothed scores what they are at rest.

    Smoothed scores then go from -1 to 1, and mean scores and curves are changes from rest. What a
    face was called, and so shares of time and onsets, stays as it was decided.

    Args:
        session: whose baselines are not subtracted yet.
        resting: {person: (start_s, end_s)}; others keep their scores.

    Raises:
        ReportError: somebody is not seen in their interval, or it was done before.
    """
    if session.baselines:
        raise ReportError(f"{session.name}: baselines were subtracted before.")
    frames = session.view.frames.copy()
    columns = _columns(session)
    for person, (start_s, end_s) in resting.items():
        rest = resting_scores(session, person, start_s, end_s)
        rows = _rows_of(frames, person, counted=False)
        frames.loc[rows, columns] = (frames.loc[rows, columns].to_numpy(np.float64) - rest).astype(
            np.float32
        )
    view = replace(session.view, frames=frames)
    return replace(session, view=view, baselines=dict(resting))


def _columns(session: SessionFrames) -> list[str]:
    return [f"smoothed_{name}" for name in session.view.label_set.names]


def _rows_of(frames: "pd.DataFrame", person: int, *, counted: bool = True) -> BoolArray:
    rows = (frames["person_id"] == person).to_numpy(np.bool_)
    return rows & frames["counts"].to_numpy(np.bool_) if counted else rows
