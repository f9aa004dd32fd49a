"""Runs inside fer's own environment: times `FER.detect_emotions` with its defaults, which are a
Haar cascade and a quantized TensorFlow Lite model."""

from collections.abc import Callable, Sized
from typing import Any

from worker import serve


def load() -> Callable[[Any], Sized]:
    from fer.fer import FER  # type: ignore[import-not-found]

    analyze: Callable[[Any], Sized] = FER().detect_emotions
    return analyze


if __name__ == "__main__":
    serve(load)
