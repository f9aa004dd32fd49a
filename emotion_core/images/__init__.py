"""Pictures as arrays: read from any common file within stated limits, resized, written."""

from emotion_core.images.decoding import (
    IMAGE_SUFFIXES,
    PillowImage,
    decode_gray_png,
    decode_image,
    from_pillow,
    load_image,
)
from emotion_core.images.encoding import data_uri, encode_jpeg, encode_png, resize_image
from emotion_core.images.limits import MAX_BYTES, MAX_PIXELS

__all__ = [
    "IMAGE_SUFFIXES",
    "MAX_BYTES",
    "MAX_PIXELS",
    "PillowImage",
    "data_uri",
    "decode_gray_png",
    "decode_image",
    "encode_jpeg",
    "encode_png",
    "from_pillow",
    "load_image",
    "resize_image",
]
