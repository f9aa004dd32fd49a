"""Photos are kept once, however often they come."""

from dataclasses import replace

from emotion_core.store.adding import AnalysedPhoto
from emotion_core.store.kept_photos import keep_photos
from emotion_core.store.store import Store
from tests.video.tables import happy, result, sad

METADATA = {
    "model": {"name": "compact", "sha256": "ab" * 32, "labels": "raters"},
    "detector": {"name": "haar"},
    "options": {"threshold": 0.5},
    "versions": {"emotion-lens": "1"},
}
PHOTOS = [
    AnalysedPhoto("a.jpg", result(0, 0.0, [happy(1), sad(2)]), "aa" * 32),
    AnalysedPhoto("b.jpg", result(0, 0.0, []), "bb" * 32),
]


def test_the_same_photos_with_the_same_settings_are_kept_once(store: Store) -> None:
    first = keep_photos(store, PHOTOS, metadata=METADATA, name="Class")
    assert first.is_new
    info = first.session.info()
    assert (info.kind, info.name, info.model, info.frames, info.rows) == (
        "photos", "Class", "compact", 2, 3,
    )  # fmt: skip
    assert [source.sha256 for source in info.sources] == ["aa" * 32, "bb" * 32]
    assert info.details["model"]["labels"] == "raters"
    # In another order, under another name, by a newer version: still the same.
    newer = {**METADATA, "versions": {"emotion-lens": "2"}}
    again = keep_photos(store, PHOTOS[::-1], metadata=newer, name="Other")
    assert (again.is_new, again.session.id) == (False, info.id)
    assert len(store.sessions()) == 1
    other = {**METADATA, "options": {"threshold": 0.6}}
    assert keep_photos(store, PHOTOS, metadata=other).is_new
    assert keep_photos(store, PHOTOS[:1], metadata=METADATA).is_new
    assert len(store.sessions()) == 3
    # What was thrown away is kept anew.
    store.delete(info.id)
    assert keep_photos(store, PHOTOS, metadata=METADATA).is_new


def test_pictures_are_kept_only_when_wanted_and_can_follow(store: Store) -> None:
    first = keep_photos(store, PHOTOS, metadata=METADATA)
    assert first.session.pictures() == []
    pictured = [replace(photo, picture=photo.name.encode()) for photo in PHOTOS]
    again = keep_photos(store, pictured[::-1], metadata=METADATA)
    assert not again.is_new
    assert again.session.pictures() == ["source-0.jpg", "source-1.jpg"]
    assert again.session.picture(source=1) == b"b.jpg"
    keep_photos(store, PHOTOS, metadata=METADATA)
    assert again.session.picture(source=0) == b"a.jpg"
