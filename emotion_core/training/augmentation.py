"""Random changes of training faces: flip, shift, rotation, scale, light, erasing.

Everything works on whole batches and takes its randomness from the generator that is given, so
that one seed gives one sequence.
"""

from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np
import numpy.typing as npt

from emotion_core.errors import TrainingError
from emotion_core.schema.validation import FORBID_OTHERS, check_fields
from emotion_core.schema.value_types import Number, YesNo
from emotion_core.types import Float32Array, UInt8Array


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How strongly faces are changed. Zero switches a part off.

    Attributes:
        flip: mirror half of the faces.
        shift: largest shift, as a share of the side.
        rotation_deg: largest turn to either side.
        scale: largest change of size, as a share (0.1: 0.9 to 1.1).
        shear: largest shear, as a share.
        sharp_share: share of the faces left as sharp as they are. The others are softened as the
            crops of photos are, by linear interpolation. Without any, a network never sees a face
            as sharp as those of FER-2013 that it is judged on.
        brightness: largest change of brightness, as a share of 255.
        contrast: largest change of contrast, as a share.
        gamma: largest change of gamma, as a natural logarithm.
        degradation: probability that a face is dark and noisy, blurred, small or compressed, one
            of them, as cameras deliver faces (the conditions of ``evaluation/shifts.py``, from
            mild to those).
        random_erasing: probability that a rectangle is erased (arXiv 1708.04896).
        random_erasing_area: largest share of the face that is erased.
        mixup: alpha of the Beta distribution for mixing pairs (arXiv 1710.09412).
        cutmix: alpha of the Beta distribution for pasting a part of one face into another
            (arXiv 1905.04899). With both, each batch gets one of the two by the toss of a coin.
    """

    # Beyond these limits nothing of a face is left, or the maths breaks down.
    flip: Annotated[bool, YesNo()] = True
    shift: Annotated[float, Number(0, 0.5, usual=0.3)] = 0.08
    rotation_deg: Annotated[float, Number(0, 180, usual=45)] = 12.0
    scale: Annotated[float, Number(0, 0.9, usual=0.4)] = 0.12
    shear: Annotated[float, Number(0, 1)] = 0.0
    sharp_share: Annotated[float, Number(0, 1)] = 0.0
    brightness: Annotated[float, Number(0, 1, usual=0.5)] = 0.1
    contrast: Annotated[float, Number(0, 1, usual=0.8)] = 0.25
    gamma: Annotated[float, Number(0, 3)] = 0.0
    degradation: Annotated[float, Number(0, 1)] = 0.0
    random_erasing: Annotated[float, Number(0, 1)] = 0.0
    random_erasing_area: Annotated[float, Number(0, 1)] = 0.2
    mixup: Annotated[float, Number(0, 10, usual=1)] = 0.0
    cutmix: Annotated[float, Number(0, 10, usual=1)] = 0.0

    __pydantic_config__ = FORBID_OTHERS

    def __post_init__(self) -> None:
        check_fields(self, TrainingError)


def augment(
    images: UInt8Array, settings: Augmentation, rng: np.random.Generator, size_px: int | None = None
) -> UInt8Array:
    """Changes every face at random.

    Args:
        images: (N, S, S) uint8.
        settings: how strongly.
        rng: source of randomness.
        size_px: side of the result; a smaller one cuts the middle out (no scaling), so that the
            network sees the same scale at every training size.

    Returns:
        (N, size_px, size_px) uint8.
    """
    return augment_and_tell(images, settings, rng, size_px)[0]


def augment_and_tell(
    images: UInt8Array, settings: Augmentation, rng: np.random.Generator, size_px: int | None = None
) -> tuple[UInt8Array, npt.NDArray[np.bool_]]:
    """As ``augment``, and tells which faces were mirrored, as (N,) bool."""
    n, side = images.shape[:2]
    size = size_px or side
    matrices = _matrices(n, side, size, settings, rng)
    warped = np.empty((n, size, size), np.uint8)
    # Drawn only where it is wanted: the same seed goes on giving the same faces to older recipes.
    share = settings.sharp_share
    sharp = np.less(rng.random(n), share) if share else np.zeros(n, bool)
    for i in range(n):
        cv2.warpAffine(
            images[i],
            matrices[i],
            (size, size),
            dst=warped[i],
            flags=cv2.INTER_LANCZOS4 if sharp[i] else cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )
    warped = _degrade(_light(warped, settings, rng), settings, rng)
    # A mirror image turns the orientation round: the determinant is negative.
    mirrored = np.linalg.det(matrices[:, :, :2]) < 0
    return _erase(warped, settings, rng), mirrored


def _matrices(
    n: int, side: int, size: int, settings: Augmentation, rng: np.random.Generator
) -> Float32Array:
    """(N, 2, 3) matrices from source to result: about the middle, then the shift."""
    angle = np.deg2rad(rng.uniform(-1, 1, n) * settings.rotation_deg)
    scale = 1 + rng.uniform(-1, 1, n) * settings.scale
    shear = rng.uniform(-1, 1, n) * settings.shear
    flip = np.where(rng.random(n) < 0.5, -1.0, 1.0) if settings.flip else np.ones(n)
    shift = rng.uniform(-1, 1, (n, 2)) * settings.shift * side
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    matrices = np.empty((n, 2, 3))
    matrices[:, 0, 0] = cos * flip
    matrices[:, 0, 1] = -sin + shear * cos
    matrices[:, 1, 0] = sin * flip
    matrices[:, 1, 1] = cos + shear * sin
    middle = np.full(2, (side - 1) / 2)
    matrices[:, :, 2] = (size - 1) / 2 + shift - matrices[:, :, :2] @ middle
    return matrices.astype(np.float32)


def _light(images: UInt8Array, settings: Augmentation, rng: np.random.Generator) -> UInt8Array:
    """Brightness, contrast about the face's own mean, and gamma, by one table per face."""
    if not (settings.brightness or settings.contrast or settings.gamma):
        return images
    n = len(images)
    mean = np.array([cv2.mean(image)[0] for image in images])[:, None]
    contrast = 1 + rng.uniform(-1, 1, (n, 1)) * settings.contrast
    brightness = rng.uniform(-1, 1, (n, 1)) * settings.brightness * 255
    gamma = np.exp(rng.uniform(-1, 1, (n, 1)) * settings.gamma)
    table = np.arange(256, dtype=np.float64)[None, :]
    if settings.gamma:  # powers cost more than all the rest
        table = 255 * np.power(table / 255, gamma)
    table = np.clip((table - mean) * contrast + mean + brightness, 0, 255).astype(np.uint8)
    changed = np.empty_like(images)
    for i in range(n):
        cv2.LUT(images[i], table[i], dst=changed[i])
    return changed


def _degrade(images: UInt8Array, settings: Augmentation, rng: np.random.Generator) -> UInt8Array:
    """Makes some faces dark, blurred, small or compressed."""
    if not settings.degradation:
        return images
    for i in np.flatnonzero(rng.random(len(images)) < settings.degradation):
        images[i] = _DEGRADATIONS[rng.integers(len(_DEGRADATIONS))](images[i], rng)
    return images


def _darkened(face: UInt8Array, rng: np.random.Generator) -> UInt8Array:
    dark = face * rng.uniform(0.15, 0.7) + rng.normal(0, rng.uniform(0, 5), face.shape)
    return np.asarray(np.clip(dark, 0, 255), np.uint8)


def _blurred(face: UInt8Array, rng: np.random.Generator) -> UInt8Array:
    return np.asarray(cv2.GaussianBlur(face, (0, 0), rng.uniform(0.5, 1.5)), np.uint8)


def _shrunk(face: UInt8Array, rng: np.random.Generator) -> UInt8Array:
    side = int(rng.integers(14, 33))
    small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, face.shape[::-1], interpolation=cv2.INTER_CUBIC), np.uint8)


def _compressed(face: UInt8Array, rng: np.random.Generator) -> UInt8Array:
    _, packed = cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 60))])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)


_DEGRADATIONS = (_darkened, _blurred, _shrunk, _compressed)


def _erase(images: UInt8Array, settings: Augmentation, rng: np.random.Generator) -> UInt8Array:
    """Fills a random rectangle of some faces with noise. Source: arXiv 1708.04896."""
    if settings.random_erasing <= 0:
        return images
    n, side = images.shape[:2]
    chosen = rng.random(n) < settings.random_erasing
    area = rng.uniform(0.02, settings.random_erasing_area, n) * side * side
    aspect = np.exp(rng.uniform(np.log(0.33), np.log(3.0), n))
    heights = np.clip(np.sqrt(area * aspect), 1, side).astype(int)
    widths = np.clip(np.sqrt(area / aspect), 1, side).astype(int)
    tops = (rng.random(n) * (side - heights + 1)).astype(int)
    lefts = (rng.random(n) * (side - widths + 1)).astype(int)
    for i in np.flatnonzero(chosen):
        block = (slice(tops[i], tops[i] + heights[i]), slice(lefts[i], lefts[i] + widths[i]))
        images[i][block] = rng.integers(0, 256, (heights[i], widths[i]), dtype=np.uint8)
    return images


def mix(
    tensors: Float32Array, targets: Float32Array, settings: Augmentation, rng: np.random.Generator
) -> tuple[Float32Array, Float32Array]:
    """Mixup or CutMix: every face with a random other of the batch.

    Source: arXiv 1710.09412 (mixup), arXiv 1905.04899 (CutMix).

    Args:
        tensors: (N, S, S, 1) float32.
        targets: (N, C) float32.
        settings: ``mixup`` and ``cutmix``.
        rng: source of randomness.
    """
    if settings.mixup <= 0 and settings.cutmix <= 0:
        return tensors, targets
    cut = settings.cutmix > 0 and (settings.mixup <= 0 or rng.random() < 0.5)
    alpha = settings.cutmix if cut else settings.mixup
    share = np.float32(rng.beta(alpha, alpha))
    other = rng.permutation(len(tensors))
    if cut:
        mixed = tensors.copy()
        rows, columns = _rectangle(tensors.shape[1], 1 - float(share), rng)
        mixed[:, rows, columns] = tensors[other][:, rows, columns]
        # The rectangle is cut off at the border: count what is really there.
        pasted = (rows.stop - rows.start) * (columns.stop - columns.start)
        share = np.float32(1 - pasted / tensors.shape[1] ** 2)
    else:
        mixed = share * tensors + (1 - share) * tensors[other]
    return mixed, share * targets + (1 - share) * targets[other]


def _rectangle(side: int, area: float, rng: np.random.Generator) -> tuple[slice, slice]:
    """Rows and columns of a square of a share of the face about a random point."""
    half = np.sqrt(area) * side / 2
    middle = rng.uniform(0, side, 2)
    low = np.clip(np.round(middle - half), 0, side).astype(int)
    high = np.clip(np.round(middle + half), 0, side).astype(int)
    return slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1]))
