"""The table of all faces: one row per face, sortable."""

from typing import Any

import pandas as pd
import streamlit as st

from emotion_core.emotions import Emotion
from emotion_core.photos.photo_library import Photo
from emotion_core.photos.pictures import crop_data_uri
from emotion_core.types import FrameResult
from emotion_core.wording import describe_face
from pages.parts.common.settings import Settings


def faces_table(found: list[tuple[Photo, FrameResult]], settings: Settings) -> None:
    """Draws the table."""
    frame = _frame(found, settings)
    if frame.empty:
        st.caption("No face found in these photos yet.")
        return
    config: dict[str, Any] = {
        "crop": st.column_config.ImageColumn("Face", width=64, help="What the classifier sees"),
        "photo": st.column_config.TextColumn("Photo", width=150),
        "number": st.column_config.NumberColumn("No.", width=48, help="Number in the picture"),
        "expression": st.column_config.TextColumn("Expression", width=160),
        "confidence": st.column_config.NumberColumn("Confidence", format="%.0f %%", width=88),
        **{emotion.value: _share_column(emotion) for emotion in settings.card.label_set},
        "detection_confidence": st.column_config.NumberColumn(
            "Detection confidence",
            format="%.0f %%",
            width=146,
            help="How confident the detector is that this is a face",
        ),
    }
    st.dataframe(
        frame,
        column_config=config,
        hide_index=True,
        row_height=52,
        height=min(640, 52 * len(frame) + 40),
        alt="Table of all faces with the probability of each expression.",
    )


def _frame(found: list[tuple[Photo, FrameResult]], settings: Settings) -> pd.DataFrame:
    rows = []
    for photo, result in found:
        decisions = result.decisions
        for face in result:
            rows.append(
                {
                    "crop": crop_data_uri(result, face, blur=settings.blur),
                    "photo": photo.name,
                    "number": int(result.track_ids[face]),
                    "expression": describe_face(decisions, face),
                    "confidence": 100 * float(decisions.confidences[face]),
                    **{name: 100 * p for name, p in decisions.scores.as_dict(face).items()},
                    "detection_confidence": 100 * float(result.detections.confidences[face]),
                }
            )
    return pd.DataFrame(rows)


def _share_column(emotion: Emotion) -> Any:
    return st.column_config.ProgressColumn(
        emotion.value.capitalize(),
        format="%.0f %%",
        min_value=0,
        max_value=100,
        color=emotion.colour,
        width=100,
    )
