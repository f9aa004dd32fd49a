"""Made-up paths of faces that cross, hide and leave, and what a tracker makes of them.

Lengths are in sides of a face and speeds in sides per second: a face is about 0.16 m wide, so a
person who strolls past a webcam at 0.5 m/s moves by 3 sides per second.

    python benchmarks/crossings.py                # shares of kept, new and switched numbers
    python benchmarks/crossings.py --seed 3 --scenes 50
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from emotion_core.faces.tracking import FaceTracker
from emotion_core.types import FaceDetections, Float32Array

FRAMES_PER_S = (5, 15, 30)
SPEEDS = (0.5, 1.0, 2.0, 4.0)
GAPS_S = (0.33, 0.66, 1.0, 1.5)
SIZE_PX = (1280, 720)

KEPT, NEW, SWITCHED = "kept", "new number", "another's number"
#: The first person was hidden for longer than a number is kept: nothing is expected.
TOO_LONG = "hidden for over 2 s"
_MAX_HIDDEN_S = 1.9

# Standard deviation of a box's place and size, in sides. libfacedetection on a still photo with
# camera noise has 0.01; people are never as still.
_NOISE = 0.03
_BEFORE_S = _AFTER_S = 1.5

#: Two persons' centres (2, 2) at a time in seconds, 0 being the middle of the gap; in sides.
Path = Callable[[float], Float32Array]


@dataclass(frozen=True, slots=True)
class Scene:
    """Two persons, of whom the first is hidden for a while.

    Attributes:
        path: where they are.
        gap_s: how long the first one is hidden; the middle is at time 0.
        frames_per_s: of the camera.
        side_px: of a face.
    """

    path: Path
    gap_s: float
    frames_per_s: float
    side_px: float


def cross(random: np.random.Generator, speed: float) -> Path:
    """Both walk towards each other and on; one is hidden while they pass."""
    speeds = speed * random.uniform(0.8, 1.2, 2) * (1, -1)
    y = random.uniform(-0.3, 0.3, 2)
    return lambda t: _points((speeds[0] * t, y[0]), (speeds[1] * t, y[1]))


def overtake(random: np.random.Generator, speed: float) -> Path:
    """Both walk the same way, one faster."""
    speeds = speed * random.uniform(0.9, 1.1, 2) * (1, 0.3)
    y = random.uniform(-0.3, 0.3, 2)
    return lambda t: _points((speeds[0] * t, y[0]), (speeds[1] * t, y[1]))


def passed(random: np.random.Generator, speed: float) -> Path:
    """The first one holds still and is hidden by the other, who walks past."""
    walks = speed * random.uniform(0.8, 1.2)
    y = random.uniform(-0.3, 0.3, 2)
    return lambda t: _points((0, y[0]), (walks * t, y[1]))


def behind(random: np.random.Generator, speed: float) -> Path:
    """The first one walks behind the other, who holds still."""
    walks = speed * random.uniform(0.8, 1.2)
    y = random.uniform(-0.3, 0.3, 2)
    return lambda t: _points((walks * t, y[0]), (0, y[1]))


def turn_back(random: np.random.Generator, speed: float) -> Path:
    """The first one walks up behind the other, stays hidden and comes back the same way."""
    walks = speed * random.uniform(0.8, 1.2)
    y = random.uniform(-0.3, 0.3, 2)
    return lambda t: _points((-walks * abs(t), y[0]), (0.4, y[1]))


def sway(random: np.random.Generator, speed: float) -> Path:
    """Both sit and sway two sides apart; the first is missed by the detector."""
    turns = random.uniform(0.3, 0.8, 2) * 2 * np.pi
    phase = random.uniform(0, 2 * np.pi, 2)
    width = np.minimum(speed / turns, 0.5)
    return lambda t: _points(
        (width[0] * np.sin(turns[0] * t + phase[0]), 0),
        (2 + width[1] * np.sin(turns[1] * t + phase[1]), 0.2),
    )


KINDS: dict[str, Callable[[np.random.Generator, float], Path]] = {
    f.__name__: f for f in (cross, overtake, passed, behind, turn_back, sway)
}


def scenes(
    kind: str, speed: float, gap_s: float, frames_per_s: float, n: int, seed: int
) -> Iterator[tuple[Scene, np.random.Generator]]:
    """Scenes of one kind, each with its own noise; the same for the same seed."""
    for number in range(n):
        random = np.random.default_rng((seed, number))
        path = KINDS[kind](random, speed)
        yield Scene(path, gap_s, frames_per_s, random.uniform(50, 110)), random


def follow(tracker: FaceTracker, scene: Scene, random: np.random.Generator) -> str:
    """What became of the numbers of a scene's two persons."""
    start = -scene.gap_s / 2 - _BEFORE_S
    step, offset = 1 / scene.frames_per_s, random.uniform(0, 1 / scene.frames_per_s)
    first: list[int] = []
    last: list[int] = []
    seen_s, hidden_s = start, 0.0
    for index in range(int((scene.gap_s + _BEFORE_S + _AFTER_S) / step)):
        t = start + offset + index * step
        centres = scene.path(t)
        hidden = abs(t) < scene.gap_s / 2 or _overlaid(centres)
        shown = [1] if hidden else [0, 1]
        if random.random() < 0.5:
            shown.reverse()
        found = _detections(centres[shown], scene.side_px, random)
        numbers = tracker.update(found, t - start).tolist()
        if hidden:
            continue
        hidden_s, seen_s = max(hidden_s, t - seen_s), t
        last = [numbers[shown.index(person)] for person in (0, 1)]
        first = first or last
    return _verdict(first, last) if hidden_s <= _MAX_HIDDEN_S and not hidden else TOO_LONG


def strangers(
    tracker: FaceTracker, speed: float, frames_per_s: float, random: np.random.Generator
) -> str:
    """Somebody leaves for good, and up to two seconds later somebody else comes, elsewhere.

    Elsewhere is at least two sides from where the first one was last and from where they would
    be by then, had they gone on.
    """
    step, side = 1 / frames_per_s, random.uniform(50, 110)
    angle = random.uniform(0, 2 * np.pi)
    walk = speed * np.array([np.cos(angle), np.sin(angle)])
    away_s = random.uniform(0.3, 1.9)
    mine = 0
    for index in range(int(_BEFORE_S / step) + 1):
        found = _detections(np.array([walk * index * step]), side, random)
        mine = int(tracker.update(found, index * step)[0])
    left_s = index * step
    left, expected = walk * left_s, walk * (left_s + away_s)
    while True:
        place = left + random.uniform(-5, 5, 2)
        if min(np.linalg.norm(place - left), np.linalg.norm(place - expected)) >= 2:
            break
    number = int(tracker.update(_detections(np.array([place]), side, random), left_s + away_s)[0])
    return SWITCHED if number == mine else NEW


def count(
    kind: str, speed: float, gap_s: float, frames_per_s: float, *, n: int, seed: int
) -> Counter[str]:
    """{outcome: scenes} of n scenes."""
    return Counter(
        follow(FaceTracker(), scene, random)
        for scene, random in scenes(kind, speed, gap_s, frames_per_s, n, seed)
    )


def _points(*points: tuple[float, float]) -> Float32Array:
    return np.array(points, np.float32)


def _overlaid(centres: Float32Array) -> bool:
    """Whether a detector would take the two for one face: their boxes overlap by 0.4."""
    apart = np.abs(centres[0] - centres[1])
    shared = float(np.prod(np.maximum(1 - apart, 0)))
    return shared / (2 - shared) > 0.4


def _detections(
    centres: Float32Array, side_px: float, random: np.random.Generator
) -> FaceDetections:
    n = len(centres)
    noisy = centres + random.normal(0, _NOISE, (n, 2))
    sides = 1 + random.normal(0, _NOISE, (n, 2))
    middle = np.array(SIZE_PX) / 2
    boxes = np.hstack([noisy - sides / 2, noisy + sides / 2]) * side_px + np.tile(middle, 2)
    return FaceDetections(
        boxes.astype(np.float32), np.ones(n, np.float32), np.zeros((n, 0, 2), np.float32)
    )


def _verdict(first: list[int], last: list[int]) -> str:
    if first == last:
        return KEPT
    swapped = last[0] == first[1] or last[1] == first[0]
    return SWITCHED if swapped else NEW


def main() -> None:
    """Prints a line per kind of scene."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--scenes", type=int, default=10, help="of each speed, gap and frame rate")
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    for kind in KINDS:
        total: Counter[str] = Counter()
        for speed, gap_s, frames_per_s in product(SPEEDS, GAPS_S, FRAMES_PER_S):
            total += count(kind, speed, gap_s, frames_per_s, n=chosen.scenes, seed=chosen.seed)
        _print(kind, total)
    total = Counter(
        strangers(FaceTracker(), speed, frames_per_s, np.random.default_rng((chosen.seed, number)))
        for speed, frames_per_s in product((0.0, *SPEEDS), FRAMES_PER_S)
        for number in range(4 * chosen.scenes)
    )
    _print("strangers", total)


def _print(kind: str, total: Counter[str]) -> None:
    n = total.total() - total[TOO_LONG]
    shares = " · ".join(f"{name} {total[name] / n:6.1%}" for name in (KEPT, NEW, SWITCHED))
    print(f"{kind:10} {shares} · n = {n:,}")


if __name__ == "__main__":
    main()
