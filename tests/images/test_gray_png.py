"""The fast way to read a gray PNG gives Pillow's pixels or nothing."""

import io

import numpy as np
import pytest
from PIL import Image

from emotion_core.images import decode_gray_png


def encoded(image: Image.Image, form: str = "PNG") -> bytes:
    file = io.BytesIO()
    image.save(file, form)
    return file.getvalue()


GRAY = np.random.default_rng(0).integers(0, 256, (48, 40), dtype=np.uint8)


def test_pixels_are_those_that_were_written() -> None:
    found = decode_gray_png(encoded(Image.fromarray(GRAY)))
    assert found is not None
    np.testing.assert_array_equal(found, GRAY)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "1", "LA", "I;16"])
def test_other_pictures_are_left_to_pillow(mode: str) -> None:
    picture = (
        Image.fromarray(GRAY.astype(np.uint16))
        if mode == "I;16"
        else Image.fromarray(GRAY).convert(mode)
    )
    assert decode_gray_png(encoded(picture)) is None


def test_damaged_files_give_nothing() -> None:
    whole = encoded(Image.fromarray(GRAY))
    for data in (
        b"",
        whole[:20],
        whole[: len(whole) // 2],
        whole[:-30],
        encoded(Image.fromarray(GRAY), "JPEG"),
    ):
        assert decode_gray_png(data) is None
    bomb = whole[:16] + (60_000).to_bytes(4) * 2 + whole[24:]
    assert decode_gray_png(bomb) is None
