"""The photos of one session and what was found in them. Knows nothing of Streamlit."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from emotion_core.faces import SmallFaces
from emotion_core.photos.photo_files import MAX_PHOTOS, MAX_TOTAL_BYTES, Failure, Room, Upload
from emotion_core.types import FrameResult


@dataclass(frozen=True, slots=True)
class AnalysisKey:
    """Everything that a result depends on, beside the photo's bytes.

    ``min_confidence`` is None for the detector's own default; ``labels`` says which of the
    model's heads answered, empty for its own.
    """

    model: str
    model_sha256: str
    detector: str
    min_confidence: float | None
    small_faces: SmallFaces = SmallFaces.AUTO
    labels: str = ""

    def finds_the_same_faces(self, other: "AnalysisKey") -> bool:
        """Whether only the classifier differs."""
        return self.face_search == other.face_search

    @property
    def face_search(self) -> tuple[str, float | None, SmallFaces]:
        """What the found faces depend on."""
        return self.detector, self.min_confidence, self.small_faces


@dataclass(slots=True)
class Photo:
    """One photo: its bytes, and a bounded upright copy for the screen once it is decoded."""

    name: str
    digest: str
    data: bytes
    preview: bytes = b""


@dataclass(slots=True)
class PhotoLibrary:
    """Photos in the order shown (newest batch first), their results, and what failed.

    Attributes:
        photos: {SHA-256 of the bytes: photo}.
        failures: files that gave no result.
        passed_over: what was left out of zips on purpose, one sentence each.
        stopped: whether the user stopped the analysis of what is still waiting.
        seconds: how long each photo of the current batch took.
    """

    photos: dict[str, Photo] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    stopped: bool = False
    seconds: list[float] = field(default_factory=list)
    _results: dict[tuple[str, AnalysisKey], FrameResult] = field(default_factory=dict)

    def add(self, uploads: Iterable[Upload]) -> int:
        """Takes new photos in and returns how many were already here (the same bytes)."""
        new: dict[str, Photo] = {}
        known = 0
        for upload in uploads:
            if upload.digest in self.photos or upload.digest in new:
                known += 1
            else:
                name = self._unused_name(upload.name, new.values())
                new[upload.digest] = Photo(name, upload.digest, upload.data)
        self.photos = {**new, **self.photos}
        if new:
            self.stopped = False
            self.seconds = []
        return known

    def room(self) -> Room:
        """How much more may be taken in."""
        used = sum(len(photo.data) for photo in self.photos.values())
        return Room(MAX_PHOTOS - len(self.photos), MAX_TOTAL_BYTES - used)

    def waiting(self, key: AnalysisKey) -> list[Photo]:
        """The photos that have no result for these settings yet."""
        return [photo for photo in self.photos.values() if (photo.digest, key) not in self._results]

    def result(self, photo: Photo, key: AnalysisKey, threshold: float) -> FrameResult | None:
        """What was found in a photo, judged by a threshold, or None while it waits."""
        result = self._results.get((photo.digest, key))
        return None if result is None else result.decided(threshold)

    def same_faces(self, photo: Photo, key: AnalysisKey) -> FrameResult | None:
        """A result of the same photo in which only the classifier was another, if there is one."""
        for (digest, other), result in self._results.items():
            if digest == photo.digest and key.finds_the_same_faces(other):
                return result
        return None

    def results(self, key: AnalysisKey, threshold: float) -> Iterator[tuple[Photo, FrameResult]]:
        """The photos that have a result, in the order shown."""
        for photo in self.photos.values():
            result = self.result(photo, key, threshold)
            if result is not None:
                yield photo, result

    def store(self, photo: Photo, key: AnalysisKey, result: FrameResult) -> None:
        """Keeps the result of a photo."""
        self._results[photo.digest, key] = result

    def fail(self, photo: Photo, message: str) -> None:
        """Moves a photo to the failures."""
        self._forget(photo.digest)
        self.failures.append(Failure(photo.name, message))

    def remove(self, digest: str) -> None:
        """Forgets a photo and all its results."""
        self._forget(digest)
        if not self.photos:
            self.passed_over.clear()

    def _forget(self, digest: str) -> None:
        self.photos.pop(digest, None)
        for entry in [entry for entry in self._results if entry[0] == digest]:
            del self._results[entry]

    def forget_left_out(self) -> None:
        """Forgets what failed and what was passed over."""
        self.failures.clear()
        self.passed_over.clear()

    def is_empty(self) -> bool:
        """Whether nothing was added, not even something that failed."""
        return not self.photos and not self.failures

    def _unused_name(self, name: str, also: Iterable[Photo]) -> str:
        """The name itself, or the name with a number: in tables a name means one picture."""
        taken = {photo.name for photo in (*self.photos.values(), *also)}
        if name not in taken:
            return name
        stem, dot, suffix = name.rpartition(".")
        stem, suffix = (stem, f".{suffix}") if dot else (name, "")
        numbered = (f"{stem} ({n}){suffix}" for n in range(2, len(taken) + 3))
        return next(candidate for candidate in numbered if candidate not in taken)
