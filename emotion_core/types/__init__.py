"""The data that flows from picture to prediction. Row i is the same face in every type.

Frozen, validated, with read-only arrays. An array is never None: N may be 0.
"""

from emotion_core.types.arrays import (
    BoolArray,
    Float32Array,
    Float64Array,
    Int64Array,
    UInt8Array,
    checked,
)
from emotion_core.types.decisions import Decisions
from emotion_core.types.faces import FaceCrops, FaceDetections, Frame
from emotion_core.types.results import FrameResult
from emotion_core.types.scores import EmotionScores, is_uncertain

__all__ = [
    "BoolArray", "Decisions", "EmotionScores", "FaceCrops", "FaceDetections", "Float32Array",
    "Float64Array", "Frame", "FrameResult", "Int64Array", "UInt8Array", "checked", "is_uncertain",
]  # fmt: skip
