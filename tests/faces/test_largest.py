"""The one face that a picture is of."""

import numpy as np

from emotion_core.faces import CropFraming, build_detector, crop_faces, crop_largest_face
from emotion_core.types import FaceDetections, UInt8Array


class TwoFaces:
    """Always finds a small face first and a large one second."""

    framing: CropFraming = build_detector("haar").framing
    sure_confidence = 0.5

    def __init__(self, *boxes: tuple[int, int, int, int]) -> None:
        n = len(boxes)
        self.found = FaceDetections(
            np.array(boxes, np.float32).reshape(n, 4),
            np.full(n, 0.9, np.float32),
            np.zeros((n, 0, 2), np.float32),
        )

    def detect(self, image: UInt8Array) -> FaceDetections:
        return self.found


def test_the_largest_face_is_cut_out_as_everywhere_else() -> None:
    image = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    detector = TwoFaces((10, 10, 40, 40), (100, 50, 190, 150))
    crop = crop_largest_face(image, detector)
    assert crop is not None
    wanted = crop_faces(image, detector.found.select([1]), detector.framing).images[0]
    np.testing.assert_array_equal(crop, wanted)
    assert crop.shape == (48, 48)


def test_no_face_is_none() -> None:
    assert crop_largest_face(np.zeros((50, 50, 3), np.uint8), TwoFaces()) is None
