"""Small faces in large photos are found, each once, and large ones are not lost by it."""

import cv2
import numpy as np
import pytest

from emotion_core.faces import SmallFaces, build_detector, detector_names, harder_search
from emotion_core.faces.detector import BoundedDetector
from emotion_core.faces.small_faces import Look, belongs_to_tile, further_looks, merge
from emotion_core.geometry import box_iou
from emotion_core.types import FaceDetections

NEURAL = tuple(n for n in detector_names() if not n.startswith("haar"))


def crowd(
    photos: dict[str, np.ndarray], side_px: int, face_px: int, n: int = 20
) -> tuple[np.ndarray, np.ndarray]:
    """A grey square with n faces, and the squares (n, 4) in which they stand."""
    canvas, places = np.full((side_px, side_px, 3), 128, np.uint8), []
    heads = (
        (photos["astronaut"][20:200, 140:320], 110),
        (photos["hopper"][60:340, 120:390], 150),
    )
    rows = -(-n // 5)
    for i in range(n):
        head, its_face_px = heads[i % 2]
        scale = face_px / its_face_px
        small = cv2.resize(head, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        height, width = small.shape[:2]
        x = int((i % 5 + 0.5) * side_px / 5) - width // 2 + 37 * i % 91
        y = int((i // 5 + 0.5) * side_px / rows) - height // 2 + 53 * i % 83
        canvas[y : y + height, x : x + width] = small
        places.append([x, y, x + width, y + height])
    return canvas, np.array(places, np.float32)


def per_place(found: FaceDetections, places: np.ndarray) -> list[int]:
    """How many finds each place has; none may lie elsewhere."""
    centres = (found.boxes[:, None, :2] + found.boxes[:, None, 2:]) / 2
    inside = (centres > places[None, :, :2]).all(axis=2) & (centres < places[None, :, 2:]).all(
        axis=2
    )
    assert inside.any(axis=1).all(), "a find where there is no face"
    return inside.sum(axis=0).tolist()


@pytest.mark.parametrize("name", NEURAL)
@pytest.mark.parametrize("side_px", [3600, 5400])
def test_a_crowd_in_a_large_photo(name: str, side_px: int, photos: dict[str, np.ndarray]) -> None:
    canvas, places = crowd(photos, side_px, 130)
    assert per_place(build_detector(name).detect(canvas), places) == [1] * 20


def test_searching_thoroughly_finds_still_smaller_ones(photos: dict[str, np.ndarray]) -> None:
    canvas, places = crowd(photos, 3200, 36)
    counts = {
        search: sum(per_place(build_detector(small_faces=search).detect(canvas), places))
        for search in SmallFaces
    }
    assert counts[SmallFaces.OFF] < counts[SmallFaces.AUTO] < counts[SmallFaces.THOROUGH] == 20


@pytest.mark.parametrize("search", list(SmallFaces))
def test_large_faces_are_found_once_whatever_is_searched(
    search: SmallFaces, group: np.ndarray
) -> None:
    """Of 120 to 450 px, across the edges of the tiles."""
    large = cv2.resize(group, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    plain = build_detector(small_faces=SmallFaces.OFF).detect(large)
    found = build_detector(small_faces=search).detect(large)
    assert len(found) == len(plain) == 5
    assert (box_iou(found.boxes, plain.boxes).max(axis=1) > 0.6).all()
    assert (np.diff(found.confidences) <= 0).all()


def test_small_pictures_are_looked_at_once(photos: dict[str, np.ndarray]) -> None:
    for search in SmallFaces:
        for image in photos.values():
            plain = build_detector(small_faces=SmallFaces.OFF).detect(image)
            assert (build_detector(small_faces=search).detect(image).boxes == plain.boxes).all()


@pytest.mark.parametrize(
    "size_px", [(4000, 3000), (6000, 4000), (12000, 9000), (20000, 1000), (600, 30000), (9, 40000)]
)
@pytest.mark.parametrize("search", list(SmallFaces))
def test_looks_are_bounded_and_cover_the_picture(
    size_px: tuple[int, int], search: SmallFaces
) -> None:
    looks = further_looks(size_px, 640 / max(size_px), search)
    assert len(looks) <= {"off": 0, "auto": 1, "thorough": 2}[search]
    pixels = 0.0
    for look in looks:
        covered = np.zeros((50, 50), bool)
        for x0, y0, x1, y1 in look.tiles:
            assert 0 <= x0 < x1 <= size_px[0]
            assert 0 <= y0 < y1 <= size_px[1]
            assert max(x1 - x0, y1 - y0) * look.scale <= 1601
            pixels += (x1 - x0) * (y1 - y0) * look.scale**2
            a = np.array([x0, x1]) * 50 / size_px[0]
            b = np.array([y0, y1]) * 50 / size_px[1]
            covered[int(b[0]) : int(np.ceil(b[1])), int(a[0]) : int(np.ceil(a[1]))] = True
        assert covered.all()
    assert pixels < 30e6


def test_what_searches_harder() -> None:
    assert harder_search((6000, 4000), 640, SmallFaces.OFF) is SmallFaces.AUTO
    assert harder_search((6000, 4000), 640, SmallFaces.AUTO) is SmallFaces.THOROUGH
    assert harder_search((6000, 4000), 640, SmallFaces.THOROUGH) is None
    assert harder_search((1200, 900), 640, SmallFaces.AUTO) is None
    assert harder_search((600, 400), 640, SmallFaces.OFF) is None


LOOK = Look(0.5, ((0, 0, 1000, 800), (800, 0, 2000, 800)), largest_px=100)


@pytest.mark.parametrize(
    ("box", "wanted"),
    [
        ([900, 100, 950, 160], True),
        ([0, 0, 60, 60], True),  # at the picture's own edge
        ([950, 100, 999, 160], False),  # cut by the edge of the tile
        ([700, 100, 850, 250], False),  # large enough for the look before
    ],
)
def test_what_a_tile_is_for(box: list[float], wanted: bool) -> None:
    boxes = np.array([box], np.float32)
    assert belongs_to_tile(boxes, LOOK.tiles[0], (2000, 800), LOOK).tolist() == [wanted]


def faces(*rows: tuple[list[float], float]) -> FaceDetections:
    boxes = np.array([box for box, _ in rows], np.float32).reshape(-1, 4)
    confidences = np.array([confidence for _, confidence in rows], np.float32)
    return FaceDetections(boxes, confidences, np.zeros((len(rows), 5, 2), np.float32))


def test_a_face_of_two_looks_is_one() -> None:
    first = faces(([100, 100, 140, 150], 0.75), ([500, 100, 700, 350], 0.8))
    further = faces(
        ([102, 101, 141, 149], 0.93),  # the same, seen better
        ([560, 200, 600, 240], 0.95),  # "a small face" inside a large one
        ([900, 300, 930, 340], 0.9),
        ([901, 301, 931, 341], 0.88),  # the same, seen in another tile
    )
    merged = merge(first, further)
    assert merged.boxes[:, 0].tolist() == [102, 900, 500]
    assert len(merge(FaceDetections.empty(), FaceDetections.empty())) == 0
    assert len(merge(FaceDetections.empty(), further)) == 3
    assert merge(first, FaceDetections.empty()) is first


class LessSure(BoundedDetector):
    """Finds one face of a given confidence in every look, of a size that depends on the look."""

    sure_confidence = 0.9

    def __init__(self, *confidences: float) -> None:
        super().__init__(
            "less-sure",
            build_detector("haar").framing,
            min_confidence=0.3,
            max_side_px=640,
            usual_confidence=0.7,
        )
        self.answers = list(confidences)

    def _find(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        n = len(self.answers)
        box = np.array([[60.0 * n, 40, 60.0 * n + 30, 75]], np.float32)
        return box, np.array([self.answers.pop(0)], np.float32), np.zeros((1, 0, 2), np.float32)


@pytest.mark.parametrize(("confidence", "n"), [(0.5, 1), (0.8, 2)])
def test_closer_up_only_finds_as_certain_as_usual_count(confidence: float, n: int) -> None:
    detector = LessSure(0.4, confidence)
    detector.small_faces = SmallFaces.AUTO
    assert len(detector.detect(np.zeros((960, 1280, 3), np.uint8))) == n
