"""Exact and mirrored duplicates, and what of one split also stands in another."""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from emotion_core.datasets.dataset import TRAINING, EmotionDataset
from emotion_core.types import UInt8Array


@dataclass(frozen=True, slots=True, eq=False)
class DuplicateKeys:
    """Hashes of pixels. Equal keys mean equal pictures.

    Attributes:
        exact: (N,) bytes, equal for byte-identical pictures.
        mirrored: (N,) bytes, equal also for pictures that mirror each other.
    """

    exact: npt.NDArray[np.bytes_]
    mirrored: npt.NDArray[np.bytes_]


def duplicate_keys(images: UInt8Array) -> DuplicateKeys:
    """Hashes every picture and its mirror image.

    Args:
        images: (N, S, S) uint8.
    """
    exact = np.array([_digest(image) for image in images], dtype="S32")
    flipped = np.array([_digest(image[:, ::-1]) for image in images], dtype="S32")
    return DuplicateKeys(exact, np.where(exact <= flipped, exact, flipped))


def _digest(image: UInt8Array) -> str:
    return hashlib.blake2b(np.ascontiguousarray(image).tobytes(), digest_size=16).hexdigest()


def seen_in(keys: npt.NDArray[np.bytes_], others: npt.NDArray[np.bytes_]) -> npt.NDArray[np.bool_]:
    """(N,) bool: which keys also stand among the others."""
    return np.isin(keys, others)


def leaking_rows(dataset: EmotionDataset) -> npt.NDArray[np.bool_]:
    """(N,) bool: Training images that also stand, exactly or mirrored, in another split."""
    keys = duplicate_keys(dataset.images).mirrored
    training = dataset.usage == TRAINING
    leaks: npt.NDArray[np.bool_] = training & seen_in(keys, keys[~training])
    return leaks
