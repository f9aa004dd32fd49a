"""Photos that are kept as a session, once: the same photos read in the same way are found again."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emotion_core.classifiers.card import ModelCard
from emotion_core.emotions import FER2013, LabelSet
from emotion_core.faces import DEFAULT_MAX_SIDE_PX, SmallFaces
from emotion_core.files.atomic_files import make_folder, write_atomic
from emotion_core.store.adding import AnalysedPhoto
from emotion_core.store.models import SessionKind
from emotion_core.store.places import source_picture
from emotion_core.store.session import StoredSession
from emotion_core.store.store import Store
from emotion_core.video.versions import versions

_FINGERPRINT = "photos_sha256"


@dataclass(frozen=True, slots=True)
class KeptPhotos:
    """Photos that are in a store.

    Attributes:
        session: that holds them.
        is_new: whether they were not there before.
    """

    session: StoredSession
    is_new: bool


def keep_photos(
    store: Store,
    photos: Sequence[AnalysedPhoto],
    *,
    metadata: Mapping[str, Any],
    label_set: LabelSet = FER2013,
    name: str = "",
) -> KeptPhotos:
    """Keeps photos as a session, unless one holds the same photos with the same settings.

    Pictures that are given now and were not kept then are added to it.

    Args:
        store: where they go.
        photos: at least one.
        metadata: see ``Store.add_photos``.
        label_set: of the scores.
        name: of a new session.

    Raises:
        StoreError: there are none, or the database refuses them.
        OutputError: the disk refuses them.
    """
    fingerprint = photos_fingerprint(photos, metadata)
    for info in store.sessions(kind=SessionKind.PHOTOS):
        if info.details.get(_FINGERPRINT) == fingerprint:
            known = store.session(info.id)
            _add_pictures(known, photos)
            return KeptPhotos(known, is_new=False)
    metadata = {**metadata, _FINGERPRINT: fingerprint}
    session = store.add_photos(photos, metadata=metadata, label_set=label_set, name=name)
    return KeptPhotos(session, is_new=True)


def photos_metadata(
    card: ModelCard,
    labels: str,
    detector: str,
    *,
    threshold: float | None = None,
    min_confidence: float | None = None,
    small_faces: SmallFaces = SmallFaces.AUTO,
    max_side_px: int = DEFAULT_MAX_SIDE_PX,
) -> dict[str, Any]:
    """What stands in the metadata of photos, the same from every page and command.

    Args:
        card: of the model.
        labels: whose labels answered.
        detector: that found the faces.
        threshold: below which a face is uncertain; None: the model's own.
        min_confidence: of the detector; None: its own.
        small_faces: how hard they were looked for.
        max_side_px: at which faces were first searched for.
    """
    return {
        "model": {
            "name": card.name, "title": card.title, "sha256": card.sha256, "labels": labels,
        },
        "detector": {"name": detector},
        "options": {
            "threshold": card.head(labels).threshold if threshold is None else threshold,
            "min_confidence": min_confidence,
            "small_faces": SmallFaces(small_faces).value,
            "max_side_px": max_side_px,
        },
        "versions": versions(),
    }  # fmt: skip


def photos_fingerprint(photos: Sequence[AnalysedPhoto], metadata: Mapping[str, Any]) -> str:
    """One text for photos, in whatever order, and all that their scores depend on."""
    settings = {name: metadata.get(name) for name in ("model", "detector", "options")}
    which = sorted(photo.sha256 or photo.name for photo in photos)
    text = json.dumps([which, settings], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _add_pictures(session: StoredSession, photos: Sequence[AnalysedPhoto]) -> None:
    pictures = {photo.sha256: photo.picture for photo in photos if photo.picture is not None}
    there = set(session.pictures())
    new = {
        source_picture(source.position): picture
        for source in session.info().sources
        if (picture := pictures.get(source.sha256)) is not None
    }
    if missing := {name: data for name, data in new.items() if name not in there}:
        with session.place.writing("changed"):
            make_folder(session.place.pictures)
            for name, data in missing.items():
                write_atomic(session.place.pictures / name, data)
