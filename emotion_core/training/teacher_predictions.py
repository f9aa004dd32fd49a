"""What a network outside of this program said of training images, kept in a file as a teacher.

A teacher that needs another library, or hours, is asked once; its answers go into an ``.npz`` file
that stands among the teachers of a recipe like a model does. Answers are found by the picture, so
that the file serves whatever rows a run trains on.

The file has ``pictures`` (N,) uint64, keys of the pictures, and for each kind of labels
(``fer2013``, ``raters``) an array (2, N, 7) of probabilities: of each picture and of its mirror
image.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from emotion_core.errors import TrainingError
from emotion_core.files.atomic_files import AtomicFile
from emotion_core.files.outside_files import open_regular
from emotion_core.training.run_folder import CHECKPOINT_ERRORS
from emotion_core.types import Float32Array, UInt8Array

#: What a file's name ends with.
SUFFIX = ".npz"

_PICTURES = "pictures"
_MAX_BYTES = 1 << 30
_KEY_BYTES = 8


def save_teacher_predictions(
    path: Path, images: UInt8Array, predictions: Mapping[str, Float32Array]
) -> None:
    """Writes the answers, with 16 bits each.

    Args:
        path: of the file, which is replaced.
        images: (N, S, S) uint8 pictures.
        predictions: (2, N, C) probabilities by kind of labels, of the pictures and of their mirror
            images.

    Raises:
        ValueError: shapes that do not belong together.
    """
    for labels, answers in predictions.items():
        if answers.ndim != 3 or answers.shape[:2] != (2, len(images)):
            raise ValueError(f"{labels}: wanted (2, {len(images)}, C). Received: {answers.shape}")
    halves = {labels: np.asarray(answers, np.float16) for labels, answers in predictions.items()}
    with AtomicFile(path) as file:
        np.savez_compressed(file, allow_pickle=False, pictures=_keys(images), **halves)


def read_teacher_predictions(
    path: Path, labels: str, images: UInt8Array, n_classes: int
) -> Float32Array:
    """Answers about pictures.

    Args:
        path: of a file that ``save_teacher_predictions`` wrote.
        labels: which of its kinds of labels.
        images: (N, S, S) uint8 pictures; those of the file may be more and in another order.
        n_classes: C.

    Returns:
        (2, N, C) float32 probabilities of the pictures and of their mirror images.

    Raises:
        TrainingError: no such file, not these labels, or not about all of the pictures.
    """
    try:
        with (
            open_regular(path, TrainingError, max_bytes=_MAX_BYTES) as file,
            np.load(file, allow_pickle=False) as stored,
        ):
            kinds = sorted(set(stored.files) - {_PICTURES})
            if labels not in kinds:
                raise TrainingError(
                    f"wanted predictions by the labels {labels}. "
                    f"There: {', '.join(kinds) or 'none'}"
                )
            keys, found = stored[_PICTURES], stored[labels]
    except CHECKPOINT_ERRORS as error:
        raise TrainingError(f"cannot be read as a teacher's predictions ({error})") from error
    if keys.dtype != np.uint64 or found.shape != (2, len(keys), n_classes):
        raise TrainingError(
            f"wanted (2, {len(keys)}, {n_classes}) predictions. There: {found.shape}"
        )
    answers = np.asarray(found, np.float32)
    sums = answers.sum(axis=-1, keepdims=True)
    if not (answers >= 0).all() or not np.allclose(sums, 1, atol=0.02):
        raise TrainingError("wanted probabilities that sum to 1 for every picture")
    rows = _found(keys, _keys(images))
    result: Float32Array = (answers / sums)[:, rows]
    return result


def _found(keys: npt.NDArray[np.uint64], wanted: npt.NDArray[np.uint64]) -> npt.NDArray[np.intp]:
    """(N,) where each wanted key stands."""
    missing = int((~np.isin(wanted, keys)).sum())
    if missing:
        raise TrainingError(
            f"says nothing about {missing} of the {len(wanted)} training images; it was made for "
            "another data set"
        )
    order = np.argsort(keys, kind="stable")
    rows: npt.NDArray[np.intp] = order[np.searchsorted(keys, wanted, sorter=order)]
    return rows


def _keys(images: UInt8Array) -> npt.NDArray[np.uint64]:
    digests = [
        hashlib.blake2b(np.ascontiguousarray(image).tobytes(), digest_size=_KEY_BYTES).digest()
        for image in images
    ]
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)
