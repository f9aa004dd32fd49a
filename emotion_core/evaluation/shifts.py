"""FER-2013's faces as detectors and cameras deliver them: what a model meets outside its data set.

Unlike ``corruptions``, which go from mild to hopeless to see where a model breaks, these are
conditions of everyday pictures, each at one strength: calibration is fitted and judged on them.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from emotion_core.images import decode_image, encode_jpeg, resize_image
from emotion_core.types import Float64Array, UInt8Array

_Random = np.random.Generator

# A detector's own error against the framing that FER-2013 has: shift in sides, scale, tilt.
# The eye line is levelled in the crop, which leaves a few degrees.
_SHIFT, _SCALE, _TILT_DEG = 0.08, 0.1, 8.0
_JPEG_QUALITY = 25
_BLUR_SIGMA_PX = 1.2
_SMALL_SIDES_PX = (16, 28)
_DARK_GAIN, _DARK_NOISE = (0.15, 0.4), 4.0
_YAW_DEG = (20.0, 35.0)


@dataclass(frozen=True, slots=True)
class Shift:
    """One condition that pictures come under.

    Attributes:
        name: key of ``SHIFTS``.
        title: for people.
        what: what was done, in a few words.
        apply: (N, S, S) uint8 gray faces, random numbers -> faces of the same shape.
    """

    name: str
    title: str
    what: str
    apply: Callable[[UInt8Array, _Random], UInt8Array]


def shifted(images: UInt8Array, name: str) -> UInt8Array:
    """Faces under one condition. The same call gives the same faces.

    Args:
        images: (N, S, S) uint8 gray; N may be 0.
        name: key of ``SHIFTS``.

    Raises:
        ValueError: the name is unknown.
    """
    if name not in SHIFTS:
        raise ValueError(f"shift: wanted one of {', '.join(SHIFTS)}. Received: {name!r}")
    if not len(images):
        return images
    apply = SHIFTS[name].apply
    # One by one, so that a face becomes the same whatever its company.
    return np.concatenate([apply(face[np.newaxis], _random(name, face)) for face in images])


def _random(name: str, face: UInt8Array) -> _Random:
    """Random numbers of their own for each condition and face."""
    return np.random.default_rng([*name.encode(), zlib.crc32(face.tobytes())])


def _sampled(images: UInt8Array, x: Float64Array, y: Float64Array) -> UInt8Array:
    """Faces read at other places: x, y (N, S, S) in pixels; beyond the edge its last pixel."""
    from scipy import ndimage

    found = [
        ndimage.map_coordinates(image.astype(np.float32), (rows, columns), order=1, mode="nearest")
        for image, columns, rows in zip(images, x, y, strict=True)
    ]
    return np.asarray(np.clip(np.rint(np.stack(found)), 0, 255), np.uint8)


def _grid(size: int) -> Float64Array:
    """(S,) places from -1 to 1 of the pixels of a side."""
    return (np.arange(size) + 0.5) * 2 / size - 1


def _pixels(places: Float64Array, size: int) -> Float64Array:
    return (places + 1) * size / 2 - 0.5


def _jitter(images: UInt8Array, random: _Random) -> UInt8Array:
    n, size = images.shape[:2]
    shift = random.uniform(-_SHIFT, _SHIFT, (n, 2)) * 2
    scale = random.uniform(1 - _SCALE, 1 + _SCALE, n)
    angle = np.radians(random.uniform(-_TILT_DEG, _TILT_DEG, n))
    cos, sin = ((f(angle) * scale)[:, None, None] for f in (np.cos, np.sin))
    y, x = np.meshgrid(_grid(size), _grid(size), indexing="ij")
    across = cos * x - sin * y + shift[:, 0, None, None]
    down = sin * x + cos * y + shift[:, 1, None, None]
    return _sampled(images, _pixels(across, size), _pixels(down, size))


def _turned_head(images: UInt8Array, random: _Random) -> UInt8Array:
    """The face as a picture on a cylinder that turns to one side."""
    n, size = images.shape[:2]
    yaw = np.radians(random.uniform(*_YAW_DEG, n)) * random.choice((-1, 1), n)
    # The side of the crop is about the width of the head with its ears: 0.9 of the cylinder.
    around = np.arcsin(0.9 * _grid(size))[None, :] + yaw[:, None]
    # What the turn brings round from behind was never seen: there the edge is repeated.
    across = np.sin(np.clip(around, -np.pi / 2, np.pi / 2)) / 0.9
    x = np.broadcast_to(_pixels(across, size)[:, None, :], (n, size, size))
    y = np.broadcast_to(np.arange(size, dtype=np.float64)[None, :, None], (n, size, size))
    return _sampled(images, x, y)


def _jpeg(images: UInt8Array, _random: _Random) -> UInt8Array:
    return np.stack(
        [decode_image(encode_jpeg(image, _JPEG_QUALITY))[..., 0] for image in images]
    ).astype(np.uint8)


def _blur(images: UInt8Array, _random: _Random) -> UInt8Array:
    from scipy import ndimage

    blurred = ndimage.gaussian_filter(
        images.astype(np.float32), (0, _BLUR_SIGMA_PX, _BLUR_SIGMA_PX), mode="nearest"
    )
    return np.asarray(np.rint(blurred), np.uint8)


def _small(images: UInt8Array, random: _Random) -> UInt8Array:
    full = (images.shape[2], images.shape[1])
    sides = random.integers(_SMALL_SIDES_PX[0], _SMALL_SIDES_PX[1] + 1, len(images))
    return np.stack(
        [
            resize_image(resize_image(image, (int(side), int(side))), full)
            for image, side in zip(images, sides, strict=True)
        ]
    )


def _low_light(images: UInt8Array, random: _Random) -> UInt8Array:
    """Less light, and the noise that a sensor adds to it."""
    gain = random.uniform(*_DARK_GAIN, (len(images), 1, 1))
    dark = images * gain + random.normal(0, _DARK_NOISE, images.shape)
    return np.asarray(np.clip(np.rint(dark), 0, 255), np.uint8)


#: Name -> condition.
SHIFTS: dict[str, Shift] = {
    shift.name: shift
    for shift in (
        Shift("box", "Detector's box", "moved up to 8 %, 10 % larger or smaller, tilted up to 8°",
              _jitter),
        Shift("jpeg", "JPEG", f"quality {_JPEG_QUALITY}", _jpeg),
        Shift("blur", "Blur", f"σ {_BLUR_SIGMA_PX} pixels", _blur),
        Shift("low-light", "Low light", "15 to 40 % of the light, with noise", _low_light),
        Shift("small", "Small face", "16 to 28 pixels a side", _small),
        Shift("turned", "Turned head", "20 to 35° to one side", _turned_head),
    )
}  # fmt: skip
