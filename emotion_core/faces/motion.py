"""Where a face will be, and how sure that is: a Kalman filter in continuous time.

The speed is a random one that fades (an Ornstein-Uhlenbeck process): a face goes on as it went,
but the longer nobody sees it, the more likely it has stopped or turned. Unlike the usual filter
with a fixed step it predicts the same whether frames come 5 or 30 times a second.

Source: Uhlenbeck & Ornstein, "On the Theory of the Brownian Motion", Phys. Rev. 36 (1930), for the
spread of place and speed; Kalman, "A New Approach to Linear Filtering and Prediction Problems"
(1960), for the filter.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from emotion_core.types import Float32Array

# Chosen among five pairs on the paths of benchmarks/crossings.py, with another seed than its
# tests use. 3 s with 1.5 sides keep a few more of those who cross and lose more of those who sway
# or turn back, which is what people before a webcam do.
_FADE_S = 2.0
_SPEED = 2.0  # standard deviation of a face's speed, in sides per second
# Standard deviation of a detected centre about a face that moves evenly, in sides. The detector's
# own is 0.01 (a still face with camera noise); the rest is for heads, which nod and turn.
_NOISE = 0.08


@dataclass(slots=True)
class FaceMotion:
    """A face's place and speed. Variances are in sides of the face, so that size cancels out.

    Attributes:
        centre: (2,) xy pixels.
        sides: (2,) width and height in pixels, as seen last.
        velocity: (2,) pixels per second.
        variances: of the place, of place with speed, and of the speed, in sides and seconds; the
            same for x and y. Plain numbers: this runs for every face of every frame.
    """

    centre: np.ndarray
    sides: np.ndarray
    velocity: np.ndarray
    variances: tuple[float, float, float]

    @classmethod
    def of(cls, box: Float32Array) -> "FaceMotion":
        """A face that was just seen for the first time: nobody knows where it goes."""
        centre, sides = _centre(box), _sides(box)
        return cls(centre, sides, np.zeros(2), (_NOISE**2, 0.0, _SPEED**2))

    def to_dict(self) -> dict[str, Any]:
        """The motion as JSON, exactly."""
        return {
            "centre": self.centre.tolist(),
            "sides": self.sides.tolist(),
            "velocity": self.velocity.tolist(),
            "variances": list(self.variances),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "FaceMotion":
        """The motion that ``to_dict`` gave."""
        centre, sides, velocity = (
            np.array(values[name], np.float64) for name in ("centre", "sides", "velocity")
        )
        place, both, speed = map(float, values["variances"])
        return cls(centre, sides, velocity, (place, both, speed))

    @property
    def side(self) -> float:
        """The longer side of the box, at least a pixel."""
        return max(float(self.sides.max()), 1.0)

    @property
    def spread(self) -> float:
        """Standard deviation of where the face will be found, in sides."""
        return math.sqrt(self.variances[0] + _NOISE**2)

    def after(self, seconds: float) -> "FaceMotion":
        """The face as it is expected after some time in which nobody saw it."""
        kept = math.exp(-seconds / _FADE_S)
        reach_s = _FADE_S * (1 - kept)
        place, both, speed = self.variances
        added = _FADE_S * (2 * seconds - _FADE_S * (3 - 4 * kept + kept**2))
        return FaceMotion(
            self.centre + self.velocity * reach_s,
            self.sides,
            self.velocity * kept,
            (
                place + 2 * reach_s * both + reach_s**2 * speed + _SPEED**2 * added,
                kept * (both + reach_s * speed) + _SPEED**2 * _FADE_S * (1 - kept) ** 2,
                kept**2 * speed + _SPEED**2 * (1 - kept**2),
            ),
        )

    def seen(self, box: Float32Array) -> "FaceMotion":
        """The face after it was found, (4,) xyxy pixels, where this one was expected."""
        place, both, speed = self.variances
        place_gain, speed_gain = place / self.spread**2, both / self.spread**2
        surprise = _centre(box) - self.centre
        return FaceMotion(
            self.centre + place_gain * surprise,
            _sides(box),
            self.velocity + speed_gain * surprise,
            (place - place_gain * place, both - place_gain * both, speed - speed_gain * both),
        )

    def moved(self, matrix: Float32Array) -> "FaceMotion":
        """The same face in a picture that was scaled, cut or mirrored, by a (2, 3) matrix."""
        linear = matrix[:, :2].astype(np.float64)
        return FaceMotion(
            linear @ self.centre + matrix[:, 2],
            np.abs(linear) @ self.sides,
            linear @ self.velocity,
            self.variances,
        )


def _centre(box: Float32Array) -> np.ndarray:
    return (box[:2].astype(np.float64) + box[2:]) / 2


def _sides(box: Float32Array) -> np.ndarray:
    return box[2:].astype(np.float64) - box[:2]
