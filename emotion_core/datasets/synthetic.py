"""The synthetic data set: drawn faces, so that everything can be tried without any data."""

import functools
import hashlib

import numpy as np
import numpy.typing as npt

from emotion_core.datasets.dataset import (
    SYNTHETIC,
    TEST,
    TRAINING,
    VALIDATION,
    VOTE_COLUMNS,
    EmotionDataset,
)
from emotion_core.datasets.labels import vote_column
from emotion_core.datasets.synthetic_faces import draw_face
from emotion_core.emotions import FER2013, Emotion
from emotion_core.errors import DatasetError
from emotion_core.types import Int64Array, UInt8Array

# As in FER-2013, where PublicTest and PrivateTest have an eighth of Training's size each; here a
# quarter, so that figures from a small set mean something.
_HELD_OUT_SHARE = 0.25
_N_TAGGERS = 10

# One defect of each kind per so many training images, for the audit to find.
_IMAGES_PER_DEFECT = 250


@functools.lru_cache(maxsize=4)
def build_synthetic(per_class: int = 200, seed: int = 0) -> EmotionDataset:
    """Draws the synthetic data set; the same arguments always give the same pixels.

    It has three splits, FER+-like votes (made up: the weaker an expression, the more raters
    see something else) and a few of FER-2013's defects: pictures that stand, exactly or mirrored,
    in two splits, pairs with conflicting labels, and flat pictures.

    Args:
        per_class: Training images per emotion; PublicTest and PrivateTest get a quarter each.
        seed: decides everything.

    Raises:
        DatasetError: ``per_class`` is below 1, or the seed below 0.
    """
    if per_class < 1 or seed < 0:
        raise DatasetError(
            "The synthetic data set needs at least 1 image per emotion and a seed from 0 up. "
            f"Received: {per_class} and {seed}."
        )
    rng = np.random.default_rng(seed)
    held_out = max(1, round(per_class * _HELD_OUT_SHARE))
    labels, usage = [], []
    for split, n in ((TRAINING, per_class), (VALIDATION, held_out), (TEST, held_out)):
        labels.append(rng.permutation(np.repeat(np.arange(len(FER2013)), n)))
        usage += [split] * (n * len(FER2013))
    label = np.concatenate(labels).astype(np.int64)
    intensity = rng.uniform(0.55, 1.0, len(label))
    images = np.stack(
        [draw_face(FER2013[k], strength, rng) for k, strength in zip(label, intensity, strict=True)]
    )
    votes = np.stack([_votes(FER2013[k], s, rng) for k, s in zip(label, intensity, strict=True)])
    splits = np.array(usage)
    _plant_defects(images, label, votes, splits, rng)
    content = images.tobytes() + label.tobytes() + votes.tobytes()
    return EmotionDataset(
        images=images,
        labels=label,
        usage=splits,
        votes=votes,
        rows=np.arange(len(label), dtype=np.int64),
        sha256=hashlib.sha256(content).hexdigest(),
        name=SYNTHETIC,
    )


def _votes(emotion: Emotion, intensity: float, rng: np.random.Generator) -> Int64Array:
    """(10,) int64 votes of ten raters."""
    share = np.full(len(VOTE_COLUMNS), 0.01)
    share[vote_column(Emotion.NEUTRAL)] += 0.5 * (1 - intensity)
    share[vote_column(emotion)] += 1.2 * intensity
    return rng.multinomial(_N_TAGGERS, share / share.sum()).astype(np.int64)


def _plant_defects(
    images: UInt8Array,
    labels: Int64Array,
    votes: Int64Array,
    usage: npt.NDArray[np.str_],
    rng: np.random.Generator,
) -> None:
    """Puts defects over some training images, in place. Labels stay, so classes stay even."""
    free = list(rng.permutation(np.flatnonzero(usage == TRAINING)))
    n = len(free) // _IMAGES_PER_DEFECT
    held_out = rng.permutation(np.flatnonzero(usage != TRAINING))

    def take(wanted: npt.NDArray[np.bool_]) -> int:
        row = next(i for i in free if wanted[i])
        free.remove(row)
        return int(row)

    for number, original in enumerate(held_out[: 2 * n]):
        copy = take(labels == labels[original])
        images[copy] = images[original][:, :: 1 if number < n else -1]
        votes[copy] = votes[original]
    for _ in range(n):
        original = take(np.ones(len(labels), bool))
        copy = take(labels != labels[original])
        images[copy], votes[copy] = images[original], votes[original]
    for _ in range(n):
        flat = take(np.ones(len(labels), bool))
        images[flat] = rng.integers(0, 256)
        votes[flat] = 0
        votes[flat, VOTE_COLUMNS.index("nf")] = _N_TAGGERS
