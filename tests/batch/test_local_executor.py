"""Processes of this machine: what a death costs, and that they go when nobody wants them."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from emotion_core.batch import local_executor
from emotion_core.batch.items import DIED_TWICE, Item, Outcome, Shard
from emotion_core.batch.local_executor import LocalExecutor
from emotion_core.batch.options import BatchOptions
from emotion_core.errors import BatchError, Cancelled
from tests.batch.fake_worker import IDENTITY

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes")

Build = Callable[..., LocalExecutor]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Executors whose workers are ``fake_worker``."""
    monkeypatch.setattr(local_executor, "_WORKER", "tests.batch.fake_worker")

    def make(workers: int = 1, *, model: str = "fake", identity: object = None) -> LocalExecutor:
        return LocalExecutor(
            BatchOptions(kind="photos", model=model),
            IDENTITY if identity is None else identity,  # type: ignore[arg-type]
            workers=workers,
            scratch=tmp_path / "scratch",
            log=tmp_path / "log.txt",
        )

    return make


def shards(folder: Path, *names: str) -> Iterator[Shard]:
    """Shards whose items are called as the words of the names."""
    for number, words in enumerate(names):
        items = [Item(word, word, str(folder / word)) for word in words.split()]
        yield Shard(number, tuple(items))


def run(
    executor: LocalExecutor, given: Iterator[Shard]
) -> tuple[dict[int, list[Outcome]], list[int]]:
    told = [0, 0]

    def tell(done: int, failed: int) -> None:
        told[0] += done
        told[1] += failed

    found = {shard.number: outcomes for shard, outcomes in executor.run(given, tell, lambda: False)}
    return found, told


def words(outcomes: list[Outcome]) -> list[str]:
    return [outcome.error or outcome.rows[0] for outcome in outcomes]


def processes(outcomes: list[Outcome]) -> set[int]:
    return {outcome.rows[1] for outcome in outcomes if outcome.rows}


def test_every_shard_once_and_in_order_within(build: Build, tmp_path: Path) -> None:
    found, told = run(build(2), shards(tmp_path, "a b c", "d bad e", "f", "g h"))
    assert {number: words(outcomes) for number, outcomes in found.items()} == {
        0: ["a", "b", "c"], 1: ["d", "bad input", "e"], 2: ["f"], 3: ["g", "h"],
    }  # fmt: skip
    assert told == [9, 1]
    assert 1 <= len(processes([o for outcomes in found.values() for o in outcomes])) <= 2
    assert "a line that is no answer" in (tmp_path / "log.txt").read_text()


def test_a_death_costs_nothing(build: Build, tmp_path: Path) -> None:
    found, told = run(build(), shards(tmp_path, "a once b", "c"))
    assert words(found[0]) == ["a", "once", "b"]
    assert len(processes(found[0])) == 2
    assert told == [4, 0]


def test_poison_is_found_and_the_rest_is_read(build: Build, tmp_path: Path) -> None:
    found, told = run(build(), shards(tmp_path, "a poison-1 b poison-2", "poison-3", "c"))
    assert words(found[0]) == ["a", DIED_TWICE, "b", DIED_TWICE]
    assert (words(found[1]), words(found[2])) == ([DIED_TWICE], ["c"])
    assert told == [6, 3]


def test_a_worn_out_process_is_replaced_between_shards(build: Build, tmp_path: Path) -> None:
    found, _ = run(build(), shards(tmp_path, "a worn b", "c d"))
    assert len(processes(found[0])) == len(processes(found[1])) == 1
    assert processes(found[0]) != processes(found[1])


def test_processes_that_do_not_begin(build: Build, tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="end before they begin"):
        run(build(model="dies"), shards(tmp_path, "a"))
    with pytest.raises(BatchError, match="no such model"):
        run(build(model="refused"), shards(tmp_path, "a"))
    with pytest.raises(BatchError, match="changed while the batch ran"):
        run(build(identity={"model": "another"}), shards(tmp_path, "a"))


def test_nobody_is_left_when_it_is_stopped(build: Build, tmp_path: Path) -> None:
    began = time.monotonic()

    def children() -> list[psutil.Process]:
        return psutil.Process().children(recursive=True)

    known = {child.pid for child in children()}
    reading = build(2).run(
        shards(tmp_path, "slow", "slow-2"),
        lambda *_: None,
        lambda: time.monotonic() - began > 1,
    )
    with pytest.raises(Cancelled):
        list(reading)
    assert {child.pid for child in children()} <= known
