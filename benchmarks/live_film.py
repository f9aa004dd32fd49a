"""The film that the fake camera plays, and the arithmetic of what was seen of it.

The number of each frame stands in its bottom rows.
"""

import statistics
from collections.abc import Iterator, Sequence
from typing import Any

import matplotlib.cbook
import numpy as np
import skimage.data
from PIL import Image

from emotion_core.images import encode_jpeg

WIDTH, HEIGHT, RATE = 640, 480, 30
#: Longer than any delay that is worth measuring, because the film starts again at its end.
FRAMES = 20 * RATE
ROUND_MS = 1000.0 * FRAMES / RATE
_STRIP, _CELL = 24, 32


def film(faces: int) -> Iterator[bytes]:
    """JPEG frames of one or two people who sway a little.

    Raises:
        ValueError: ``faces`` is neither 1 nor 2.
    """
    if faces not in (1, 2):
        raise ValueError(f"faces: wanted 1 or 2. Received: {faces}")
    first = Image.fromarray(skimage.data.astronaut()).crop((100, 0, 360, 260)).resize((230, 230))
    portrait = matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    second = Image.open(str(portrait)).convert("RGB").crop((80, 20, 420, 420)).resize((220, 259))
    for index in range(FRAMES):
        angle = 2 * np.pi * index / FRAMES * 4
        picture = Image.new("RGB", (WIDTH, HEIGHT), (130, 136, 142))
        picture.paste(first, (int(70 + 40 * np.sin(angle)), int(110 + 20 * np.sin(1.5 * angle))))
        if faces == 2:
            picture.paste(second, (int(370 + 30 * np.cos(angle)), 100))
        image = np.array(picture)[:, :, ::-1].copy()
        image[HEIGHT - _STRIP :] = np.repeat(barcode(index), _CELL)[None, :, None] * np.uint8(255)
        yield encode_jpeg(image, quality=88)


def barcode(number: int) -> np.ndarray:
    """(20,) uint8: 1, 0, sixteen bits of the number, their parity, 1."""
    bits = [number >> place & 1 for place in range(15, -1, -1)]
    return np.array([1, 0, *bits, sum(bits) % 2, 1], np.uint8)


def delays_ms(shown: Sequence[Sequence[float]], camera: Sequence[Sequence[float]]) -> list[float]:
    """How long after its capture each frame was first shown.

    Args:
        shown: (number, capture time, time shown) in ms of each frame of the returned video.
        camera: the same of the camera's own picture.
    """
    places, times = _film_places(camera)
    if len(places) < 2:
        return []
    delays, last = [], -1
    for number, _, now_ms in shown:
        if number == last:
            continue  # a repeated frame says nothing about delay
        last = int(number)
        # The newest showing of this number that the camera had begun by now.
        newest = np.interp(now_ms, times, places)
        place = last + FRAMES * ((newest - last) // FRAMES)
        if not places[0] <= place <= places[-1]:
            continue  # of a time that nobody watched the camera
        delay = now_ms - float(np.interp(place, places, times))
        if 0 <= delay < ROUND_MS:
            delays.append(delay)
    return delays


def _film_places(camera: Sequence[Sequence[float]]) -> tuple[np.ndarray, np.ndarray]:
    """Where the film was at which time: frames since its first number 0, and milliseconds.

    A number that was not seen lies between its neighbours; the film goes on at an even pace.
    """
    places: list[float] = []
    times: list[float] = []
    lap = 0
    for number, capture_ms, _ in camera:
        if places and number + FRAMES * lap < places[-1] - FRAMES / 2:
            lap += 1  # the film began again
        place = number + FRAMES * lap
        if places and (place <= places[-1] or capture_ms <= times[-1]):
            continue  # seen twice, or out of turn
        places.append(place)
        times.append(capture_ms)
    return np.array(places), np.array(times)


def unique_frames(shown: Sequence[Sequence[float]]) -> int:
    """How many different frames were shown; the film may have started again in between."""
    numbers = [int(row[0]) for row in shown]
    return sum(1 for i, n in enumerate(numbers) if i == 0 or n != numbers[i - 1])


def growth_per_minute(memory: Sequence[tuple[float, float]]) -> float | None:
    """Slope of the memory, by least squares; None for less than two looks.

    Args:
        memory: (seconds, megabytes).
    """
    if len(memory) < 2:
        return None
    seconds, megabytes = zip(*memory, strict=True)
    return round(60 * statistics.linear_regression(seconds, megabytes).slope, 2)


def summary(delays: Sequence[float]) -> dict[str, Any]:
    """Median, p95, and the medians of the first, second and last third."""
    if len(delays) < 3:
        return {"p50": None, "p95": None, "by_thirds": []}
    third = len(delays) // 3
    parts = (delays[:third], delays[third : 2 * third], delays[2 * third :])
    return {
        "p50": round(statistics.median(delays), 1),
        "p95": round(float(np.percentile(delays, 95)), 1),
        "by_thirds": [round(statistics.median(part), 1) for part in parts],
    }


def worst(viewers: list[dict[str, Any]]) -> dict[str, Any]:
    """Of several viewers the one who fares worst in each field."""
    return {
        "unique_fps": min(one["unique_fps"] for one in viewers),
        "delivered_fps": min(one["delivered_fps"] for one in viewers),
        "delay_ms": max(
            (one["delay_ms"] for one in viewers), key=lambda delay: delay["p95"] or float("inf")
        ),
    }
