"""Real photographs and a real, untrained-or-trained model for the pages."""

import io

import matplotlib.cbook
import pytest
import skimage.data
from PIL import Image


def _jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def astronaut() -> bytes:
    """A photograph of one smiling person, as JPEG."""
    return _jpeg(Image.fromarray(skimage.data.astronaut()))


@pytest.fixture(scope="session")
def grace_hopper() -> bytes:
    """A photograph of one serious person, as JPEG."""
    with matplotlib.cbook.get_sample_data("grace_hopper.jpg") as file:
        return bytes(file.read())


@pytest.fixture(scope="session")
def coffee() -> bytes:
    """A photograph without any person, as JPEG."""
    return _jpeg(Image.fromarray(skimage.data.coffee()))
