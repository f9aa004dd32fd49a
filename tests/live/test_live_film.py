"""The film of the live benchmark: its numbers can be read, and delays are told right."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from emotion_core.images import decode_image

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def live_film() -> ModuleType:
    spec = importlib.util.spec_from_file_location("live_film", ROOT / "benchmarks/live_film.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_frame_carries_its_number(live_film: ModuleType) -> None:
    frames = live_film.film(2)
    for number in range(3):
        image = decode_image(next(frames))
        assert image.shape == (480, 640, 3)
        bits = image[468, 16::32, 1] > 127
        assert bits.tolist() == live_film.barcode(number).astype(bool).tolist()


def test_a_barcode_differs_for_every_number_and_has_its_parity(live_film: ModuleType) -> None:
    codes = np.array([live_film.barcode(n) for n in range(live_film.FRAMES)])
    assert len(np.unique(codes, axis=0)) == live_film.FRAMES
    assert (codes[:, 2:19].sum(axis=1) % 2 == 0).all()


def test_delays_count_new_frames_and_know_that_the_film_repeats(live_film: ModuleType) -> None:
    laps, n_frames, step = 2, live_film.FRAMES, 1000 / live_film.RATE
    times = [(n, (lap * n_frames + n) * step) for lap in range(laps) for n in range(n_frames)]
    camera = [(n, ms, 0.0) for n, ms in times]
    shown = [(n, 0.0, ms + 150) for n, ms in times for _ in range(2)]
    delays = live_film.delays_ms(shown, camera)
    # The last few are shown when nobody watches the camera any more.
    assert len(delays) >= laps * n_frames - 6
    assert delays == pytest.approx([150.0] * len(delays))
    assert live_film.unique_frames(shown) == laps * n_frames
    assert live_film.summary(delays) == {"p50": 150, "p95": 150, "by_thirds": [150] * 3}


def test_a_number_that_was_missed_is_not_taken_for_its_showing_before(
    live_film: ModuleType,
) -> None:
    """A busy browser sees half of the camera's frames; p95 once read 20 s for that."""
    n_frames, step = live_film.FRAMES, 1000 / live_film.RATE
    times = [(n, (lap * n_frames + n) * step) for lap in range(3) for n in range(n_frames)]
    camera = [(n, ms, 0.0) for n, ms in times if n % 2 == 0 or ms < 5000]
    shown = [(n, 0.0, ms + 200) for n, ms in times if n % 3]
    figures = live_film.summary(live_film.delays_ms(shown, camera))
    assert figures["p50"] == pytest.approx(200, abs=1)
    assert figures["p95"] == pytest.approx(200, abs=1)


def test_nothing_seen_is_told_as_nothing(live_film: ModuleType) -> None:
    assert live_film.delays_ms([], []) == []
    assert live_film.summary([])["p50"] is None


def test_memory_that_grows_is_told_by_the_minute(live_film: ModuleType) -> None:
    looks = [(1000.0 + 5 * i, 300.0 + 0.5 * i) for i in range(10)]
    assert live_film.growth_per_minute(looks) == pytest.approx(6.0)
    assert live_film.growth_per_minute(looks[:1]) is None


def test_of_several_viewers_the_worst_counts(live_film: ModuleType) -> None:
    def viewer(unique: float, p95: float | None) -> dict[str, object]:
        delay = {"p50": 100.0, "p95": p95, "by_thirds": []}
        return {"unique_fps": unique, "delivered_fps": 30 - unique, "delay_ms": delay}

    both = [viewer(20.0, 300.0), viewer(12.0, 200.0)]
    assert live_film.worst(both) == {
        "unique_fps": 12.0, "delivered_fps": 10.0, "delay_ms": both[0]["delay_ms"]
    }  # fmt: skip
    assert live_film.worst([*both, viewer(15.0, None)])["delay_ms"]["p95"] is None
