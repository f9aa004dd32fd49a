import gc
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from emotion_core.classifiers.card import load_card
from emotion_core.classifiers.runtime import LiteRTClassifier
from emotion_core.classifiers.worker import InferenceWorker
from emotion_core.errors import ModelError
from emotion_core.types import EmotionScores, Float32Array, UInt8Array

FAULTY = 255


def wanted_scores(images: UInt8Array) -> Float32Array:
    """What the fake says: a number that is in the crop decides its row."""
    key = images[:, 0, 0].astype(np.float32) + 256 * images[:, 0, 1].astype(np.float32)
    share = (key / 65536)[:, None]
    return np.hstack([share, 1 - share, np.zeros((len(images), 5))]).astype(np.float32)


class FakeClassifier:
    """Notes its batches; waits until it is let go; fails for a faulty crop."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.threads: set[int] = set()
        self.entered = threading.Event()
        self.go = threading.Event()
        self.go.set()

    def predict(self, images: UInt8Array) -> EmotionScores:
        self.entered.set()
        assert self.go.wait(30)
        self.batches.append(len(images))
        self.threads.add(threading.get_ident())
        if (images[:, -1, -1] == FAULTY).any():
            raise RuntimeError("faulty crop")
        return EmotionScores(wanted_scores(images), threshold=0.3)


def crops(keys: list[int], size_px: int = 4) -> UInt8Array:
    images = np.zeros((len(keys), size_px, size_px), np.uint8)
    images[:, 0, 0] = np.array(keys, np.int64) % 256
    images[:, 0, 1] = np.array(keys, np.int64) // 256
    return images


@pytest.fixture
def fake() -> FakeClassifier:
    return FakeClassifier()


@pytest.fixture
def worker(fake: FakeClassifier) -> Iterator[InferenceWorker]:
    with InferenceWorker(fake, max_batch=8) as worker:
        yield worker
        fake.go.set()


def wait_for_requests(worker: InferenceWorker, n: int) -> None:
    """Until n requests wait in the queue."""
    reached = threading.Event()
    while worker._requests.qsize() < n:
        reached.wait(0.002)


def test_gives_the_classifiers_answer(worker: InferenceWorker) -> None:
    images = crops([1, 2, 3])
    scores = worker.predict(images)
    np.testing.assert_array_equal(scores.probabilities, wanted_scores(images))
    assert scores.threshold == 0.3


def test_no_crops_give_no_scores(worker: InferenceWorker) -> None:
    assert len(worker.predict(crops([]))) == 0


def test_every_thread_gets_exactly_its_own_rows(
    worker: InferenceWorker, fake: FakeClassifier
) -> None:
    n_threads, n_calls = 8, 150
    start = threading.Barrier(n_threads)

    def hammer(seed: int) -> int:
        rng = np.random.default_rng(seed)
        start.wait()
        rows = 0
        for _ in range(n_calls):
            keys = rng.integers(0, 65536, rng.integers(0, 20)).tolist()
            images = crops(keys, size_px=int(rng.choice([4, 6])))
            scores = worker.predict(images)
            np.testing.assert_array_equal(scores.probabilities, wanted_scores(images))
            rows += len(images)
        return rows

    with ThreadPoolExecutor(n_threads) as pool:
        rows = sum(pool.map(hammer, range(n_threads)))
    assert sum(fake.batches) == rows
    assert max(fake.batches) <= 8
    assert len(fake.threads) == 1
    assert threading.get_ident() not in fake.threads


def test_what_waits_together_goes_together(worker: InferenceWorker, fake: FakeClassifier) -> None:
    fake.go.clear()
    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(worker.predict, crops([0]))
        assert fake.entered.wait(30)
        others = [pool.submit(worker.predict, crops([key, key + 1])) for key in range(1, 6)]
        wait_for_requests(worker, 5)
        fake.go.set()
        assert len(first.result()) == 1
        for key, other in enumerate(others, start=1):
            wanted = wanted_scores(crops([key, key + 1]))
            np.testing.assert_array_equal(other.result().probabilities, wanted)
    # The first alone; then four pairs, which is all that fits into eight; then the last.
    assert fake.batches == [1, 8, 2]


def test_crops_of_another_size_go_separately(worker: InferenceWorker, fake: FakeClassifier) -> None:
    fake.go.clear()
    with ThreadPoolExecutor(4) as pool:
        pending = [pool.submit(worker.predict, crops([0]))]
        assert fake.entered.wait(30)
        for n, size_px in enumerate((4, 6, 6), start=1):
            pending.append(pool.submit(worker.predict, crops([n], size_px)))
            wait_for_requests(worker, n)
        fake.go.set()
        assert [len(p.result()) for p in pending] == [1, 1, 1, 1]
    assert fake.batches == [1, 1, 2]


def test_a_large_request_goes_in_parts(worker: InferenceWorker, fake: FakeClassifier) -> None:
    images = crops(list(range(20)))
    scores = worker.predict(images)
    np.testing.assert_array_equal(scores.probabilities, wanted_scores(images))
    assert scores.threshold == 0.3
    assert fake.batches == [8, 8, 4]


def test_an_error_reaches_the_caller_and_spares_the_worker(worker: InferenceWorker) -> None:
    bad = crops([1])
    bad[0, -1, -1] = FAULTY
    for _ in range(2):
        with pytest.raises(RuntimeError, match="faulty crop"):
            worker.predict(bad)
        assert len(worker.predict(crops([1, 2]))) == 2


def test_an_error_does_not_reach_the_others_of_the_batch(
    worker: InferenceWorker, fake: FakeClassifier
) -> None:
    bad = crops([1])
    bad[0, -1, -1] = FAULTY
    fake.go.clear()
    with ThreadPoolExecutor(4) as pool:
        pool.submit(worker.predict, crops([0]))
        assert fake.entered.wait(30)
        good = pool.submit(worker.predict, crops([2]))
        wait_for_requests(worker, 1)
        guilty = pool.submit(worker.predict, bad)
        wait_for_requests(worker, 2)
        fake.go.set()
        np.testing.assert_array_equal(good.result().probabilities, wanted_scores(crops([2])))
        with pytest.raises(RuntimeError, match="faulty crop"):
            guilty.result()
    assert fake.batches == [1, 2, 1, 1]


def test_a_classifier_that_loses_rows_is_noticed() -> None:
    class Loses:
        def predict(self, images: UInt8Array) -> EmotionScores:
            return EmotionScores(wanted_scores(images[1:]))

    with InferenceWorker(Loses()) as worker, pytest.raises(ModelError, match="2 crops and scored"):
        worker.predict(crops([1, 2]))


@pytest.mark.parametrize(
    "images", [np.zeros((4, 4), np.uint8), np.zeros((1, 4, 4), np.float32), None]
)
def test_refuses_other_crops_before_they_reach_a_batch(
    worker: InferenceWorker, fake: FakeClassifier, images: object
) -> None:
    with pytest.raises(ValueError, match="crops: wanted"):
        worker.predict(images)  # type: ignore[arg-type]
    assert fake.batches == []


def test_after_close_nobody_is_served(fake: FakeClassifier) -> None:
    worker = InferenceWorker(fake)
    worker.close()
    worker.close()
    assert not worker._thread.is_alive()
    with pytest.raises(ModelError, match="closed"):
        worker.predict(crops([1]))


def test_close_answers_what_waits(fake: FakeClassifier) -> None:
    worker = InferenceWorker(fake, max_batch=2)
    fake.go.clear()
    with ThreadPoolExecutor(5) as pool:
        pending = [pool.submit(worker.predict, crops([0]))]
        assert fake.entered.wait(30)
        pending += [pool.submit(worker.predict, crops([1, 2])) for _ in range(3)]
        wait_for_requests(worker, 3)
        closing = pool.submit(worker.close)
        wait_for_requests(worker, 4)
        with pytest.raises(ModelError, match="closed"):
            worker.predict(crops([1]))
        fake.go.set()
        closing.result(30)
        assert [len(p.result(30)) for p in pending] == [1, 2, 2, 2]


def test_a_forgotten_worker_ends_its_thread(fake: FakeClassifier) -> None:
    worker = InferenceWorker(fake)
    worker.predict(crops([1]))
    thread = worker._thread
    del worker
    gc.collect()
    thread.join(30)
    assert not thread.is_alive()


def test_a_batch_of_none_is_refused(fake: FakeClassifier) -> None:
    with pytest.raises(ValueError, match="max_batch: wanted at least 1"):
        InferenceWorker(fake, max_batch=0)


def test_a_real_model_answers_many_threads_as_it_answers_one(
    make_folder: Callable[..., Path], faces: UInt8Array
) -> None:
    folder = make_folder()
    alone = LiteRTClassifier(folder, load_card(folder)).predict(faces).probabilities

    def ask(worker: InferenceWorker, seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(10):
            rows = rng.integers(0, len(faces), rng.integers(0, 12))
            given = worker.predict(faces[rows]).probabilities
            np.testing.assert_array_equal(given, alone[rows])

    with (
        InferenceWorker(LiteRTClassifier(folder, load_card(folder))) as worker,
        ThreadPoolExecutor(8) as pool,
    ):
        for done in [pool.submit(ask, worker, seed) for seed in range(8)]:
            done.result()
