"""Damaged files through every reader: each is taken, or refused in one sentence.

A short run with fixed seeds; ``python benchmarks/fuzz.py --minutes 5`` is the long one.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fuzzing import mutations, samples
from fuzzing.child import ESCAPED, READ, REFUSED, Child, Task
from fuzzing.readers import READERS, Reader

from emotion_core.errors import DatasetError, EmotionLensError

# Enough that every kind of damage comes up several times.
COUNT, HEAVY_COUNT = 60, 24
ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
@pytest.mark.timeout(600)
def test_nothing_escapes_a_reader(reader: Reader) -> None:
    # In a process of its own: a fork of one that has TensorFlow loaded may wait for ever.
    command = [sys.executable, "benchmarks/fuzz.py", "--reader", reader.name, "--seed", "1"]
    count = HEAVY_COUNT if reader.heavy else COUNT
    found = subprocess.run(
        [*command, "--count", str(count)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr
    row = found.stdout.splitlines()[-1].split("|")
    assert int(row[2]) == count
    # A campaign in which nothing is refused tests nothing.
    assert int(row[4]) > 0


def _task(read: Callable[[int], None]) -> Callable[[], Task]:
    return lambda: lambda seed, _: read(seed)


def _misbehave(seed: int) -> None:
    if seed == 1:
        raise DatasetError("wanted something else")
    if seed == 2:
        raise KeyError("escaped")
    if seed == 3:
        import os

        os.abort()
    if seed == 4:
        import time

        time.sleep(60)
    if seed == 5:
        bytearray(1 << 40)


@pytest.mark.slow
def test_the_child_tells_every_way_out(tmp_path: Path) -> None:
    child = Child(_task(_misbehave), tmp_path, EmotionLensError)
    try:
        kinds = [child.run(seed, limit_s=5).kind for seed in range(1, 7)]
        assert kinds == [REFUSED, ESCAPED, ESCAPED, ESCAPED, ESCAPED, READ]
        assert "KeyError" in child.run(2).text
        assert "SIGABRT" in child.run(3).text
        assert "hang" in child.run(4, limit_s=1).text
        assert "MemoryError" in child.run(5).text
    finally:
        child.close()


def test_one_seed_gives_one_file() -> None:
    for change in (
        lambda rng: mutations.damage(rng, samples.pictures()["photo.jpg"], b"other"),
        lambda rng: mutations.damage_table(rng, b"a,b\n1,2\n3,4\n"),
        lambda rng: mutations.damage_json(rng, b'{"a": [1, 2], "b": {"c": null}}'),
        lambda rng: mutations.damage_zip(rng, samples.photo_zip(), lambda _, __, data: data[:9]),
    ):
        files = [change(np.random.default_rng(seed)) for seed in (*range(40), *range(40))]
        assert files[:40] == files[40:]
        assert len(set(files)) > 20
