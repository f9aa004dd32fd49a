"""Near duplicates: copies that were scaled, shifted a little, recompressed or marked.

A perceptual hash finds the candidates, a correlation of the pixels decides. Of FER-2013's pairs 32
were looked at from a correlation of 0.93 on, all of one photograph; of 16 between 0.90 and 0.93
two were not. Copies whose hash differs more, as by a strong crop, are missed.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from emotion_core.datasets.audit.progress import Progress
from emotion_core.types import Float32Array, Int64Array, UInt8Array

#: Candidates differ in at most so many of the 63 bits. Of the verified pairs on FER-2013, 6 % had
#: 10 different bits, and at 11 only one candidate in 75 was a copy.
MAX_BITS = 10
#: From this correlation on two pictures are the same photograph.
MIN_CORRELATION = 0.93
#: Copies may be shifted by so many pixels of 48.
MAX_SHIFT_PX = 3

_SIDE = 8  # the lowest 8x8 frequencies, without the mean: 63 bits
_BLOCK_ROWS = 512
_BLOCK_PAIRS = 1024


@dataclass(frozen=True, slots=True, eq=False)
class LowFrequencies:
    """The coarse look of pictures.

    Attributes:
        vectors: (N, 63) float32, unit length; zero for pictures of one colour.
        mirrored: (N, 63) float32, those of the mirror images.
    """

    vectors: Float32Array
    mirrored: Float32Array

    @property
    def hashes(self) -> npt.NDArray[np.uint64]:
        """(N,) uint64, one bit for the sign of each value."""
        return _hashes(self.vectors)

    @property
    def mirrored_hashes(self) -> npt.NDArray[np.uint64]:
        """(N,) uint64, the hashes of the mirror images."""
        return _hashes(self.mirrored)


def low_frequencies(images: UInt8Array) -> LowFrequencies:
    """The lowest frequencies of the discrete cosine transform, free of brightness and contrast.

    Source: the signs are the "pHash" of Zauner, "Implementation and Benchmarking of Perceptual
    Image Hash Functions" (2010), around zero in place of the median, so that the hash of the
    mirror image follows from it.

    Args:
        images: (N, S, S) uint8 gray, S at least 8.
    """
    from scipy.fft import dctn  # a page that shows a kept report need not wait for it

    n = len(images)
    vectors = np.empty((n, _SIDE * _SIDE - 1), np.float32)
    for start in range(0, n, 4096):
        part = images[start : start + 4096].astype(np.float32)
        spectrum = dctn(part, axes=(1, 2), norm="ortho")[:, :_SIDE, :_SIDE]
        vectors[start : start + len(part)] = spectrum.reshape(len(part), -1)[:, 1:]
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    # Rounding leaves a trace of about 1e-3 in pictures of one colour.
    vectors = np.where(length > 1.0, vectors / np.maximum(length, 1.0), 0.0).astype(np.float32)
    # Mirroring changes the sign of the frequencies that are odd along x.
    sign = np.ones((_SIDE, _SIDE), np.float32)
    sign[:, 1::2] = -1
    return LowFrequencies(vectors, vectors * sign.reshape(-1)[1:])


def _hashes(vectors: Float32Array) -> npt.NDArray[np.uint64]:
    bits = np.packbits(np.pad(vectors > 0, ((0, 0), (0, 1))), axis=1)
    return np.ascontiguousarray(bits).view(np.uint64).ravel()


def near_pairs(
    images: UInt8Array,
    hashes: npt.NDArray[np.uint64],
    others: npt.NDArray[np.uint64],
    usable: npt.NDArray[np.bool_],
    *,
    mirrored: bool = False,
    progress: Progress | None = None,
) -> Int64Array:
    """Pairs of rows that show the same photograph.

    Args:
        images: (N, S, S) uint8.
        hashes: (N,) uint64 of the pictures.
        others: (N,) uint64 to compare with: the same hashes, or those of the mirror images.
        usable: (N,) bool, rows to look at (pictures of one colour resemble everything).
        mirrored: whether ``others`` are the mirror images.
        progress: where to report to.

    Returns:
        (P, 2) int64, each pair once, the lower row first.
    """
    progress = progress or Progress()
    stage = "Looking for mirrored copies" if mirrored else "Looking for near duplicates"
    rows = np.flatnonzero(usable)
    hashes, others = hashes[rows], others[rows]
    candidates = [np.zeros((0, 2), np.int64)]
    for start in range(0, len(rows), _BLOCK_ROWS):
        progress.tell(stage, 0.5 * start / len(rows))
        different = np.bitwise_count(others[start : start + _BLOCK_ROWS, None] ^ hashes[start:])
        first, second = np.nonzero(different <= MAX_BITS)
        pairs = np.stack([first, second], axis=1)[first < second] + start
        candidates.append(rows[pairs])
    pairs = np.concatenate(candidates)
    same = np.zeros(len(pairs), bool)
    for start in range(0, len(pairs), _BLOCK_PAIRS):
        progress.tell(stage, 0.5 + 0.5 * start / len(pairs))
        part = pairs[start : start + _BLOCK_PAIRS]
        one = images[part[:, 0], :, ::-1] if mirrored else images[part[:, 0]]
        same[start : start + len(part)] = best_correlation(one, images[part[:, 1]]) >= (
            MIN_CORRELATION
        )
    return np.asarray(pairs[same])


def best_correlation(
    images: UInt8Array, others: UInt8Array, max_shift_px: int | None = None
) -> Float32Array:
    """The correlation of two pictures at the shift at which they fit best.

    Args:
        images: (N, S, S) uint8; their middle is moved over the others.
        others: (N, S, S) uint8.
        max_shift_px: how far, in every direction; by default 3 of 48 pixels.

    Returns:
        (N,) float32, -1 to 1; 0 where a picture is of one colour.
    """
    side = images.shape[1]
    shift = side * MAX_SHIFT_PX // 48 if max_shift_px is None else max_shift_px
    inner = side - 2 * shift
    middle = images[:, shift : shift + inner, shift : shift + inner].astype(np.float32)
    middle -= middle.mean(axis=(1, 2), keepdims=True)
    length = np.sqrt(np.einsum("nyx,nyx->n", middle, middle))
    other = others.astype(np.float32)
    sums, squares = _window_sums(other, inner), _window_sums(other**2, inner)
    spread = np.sqrt(np.maximum(squares - sums**2 / inner**2, 0.0))
    best = np.full(len(images), -1.0, np.float32)
    for y in range(2 * shift + 1):
        for x in range(2 * shift + 1):
            # The middle has mean 0, so the window's own mean falls out of the product.
            window = other[:, y : y + inner, x : x + inner]
            product = np.einsum("nyx,nyx->n", middle, window)
            best = np.maximum(best, product / np.maximum(length * spread[:, y, x], 1.0))
    return np.asarray(best, dtype=np.float32)


def _window_sums(images: Float32Array, side: int) -> npt.NDArray[np.float64]:
    """(N, S - side + 1, S - side + 1): sums of all windows of a side, by an integral image."""
    total = np.pad(images.astype(np.float64), ((0, 0), (1, 0), (1, 0))).cumsum(1).cumsum(2)
    corner = total[:, :-side, :-side] - total[:, side:, :-side] - total[:, :-side, side:]
    return np.asarray(corner + total[:, side:, side:])


def uniqueness(vectors: Float32Array, *, progress: Progress | None = None) -> Float32Array:
    """How little each picture looks like the one that is most like it.

    Args:
        vectors: (N, D) float32 of unit length, or zero.
        progress: where to report to.

    Returns:
        (N,) float32, 0 (there is the same picture) to 1; one minus the best cosine.
    """
    progress = progress or Progress()
    best = np.zeros(len(vectors), np.float32)
    for start in range(0, len(vectors), _BLOCK_ROWS):
        progress.tell("Comparing all pictures", start / len(vectors))
        alike = vectors[start : start + _BLOCK_ROWS] @ vectors.T
        here = np.arange(len(alike))
        alike[here, start + here] = -1.0
        best[start : start + len(alike)] = alike.max(axis=1)
    return np.asarray(np.clip(1.0 - best, 0.0, 1.0), dtype=np.float32)
