"""Finding faces and cutting them out as FER-2013 shows them."""

from emotion_core.faces.catalog import (
    all_detectors,
    build_detector,
    default_detector_name,
    detector_info,
    detector_names,
)
from emotion_core.faces.confidence import ConfidenceRange
from emotion_core.faces.crops import crop_faces, crop_squares, upright_squares
from emotion_core.faces.detector import DEFAULT_MAX_SIDE_PX, DetectorInfo, FaceDetector
from emotion_core.faces.framing import CropFraming, FaceSquares, face_roll_deg, face_squares
from emotion_core.faces.largest import crop_largest_face
from emotion_core.faces.rotation import detect_any_rotation
from emotion_core.faces.small_faces import SmallFaces, harder_search

__all__ = [
    "DEFAULT_MAX_SIDE_PX",
    "ConfidenceRange",
    "CropFraming",
    "DetectorInfo",
    "FaceDetector",
    "FaceSquares",
    "SmallFaces",
    "all_detectors",
    "build_detector",
    "crop_faces",
    "crop_largest_face",
    "crop_squares",
    "default_detector_name",
    "detect_any_rotation",
    "detector_info",
    "detector_names",
    "face_roll_deg",
    "face_squares",
    "harder_search",
    "upright_squares",
]
