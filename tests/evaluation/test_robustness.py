"""Corrupted pictures, and what they do to a model; heat maps of what an answer rests on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from emotion_core.datasets import EmotionDataset
from emotion_core.emotions import FER2013
from emotion_core.evaluation import EvaluatedModel, build_evaluation_split, evaluate_model
from emotion_core.evaluation.cache import LogitsCache
from emotion_core.evaluation.corruptions import CORRUPTIONS, corrupt
from emotion_core.evaluation.occlusion import draw_heat_map, occlusion_map
from emotion_core.evaluation.predictor import Cancelled
from emotion_core.evaluation.robustness import RobustnessTest, robustness_figures
from emotion_core.types import EmotionScores, UInt8Array

MakeModel = Callable[..., EvaluatedModel]


@pytest.fixture(scope="module")
def pictures() -> UInt8Array:
    """Six smooth pictures: noise that is made large, so that blur and rotation matter."""
    coarse = np.random.default_rng(0).integers(40, 216, (6, 12, 12), dtype=np.uint8)
    return coarse.repeat(4, axis=1).repeat(4, axis=2)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_more_is_worse_and_the_same_every_time(name: str, pictures: UInt8Array) -> None:
    kind = CORRUPTIONS[name]
    before = pictures.copy()
    changes = {}
    for level in kind.levels:
        corrupted = corrupt(pictures, name, level)
        assert corrupted.shape == pictures.shape
        assert corrupted.dtype == np.uint8
        assert (corrupted == corrupt(pictures, name, level)).all()
        changes[abs(level - kind.clean_level)] = np.abs(corrupted - pictures.astype(int)).mean()
    by_distance = [changes[distance] for distance in sorted(changes)]
    assert by_distance == sorted(by_distance)
    assert by_distance[0] > 0
    assert (pictures == before).all()
    assert corrupt(pictures[:0], name, kind.levels[0]).shape == (0, 48, 48)


def test_what_the_levels_mean(pictures: UInt8Array) -> None:
    assert (corrupt(pictures, "brightness", 30) == pictures.astype(int) + 30).all()
    covered = (corrupt(pictures, "occlusion", 20) == 128).mean()
    assert covered == pytest.approx(0.2, abs=0.02)
    turned = corrupt(pictures, "rotation", 30)
    assert not (turned[0] == corrupt(pictures[1:2], "rotation", 30)).all()
    with pytest.raises(ValueError, match="Wanted one of: blur, noise"):
        corrupt(pictures, "rain", 1)


def test_every_other_picture_is_turned_the_other_way(pictures: UInt8Array) -> None:
    twice = np.stack([pictures[0], pictures[0, :, ::-1]])
    left, right = corrupt(twice, "rotation", 20)
    assert np.abs(left - right[:, ::-1].astype(int)).max() <= 1


def test_a_stopped_test_goes_on_where_it_was(
    make_model: MakeModel, small_set: EmotionDataset, folder: Path
) -> None:
    opened: list[str] = []
    rows = build_evaluation_split(small_set, "validation")
    test = RobustnessTest(make_model(opened=opened), rows, LogitsCache(folder))
    assert test.points() == ()
    done: list[tuple[int, int]] = []
    with pytest.raises(Cancelled):
        test.run(
            progress=lambda n, total: done.append((n, total)), cancelled=lambda: len(done) == 4
        )
    assert done[-1] == (4, test.n_conditions)
    # The pictures themselves begin each of the six curves; three more conditions are done.
    assert len(test.points()) == 6 + 3
    points = test.run()
    assert points == test.points()
    again = RobustnessTest(make_model(opened=opened), rows, LogitsCache(folder))
    assert again.run() == points
    assert len(opened) == 1

    curves = robustness_figures(points)
    clean = evaluate_model(make_model(), rows).figures()["accuracy"]
    for name, curve in curves.items():
        assert curve["levels"] == sorted([*CORRUPTIONS[name].levels, curve_start(name)])
        assert curve["accuracy"][curve["levels"].index(curve_start(name))] == pytest.approx(clean)
        assert curve["n"] == 100


def curve_start(name: str) -> float:
    return CORRUPTIONS[name].clean_level


def test_ferplus_labels_share_the_answers(
    make_model: MakeModel, small_set: EmotionDataset, folder: Path
) -> None:
    opened: list[str] = []
    model, cache = make_model(opened=opened), LogitsCache(folder)
    RobustnessTest(model, build_evaluation_split(small_set, "test"), cache).run()
    points = RobustnessTest(model, build_evaluation_split(small_set, "test", "raters"), cache).run()
    assert {point.n for point in points} == {50}
    assert len(opened) == 1


class LookingAt:
    """Is as happy as one spot of the picture is bright."""

    def __init__(self, y: int, x: int) -> None:
        self._y, self._x = y, x

    def predict(self, images: UInt8Array) -> EmotionScores:
        bright = images[:, self._y : self._y + 4, self._x : self._x + 4].mean(axis=(1, 2)) / 255
        rows = np.zeros((len(images), len(FER2013)), np.float32)
        rows[:, FER2013.index("happy")] = bright
        rows[:, FER2013.index("sad")] = 1 - bright
        return EmotionScores(rows)


@pytest.mark.parametrize(("y", "x"), [(4, 4), (20, 30), (44, 44)])
def test_the_map_is_warm_where_the_model_looks(y: int, x: int) -> None:
    image = np.full((48, 48), 255, np.uint8)
    heat = occlusion_map(LookingAt(y, x).predict, image)
    assert heat.label == FER2013.index("happy")
    assert heat.probability == pytest.approx(1)
    warmest = np.unravel_index(heat.drops.argmax(), heat.drops.shape)
    assert abs(warmest[0] - y) <= 8
    assert abs(warmest[1] - x) <= 8
    far = heat.drops[(y + 24) % 48, (x + 24) % 48]
    assert far == pytest.approx(0, abs=1e-6)
    # The other score rises there.
    sad = occlusion_map(LookingAt(y, x).predict, image, FER2013.index("sad"))
    assert sad.drops == pytest.approx(-heat.drops)


def test_the_drawing_is_red_there_and_grey_elsewhere() -> None:
    image = np.full((48, 48), 255, np.uint8)
    heat = occlusion_map(LookingAt(20, 30).predict, image)
    drawn = draw_heat_map(image, heat, side_px=240)
    assert drawn.shape == (240, 240, 3)
    blue, _, red = drawn[110, 160].astype(int)
    assert red > blue + 60
    assert (drawn[230, 20] == 255).all()
    flat = occlusion_map(LookingAt(20, 30).predict, np.full((48, 48), 128, np.uint8))
    assert (draw_heat_map(image, flat) == 255).all()
