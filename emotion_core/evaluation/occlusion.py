"""Which parts of a face a prediction rests on: cover them one after the other and watch."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from emotion_core.images import resize_image
from emotion_core.types import EmotionScores, Float32Array, UInt8Array, checked

# Covering lowers the score: warm; it raises the score: cool. Blue, green, red.
_WARM = np.array([38, 60, 214], np.float32)
_COOL = np.array([176, 114, 44], np.float32)
_STRONGEST = 0.75


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """How one score changes when parts of the face are covered.

    Attributes:
        label: whose score.
        probability: the score of the whole face.
        drops: (S, S) float32: by how much the score falls when what is around a pixel is covered;
            below 0 where it rises.
    """

    label: int
    probability: float
    drops: Float32Array


def occlusion_map(
    predict: Callable[[UInt8Array], EmotionScores], image: UInt8Array, label: int | None = None
) -> HeatMap:
    """Slides a gray square over a face; it needs nothing from the model but its predictions.

    The square's side is a sixth of the face's, and it moves by half of that.

    Source: Zeiler & Fergus, arXiv 1311.2901, section 4.2.

    Args:
        predict: scores of (N, S, S) uint8 crops.
        image: (S, S) uint8 gray.
        label: whose score; None for that of the prediction.

    Raises:
        ValueError: another shape or dtype.
    """
    image = checked("image", image, (None, None), np.uint8)
    size = image.shape[0]
    side = max(2, size // 6)
    starts = sorted({*range(0, size - side, max(1, side // 2)), size - side})
    places = [(y, x) for y in starts for x in starts]
    covered = np.repeat(image[np.newaxis], len(places) + 1, axis=0)
    for picture, (y, x) in zip(covered[1:], places, strict=True):
        picture[y : y + side, x : x + side] = 128
    scores = predict(covered)
    chosen = int(scores.labels[0]) if label is None else label
    whole, *parts = scores.probabilities[:, chosen].tolist()
    total, times = np.zeros((2, size, size), np.float32)
    for part, (y, x) in zip(parts, places, strict=True):
        total[y : y + side, x : x + side] += whole - part
        times[y : y + side, x : x + side] += 1
    return HeatMap(chosen, whole, total / times)


def draw_heat_map(image: UInt8Array, heat: HeatMap, *, side_px: int = 336) -> UInt8Array:
    """A face with its heat map over it.

    Args:
        image: (S, S) uint8 gray.
        heat: its heat map.
        side_px: side of the result.

    Returns:
        (side_px, side_px, 3) uint8 BGR: warm where covering lowers the score, cool where it
        raises it; the strongest change has the strongest colour.
    """
    from scipy import ndimage

    face = resize_image(np.repeat(image[:, :, np.newaxis], 3, axis=2), (side_px, side_px))
    strongest = float(np.abs(heat.drops).max()) or 1.0
    # The squares' edges are the method's, not the model's: they are smoothed away.
    soft = ndimage.gaussian_filter(heat.drops / strongest, image.shape[0] / 24)
    # Through 8 bits, which is what resizing takes; half a step in 127 cannot be seen.
    levels = np.rint(soft * 127 + 128).astype(np.uint8)
    smooth = (resize_image(levels, (side_px, side_px)).astype(np.float32) - 128) / 127
    colour = np.where(smooth[..., np.newaxis] > 0, _WARM, _COOL)
    weight = _STRONGEST * np.abs(smooth)[..., np.newaxis]
    mixed = (1 - weight) * face + weight * colour
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
