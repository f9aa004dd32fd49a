"""Draws faces and their predictions into a picture. Every function returns a new image."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from emotion_core.emotions import Emotion
from emotion_core.geometry import box_area, box_intersection
from emotion_core.types import Float32Array, FrameResult, UInt8Array
from emotion_core.wording import describe_emotion, percent

Colour = tuple[int, int, int]  # blue, green, red

# Text of this share of the shorter side, within limits: readable when a 4000-pixel photo is shown
# 800 pixels wide, and not larger than the face in a small one.
_TEXT_SHARE = 1 / 30
_TEXT_LIMITS_PX = (11, 120)
_SMALLEST_TEXT_PX = 8

# A face of this many blocks to a side cannot be told from another's.
_BLUR_BLOCKS = 6
_BLUR_MARGIN = 0.15

_OUTLINE: Colour = (20, 20, 20)


@dataclass(frozen=True, slots=True)
class DrawOptions:
    """What is drawn.

    Attributes:
        boxes: a box around every face; dashed where the prediction is uncertain.
        labels: expression and probability.
        landmarks: the points that the detector found.
        blur_faces: make faces unrecognisable.
        numbers: the face's number before the label.
    """

    boxes: bool = True
    labels: bool = True
    landmarks: bool = False
    blur_faces: bool = False
    numbers: bool = True


def draw_result(
    image: UInt8Array, result: FrameResult, options: DrawOptions = DrawOptions()
) -> UInt8Array:
    """Draws all faces of a result.

    Args:
        image: (H, W, 3) uint8 BGR, the picture of the result.
        result: N faces.
        options: what is drawn.

    Returns:
        (H, W, 3) uint8 BGR, a new array.
    """
    boxes = result.detections.boxes
    drawn = blur_faces(image, boxes) if options.blur_faces else image.copy()
    colours = [
        face_colour(result.decisions.emotion(face), uncertain=bool(result.uncertain[face]))
        for face in result
    ]
    width = line_width_px(image.shape)
    if options.boxes:
        for face in result:
            _draw_box(drawn, boxes[face], colours[face], width, bool(result.uncertain[face]))
    if options.landmarks:
        for x, y in result.detections.landmarks.reshape(-1, 2):
            cv2.circle(drawn, (round(x), round(y)), width + 2, _OUTLINE, -1, cv2.LINE_AA)
            cv2.circle(drawn, (round(x), round(y)), width, (255, 255, 255), -1, cv2.LINE_AA)
    if options.labels or options.numbers:
        texts = [_texts(result, face, options) for face in result]
        _draw_labels(drawn, boxes, texts, colours)
    return drawn


def draw_faces(
    image: UInt8Array,
    boxes: Float32Array,
    texts: Sequence[list[str]],
    colours: Sequence[Colour],
    dashed: Sequence[bool],
) -> UInt8Array:
    """Draws faces whose decisions stand in a table.

    Args:
        image: (H, W, 3) uint8 BGR.
        boxes: (N, 4) float32, xyxy pixels.
        texts: of each face, what `label_texts` gives.
        colours: of each face.
        dashed: whether each face's box is dashed, for uncertain ones.

    Returns:
        (H, W, 3) uint8 BGR, a new array.
    """
    drawn, width = image.copy(), line_width_px(image.shape)
    for box, colour, is_dashed in zip(boxes, colours, dashed, strict=True):
        _draw_box(drawn, box, colour, width, is_dashed)
    _draw_labels(drawn, boxes, texts, colours)
    return drawn


def draw_badge(image: UInt8Array, text: str) -> UInt8Array:
    """A short notice in the upper left corner; nothing where it has no room.

    Args:
        image: (H, W, 3) uint8 BGR.
        text: one line.

    Returns:
        (H, W, 3) uint8 BGR, a new array.
    """
    drawn = image.copy()
    height, width = image.shape[:2]
    badge = _fitting_sprite((text, ""), text_size_px(image.shape), _OUTLINE, (width, height))
    drawn[: badge.shape[0], : badge.shape[1]] = badge
    return drawn


def blur_faces(image: UInt8Array, boxes: Float32Array) -> UInt8Array:
    """Makes faces unrecognisable for good: 6x6 averages are all that is left of them.

    Args:
        image: (H, W, 3) uint8 BGR.
        boxes: (N, 4) float32, xyxy pixels.

    Returns:
        (H, W, 3) uint8 BGR, a new array.
    """
    blurred = image.copy()
    height, width = image.shape[:2]
    for x0, y0, x1, y1 in boxes:
        margin_x, margin_y = (x1 - x0) * _BLUR_MARGIN, (y1 - y0) * _BLUR_MARGIN
        left, right = max(0, int(x0 - margin_x)), min(width, int(np.ceil(x1 + margin_x)))
        top, bottom = max(0, int(y0 - margin_y)), min(height, int(np.ceil(y1 + margin_y)))
        if right <= left or bottom <= top:
            continue
        # From what is already blurred, so that faces that overlap do not come back.
        part = blurred[top:bottom, left:right]
        blocks = (min(_BLUR_BLOCKS, right - left), min(_BLUR_BLOCKS, bottom - top))
        few = cv2.resize(part, blocks, interpolation=cv2.INTER_AREA)
        blurred[top:bottom, left:right] = cv2.resize(
            few, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR
        )
    return blurred


def line_width_px(shape: Sequence[int]) -> int:
    """Width of lines for a picture of (H, W, ...)."""
    return max(1, round(min(shape[0], shape[1]) / 240))


def text_size_px(shape: Sequence[int]) -> int:
    """Height of text for a picture of (H, W, ...)."""
    low, high = _TEXT_LIMITS_PX
    return int(np.clip(min(shape[0], shape[1]) * _TEXT_SHARE, low, high))


def place_labels(
    boxes: Float32Array, sizes: Sequence[tuple[int, int]], picture_px: tuple[int, int]
) -> list[tuple[int, int]]:
    """Where labels go: near their face, inside the picture, on each other only if they must be.

    Args:
        boxes: (N, 4) float32, xyxy pixels of the faces.
        sizes: (width, height) of each label; none larger than the picture.
        picture_px: (width, height) of the picture.

    Returns:
        Left and upper edge of every label.
    """
    placed: list[tuple[int, int]] = []
    taken = np.zeros((0, 4), np.float32)
    for face, (width, height) in enumerate(sizes):
        candidates = _candidates(boxes[face], (width, height), picture_px)
        areas = np.array([(x, y, x + width, y + height) for x, y in candidates], np.float32)
        others = np.delete(boxes, face, axis=0)
        # Covering another label hides a prediction, covering a face only hides pixels.
        cost = 10 * box_intersection(areas, taken).sum(axis=1)
        cost += box_intersection(areas, others).sum(axis=1)
        cost += 2 * box_intersection(areas, boxes[face : face + 1]).sum(axis=1)
        best = int(np.argmin(cost / np.maximum(box_area(areas), 1) + 1e-3 * np.arange(len(areas))))
        placed.append(candidates[best])
        taken = np.concatenate([taken, areas[best : best + 1]])
    return placed


def _candidates(
    box: Float32Array, size: tuple[int, int], picture_px: tuple[int, int]
) -> list[tuple[int, int]]:
    """Places in order of liking: above, below, beside, inside; all pushed into the picture."""
    (x0, y0, x1, y1), (width, height) = box, size
    wishes = [
        (x0, y0 - height),
        (x1 - width, y0 - height),
        (x0, y1),
        (x1 - width, y1),
        (x1, y0),
        (x0 - width, y0),
        (x0, y0),
        (x0, y1 - height),
    ]
    right, bottom = picture_px[0] - width, picture_px[1] - height
    return [(int(np.clip(x, 0, right)), int(np.clip(y, 0, bottom))) for x, y in wishes]


def face_colour(emotion: Emotion, *, uncertain: bool) -> Colour:
    """The colour that a face is drawn in; where it is uncertain, that of neutral."""
    return Emotion.NEUTRAL.bgr if uncertain else emotion.bgr


def _texts(result: FrameResult, face: int, options: DrawOptions) -> list[str]:
    number = str(result.track_ids[face]) if options.numbers else ""
    if not options.labels:
        return [number]
    decisions = result.decisions
    share, unsure = float(decisions.confidences[face]), bool(decisions.uncertain[face])
    return label_texts(number, decisions.emotion(face), share, uncertain=unsure)


def label_texts(name: str, emotion: Emotion, confidence: float, *, uncertain: bool) -> list[str]:
    """The label of a face in words, then shorter ones for pictures in which it has no room."""
    mark, share = "? " if uncertain else "", percent(confidence)
    start = f"{name} · " if name else ""
    return [
        start + describe_emotion(emotion, confidence, uncertain=uncertain),
        f"{start}{mark}{emotion} {share}",
        f"{mark}{emotion}",
        name or share,
        "",
    ]


def _draw_labels(
    image: UInt8Array,
    boxes: Float32Array,
    texts: Sequence[list[str]],
    colours: Sequence[Colour],
) -> None:
    height, width = image.shape[:2]
    sprites = [
        _fitting_sprite(tuple(choices), text_size_px(image.shape), colour, (width, height))
        for choices, colour in zip(texts, colours, strict=True)
    ]
    sizes = [(sprite.shape[1], sprite.shape[0]) for sprite in sprites]
    for sprite, (x, y) in zip(sprites, place_labels(boxes, sizes, (width, height)), strict=True):
        image[y : y + sprite.shape[0], x : x + sprite.shape[1]] = sprite


def _fitting_sprite(
    choices: tuple[str, ...], size_px: int, colour: Colour, picture_px: tuple[int, int]
) -> UInt8Array:
    """The longest text that has room, in the largest size down to the smallest readable one."""
    for text in choices:
        for size in dict.fromkeys((size_px, max(_SMALLEST_TEXT_PX, size_px * 3 // 4))):
            sprite = _sprite(text, size, colour)
            if sprite.shape[1] <= picture_px[0] and sprite.shape[0] <= picture_px[1]:
                return sprite
    return np.zeros((0, 0, 3), np.uint8)


# A live label changes with every percent of 7 emotions; one takes 0.2 ms to render.
@lru_cache(maxsize=2048)
def _sprite(text: str, size_px: int, colour: Colour) -> UInt8Array:
    """(h, w, 3) uint8 BGR: text on its colour; empty for an empty text."""
    if not text:
        return np.zeros((0, 0, 3), np.uint8)
    font = _font(size_px)
    left, _, right, _ = font.getbbox(text)
    ascent, descent = font.getmetrics()
    margin = max(2, size_px // 4)
    size = (round(right - left) + 2 * margin, ascent + descent + margin)
    blue, green, red = colour
    canvas = Image.new("RGB", size, (red, green, blue))
    ImageDraw.Draw(canvas).text(
        (margin - left, margin // 2), text, font=font, fill=_text_colour(colour)
    )
    sprite = np.ascontiguousarray(np.asarray(canvas, dtype=np.uint8)[:, :, ::-1])
    sprite.flags.writeable = False
    return sprite


@lru_cache(maxsize=64)
def _font(size_px: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size=size_px)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("Wanted Pillow with FreeType, as its wheels have it. Reinstall pillow.")
    return font


def _text_colour(colour: Colour) -> Colour:
    """Black or white, whichever stands out more.

    Source: relative luminance and contrast ratio, WCAG 2.2.
    """
    shares = np.array(colour[::-1]) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ [0.2126, 0.7152, 0.0722])
    return (0, 0, 0) if (luminance + 0.05) ** 2 > 1.05 * 0.05 else (255, 255, 255)


def _draw_box(
    image: UInt8Array, box: Float32Array, colour: Colour, width_px: int, dashed: bool
) -> None:
    """A box with a thin dark edge, so that it shows on any ground."""
    x0, y0, x1, y1 = (round(float(v)) for v in box)
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
    for shade, width in ((_OUTLINE, width_px + 2), (colour, width_px)):
        for start, end in itertools.pairwise(corners):
            for a, b in _dashes(start, end, 6 * width_px) if dashed else [(start, end)]:
                cv2.line(image, a, b, shade, width, cv2.LINE_AA)


def _dashes(
    start: tuple[int, int], end: tuple[int, int], dash_px: int
) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Every other piece of a line, beginning and ending with one."""
    a, b = np.array(start), np.array(end)
    pieces = max(1, round(float(np.linalg.norm(b - a)) / dash_px)) // 2 * 2 + 1
    points = np.rint(a + (b - a) * np.linspace(0, 1, pieces + 1)[:, None]).astype(int)
    return [
        ((int(p[0]), int(p[1])), (int(q[0]), int(q[1])))
        for p, q in zip(points[::2], points[1::2], strict=True)
    ]
