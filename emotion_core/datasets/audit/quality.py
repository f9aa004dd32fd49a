"""Pictures that cannot teach a face: of one colour, too dark, blurred, or no face at all."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from emotion_core.datasets.dataset import VOTE_COLUMNS, EmotionDataset
from emotion_core.types import Float32Array, UInt8Array

#: Below this standard deviation of its pixels a picture is of one colour. In FER-2013: 13.
FLAT_BELOW = 1.0
#: A picture is dark if 95 of 100 pixels are below this value of 255. Looked at in FER-2013: what
#: is below is dim all over (64 pictures). The light parts count and not the mean, so that dark
#: skin in good light is not called dark.
DARK_BELOW = 80.0
#: A picture is blurred if its sharpness is below this. Looked at in FER-2013 likewise (44).
BLURRED_BELOW = 0.35
#: Share of FER+'s raters that say "not a face".
NOT_A_FACE_FROM = 0.5

_BLOCK = 2048


@dataclass(frozen=True, slots=True, eq=False)
class PictureQuality:
    """Measurements and flags of N pictures.

    Attributes:
        brightness: (N,) float32, mean of the pixels, 0-255.
        contrast: (N,) float32, their standard deviation.
        sharpness: (N,) float32, standard deviation of the Laplacian in units of the contrast.
        flat: (N,) bool, one colour.
        dark: (N,) bool, hardly anything to be seen.
        blurred: (N,) bool, no fine detail; flat pictures are not called blurred.
    """

    brightness: Float32Array
    contrast: Float32Array
    sharpness: Float32Array
    flat: npt.NDArray[np.bool_]
    dark: npt.NDArray[np.bool_]
    blurred: npt.NDArray[np.bool_]


def picture_quality(images: UInt8Array) -> PictureQuality:
    """Measures pictures.

    Args:
        images: (N, S, S) uint8 gray.
    """
    n = len(images)
    brightness, contrast, laplacian, light = (np.zeros(n, np.float32) for _ in range(4))
    for start in range(0, n, _BLOCK):
        rows = slice(start, start + _BLOCK)
        part = images[rows].astype(np.float32)
        flat_part = part.reshape(len(part), -1)
        brightness[rows] = flat_part.mean(axis=1)
        contrast[rows] = flat_part.std(axis=1)
        light[rows] = np.percentile(images[rows].reshape(len(part), -1), 95, axis=1)
        edges = 4 * part[:, 1:-1, 1:-1]
        for y, x in ((0, 1), (2, 1), (1, 0), (1, 2)):
            height, width = part.shape[1] - 2, part.shape[2] - 2
            edges = edges - part[:, y : y + height, x : x + width]
        laplacian[rows] = edges.reshape(len(part), -1).std(axis=1)
    flat = contrast < FLAT_BELOW
    sharpness = np.where(flat, 0.0, laplacian / np.maximum(contrast, FLAT_BELOW))
    return PictureQuality(
        brightness,
        contrast,
        sharpness.astype(np.float32),
        flat,
        ~flat & (light < DARK_BELOW),
        ~flat & (sharpness < BLURRED_BELOW),
    )


def not_a_face(dataset: EmotionDataset, flat: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """(N,) bool: half of FER+'s raters saw no face, or the picture is of one colour.

    Without votes only the pictures of one colour are known not to be faces: the likeness to the
    mean face tells drawings and cut-off faces apart too badly (area under the curve 0.79 on
    FER-2013's not-a-face votes) to flag anybody's picture by it.
    """
    votes = dataset.votes[:, VOTE_COLUMNS.index("nf")]
    total = dataset.votes.sum(axis=1)
    return np.asarray(flat | ((total > 0) & (votes >= NOT_A_FACE_FROM * total)), dtype=bool)
