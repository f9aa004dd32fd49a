"""Other people's packages, each in a process of an environment of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from emotion_core.cli.common import UsageError
from emotion_core.paths import is_installed, peers_folder

PEERS_FOLDER = peers_folder()


class Peer:
    """A peer's worker process, which stays open and times one frame per request.

    Raises:
        UsageError: its environment cannot be built, or its worker does not start.
    """

    def __init__(self, name: str, frames: Mapping[str, Path]) -> None:
        """Starts the worker.

        Args:
            name: key of ``benchmarks/peers/build.py``.
            frames: {frame: path of its .npy file}.
        """
        self.name = name
        self._frames = frames
        python = self._python()
        self._process = subprocess.Popen(
            [python, str(PEERS_FOLDER / f"{name}_worker.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            self._read()
        except BaseException:
            self.close()
            raise

    def _python(self) -> str:
        """The Python of the peer's environment, which is built the first time."""
        built = subprocess.run(
            [sys.executable, str(PEERS_FOLDER / "build.py"), self.name],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if built.returncode:
            raise UsageError(f"The environment of {self.name} could not be built: see above.")
        return built.stdout.strip()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            raise UsageError(f"The worker of {self.name} ended with exit code {code}.")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def time(self, frame: str) -> tuple[float, int]:
        """(milliseconds, faces found) of one frame."""
        assert self._process.stdin is not None
        print(json.dumps({"frame": str(self._frames[frame])}), file=self._process.stdin, flush=True)
        answer = self._read()
        return float(answer["ms"]), int(answer["faces"])

    def close(self) -> None:
        """Ends the worker."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> "Peer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def available_peers(note: Callable[[str], None]) -> list[str]:
    """The peers that can run here; what is left out is told to ``note``."""
    if not PEERS_FOLDER.is_dir():
        note(
            "No peers: they come with the repository, not with the installed package."
            if is_installed()
            else f"No peers: there is no {PEERS_FOLDER}."
        )
        return []
    peers = ["fer"]
    # The one place where deepface looks before it tries to download them.
    home = Path(os.environ.get("DEEPFACE_HOME") or Path.home())
    weights = home / ".deepface" / "weights" / "facial_expression_model_weights.onnx"
    if weights.is_file():
        peers.append("deepface")
    else:
        note(f"deepface is left out: its weights are not at {weights}.")
    return peers
