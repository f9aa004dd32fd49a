"""Runs inside deepface's own environment: times `DeepFace.analyze`.

For emotions only, with its default detector and its ONNX engine.
"""

from collections.abc import Callable, Sized
from typing import Any

from worker import serve


def load() -> Callable[[Any], Sized]:
    """The function that reads one frame and gives the faces it found."""
    from deepface import DeepFace  # type: ignore[import-not-found]

    def analyze(frame: Any) -> Sized:
        faces: Sized = DeepFace.analyze(frame, actions=["emotion"], silent=True)
        return faces

    return analyze


if __name__ == "__main__":
    serve(load)
