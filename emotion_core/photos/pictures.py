"""Pictures for the screen and for downloads: bounded previews, marked faces, crops."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import replace

import numpy as np

from emotion_core.drawing import DrawOptions, draw_result
from emotion_core.images import data_uri, decode_image, encode_jpeg, encode_png, resize_image
from emotion_core.photos.photo_library import Photo
from emotion_core.types import FaceDetections, FrameResult, UInt8Array

#: Long side of what the browser gets: sharp in the detail view, 60 of them stay small in memory.
PREVIEW_PX = 1280
CARD_PX = 480

_JPEG_QUALITY = 88
#: Pixels per side that are left of a hidden crop: too few for its expression, as in a blurred
#: picture.
_HIDDEN_BLOCKS = 5

#: Two pages of cards and a few opened photos, together about 10 MB.
_CACHED_PICTURES = 48


class PictureCache:
    """The pictures drawn last, so that a rerun draws only what has changed."""

    def __init__(self, size: int = _CACHED_PICTURES) -> None:
        self._size = size
        self._pictures: OrderedDict[Hashable, bytes] = OrderedDict()

    def get(self, entry: Hashable, make: Callable[[], bytes]) -> bytes:
        """The picture of an entry, made at most once while it is kept."""
        picture = self._pictures.get(entry)
        if picture is None:
            picture = self._pictures[entry] = make()
        self._pictures.move_to_end(entry)
        if len(self._pictures) > self._size:
            self._pictures.popitem(last=False)
        return picture


def make_preview(image: UInt8Array) -> bytes:
    """A picture as JPEG with a bounded long side."""
    return encode_jpeg(_shrunk(image, PREVIEW_PX), _JPEG_QUALITY)


def annotated_picture(photo: Photo, result: FrameResult, *, side_px: int, blur: bool) -> bytes:
    """A photo with its faces marked, as JPEG for the screen.

    On a card the words would be too small to read; the chips below it have them.
    """
    image = _shrunk(decode_image(photo.preview, name=photo.name), side_px)
    small = side_px <= CARD_PX
    options = DrawOptions(blur_faces=blur, labels=not small, numbers=not small or len(result) > 1)
    return encode_jpeg(draw_result(image, _resized(result, image), options), _JPEG_QUALITY)


def plain_picture(photo: Photo, *, side_px: int) -> bytes:
    """A photo without marks, as JPEG for the screen."""
    image = _shrunk(decode_image(photo.preview, name=photo.name), side_px)
    return encode_jpeg(image, _JPEG_QUALITY)


def small_picture(photo: Photo, result: FrameResult, *, blur: bool) -> bytes:
    """A photo as a small JPEG without marks, to be kept with what was read in it."""
    if not blur:
        return plain_picture(photo, side_px=CARD_PX)
    image = _shrunk(decode_image(photo.preview, name=photo.name), CARD_PX)
    options = DrawOptions(blur_faces=True, boxes=False, labels=False, numbers=False)
    return encode_jpeg(draw_result(image, _resized(result, image), options), _JPEG_QUALITY)


def full_size_annotated(photo: Photo, result: FrameResult, *, blur: bool) -> bytes:
    """A photo in its own size with its faces marked, as JPEG for download."""
    image = decode_image(photo.data, name=photo.name)
    return encode_jpeg(draw_result(image, result, DrawOptions(blur_faces=blur)), 92)


def face_picture(photo: Photo, result: FrameResult, face: int) -> bytes:
    """The part of a photo inside one face's box, as JPEG."""
    image = decode_image(photo.preview, name=photo.name)
    x0, y0, x1, y1 = _resized(result, image).detections.boxes[face].round().astype(int)
    part = image[max(0, y0) : max(1, y1), max(0, x0) : max(1, x1)]
    return encode_jpeg(np.ascontiguousarray(part) if part.size else image, _JPEG_QUALITY)


def crop_picture(result: FrameResult, face: int, *, blur: bool) -> bytes:
    """What the classifier sees of one face, as PNG; unrecognisable if faces are to be hidden."""
    crop = result.crops.images[face]
    if blur:
        size = crop.shape[1], crop.shape[0]
        crop = resize_image(resize_image(crop, (_HIDDEN_BLOCKS,) * 2), size)
    return encode_png(crop)


def crop_data_uri(result: FrameResult, face: int, *, blur: bool) -> str:
    """The same as a data URI, for tables."""
    return data_uri(crop_picture(result, face, blur=blur), "png")


def _shrunk(image: UInt8Array, side_px: int) -> UInt8Array:
    height, width = image.shape[:2]
    factor = side_px / max(height, width)
    if factor >= 1:
        return image
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return resize_image(image, size)


def _resized(result: FrameResult, image: UInt8Array) -> FrameResult:
    """A result whose boxes and landmarks fit the same picture in another size."""
    height, width = image.shape[:2]
    factors = np.array([width / result.size_px[0], height / result.size_px[1]], np.float32)
    found = result.detections
    boxes = found.boxes * np.tile(factors, 2)
    detections = FaceDetections(boxes, found.confidences, found.landmarks * factors)
    return replace(result, detections=detections, size_px=(width, height))
