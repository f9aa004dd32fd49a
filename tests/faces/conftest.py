"""Real photographs with faces, as packages ship them."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from matplotlib.cbook import get_sample_data

from emotion_core.images import load_image


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """512 x 512, one face of about 100 px, smiling."""
    return np.ascontiguousarray(skimage.data.astronaut()[..., ::-1])


@pytest.fixture(scope="session")
def hopper() -> np.ndarray:
    """512 x 600, one face of about 150 px, with glasses and cap."""
    return load_image(Path(str(get_sample_data("grace_hopper.jpg", asfileobj=False))))


@pytest.fixture(scope="session")
def photos(astronaut: np.ndarray, hopper: np.ndarray) -> dict[str, np.ndarray]:
    return {"astronaut": astronaut, "hopper": hopper}


@pytest.fixture(scope="session")
def group(astronaut: np.ndarray, hopper: np.ndarray) -> np.ndarray:
    """Five faces of 40 to 150 px in one picture of 1100 x 760."""
    canvas = np.full((760, 1100, 3), 120, np.uint8)
    head, portrait = astronaut[20:200, 140:320], hopper[20:330, 120:420]
    canvas[20:330, 20:320] = portrait
    canvas[20:200, 400:580] = head
    canvas[20:330, 650:950] = portrait[:, ::-1]
    canvas[420:600, 60:240] = head[:, ::-1]
    small = cv2.resize(head, (80, 80), interpolation=cv2.INTER_AREA)
    canvas[500:580, 600:680] = small
    return canvas
