"""Which split a row belongs to: by its name, or shared out by its pixels."""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from emotion_core.datasets.dataset import TEST, TRAINING, VALIDATION
from emotion_core.types import UInt8Array

#: Rows whose split is not known, and rows of which only is known that they are no Training.
UNKNOWN, HELD_OUT = "", "held out"

#: Pictures per label 0-6. Source: the published counts of FER-2013 (arXiv 1307.0414; Kaggle).
FER2013_COUNTS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        TRAINING: (3995, 436, 4097, 7215, 4830, 3171, 4965),
        VALIDATION: (467, 56, 496, 895, 653, 415, 607),
        TEST: (491, 55, 528, 879, 594, 416, 626),
    }
)

_SPLITS = {
    "training": TRAINING,
    "train": TRAINING,
    "publictest": VALIDATION,
    "validation": VALIDATION,
    "valid": VALIDATION,
    "val": VALIDATION,
    "dev": VALIDATION,
    "privatetest": TEST,
    "test": TEST,
    "testing": TEST,
}


def parse_split(text: str) -> str | None:
    """``Training``, ``PublicTest`` or ``PrivateTest`` for any usual spelling, else None."""
    return _SPLITS.get(text.strip().lower())


def share_out(image: UInt8Array, usage: str) -> str:
    """The split of a row.

    Rows of unknown split go by their pixels, eight of ten to Training; held-out ones by halves.
    A picture and its mirror image always go the same way, so nothing leaks.

    Args:
        image: (48, 48) uint8.
        usage: a split, ``UNKNOWN`` or ``HELD_OUT``.
    """
    if usage not in (UNKNOWN, HELD_OUT):
        return usage
    sides = (image.tobytes(), np.ascontiguousarray(image[:, ::-1]).tobytes())
    tenth = hashlib.blake2b(min(sides), digest_size=4).digest()[0] % 10
    if usage == HELD_OUT:
        return VALIDATION if tenth < 5 else TEST
    return TRAINING if tenth < 8 else VALIDATION if tenth == 8 else TEST
