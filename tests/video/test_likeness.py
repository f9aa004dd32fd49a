"""Pictures that look alike stand together, whatever the light and the pose."""

import matplotlib.cbook
import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageEnhance

from emotion_core.types import UInt8Array
from emotion_core.video.likeness import order_by_likeness


def people() -> list[Image.Image]:
    """Two photographs of people, and two drawings."""
    portrait = matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    hopper = Image.open(str(portrait)).convert("RGB")
    found = [
        Image.fromarray(skimage.data.astronaut()).crop((150, 20, 310, 180)),
        hopper.crop((160, 60, 380, 280)),
    ]
    for skin, hair in (((190, 140, 110), (40, 30, 20)), ((110, 80, 60), (200, 190, 150))):
        y, x = np.mgrid[0:160, 0:160]
        picture = np.full((160, 160, 3), 120, np.uint8)
        picture[(x - 80) ** 2 + (y - 60) ** 2 < 60**2] = hair
        picture[(x - 80) ** 2 / 0.6 + (y - 85) ** 2 < 60**2] = skin
        found.append(Image.fromarray(picture))
    return found


def seen(person: Image.Image, rng: np.random.Generator) -> UInt8Array:
    """As a detector may cut the same person out of another shot: turned, moved, in other light."""
    side = person.width
    turned = person.rotate(rng.uniform(-12, 12), fillcolor=(120, 120, 120))
    left, top = rng.integers(0, side // 8, 2).tolist()
    cut = turned.crop((left, top, left + 7 * side // 8, top + 7 * side // 8))
    lit = ImageEnhance.Brightness(cut.resize((96, 96))).enhance(rng.uniform(0.55, 1.2))
    noisy = np.asarray(lit, np.float32) + rng.normal(0, 4, (96, 96, 3))
    return np.clip(noisy, 0, 255).astype(np.uint8)[..., ::-1].copy()


def test_everybody_stands_in_one_piece() -> None:
    rng = np.random.default_rng(4)
    who = rng.permutation(np.repeat(np.arange(4), 15))
    originals = people()
    order = order_by_likeness([seen(originals[one], rng) for one in who])
    assert sorted(order.tolist()) == list(range(60))
    ordered = who[order]
    assert int((ordered[1:] != ordered[:-1]).sum()) == 3


@pytest.mark.parametrize("n", [0, 1, 2])
def test_where_there_is_little_to_order(n: int) -> None:
    assert order_by_likeness([np.zeros((9, 5, 3), np.uint8)] * n).tolist() == list(range(n))


def test_the_same_picture_and_no_contrast() -> None:
    blank = [np.full((96, 60, 3), 90, np.uint8)] * 5
    assert sorted(order_by_likeness(blank).tolist()) == list(range(5))
