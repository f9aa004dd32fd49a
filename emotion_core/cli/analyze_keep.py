"""``analyze --keep``: what was read in photos becomes a session."""

import argparse
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from emotion_core.cli.common import message
from emotion_core.errors import EmotionLensError
from emotion_core.files.atomic_files import file_sha256

if TYPE_CHECKING:
    from emotion_core.classifiers.runtime import LiteRTClassifier
    from emotion_core.photos.photo_files import Upload
    from emotion_core.store.adding import AnalysedPhoto
    from emotion_core.types import FrameResult


def analysed(photo: "Path | Upload", source: str, result: "FrameResult") -> "AnalysedPhoto":
    """A photo as it is kept, known by the hash of its bytes."""
    from emotion_core.store.adding import AnalysedPhoto

    if not isinstance(photo, Path):
        return AnalysedPhoto(source, result, photo.digest)
    with suppress(OSError):  # it could be read a moment ago
        return AnalysedPhoto(source, result, file_sha256(photo))
    return AnalysedPhoto(source, result)


def keep(
    photos: "list[AnalysedPhoto]",
    model: "LiteRTClassifier",
    detector: str,
    args: argparse.Namespace,
) -> bool:
    """Keeps photos as a session, and says so.

    Args:
        photos: at least one.
        model: that read them.
        detector: that found the faces.
        args: of the command.

    Returns:
        Whether they are kept.
    """
    from emotion_core.cli.store import open_store
    from emotion_core.store.kept_photos import keep_photos, photos_metadata

    metadata = photos_metadata(
        model.card, model.labels, detector, threshold=args.threshold,
        min_confidence=args.min_confidence, small_faces=args.small_faces,
        max_side_px=args.detection_size,
    )  # fmt: skip
    try:
        with open_store() as store:
            done = keep_photos(
                store, photos, metadata=metadata, label_set=model.card.label_set, name=args.keep
            )
            title = done.session.info().name
    except EmotionLensError as error:
        message(f"The photos were not kept: {error}")
        return False
    called = f" ({title})" if title else ""
    message(f"{'Kept' if done.is_new else 'Already kept'} as session {done.session.id}{called}.")
    return True
