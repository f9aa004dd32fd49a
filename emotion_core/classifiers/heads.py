"""The heads of a network: whose labels each predicts, and how sure its answers are."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from emotion_core.types import Float64Array, UInt8Array

#: Whose labels a head predicts; the first that a model has answers unless another is asked for.
HEAD_NAMES = ("raters", "fer2013")

#: What each head says, in one sentence for people.
HEAD_MEANINGS: Mapping[str, str] = {
    "raters": "What most of ten people would say who look at the face (FER+ votes).",
    "fer2013": "What the labels of FER-2013 say: for comparison with published figures.",
}

#: What each head is called on the screen.
HEAD_TITLES: Mapping[str, str] = {"raters": "Raters", "fer2013": "FER-2013"}

# Medians of the two cues over FER-2013's PublicTest, and how far from there they count: a picture
# stranger than any that the coefficients were fitted to gets no stranger answer.
_USUAL_CONTRAST, _USUAL_SHARPNESS = 4.0, -0.68
_FAR = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A group of a network's outputs.

    The logits are divided by a temperature that depends on the picture: where a face is darker,
    flatter or less sharp than those of FER-2013, networks are right less often, and do not notice
    it by themselves.

    Attributes:
        first: column of its first output.
        outputs: how many it has; those beyond the card's labels are not served.
        temperature: of a picture as sharp and rich in contrast as FER-2013's.
        threshold: below this top probability a prediction counts as uncertain, 0-1.
        contrast: exponent of the temperature for the picture's contrast; negative: less contrast,
            less confidence; 0 ignores it.
        sharpness: the same for its sharpness.

    Source: temperature scaling, Guo et al., arXiv 1706.04599; one that depends on the input, e.g.
    Tomani et al., arXiv 2012.10988.
    """

    first: int
    outputs: int
    temperature: float
    threshold: float
    contrast: float = 0.0
    sharpness: float = 0.0

    def temperatures(self, images: UInt8Array) -> Float64Array:
        """(N,) float64, what the logits of (N, S, S) uint8 gray crops are divided by."""
        if not (self.contrast or self.sharpness):
            return np.full(len(images), self.temperature)
        return self.temperature * np.exp(picture_cues(images) @ [self.contrast, self.sharpness])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def picture_cues(images: UInt8Array) -> Float64Array:
    """How far a face's picture is from those of FER-2013.

    Args:
        images: (N, S, S) uint8 gray. N may be 0.

    Returns:
        (N, 2) float64 natural logarithms of contrast (standard deviation of the grey levels) and
        of sharpness (mean size of the second differences in proportion to it), less the medians
        of FER-2013 and within 2.5 of them.
    """
    x = images.astype(np.float32)
    spread = x.std(axis=(1, 2)) + 1
    middle = 4 * x[:, 1:-1, 1:-1]
    around = x[:, :-2, 1:-1] + x[:, 2:, 1:-1] + x[:, 1:-1, :-2] + x[:, 1:-1, 2:]
    detail = np.abs(middle - around).mean(axis=(1, 2)) / spread
    cues = np.stack([np.log(spread), np.log(detail + 1e-3)], axis=1).astype(np.float64)
    return np.clip(cues - [_USUAL_CONTRAST, _USUAL_SHARPNESS], -_FAR, _FAR)
