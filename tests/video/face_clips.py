"""Clips of real faces whose places and changes of scene are known."""

from pathlib import Path

import cv2
import matplotlib.cbook
import numpy as np
from PIL import Image
from skimage import data

from tests.video.clips import write_clip

SIZE = (320, 240)
#: Frames of the first scene, of a stretch of it without anybody, and of all.
CUT, GONE, FRAMES = 60, (24, 30), 100


def smiling(side: int) -> np.ndarray:
    """(side, side, 3) BGR, one smiling face."""
    face = np.ascontiguousarray(data.astronaut()[:300, 80:380, ::-1])
    return cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)


def serious(side: int) -> np.ndarray:
    """(side, side, 3) BGR, one serious face."""
    portrait = str(matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
    face = Image.open(portrait).convert("RGB").crop((80, 20, 420, 420))
    image = np.array(face.resize((side, side)))
    return np.ascontiguousarray(image[..., ::-1])


def pasted(ground: np.ndarray, face: np.ndarray, x: int, y: int) -> np.ndarray:
    """The ground with a face in it whose upper left corner is at (x, y)."""
    image, side = ground.copy(), face.shape[0]
    image[y : y + side, x : x + side] = face
    return image


def scenes() -> list[np.ndarray]:
    """Somebody smiles and moves, is away for a moment, and comes back; cut; somebody is serious."""
    one, other = smiling(150), serious(150)
    first = np.full((SIZE[1], SIZE[0], 3), (90, 110, 120), np.uint8)
    second = np.full((SIZE[1], SIZE[0], 3), (30, 160, 60), np.uint8)
    images = []
    for i in range(FRAMES):
        if i >= CUT:
            # At the very place at which the first one was.
            images.append(pasted(second, other, 20 + CUT + (i - CUT) // 4, 40))
        elif GONE[0] <= i < GONE[1]:
            images.append(first)
        else:
            images.append(pasted(first, one, 20 + i, 40))
    return images


def face_clip(path: Path, rounds: int = 1) -> Path:
    """Writes the scenes, at 25 frames a second, so many times."""
    return write_clip(path, scenes() * rounds, options={"crf": "18"})
