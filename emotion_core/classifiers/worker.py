"""One thread that owns a classifier and serves all others.

LiteRT interpreters are not thread-safe. Here any number of threads (viewers, uploads) hand in
crops; what waits at the same moment goes through the network together.
"""

import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

import numpy as np

from emotion_core.classifiers.litert_network import MAX_ROWS
from emotion_core.classifiers.runtime import Classifier, quick_form
from emotion_core.errors import ModelError
from emotion_core.types import EmotionScores, UInt8Array, checked


@dataclass(frozen=True, slots=True, eq=False)
class _Request:
    images: UInt8Array
    once: bool = False  # without the average with the mirror image
    answer: Future[EmotionScores] = field(default_factory=Future)


# None asks the thread to end.
_Requests = SimpleQueue[_Request | None]


class InferenceWorker:
    """Gives scores to any thread. Use it as a context manager, or close it.

    Args:
        classifier: from now on used by the worker's thread only.
        max_batch: crops that are handed to the classifier at once.
        window_s: how long a batch that is not full waits for others.
        callers: how many may hand in crops just now; a batch of as many requests waits for
            nobody. Without it a batch never waits.

    Raises:
        ValueError: ``max_batch`` is below 1.
    """

    def __init__(
        self,
        classifier: Classifier,
        *,
        max_batch: int = MAX_ROWS,
        window_s: float = 0.0,
        callers: Callable[[], int] = lambda: 0,
    ) -> None:
        if max_batch < 1:
            raise ValueError(f"max_batch: wanted at least 1. Received: {max_batch}")
        self._max_batch = max_batch
        self._requests: _Requests = SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        # The thread knows the queue and not this object, so that a worker that everybody has
        # forgotten ends its thread. SimpleQueue.put may be called from a finaliser.
        self._thread = threading.Thread(
            target=_serve,
            args=(classifier, self._requests, _Window(max_batch, window_s, callers)),
            name="emotion-inference",
            daemon=True,
        )
        self._forgotten = weakref.finalize(self, self._requests.put, None)
        self._thread.start()

    def predict(self, images: UInt8Array) -> EmotionScores:
        """Calibrated scores of crops; callable from any thread, waits for the answer.

        Args:
            images: (N, S, S) uint8 gray. N may be 0.

        Returns:
            N rows, row i for crop i.

        Raises:
            ValueError: another shape or dtype.
            ModelError: the worker is closed.
            Exception: whatever the classifier raises for these crops.
        """
        return self._ask(images, once=False)

    def predict_once(self, images: UInt8Array) -> EmotionScores:
        """As ``predict``, without the average with the mirror image.

        Arguments, result and errors as of ``predict``.
        """
        return self._ask(images, once=True)

    def _ask(self, images: UInt8Array, *, once: bool) -> EmotionScores:
        images = checked("crops", images, (None, None, None), np.uint8)
        # In parts, so that one large request does not keep the others waiting.
        starts = range(0, max(1, len(images)), self._max_batch)
        requests = [_Request(images[start : start + self._max_batch], once) for start in starts]
        with self._lock:
            if self._closed:
                raise ModelError("The inference worker is closed. Open the model again.")
            for request in requests:
                self._requests.put(request)
        scores = [request.answer.result() for request in requests]
        if len(scores) == 1:
            return scores[0]
        rows = np.concatenate([part.probabilities for part in scores])
        return EmotionScores(rows, scores[0].label_set, scores[0].threshold)

    def close(self) -> None:
        """Answers what is waiting, then ends the thread. May be called again."""
        with self._lock:
            self._closed = True
            self._forgotten()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class _Window:
    """How much goes into a batch, and how long it waits for more."""

    max_batch: int
    window_s: float
    callers: Callable[[], int]

    def next(self, requests: _Requests, n_taken: int, since: float) -> _Request | None:
        """What comes next.

        Raises:
            Empty: nothing did in time.
        """
        left_s = since + self.window_s - time.monotonic()
        if left_s <= 0 or n_taken >= self.callers():
            return requests.get_nowait()
        return requests.get(timeout=left_s)


def _serve(classifier: Classifier, requests: _Requests, window: _Window) -> None:
    """The thread: takes what waits, answers it, until it is asked to end."""
    leftover: list[_Request | None] = []
    while True:
        first = leftover.pop() if leftover else requests.get()
        if first is None:
            return
        batch, leftover = _gather(first, requests, window)
        _answer(classifier, batch)
        # Let go of crops and answers while nothing comes.
        del first, batch


def _gather(
    first: _Request, requests: _Requests, window: _Window
) -> tuple[list[_Request], list[_Request | None]]:
    """Takes the waiting requests that go well with the first one.

    Returns:
        The batch, and what was taken from the queue without fitting in: one item or none.
    """
    batch = [first]
    rows, since = len(first.images), time.monotonic()
    while True:
        try:
            request = window.next(requests, len(batch), since)
        except Empty:
            return batch, []
        if request is None:
            return batch, [None]
        rows += len(request.images)
        # Crops of another size, or read otherwise, belong to a batch of their own.
        same = request.images.shape[1:] == first.images.shape[1:] and request.once == first.once
        if rows > window.max_batch or not same:
            return batch, [request]
        batch.append(request)


def _answer(classifier: Classifier, batch: list[_Request]) -> None:
    try:
        answers = _split_scores(classifier, batch)
    except BaseException as error:  # nobody may wait for ever, whatever happens here
        if len(batch) == 1:
            batch[0].answer.set_exception(error)
            return
        # Only those whose crops are at fault shall fail.
        for request in batch:
            _answer(classifier, [request])
        return
    for request, scores in zip(batch, answers, strict=True):
        request.answer.set_result(scores)


def _split_scores(classifier: Classifier, batch: list[_Request]) -> list[EmotionScores]:
    """One call for the whole batch; each request gets its own rows."""
    images = np.concatenate([request.images for request in batch])
    scores = (quick_form(classifier) if batch[0].once else classifier).predict(images)
    if len(scores) != len(images):
        raise ModelError(f"The classifier was given {len(images)} crops and scored {len(scores)}.")
    ends = np.cumsum([len(request.images) for request in batch])
    return [
        EmotionScores(rows, scores.label_set, scores.threshold)
        for rows in np.split(scores.probabilities, ends[:-1])
    ]
