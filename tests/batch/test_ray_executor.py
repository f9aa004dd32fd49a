"""Actors on a small cluster of this machine: the same as with local processes."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray", reason="the extra ray is not installed (Python 3.14)")

from emotion_core.batch import ray_executor
from emotion_core.batch.items import DIED_TWICE, Outcome
from emotion_core.batch.options import BatchOptions
from emotion_core.batch.ray_executor import RayExecutor
from emotion_core.errors import BatchError, Cancelled
from tests.batch.fake_worker import IDENTITY, FakeActor
from tests.batch.test_local_executor import processes, run, shards, words

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes"),
    # Ray leaves its processes to a reaper, and some of its sockets to the garbage collector.
    pytest.mark.filterwarnings(r"ignore:subprocess \d+ is still running:ResourceWarning"),
    pytest.mark.filterwarnings(r"ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class FakeExecutor(RayExecutor):
    actor = FakeActor


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """One for all tests; executors take the one that is there."""
    with ray_executor._cluster(None, 2):
        yield


def build(workers: int = 2, model: str = "fake", identity: Any = IDENTITY) -> FakeExecutor:
    options = BatchOptions(kind="photos", model=model)
    return FakeExecutor(options, identity, workers=workers, address=None)


def test_every_shard_once_and_in_order_within(tmp_path: Path) -> None:
    found, told = run(build(), shards(tmp_path, "a b c", "d bad e", "f", "g h"))
    assert {number: words(outcomes) for number, outcomes in found.items()} == {
        0: ["a", "b", "c"], 1: ["d", "bad input", "e"], 2: ["f"], 3: ["g", "h"],
    }  # fmt: skip
    assert told == [9, 1]


def test_deaths_and_poison(tmp_path: Path) -> None:
    found, told = run(build(), shards(tmp_path, "a once b", "a poison-1 b poison-2 c d e", "f"))
    assert words(found[0]) == ["a", "once", "b"]
    assert words(found[1]) == ["a", DIED_TWICE, "b", DIED_TWICE, "c", "d", "e"]
    assert told == [11, 2]


def test_more_actors_than_processors(tmp_path: Path) -> None:
    """Shares of processors: nobody waits for ever."""
    many = 2 * (os.cpu_count() or 1) + 1
    found, _ = run(build(many), shards(tmp_path, *"abcdefgh"))
    assert len(found) == 8


def test_a_worn_out_process_is_replaced(tmp_path: Path) -> None:
    found, _ = run(build(1), shards(tmp_path, "a worn", "b"))
    everyone: list[Outcome] = [one for outcomes in found.values() for one in outcomes]
    assert len(processes(everyone)) == 2


def test_machines_that_cannot_read(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="A machine of the cluster cannot read: no such model"):
        run(build(model="refused"), shards(tmp_path, "a"))
    with pytest.raises(BatchError, match="Install the same everywhere"):
        run(build(identity={"model": "another"}), shards(tmp_path, "a"))
    with pytest.raises(BatchError, match="end before they read anything"):
        run(build(model="dies"), shards(tmp_path, "a"))


def test_it_is_stopped(tmp_path: Path) -> None:
    began = time.monotonic()
    reading = build().run(
        shards(tmp_path, "slow", "slow-2"), lambda *_: None, lambda: time.monotonic() - began > 1
    )
    with pytest.raises(Cancelled):
        list(reading)


def test_nothing_is_reported_to_anybody() -> None:
    # Ray's processes inherit it.
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
