from collections.abc import Callable
from dataclasses import replace

from emotion_core.faces import SmallFaces
from emotion_core.photos.photo_files import MAX_PHOTOS, take_in
from emotion_core.photos.photo_library import AnalysisKey, PhotoLibrary
from emotion_core.types import FrameResult

KEY = AnalysisKey("compact", "0" * 64, "haar", 0.5)
MakeResult = Callable[..., FrameResult]


def _book(*files: tuple[str, bytes]) -> PhotoLibrary:
    library = PhotoLibrary()
    library.add(take_in(files).photos)
    return library


def test_the_same_bytes_are_one_photo() -> None:
    library = _book(("a.jpg", b"one"), ("b.jpg", b"two"))
    known = library.add(take_in([("copy of a.jpg", b"one"), ("c.jpg", b"three")]).photos)
    assert known == 1
    assert [photo.name for photo in library.photos.values()] == ["c.jpg", "a.jpg", "b.jpg"]


def test_names_stay_unique() -> None:
    library = _book(("a.jpg", b"1"), ("a.jpg", b"2"), ("noend", b"3"), ("noend", b"4"))
    library.add(take_in([("a.jpg", b"5")]).photos)
    assert [p.name for p in library.photos.values()] == [
        "a (3).jpg",
        "a.jpg",
        "a (2).jpg",
        "noend",
        "noend (2)",
    ]


def test_a_result_holds_only_for_its_settings(make_result: MakeResult) -> None:
    library = _book(("a.jpg", b"1"))
    (photo,) = library.photos.values()
    library.store(photo, KEY, make_result(("happy", 0.8)))
    assert library.waiting(KEY) == []
    for other in (
        replace(KEY, model="emotion-cnn"),
        replace(KEY, model_sha256="1" * 64),
        replace(KEY, detector="mtcnn"),
        replace(KEY, min_confidence=0.6),
        replace(KEY, small_faces=SmallFaces.THOROUGH),
    ):
        assert library.waiting(other) == [photo]
        assert library.result(photo, other, 0.5) is None
    assert library.waiting(KEY) == []  # going back costs nothing


def test_the_threshold_only_judges(make_result: MakeResult) -> None:
    library = _book(("a.jpg", b"1"))
    (photo,) = library.photos.values()
    library.store(photo, KEY, make_result(("happy", 0.6)))
    sure, unsure = library.result(photo, KEY, 0.5), library.result(photo, KEY, 0.7)
    assert sure is not None
    assert unsure is not None
    assert not sure.uncertain[0]
    assert unsure.uncertain[0]
    assert (sure.scores.probabilities == unsure.scores.probabilities).all()


def test_only_another_model_finds_the_same_faces(make_result: MakeResult) -> None:
    library = _book(("a.jpg", b"1"))
    (photo,) = library.photos.values()
    assert library.same_faces(photo, KEY) is None
    result = make_result(("happy", 0.6))
    library.store(photo, KEY, result)
    assert library.same_faces(photo, replace(KEY, model="emotion-cnn")) is result
    assert library.same_faces(photo, replace(KEY, detector="mtcnn")) is None
    assert library.same_faces(photo, replace(KEY, min_confidence=0.6)) is None
    assert library.same_faces(photo, replace(KEY, small_faces=SmallFaces.OFF)) is None


def test_a_failed_photo_leaves_the_photos(make_result: MakeResult) -> None:
    library = _book(("a.jpg", b"1"), ("b.jpg", b"2"))
    photo = next(iter(library.photos.values()))
    library.store(photo, KEY, make_result(("happy", 0.6)))
    library.fail(photo, "not an image")
    assert [p.name for p in library.photos.values()] == ["b.jpg"]
    assert [(f.name, f.message) for f in library.failures] == [("a.jpg", "not an image")]
    assert list(library.results(KEY, 0.5)) == []
    assert library.add(take_in([("a.jpg", b"1")]).photos) == 0  # it may be tried again


def test_room_shrinks_with_what_is_in() -> None:
    library = _book(("a.jpg", b"12345"), ("b.jpg", b"123"))
    room = library.room()
    assert room.photos == MAX_PHOTOS - 2
    assert PhotoLibrary().room().total_bytes - room.total_bytes == 8
