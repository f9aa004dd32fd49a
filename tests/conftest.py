"""What every test process needs before anything else, and results made by hand."""

import io
import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np

# Before TensorFlow: the other way round the process crashes.
import pylibsrtp  # noqa: F401
import pytest

from emotion_core.emotions import FER2013
from emotion_core.types import Decisions, EmotionScores, FaceCrops, FaceDetections, FrameResult

# oneDNN's AVX-512 kernels write over memory when mini-xception is trained on some processors, and
# tests should do the same everywhere.
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")

# A job in the background of a shell ignores Ctrl-C, and so would the commands under test.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What drives a browser is slow, and first: the last file to begin ends the run."""
    items.sort(key=lambda item: "e2e" not in item.path.parts)
    for item in items:
        if "e2e" in item.path.parts:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def two_headed_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models: ``two_heads.TWO``, the default, and ``two_heads.ONE``."""
    from tests.two_heads import build_models

    return build_models(tmp_path_factory.mktemp("two_heads") / "models")


@pytest.fixture
def make_result() -> Callable[..., FrameResult]:
    """Builds results without a detector: (emotion, share) of each face, side by side."""

    def make(*tops: tuple[str, float], size_px: tuple[int, int] = (640, 480)) -> FrameResult:
        n = len(tops)
        rows = np.zeros((n, len(FER2013)), np.float32)
        for row, (name, share) in zip(rows, tops, strict=True):
            row[:] = (1 - share) / (len(FER2013) - 1)
            row[FER2013.index(name)] = share
        scores = EmotionScores(rows)
        boxes = np.array([[10 + 60 * i, 20, 60 + 60 * i, 70] for i in range(n)], np.float32)
        found = FaceDetections(
            boxes.reshape(n, 4), np.full(n, 0.9, np.float32), np.zeros((n, 0, 2), np.float32)
        )
        gradient = np.tile(np.arange(48, dtype=np.uint8) * 5, (n, 48, 1))
        crops = FaceCrops(gradient, np.zeros((n, 2, 3), np.float32))
        numbers = np.arange(1, n + 1, dtype=np.int64)
        decisions = Decisions.from_scores(scores)
        return FrameResult(0, 0.0, size_px, found, scores, decisions, numbers, crops)

    return make


def _jpeg(pixels: np.ndarray) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def astronaut() -> bytes:
    """A photograph of one smiling person, as JPEG."""
    from skimage import data

    return _jpeg(data.astronaut())


@pytest.fixture(scope="session")
def grace_hopper() -> bytes:
    """A photograph of one serious person, as JPEG."""
    import matplotlib.cbook

    with matplotlib.cbook.get_sample_data("grace_hopper.jpg") as file:
        return bytes(file.read())


@pytest.fixture(scope="session")
def coffee() -> bytes:
    """A photograph without any person, as JPEG."""
    from skimage import data

    return _jpeg(data.coffee())
