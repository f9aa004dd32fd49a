"""YuNet's own weights are in no package, so a network with its inputs and outputs is made here:
it sees a face wherever an 8 x 8 block of the picture is white."""

import struct
from pathlib import Path

import numpy as np
import pytest

from emotion_core.errors import DetectorError
from emotion_core.faces import build_detector, detector_info, detector_names, yunet
from emotion_core.paths import YUNET_ENV

STRIDES = (8, 16, 32)
# Box of 40 x 48 px around the cell's corner; landmarks in units of 8 px from the cell's corner.
BOX = [0.0, 0.0, np.log(5.0), np.log(6.0)]
MARKS = [-1.0, -1.0, 1.0, -1.0, 0.0, 0.0, -1.0, 1.0, 1.0, 1.0]


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _field(number: int, value: int | bytes | str) -> bytes:
    """A field of a protocol buffer: the form of ONNX files."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _tensor(name: str, values: np.ndarray) -> bytes:
    kind = 7 if values.dtype == np.int64 else 1
    dims = b"".join(_field(1, n) for n in values.shape)
    return dims + _field(2, kind) + _field(8, name) + _field(9, values.tobytes())


def _node(kind: str, inputs: list[str], output: str, **attributes: list[int]) -> bytes:
    body = b"".join(_field(1, name) for name in inputs)
    body += _field(2, output) + _field(3, output) + _field(4, kind)
    for name, ints in attributes.items():
        attribute = _field(1, name) + b"".join(_field(8, i) for i in ints) + _field(20, 7)
        body += _field(5, attribute)
    return body


def _value(name: str, shape: tuple[int, ...]) -> bytes:
    dims = b"".join(_field(1, _field(1, n)) for n in shape)
    tensor = _field(1, 1) + _field(2, dims)
    return _field(1, name) + _field(2, _field(1, tensor))


def yunet_like() -> bytes:
    nodes, weights, outputs = b"", b"", b""
    for stride in STRIDES:
        for head, channels in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            name = f"{head}_{stride}"
            kernel = np.zeros((channels, 3, stride, stride), np.float32)
            bias = np.zeros(channels, np.float32)
            if stride == 8:
                if head == "cls":
                    kernel[:] = 1 / (255 * kernel.size)
                else:
                    bias[:] = {"obj": [1.0], "bbox": BOX, "kps": MARKS}[head]
            weights += _field(5, _tensor(f"{name}_w", kernel)) + _field(
                5, _tensor(f"{name}_b", bias)
            )
            weights += _field(5, _tensor(f"{name}_s", np.array([1, -1, channels], np.int64)))
            nodes += _field(
                1,
                _node(
                    "Conv",
                    ["input", f"{name}_w", f"{name}_b"],
                    f"{name}_c",
                    kernel_shape=[stride, stride],
                    strides=[stride, stride],
                ),
            )
            nodes += _field(1, _node("Transpose", [f"{name}_c"], f"{name}_t", perm=[0, 2, 3, 1]))
            nodes += _field(1, _node("Reshape", [f"{name}_t", f"{name}_s"], name))
            outputs += _field(12, _value(name, (1, (320 // stride) ** 2, channels)))
    graph = nodes + _field(2, "yunet") + weights
    graph += _field(11, _value("input", (1, 3, 320, 320))) + outputs
    opset = _field(1, "") + _field(2, 11)
    return _field(1, 6) + _field(7, graph) + _field(8, opset)


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "face_detection_yunet.onnx"
    path.write_bytes(yunet_like())
    monkeypatch.setenv(YUNET_ENV, str(path))
    return path


@pytest.fixture(autouse=True)
def no_other_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(YUNET_ENV, raising=False)
    monkeypatch.setattr(yunet, "MODEL_FOLDER", tmp_path / "detectors")


def white_block(width: int, height: int, x: int, y: int) -> np.ndarray:
    image = np.zeros((height, width, 3), np.uint8)
    image[y : y + 8, x : x + 8] = 255
    return image


def test_without_a_file() -> None:
    assert str(yunet.MODEL_FOLDER) in detector_info("yunet").reason
    assert "yunet" not in detector_names()
    with pytest.raises(DetectorError, match="EMOTION_LENS_YUNET"):
        build_detector("yunet")


@pytest.mark.usefixtures("model")
def test_finds_and_reads_faces() -> None:
    assert "yunet" in detector_names()
    detector = build_detector("yunet")
    for width, height, x, y in ((320, 320, 80, 160), (640, 480, 400, 240), (321, 203, 96, 64)):
        found = detector.detect(white_block(width, height, x, y))
        assert len(found) == 1
        assert found.confidences[0] == pytest.approx(1, abs=1e-3)
        assert found.boxes[0] == pytest.approx([x - 20, y - 24, x + 20, y + 24], abs=0.1)
        assert found.landmarks.shape == (1, 5, 2)


@pytest.mark.usefixtures("model")
def test_landmarks_are_in_order() -> None:
    found = build_detector("yunet").detect(white_block(320, 320, 80, 160))
    wanted = np.array(MARKS).reshape(5, 2) * 8 + (80, 160)
    # Level landmarks of a certain face are left as they are.
    assert found.landmarks[0] == pytest.approx(wanted, abs=0.1)


@pytest.mark.usefixtures("model")
def test_large_pictures() -> None:
    image = white_block(640, 480, 400, 240).repeat(2, axis=0).repeat(2, axis=1)
    found = build_detector("yunet").detect(image)
    assert found.boxes[0] == pytest.approx([760, 432, 840, 528], abs=1)


def test_file_in_the_models_folder(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(YUNET_ENV)
    yunet.MODEL_FOLDER.mkdir()
    (yunet.MODEL_FOLDER / "yunet.onnx").write_bytes(model.read_bytes())
    assert len(build_detector("yunet").detect(white_block(320, 320, 80, 160))) == 1


def test_missing_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(YUNET_ENV, "/nowhere/yunet.onnx")
    assert "does not exist" in detector_info("yunet").reason


@pytest.mark.parametrize("content", [b"", b"not a network", struct.pack("<100I", *range(100))])
def test_broken_file(model: Path, content: bytes) -> None:
    model.write_bytes(content)
    with pytest.raises(DetectorError, match="not a YuNet ONNX file"):
        build_detector("yunet").detect(white_block(320, 320, 80, 160))


def test_another_network(model: Path) -> None:
    model.write_bytes(yunet_like().replace(b"bbox_8", b"blox_8"))
    with pytest.raises(DetectorError, match="not a YuNet ONNX file"):
        build_detector("yunet").detect(white_block(320, 320, 80, 160))
