"""How ``analyze`` looks for faces: small ones in large photos, and how certain they must be."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from emotion_core.cli.common import DETECTION_RANGES, SMALL_FACES
from emotion_core.faces import SmallFaces, all_detectors


@pytest.fixture(scope="module")
def large_crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine faces of 60 px in a photo of 3,600 x 2,700."""
    head = Image.fromarray(skimage.data.astronaut()[20:200, 140:320]).resize((100, 100))
    canvas = Image.new("RGB", (3600, 2700), (128, 128, 128))
    for i in range(9):
        canvas.paste(head, (500 + 1200 * (i % 3), 400 + 900 * (i // 3)))
    path = tmp_path_factory.mktemp("crowd") / "crowd.jpg"
    canvas.save(path, quality=92)
    return path


def n_faces(outcome: object) -> int:
    assert outcome.code == 0  # type: ignore[attr-defined]
    return len(outcome.json["results"][0]["faces"])  # type: ignore[attr-defined]


def test_small_faces_in_a_large_photo_are_found_by_default(command, large_crowd: Path) -> None:
    assert n_faces(command("analyze", large_crowd)) == 9
    assert n_faces(command("analyze", large_crowd, "--small-faces", "off")) < 9


def test_the_words_for_searching_are_the_librarys() -> None:
    assert set(SMALL_FACES) == {search.value for search in SmallFaces}
    assert SMALL_FACES[0] == "auto"


def test_help_states_the_useful_ranges(command) -> None:
    ranges = {
        info.name: f"{info.name} {info.confidences.lowest:g} to {info.confidences.highest:g}"
        for info in all_detectors()
    }
    assert ", ".join(ranges.values()) == DETECTION_RANGES
    text = " ".join(command("analyze", "--help").out.decode().split())
    for name, words in ranges.items():
        assert words in text, name


@pytest.mark.parametrize(
    ("value", "words"),
    [("0.3", "takes other things for faces below that"), ("0.99", "loses clear faces above that")],
)
def test_a_confidence_that_is_of_no_use_is_told(
    command, astronaut_path: Path, value: str, words: str
) -> None:
    outcome = command("analyze", astronaut_path, "--min-confidence", value)
    assert outcome.code == 0
    info = all_detectors()[0]
    if info.available:
        assert f"--min-confidence {value}: {info.name} is of use from 0.5 to 0.95" in outcome.err
    assert words in outcome.err


def test_a_useful_confidence_is_not_commented_on(command, astronaut_path: Path) -> None:
    assert "of use" not in command("analyze", astronaut_path, "--min-confidence", "0.8").err


def test_less_certain_finds_are_no_things(command, tmp_path: Path) -> None:
    """A cup of coffee, in which the detector sees a face of 49 % once the picture is turned."""
    Image.fromarray(np.asarray(skimage.data.coffee())).save(tmp_path / "coffee.png")
    assert n_faces(command("analyze", tmp_path / "coffee.png", "--min-confidence", "0.3")) == 0
