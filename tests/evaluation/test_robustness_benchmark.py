"""The benchmark that puts our models beside peers' on corrupted pictures."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from emotion_core.datasets import EmotionDataset
from emotion_core.evaluation import EvaluatedModel, build_evaluation_split
from emotion_core.evaluation.cache import LogitsCache

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """benchmarks/robustness.py, which is no part of the package."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import robustness

    yield robustness
    for name in ("robustness", "robustness_peers"):
        sys.modules.pop(name, None)


def test_means_leave_the_clean_pictures_out(
    benchmark: ModuleType,
    make_model: Callable[..., EvaluatedModel],
    small_set: EmotionDataset,
    folder: Path,
) -> None:
    found = benchmark.measure(
        make_model(), build_evaluation_split(small_set, "validation"), LogitsCache(folder)
    )
    assert json.loads(json.dumps(found)) == found
    corrupted = []
    for name, clean_level in (("blur", 0), ("brightness", 0), ("low-resolution", 48)):
        curve = found["curves"][name]
        by_level = dict(zip(curve["levels"], curve["accuracy"], strict=True))
        assert by_level.pop(clean_level) == found["clean"]
        assert found["means"][name] == pytest.approx(np.mean(list(by_level.values())))
    for curve in found["curves"].values():
        assert curve["n"] == found["n"] == 100
        corrupted += curve["accuracy"]
    # The clean pictures begin each of the six curves.
    assert found["mean"] == pytest.approx((sum(corrupted) - 6 * found["clean"]) / 31)


def test_the_best_mean_stands_first(benchmark: ModuleType) -> None:
    def row(clean: float, mean: float) -> dict[str, object]:
        means = dict.fromkeys(
            ("blur", "noise", "brightness", "occlusion", "rotation", "low-resolution"), mean
        )
        return {
            "clean": clean,
            "clean_ci95": [clean - 0.1, clean + 0.1],
            "means": means,
            "mean": mean,
        }

    head, rule, first, second = benchmark.as_table(
        {"brittle": row(0.7, 0.4), "steady": row(0.6, 0.5)}
    ).splitlines()
    assert head.count("|") == rule.count("|") == first.count("|") == second.count("|")
    assert first.startswith("| steady | 60.0 (50.0 to 70.0) | 50.0 |")
    assert second.startswith("| brittle | 70.0 (60.0 to 80.0) | 40.0 |")


def test_without_node_human_says_what_to_install(
    benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with ExitStack() as stack, pytest.raises(benchmark.PeerError, match=r"no node.*Install"):
        benchmark.peer_model("human", stack)


def test_a_worker_that_ends_is_told(benchmark: ModuleType) -> None:
    import robustness_peers

    crops = np.zeros((2, 48, 48), np.uint8)
    command = [sys.executable, "-c", "import sys; sys.stdin.buffer.read(8); sys.exit(3)"]
    with (
        robustness_peers._Worker(command) as worker,
        pytest.raises(benchmark.PeerError, match="exit code 3"),
    ):
        worker(crops)


def test_a_worker_gets_the_crops_and_gives_logits(benchmark: ModuleType) -> None:
    import robustness_peers

    # Answers with the first seven pixels of each crop as if they were probabilities.
    echo = (
        "import struct, sys\n"
        "while head := sys.stdin.buffer.read(8):\n"
        "    n, side = struct.unpack('<II', head)\n"
        "    for _ in range(n):\n"
        "        crop = sys.stdin.buffer.read(side * side)\n"
        "        sys.stdout.buffer.write(struct.pack('<7f', *crop[:7]))\n"
        "    sys.stdout.buffer.flush()\n"
    )
    crops = np.random.default_rng(0).integers(1, 256, (5, 48, 48), dtype=np.uint8)
    with robustness_peers._Worker([sys.executable, "-c", echo]) as worker:
        for part in (crops[:3], crops[3:]):
            assert np.exp(worker(part)) == pytest.approx(part[:, 0, :7], rel=1e-5)


def test_fer_sees_what_its_own_code_would_show_it(benchmark: ModuleType) -> None:
    import robustness_peers

    for gray, wanted in ((0, -1.0), (255, 1.0), (51, -0.6)):
        tensor = robustness_peers.fer_tensor(np.full((48, 48), gray, np.uint8))
        assert tensor.shape == (1, 64, 64, 1)
        assert tensor.dtype == np.float32
        assert tensor == pytest.approx(wanted, abs=1e-6)
