"""Tables of faces in the columns of Py-Feat and of OpenFace."""

from typing import TYPE_CHECKING

import numpy as np

from emotion_core.emotions import Emotion
from emotion_core.reports.session_frames import SessionFrames, SessionKind
from emotion_core.tables import to_csv_bytes

if TYPE_CHECKING:
    import pandas as pd

_PIXEL_DIGITS, _SCORE_DIGITS, _TIME_DIGITS = 2, 6, 6

#: Py-Feat's names of the emotions; those that it does not have keep ours.
#: Source: https://py-feat.org, ``feat/utils/__init__.py``, ``FEAT_EMOTION_COLUMNS``.
PYFEAT_EMOTIONS = {
    Emotion.ANGRY: "anger",
    Emotion.HAPPY: "happiness",
    Emotion.SAD: "sadness",
}


def to_pyfeat(session: SessionFrames) -> bytes:
    """Faces as Py-Feat's ``Fex`` has them; a frame without a face has empty cells.

    Scores are raw, as Py-Feat's are, and ``Identity`` is the person's name. Landmarks, pose and
    action units have no columns, because nothing here reads them.

    Returns:
        CSV: ``FaceRectX``, ``FaceRectY``, ``FaceRectWidth``, ``FaceRectHeight``, ``FaceScore``,
        the emotions, ``Identity``, ``input``, ``frame``, ``approx_time``.
    """
    import pandas as pd

    rows = _handed_out(session)
    boxes = {name: _rounded(rows[name], _PIXEL_DIGITS) for name in ("x0", "y0", "x1", "y1")}
    columns = {
        "FaceRectX": boxes["x0"],
        "FaceRectY": boxes["y0"],
        "FaceRectWidth": (boxes["x1"] - boxes["x0"]).round(_PIXEL_DIGITS),
        "FaceRectHeight": (boxes["y1"] - boxes["y0"]).round(_PIXEL_DIGITS),
        "FaceScore": _rounded(rows["detector_confidence"], _SCORE_DIGITS),
        **{
            PYFEAT_EMOTIONS.get(emotion, emotion.value): _rounded(rows[emotion], _SCORE_DIGITS)
            for emotion in session.view.label_set
        },
        "Identity": rows["person"],
        "input": session.name,
        "frame": rows["frame"],
        "approx_time": [_minutes(time_s) for time_s in rows["time_s"]],
    }
    return to_csv_bytes(pd.DataFrame(columns))


def to_openface(session: SessionFrames) -> bytes:
    """Faces as OpenFace's ``FaceLandmarkVidMulti`` begins its tables, and their emotions.

    OpenFace knows no emotions: their columns follow its own under our names. A frame without a
    face has one row with ``success`` and ``confidence`` 0. Frames count from 1, faces from 0.

    Source: https://github.com/TadasBaltrusaitis/OpenFace/wiki/Output-Format

    Returns:
        CSV: ``frame``, ``face_id``, ``timestamp``, ``confidence``, ``success``, the emotions,
        ``person``.
    """
    import pandas as pd

    rows = _handed_out(session)
    found = rows["person_id"].to_numpy(np.int64) > 0
    columns = {
        "frame": rows["frame"] + 1,
        "face_id": np.where(found, rows["person_id"].to_numpy(np.int64) - 1, 0),
        "timestamp": _rounded(rows["time_s"], _TIME_DIGITS),
        "confidence": _rounded(rows["detector_confidence"], _SCORE_DIGITS).fillna(0.0),
        "success": found.astype(int),
        **{
            emotion.value: _rounded(rows[emotion], _SCORE_DIGITS)
            for emotion in session.view.label_set
        },
        "person": rows["person"],
    }
    return to_csv_bytes(pd.DataFrame(columns))


def _handed_out(session: SessionFrames) -> "pd.DataFrame":
    """The rows that count, and one of each frame in which nobody does."""
    rows = session.view.frames
    shown = rows[(rows["counts"] | (rows["person_id"] == 0)).to_numpy(np.bool_)]
    if session.kind is SessionKind.PHOTOS:
        shown = shown.assign(time_s=0.0)
    return shown


def _rounded(column: "pd.Series[float]", digits: int) -> "pd.Series[float]":
    return column.astype(np.float64).round(digits)


def _minutes(seconds: float) -> str:
    """``"01:05"``, as Py-Feat writes times."""
    return f"{int(seconds // 60):02d}:{int(seconds % 60):02d}"
