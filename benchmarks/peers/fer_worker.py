"""Runs inside fer's own environment: times `FER.detect_emotions` with its defaults.

These are a Haar cascade and a quantized TensorFlow Lite model.
"""

from collections.abc import Callable, Sized
from typing import Any

from worker import serve


def load() -> Callable[[Any], Sized]:
    """The function that reads one frame and gives the faces it found."""
    from fer.fer import FER  # type: ignore[import-not-found]

    analyze: Callable[[Any], Sized] = FER().detect_emotions
    return analyze


if __name__ == "__main__":
    serve(load)
