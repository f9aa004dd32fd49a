"""Runs inside deepface's own environment: times `DeepFace.analyze` for emotions only, with its
default detector and its ONNX engine."""

from collections.abc import Callable, Sized
from typing import Any

from worker import serve


def load() -> Callable[[Any], Sized]:
    from deepface import DeepFace  # type: ignore[import-not-found]

    def analyze(frame: Any) -> Sized:
        faces: Sized = DeepFace.analyze(frame, actions=["emotion"], silent=True)
        return faces

    return analyze


if __name__ == "__main__":
    serve(load)
