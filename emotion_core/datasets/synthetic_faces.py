"""Draws faces from parameters: what brows, eyes and mouth do in each expression."""

from dataclasses import dataclass, fields

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from emotion_core.emotions import Emotion
from emotion_core.types import UInt8Array

SIZE_PX = 48
# Drawn this many times larger and averaged, so that edges are as soft as in small photos.
_SCALE = 4
_CIRCLE = tuple((float(np.cos(a)), float(np.sin(a))) for a in np.linspace(0, 2 * np.pi, 25)[:-1])


@dataclass(frozen=True, slots=True)
class Expression:
    """What moves in a face; 0 is at rest.

    Attributes:
        brow_raise: -1 lowered to 1 raised.
        brow_tilt: -1 inner ends down (angry) to 1 inner ends up (sad).
        eye_open: -1 nearly shut to 1 wide.
        mouth_curve: -1 corners down to 1 corners up.
        mouth_open: 0 shut to 1 wide open.
        mouth_width: -1 narrow to 1 stretched.
        nose_wrinkle: 0 to 1.
        lip_raise: 0 to 1, upper lip pulled up on one side.
    """

    brow_raise: float = 0.0
    brow_tilt: float = 0.0
    eye_open: float = 0.0
    mouth_curve: float = 0.0
    mouth_open: float = 0.0
    mouth_width: float = 0.0
    nose_wrinkle: float = 0.0
    lip_raise: float = 0.0


# Source of the movements: the action units commonly given for the basic expressions (Ekman and
# Friesen, EMFACS): anger 4+5+7+23, disgust 9+15, fear 1+2+4+5+20, happiness 6+12, sadness 1+4+15,
# surprise 1+2+5+26. How far each goes is chosen by eye.
EXPRESSIONS = {
    Emotion.ANGRY: Expression(brow_raise=-0.6, brow_tilt=-0.9, eye_open=-0.2, mouth_width=-0.5),
    Emotion.DISGUST: Expression(
        brow_raise=-0.5, eye_open=-0.6, mouth_curve=-0.4, nose_wrinkle=1.0, lip_raise=0.9
    ),
    Emotion.FEAR: Expression(
        brow_raise=0.6, brow_tilt=0.7, eye_open=0.8, mouth_open=0.35, mouth_width=0.8
    ),
    Emotion.HAPPY: Expression(eye_open=-0.3, mouth_curve=1.0, mouth_open=0.25, mouth_width=0.6),
    Emotion.SAD: Expression(brow_tilt=0.9, eye_open=-0.4, mouth_curve=-0.9, mouth_width=-0.1),
    Emotion.SURPRISE: Expression(brow_raise=1.0, eye_open=0.9, mouth_open=0.95, mouth_width=-0.6),
    Emotion.NEUTRAL: Expression(),
}


def draw_face(emotion: Emotion, intensity: float, rng: np.random.Generator) -> UInt8Array:
    """(48, 48) uint8, one face; no two are alike.

    Args:
        emotion: what it shows.
        intensity: how far the movements go, 0 (neutral) to 1.
        rng: decides head, hair, light, pose and the accidents of the expression.
    """
    full = EXPRESSIONS[emotion]
    moved = Expression(
        **{
            f.name: float(getattr(full, f.name) * intensity + rng.normal(0, 0.09))
            for f in fields(Expression)
        }
    )
    tones = _Tones.random(rng)
    canvas = Image.new("L", (SIZE_PX * _SCALE, SIZE_PX * _SCALE), tones.background)
    _Painter(canvas, tones, moved, rng).paint()
    return _as_photo(canvas, tones, rng)


@dataclass(frozen=True, slots=True)
class _Tones:
    """Gray values, 0-255."""

    background: int
    skin: int
    hair: int
    feature: int

    @classmethod
    def random(cls, rng: np.random.Generator) -> "_Tones":
        skin = int(rng.integers(95, 215))
        return cls(
            background=int(rng.integers(10, 245)),
            skin=skin,
            hair=int(rng.integers(10, 200)),
            feature=int(skin * rng.uniform(0.2, 0.5)),
        )


class _Painter:
    """Paints one face in coordinates of the head: x and y from -1 to 1."""

    def __init__(
        self, canvas: Image.Image, tones: _Tones, face: Expression, rng: np.random.Generator
    ) -> None:
        self._draw = ImageDraw.Draw(canvas)
        self._tones, self._face, self._rng = tones, face, rng
        size = canvas.width
        self._centre = size * (0.5 + rng.uniform(-0.05, 0.05, 2))
        self._half = size * rng.uniform(0.40, 0.47)
        self._narrow = rng.uniform(0.76, 0.92)
        angle = np.deg2rad(rng.normal(0, 7))
        self._turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def paint(self) -> None:
        has_hair = self._rng.random() < 0.85
        if has_hair:
            self._oval(0, -0.15, 1.08, 1.0, self._tones.hair)
        self._oval(0, 0.08, 0.95, 0.98, self._tones.skin)
        if has_hair and self._rng.random() < 0.6:
            self._fringe()
        for side in (-1, 1):
            self._eye(side)
            self._brow(side)
        if self._rng.random() < 0.15:
            self._glasses()
        self._nose()
        self._mouth()

    def _fringe(self) -> None:
        depth = self._rng.uniform(-0.8, -0.6)
        edge = [(x, depth + self._rng.uniform(-0.05, 0.05)) for x in np.linspace(-0.7, 0.7, 6)]
        self._polygon([(-0.6, -0.9), *edge, (0.6, -0.9)], self._tones.hair)

    def _eye(self, side: int) -> None:
        face, x = self._face, 0.38 * side
        height = max(0.03, 0.10 * (1 + face.eye_open))
        self._oval(x, -0.17, 0.19, height, min(255, self._tones.skin + 45))
        look = self._rng.uniform(-0.03, 0.03)
        self._oval(x + look, -0.17, 0.075, min(height, 0.09), self._tones.feature // 2)
        lid = [
            (x + dx, -0.17 - height * (1 - (dx / 0.19) ** 2)) for dx in np.linspace(-0.19, 0.19, 7)
        ]
        self._line(lid, 0.035, self._tones.feature)

    def _brow(self, side: int) -> None:
        face = self._face
        y = -0.42 - 0.13 * face.brow_raise
        inner, outer = (
            (0.16 * side, y - 0.13 * face.brow_tilt),
            (0.58 * side, y + 0.10 * face.brow_tilt),
        )
        middle = (0.38 * side, y - 0.05 - 0.04 * max(0.0, face.brow_raise))
        self._line([inner, middle, outer], 0.07, self._tones.feature)

    def _glasses(self) -> None:
        for side in (-1, 1):
            angles = np.linspace(0, 2 * np.pi, 16)
            ring = [(0.38 * side + 0.26 * np.cos(a), -0.16 + 0.22 * np.sin(a)) for a in angles]
            self._line(ring, 0.03, self._tones.feature)
        self._line([(-0.12, -0.16), (0.12, -0.16)], 0.03, self._tones.feature)

    def _nose(self) -> None:
        shade = int(self._tones.skin * 0.72)
        self._line([(0.02, -0.1), (0.11, 0.2), (-0.09, 0.22)], 0.04, shade)
        wrinkle = self._face.nose_wrinkle
        if wrinkle > 0.3:
            for y in (-0.14, -0.05, 0.04):
                self._line([(-0.12 * wrinkle, y), (0, y + 0.04), (0.12 * wrinkle, y)], 0.03, shade)
            for side in (-1, 1):
                self._line([(0.16 * side, 0.16), (0.34 * side, 0.34)], 0.04, shade)

    def _mouth(self) -> None:
        face, y = self._face, 0.52
        width = 0.36 * (1 + 0.45 * face.mouth_width)
        opening = 0.24 * max(0.0, face.mouth_open)
        xs = np.linspace(-1, 1, 9)
        # Corners up bends the middle down, and the other way round.
        bend = 0.20 * face.mouth_curve * (0.5 - xs**2)
        lifted = 0.16 * max(0.0, face.lip_raise) * np.clip(xs, 0, 1)
        round_ = 1 - xs**2
        upper = [
            (width * x, y + b - opening * r * 0.6 - up)
            for x, b, r, up in zip(xs, bend, round_, lifted, strict=True)
        ]
        lower = [(width * x, y + b + opening * r) for x, b, r in zip(xs, bend, round_, strict=True)]
        if opening > 0.03 or face.lip_raise > 0.4:
            teeth = face.mouth_curve > 0.4 or face.lip_raise > 0.4
            inside = min(255, self._tones.skin + 60) if teeth else self._tones.feature // 2
            self._polygon([*upper, *reversed(lower)], inside)
            self._line(lower, 0.045, self._tones.feature)
        self._line(upper, 0.055, self._tones.feature)

    def _place(self, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        scaled = np.array(points, float) * (self._half * self._narrow, self._half)
        placed = scaled @ self._turn.T + self._centre
        return [(x, y) for x, y in placed.tolist()]

    def _oval(self, x: float, y: float, width: float, height: float, tone: int) -> None:
        self._polygon([(x + width * cos, y + height * sin) for cos, sin in _CIRCLE], tone)

    def _polygon(self, points: list[tuple[float, float]], tone: int) -> None:
        self._draw.polygon(self._place(points), fill=tone)

    def _line(self, points: list[tuple[float, float]], width: float, tone: int) -> None:
        thick = max(1, round(width * self._half))
        self._draw.line(self._place(points), fill=tone, width=thick, joint="curve")


def _as_photo(canvas: Image.Image, tones: _Tones, rng: np.random.Generator) -> UInt8Array:
    """Light from one side, blur, something in front at times, noise."""
    if rng.random() < 0.12:
        x, y = rng.integers(0, canvas.width, 2)
        radius = int(rng.integers(12, 28))
        box = (int(x) - radius, int(y) - radius, int(x) + radius, int(y) + radius)
        ImageDraw.Draw(canvas).rectangle(box, fill=tones.background)
    reduced = canvas.resize((SIZE_PX, SIZE_PX), Image.Resampling.BOX)
    soft = reduced.filter(ImageFilter.GaussianBlur(rng.uniform(0.1, 0.8)))
    small = np.asarray(soft, np.float64)
    slope = np.linspace(-1, 1, SIZE_PX)
    light = 1 + rng.uniform(-0.3, 0.3) * slope[None, :] + rng.uniform(-0.2, 0.2) * slope[:, None]
    contrast, brightness = rng.uniform(0.6, 1.2), rng.uniform(-25, 25)
    lit = (small * light - 128) * contrast + 128 + brightness
    noisy = lit + rng.normal(0, rng.uniform(2, 9), lit.shape)
    return np.asarray(np.clip(noisy, 0, 255).round(), dtype=np.uint8)
