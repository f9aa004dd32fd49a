"""Serving: crops in, calibrated scores out, by LiteRT and without TensorFlow."""

import hashlib
import time
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from emotion_core.classifiers.card import LITERT_FILE, ModelCard
from emotion_core.classifiers.litert_network import LiteRTNetwork, usable_threads
from emotion_core.classifiers.preprocessing import crops_to_tensor
from emotion_core.errors import ModelError
from emotion_core.files.outside_files import read_bytes
from emotion_core.types import EmotionScores, Float32Array, UInt8Array, checked

#: The largest ``.tflite`` file that is read.
MAX_LITERT_BYTES = 1_000_000_000


class Classifier(Protocol):
    """Anything that gives scores for crops."""

    def predict(self, images: UInt8Array) -> EmotionScores:
        """Scores of (N, S, S) uint8 gray crops; N may be 0."""
        ...


@runtime_checkable
class AveragingClassifier(Classifier, Protocol):
    """A classifier that may average a face with its mirror image, and need not."""

    def predict_once(self, images: UInt8Array) -> EmotionScores:
        """As ``predict``, without that average."""
        ...


class _Once:
    """A classifier whose faces are looked at once."""

    def __init__(self, classifier: AveragingClassifier) -> None:
        self._classifier = classifier

    def predict(self, images: UInt8Array) -> EmotionScores:
        return self._classifier.predict_once(images)


def quick_form(classifier: Classifier) -> Classifier:
    """The same classifier without the average with the mirror image, where it has that.

    For consecutive frames, which average over time already: half the work.
    """
    return _Once(classifier) if isinstance(classifier, AveragingClassifier) else classifier


class LiteRTClassifier:
    """A shipped model, ready to use. Belongs to one thread; `InferenceWorker` shares it.

    Args:
        folder: the model's folder.
        card: its card.
        threads: how many threads several faces are shared out among; None: `usable_threads`.
        spin: whether they share out every layer instead, and spin while they wait.
        labels: whose labels answer, ``raters`` or ``fer2013``; None: the card's own.

    Raises:
        ModelError: the file is missing, is not the one of the card, or does not fit it; or it has
            no head for these labels.
    """

    def __init__(
        self,
        folder: Path,
        card: ModelCard,
        *,
        threads: int | None = None,
        spin: bool = False,
        labels: str | None = None,
    ) -> None:
        self._head = card.head(labels)
        path = folder / LITERT_FILE
        if not path.exists():
            raise ModelError(f"Cannot read {path}: No such file.")
        content = read_bytes(path, ModelError, max_bytes=MAX_LITERT_BYTES)
        # The file is read once, so that what is hashed is what is loaded.
        digest = hashlib.sha256(content).hexdigest()
        if digest != card.sha256:
            raise ModelError(
                f"{path} is not the file that its card describes: wanted SHA-256 {card.sha256}. "
                f"Received: {digest}. Get the model folder again."
            )
        if card.input_channels != 1:
            raise ModelError(
                f"{folder}: wanted a model for gray crops, 1 channel. "
                f"Received: {card.input_channels} channels"
            )
        self._network = LiteRTNetwork(content, threads=threads or usable_threads(), spin=spin)
        wanted = ((card.input_size_px, card.input_size_px, 1), card.n_outputs)
        received = (self._network.input_shape, self._network.n_classes)
        if wanted != received:
            raise ModelError(
                f"{path} does not fit its card: wanted input and number of outputs {wanted}. "
                f"Received: {received}"
            )
        self.card = card
        #: Whose labels answer.
        self.labels = labels or card.own_labels

    def predict(self, images: UInt8Array) -> EmotionScores:
        """Calibrated scores of crops.

        Args:
            images: (N, S, S) uint8 gray, S as on the card. N may be 0.

        Returns:
            N rows, with the card's labels and threshold.

        Raises:
            ValueError: another shape or dtype.
            ModelError: the network cannot be run, or its predictions are no numbers.
        """
        return self._scores(self.logits(images), images)

    def predict_once(self, images: UInt8Array) -> EmotionScores:
        """As ``predict``, without the average with the mirror image.

        Arguments, result and errors as of ``predict``.
        """
        size_px = self.card.input_size_px
        checked("crops", images, (None, size_px, size_px), np.uint8)
        return self._scores(self._own(self._network.run(crops_to_tensor(images))), images)

    def _own(self, outputs: Float32Array) -> Float32Array:
        """The head's logits, of its labels only."""
        return outputs[:, self._head.first : self._head.first + len(self.card.labels)]

    def _scores(self, logits: Float32Array, images: UInt8Array) -> EmotionScores:
        if not np.isfinite(logits).all():
            raise ModelError(
                f"The predictions of {self.card.title} are not finite numbers; "
                "choose another model."
            )
        probabilities = softmax(logits, self._head.temperatures(images))
        return EmotionScores(probabilities, self.card.label_set, self._head.threshold)

    def logits(self, images: UInt8Array) -> Float32Array:
        """Uncalibrated outputs of the head that answers.

        Arguments and errors as of ``outputs``.

        Returns:
            (N, C) float32, C the number of the card's labels.
        """
        return self._own(self.outputs(images))

    def outputs(self, images: UInt8Array) -> Float32Array:
        """Uncalibrated outputs of all heads, from which temperatures and thresholds are fitted.

        Args:
            images: (N, S, S) uint8 gray. N may be 0.

        Returns:
            (N, K) float32; the mean of both passes where the card asks for flip averaging.

        Raises:
            ValueError: another shape or dtype.
        """
        size_px = self.card.input_size_px
        checked("crops", images, (None, size_px, size_px), np.uint8)
        if not self.card.flip_tta:
            return self._network.run(crops_to_tensor(images))
        # Both passes in one batch.
        both = np.concatenate([images, images[:, :, ::-1]])
        plain, mirrored = np.split(self._network.run(crops_to_tensor(both)), 2)
        return np.asarray((plain + mirrored) / 2, dtype=np.float32)


def ms_per_face(classifier: LiteRTClassifier, *, batch: int = 8, rounds: int = 300) -> float:
    """Milliseconds per face, from crops to scores; of a classifier with one thread, to compare.

    The lower quartile of many rounds: on a machine that also does other things the median tells
    more about those.

    Args:
        classifier: what is timed.
        batch: faces at once.
        rounds: how often.
    """
    side = classifier.card.input_size_px
    faces = np.random.default_rng(0).integers(0, 256, (batch, side, side), dtype=np.uint8)
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        classifier.predict(faces)
        times.append(time.perf_counter() - began)
    return round(1000 * float(np.quantile(times, 0.25)) / batch, 3)


def softmax(logits: npt.ArrayLike, temperature: npt.ArrayLike = 1.0) -> Float32Array:
    """Probabilities from logits.

    Args:
        logits: (N, C). N may be 0.
        temperature: the logits are divided by it, or each row by its own of (N,); above 1 the
            predictions become less confident.

    Returns:
        (N, C) float32, rows sum to 1.

    Source: temperature scaling, Guo et al., arXiv 1706.04599.
    """
    scaled = np.asarray(logits, np.float64) / np.asarray(temperature, np.float64).reshape(-1, 1)
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)
