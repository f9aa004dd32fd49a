"""Reads the pictures of many requests at once: threads that look for faces, one network for all.

Every thread has its own detectors, which have state. The faces that they find go to one worker per
model, which puts those of all requests into one batch.
"""

import asyncio
import base64
import itertools
import logging
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from emotion_core.api.options import ReadingOptions
from emotion_core.api.problems import Problem, not_usable, try_later
from emotion_core.api.settings import ApiSettings
from emotion_core.classifiers.card import ModelCard
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.classifiers.worker import InferenceWorker
from emotion_core.drawing import DrawOptions, draw_result
from emotion_core.errors import EmotionLensError
from emotion_core.faces import SmallFaces, build_detector
from emotion_core.images import decode_image, encode_jpeg
from emotion_core.photos.photo_files import Failure
from emotion_core.pipeline import EmotionPipeline
from emotion_core.tables import analysis_document
from emotion_core.types import Frame, FrameResult

#: How long the faces of one picture wait for those of others that are being looked for.
WINDOW_S = 0.002
# Models, and pipelines of a thread, that are kept open; who was used longest ago is closed.
_KEPT = 4

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it came.

    Attributes:
        name: what it is called in the answer.
        data: content of the file.
    """

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Pictures:
    """What a request asks to be read.

    Attributes:
        pictures: as they came.
        failures: what came beside them and is no picture, e.g. in a zip.
        draw: what is drawn into the pictures that are sent back; None for none.
        hold: counts the bytes of those, and raises a Problem where there is no room for them.
    """

    pictures: Sequence[Picture]
    failures: Sequence[Failure] = ()
    draw: DrawOptions | None = None
    hold: Callable[[int], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class _Read:
    """What was found in a picture, and the picture with that drawn into it, if wanted."""

    result: FrameResult
    annotated: str = ""


@dataclass(frozen=True, slots=True)
class _Opened:
    """A model that is open, with the key by which it was opened."""

    key: tuple[str, ...]
    card: ModelCard
    labels: str
    worker: InferenceWorker


class AnalysisService:
    """Reads pictures for the requests of one event loop; opens nothing before the first.

    Args:
        settings: limits of size and time, and the number of threads.
        window_s: how long faces wait for others, to be read together.
    """

    def __init__(self, settings: ApiSettings, *, window_s: float = WINDOW_S) -> None:
        self._settings = settings
        self._window_s = window_s
        self._pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="emotion-api")
        self._own = threading.local()
        self._models: OrderedDict[tuple[str, ...], _Opened] = OrderedDict()
        self._lock = threading.Lock()
        self._n_reading = 0

    async def analyze(
        self,
        wanted: Pictures,
        options: ReadingOptions,
        is_abandoned: Callable[[], Awaitable[bool]] | None = None,
    ) -> dict[str, Any]:
        """The document of ``analyze`` for the pictures of one request.

        Args:
            wanted: the pictures, and what is to come back.
            options: how they are read.
            is_abandoned: whether nobody waits for the answer any more.

        Raises:
            Problem: no such model or detector, no picture can be read, the annotated pictures
                are too large (422), or it takes too long (503).
        """
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                return await self._analyze(wanted, options, is_abandoned)
        except TimeoutError:
            raise try_later(
                "too_long",
                f"The pictures could not be read within {self._settings.timeout_s:g} s. Send fewer "
                "or smaller ones at once, or ask again when the server has less to do.",
                self._settings.timeout_s / 4,
            ) from None

    async def _analyze(
        self,
        wanted: Pictures,
        options: ReadingOptions,
        is_abandoned: Callable[[], Awaitable[bool]] | None,
    ) -> dict[str, Any]:
        try:
            opened, detector = await self._in_thread(self._open, options)
        except EmotionLensError as error:
            raise not_usable(str(error), "option_not_usable") from error
        pictures = wanted.pictures
        found: list[_Read | str] = [""] * len(pictures)
        numbers, n_drawn_bytes = itertools.count(), 0

        async def next_ones() -> None:
            nonlocal n_drawn_bytes
            while (number := next(numbers)) < len(pictures):
                if is_abandoned is not None and await is_abandoned():
                    return
                one = await self._in_thread(
                    self._read, pictures[number], options, opened, wanted.draw
                )
                if isinstance(one, _Read) and one.annotated:
                    n_drawn_bytes += len(one.annotated)
                    if n_drawn_bytes > self._settings.max_bytes:
                        raise _too_much_drawn(self._settings.max_bytes)
                    wanted.hold(len(one.annotated))
                found[number] = one

        # Not all at once: a request with many pictures must not keep those with one waiting.
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(min(len(pictures), self._settings.threads)):
                    tasks.create_task(next_ones())
        except ExceptionGroup as group:
            raise next((e for e in group.exceptions if isinstance(e, Problem)), group) from None
        named = list(zip((picture.name for picture in pictures), found, strict=True))
        results = [(name, one) for name, one in named if isinstance(one, _Read)]
        errors = [(failure.name, failure.message) for failure in wanted.failures]
        errors += [(name, one) for name, one in named if isinstance(one, str)]
        document = analysis_document(
            opened.card.name,
            detector,
            [(name, one.result) for name, one in results],
            errors,
            opened.labels,
        )
        if not results:
            raise _nothing_read(document)
        if wanted.draw is not None:
            for entry, (_, one) in zip(document["results"], results, strict=True):
                entry["annotated"] = one.annotated
        return document

    def close(self) -> None:
        """Ends the threads, once what they read is read."""
        self._pool.shutdown(cancel_futures=True)
        self._models.clear()

    async def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)

    def _open(self, options: ReadingOptions) -> tuple[_Opened, str]:
        """Opens what the options name; gives the model and the detector's name."""
        opened = self._model(options)
        return opened, self._pipeline(options, opened).detector.name

    def _read(
        self,
        picture: Picture,
        options: ReadingOptions,
        opened: _Opened,
        draw: DrawOptions | None,
    ) -> _Read | str:
        """What is in a picture, or why it cannot be read."""
        with self._reading():
            try:
                image = decode_image(
                    picture.data, name=picture.name, max_pixels=self._settings.max_pixels
                )
                result = self._pipeline(options, opened).analyze(Frame(image))
                if draw is None:
                    return _Read(result)
                drawn = encode_jpeg(draw_result(image, result, draw))
                return _Read(result, base64.b64encode(drawn).decode("ascii"))
            except EmotionLensError as error:
                return str(error)
            except Exception:  # one picture must not cost the others theirs
                _logger.exception("A picture could not be read")
                return "could not be read. The details are in the server's log."

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock:
            self._n_reading += 1
        try:
            yield
        finally:
            with self._lock:
                self._n_reading -= 1

    def _pipeline(self, options: ReadingOptions, opened: _Opened) -> EmotionPipeline:
        """This thread's pipeline with a model."""
        kept: OrderedDict[Any, EmotionPipeline] | None = getattr(self._own, "kept", None)
        if kept is None:
            kept = self._own.kept = OrderedDict()
        key = (options, opened.key)
        if key not in kept:
            detector = build_detector(
                options.detector,
                min_confidence=options.min_confidence,
                small_faces=SmallFaces(options.small_faces),
                max_side_px=options.detection_size,
            )
            kept[key] = EmotionPipeline(
                detector,
                opened.worker,
                threshold=options.threshold,
                crop_size_px=opened.card.input_size_px,
            )
        pipeline: EmotionPipeline = _used(kept, key)
        return pipeline

    def _model(self, options: ReadingOptions) -> _Opened:
        """The open model of a request; one that was trained or calibrated anew is opened anew."""
        registry = ModelRegistry()
        name = options.model or registry.default_name()
        stat = (registry.folder(name) / "card.json").stat()
        key = (name, options.labels or "", str(stat.st_mtime_ns), str(stat.st_ino))
        with self._lock:
            if key in self._models:
                known: _Opened = _used(self._models, key)
                return known
        classifier = registry.open(name, labels=options.labels)
        worker = InferenceWorker(
            classifier, window_s=self._window_s, callers=lambda: self._n_reading
        )
        opened = _Opened(key, classifier.card, classifier.labels, worker)
        with self._lock:
            # Another thread may have been quicker; a worker that nobody holds ends by itself.
            self._models.setdefault(key, opened)
            newest: _Opened = _used(self._models, key)
            return newest


def _used(kept: OrderedDict[Any, Any], key: Any) -> Any:
    """Something that is kept, as the newest; what is beyond the limit is let go."""
    kept.move_to_end(key)
    while len(kept) > _KEPT:
        kept.popitem(last=False)
    return kept[key]


def _nothing_read(document: dict[str, Any]) -> Problem:
    errors = document["errors"]
    what = f"None of {len(errors)} files could be read."
    if len(errors) == 1:
        source, error = errors[0]["source"], errors[0]["error"]
        what = error if source in error else f"{source}: {error}"
    return not_usable(what, "nothing_read", errors=errors)


def _too_much_drawn(max_bytes: int) -> Problem:
    return not_usable(
        f"The annotated pictures of an answer may have {max_bytes / 1e6:,.6g} MB in base64. Send "
        "fewer or smaller pictures at once, or ask without annotated.",
        "answer_too_large",
    )
