"""Where a frame table comes from: what stands in its metadata, the same on every machine."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from emotion_core.emotions import FER2013, LabelSet
from emotion_core.errors import VideoError
from emotion_core.files.atomic_files import file_sha256, readable
from emotion_core.stream import StreamPipeline
from emotion_core.video.options import AnalysisOptions
from emotion_core.video.probing import VideoInfo
from emotion_core.video.versions import versions


def build_metadata(
    info: VideoInfo,
    options: AnalysisOptions,
    pipeline: StreamPipeline,
    *,
    name: str = "",
    sha256: str = "",
) -> dict[str, Any]:
    """What stands in a table's metadata, apart from notes of the reading.

    Args:
        info: of the video.
        options: of the analysis.
        pipeline: with the model and the detector that it uses.
        name: of the video; empty: its file's.
        sha256: of the video's bytes; empty: they are read.

    Raises:
        VideoError: the video cannot be read.
    """
    try:
        digest = sha256 or file_sha256(info.path)
    except OSError as error:
        raise VideoError(f"{readable(info.path)}: cannot be read: {error.strerror}.") from error
    card = getattr(pipeline.classifier, "card", None)
    labels = getattr(pipeline.classifier, "labels", None)
    model: dict[str, Any] = {"name": type(pipeline.classifier).__name__, "sha256": ""}
    if card is not None:
        model = {
            "name": card.name, "title": card.title, "sha256": card.sha256,
            "created": card.created, "labels": labels,
        }  # fmt: skip
    own_threshold = card.head(labels).threshold if card is not None else None
    threshold = own_threshold if options.threshold is None else None
    own = getattr(pipeline.detector, "min_confidence", None)
    return {
        "source": {
            "name": name or readable(info.path.name),
            "size_bytes": info.size_bytes,
            "sha256": digest,
            "format": info.format,
            "codec": info.codec,
            "width": info.width,
            "height": info.height,
            "rotation_deg": info.rotation_deg,
            "start_s": info.start_s,
            "duration_s": info.duration_s,
            "average_fps": info.average_fps,
            "has_audio": info.has_audio,
            "player_offset_s": info.player_offset_s,
        },
        # What was left to model and detector stands as the value that they took.
        "options": {
            **options.to_dict(),
            "threshold": options.threshold if threshold is None else threshold,
            "min_confidence": own,
        },
        "model": model,
        "detector": {"name": pipeline.detector.name, "note": pipeline.detector.note},
        "versions": versions(),
        "emotions": list(label_set_of(pipeline).names),
    }


def label_set_of(pipeline: StreamPipeline) -> LabelSet:
    """The emotions that a pipeline's model knows."""
    card = getattr(pipeline.classifier, "card", None)
    return card.label_set if card is not None else FER2013


def fingerprint(metadata: Mapping[str, Any]) -> str:
    """One text for everything that the rows of a table depend on."""
    dependent = {key: metadata[key] for key in metadata if key not in ("notes", "format")}
    return hashlib.sha256(json.dumps(dependent, sort_keys=True).encode()).hexdigest()
