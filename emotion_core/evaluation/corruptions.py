"""Ways to corrupt a picture, in steps: how well does a model bear them?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emotion_core.images import resize_image
from emotion_core.types import UInt8Array

_Random = np.random.Generator


@dataclass(frozen=True, slots=True)
class Corruption:
    """One way to corrupt pictures.

    Attributes:
        name: key of ``CORRUPTIONS``.
        title: for people.
        unit: what the levels count.
        levels: from mild to strong; the picture itself is not among them.
        clean_level: what the picture itself would be called.
        apply: (N, S, S) uint8 pictures, level, random numbers -> pictures of the same shape.
    """

    name: str
    title: str
    unit: str
    levels: tuple[float, ...]
    clean_level: float
    apply: Callable[[UInt8Array, float, _Random], UInt8Array]


def corrupt(images: UInt8Array, name: str, level: float) -> UInt8Array:
    """Corrupts pictures. The same call gives the same pictures.

    Args:
        images: (N, S, S) uint8 gray.
        name: key of ``CORRUPTIONS``.
        level: how much; see the corruption's unit.

    Raises:
        ValueError: the name is unknown.
    """
    if name not in CORRUPTIONS:
        wanted = ", ".join(CORRUPTIONS)
        raise ValueError(f"Unknown corruption. Wanted one of: {wanted}. Received: {name!r}")
    return CORRUPTIONS[name].apply(images, level, np.random.default_rng(0))


def _gray(values: npt.NDArray[Any]) -> UInt8Array:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


def _blur(images: UInt8Array, sigma_px: float, _random: _Random) -> UInt8Array:
    from scipy import ndimage

    return _gray(ndimage.gaussian_filter(images.astype(np.float32), (0, sigma_px, sigma_px)))


def _noise(images: UInt8Array, spread: float, random: _Random) -> UInt8Array:
    return _gray(images + random.normal(0, spread, images.shape).astype(np.float32))


def _brightness(images: UInt8Array, shift: float, _random: _Random) -> UInt8Array:
    return _gray(images.astype(np.float32) + shift)


def _occlusion(images: UInt8Array, share: float, random: _Random) -> UInt8Array:
    """A gray square somewhere in the picture."""
    size = images.shape[1]
    side = round(size * (share / 100) ** 0.5)
    covered = images.copy()
    corners = random.integers(0, size - side + 1, (len(images), 2))
    for image, (y, x) in zip(covered, corners, strict=True):
        image[y : y + side, x : x + side] = 128
    return covered


def _rotation(images: UInt8Array, degrees: float, _random: _Random) -> UInt8Array:
    """Every other picture is turned to the left, the others to the right."""
    from scipy import ndimage

    turned = np.empty(images.shape, np.float32)
    for first, angle in ((0, degrees), (1, -degrees)):
        turned[first::2] = ndimage.rotate(
            images[first::2].astype(np.float32),
            angle,
            axes=(2, 1),
            reshape=False,
            order=1,
            mode="nearest",
        )
    return _gray(turned)


def _low_resolution(images: UInt8Array, side_px: float, _random: _Random) -> UInt8Array:
    """Made small and large again, as if the face had been far away."""
    if not len(images):
        return images
    small, full = (round(side_px),) * 2, (images.shape[2], images.shape[1])
    return np.stack([resize_image(resize_image(image, small), full) for image in images])


CORRUPTIONS: dict[str, Corruption] = {
    kind.name: kind
    for kind in (
        Corruption("blur", "Blur", "σ in pixels", (0.5, 1, 1.5, 2, 3), 0, _blur),
        Corruption("noise", "Noise", "σ in grey levels", (5, 10, 20, 30, 50), 0, _noise),
        Corruption(
            "brightness", "Brightness", "grey levels", (-100, -60, -30, 30, 60, 100), 0, _brightness
        ),
        Corruption(
            "occlusion", "Occlusion", "% of the picture", (5, 10, 20, 30, 40), 0, _occlusion
        ),
        Corruption("rotation", "Rotation", "degrees", (5, 10, 20, 30, 45), 0, _rotation),
        Corruption(
            "low-resolution", "Low resolution", "pixels a side", (32, 24, 16, 12, 8), 48,
            _low_resolution,
        ),
    )
}  # fmt: skip
