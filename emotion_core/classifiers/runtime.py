"""Serving: crops in, calibrated scores out, by LiteRT and without TensorFlow."""

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from emotion_core.classifiers.card import LITERT_FILE, ModelCard
from emotion_core.classifiers.preprocessing import crops_to_tensor
from emotion_core.errors import ModelError
from emotion_core.files.outside_files import read_bytes
from emotion_core.native_messages import quiet_start
from emotion_core.types import EmotionScores, Float32Array, UInt8Array, checked

#: Rows that go through the network at once. The time per face is the same from 1 to 16 within
#: 5 % (benchmarks/export_modes.py), so this bounds memory and how long one call keeps others out.
MAX_ROWS = 32


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


@contextlib.contextmanager
def litert_errors(what: str) -> Iterator[None]:
    """What LiteRT raises for a file, in a sentence that begins with ``what``."""
    try:
        yield
    except (RuntimeError, ValueError, MemoryError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ModelError(f"{what} {reason:.200}") from error


class LiteRTNetwork:
    """A ``.tflite`` network: tensors in, logits out. Belongs to one thread.

    The file holds a batch of any size. Changing the size costs 0.06 ms where a face costs 0.3 ms,
    and no row depends on the others, so one interpreter serves every batch size without padding,
    and several faces are shared out among interpreters, each on a thread of its own. Threads
    inside of one interpreter wait for each other after every layer, and spin while they wait.

    Args:
        content: the file's bytes.
        threads: how many threads several faces are shared out among.

    Raises:
        ModelError: not a network with one float input (N, S, S, C) and one output (N, K), or
            one that LiteRT cannot run.
        ValueError: fewer threads than one.
    """

    def __init__(self, content: bytes, *, threads: int = 1) -> None:
        if threads < 1:
            raise ValueError(f"threads: wanted at least 1. Received: {threads}")
        self._content = content if threads > 1 else b""
        self._interpreters = [_Interpreter(content)]
        self._threads = threads
        self._helpers = ThreadPoolExecutor(threads - 1, "faces") if threads > 1 else None
        #: (S, S, C) of the input.
        self.input_shape = self._interpreters[0].input_shape
        #: Number of outputs.
        self.n_classes = self._interpreters[0].n_classes

    def run(self, tensor: Float32Array) -> Float32Array:
        """Logits of a tensor.

        Args:
            tensor: (N, S, S, C) float32. N may be 0.

        Returns:
            (N, K) float32.

        Raises:
            ValueError: another shape or dtype.
            ModelError: the network cannot be run.
        """
        checked("tensor", tensor, (None, *self.input_shape), np.float32)
        logits = np.empty((len(tensor), self.n_classes), np.float32)
        shares = max(1, min(self._threads, len(tensor)))
        with litert_errors("This model's network cannot be run; choose another model."):
            while len(self._interpreters) < shares:  # only who sees several faces needs more
                self._interpreters.append(_Interpreter(self._content))
            work = zip(
                self._interpreters,
                np.array_split(tensor, shares),
                np.array_split(logits, shares),
                strict=False,
            )
            mine = next(work)
            waiting = [self._helpers.submit(_fill, *part) for part in work] if self._helpers else []
            try:
                _fill(*mine)
            finally:  # nobody writes into an array that was given up
                wait(waiting)
            for part in waiting:
                part.result()
        return logits


def _fill(interpreter: "_Interpreter", tensor: Float32Array, logits: Float32Array) -> None:
    for start in range(0, len(tensor), interpreter.max_rows):
        part = tensor[start : start + interpreter.max_rows]
        logits[start : start + len(part)] = interpreter.run(part)


class _Interpreter:
    """A network in the memory of one thread at a time. Errors as of ``LiteRTNetwork``."""

    def __init__(self, content: bytes) -> None:
        # Here and not at the top: a page that only shows model cards needs no interpreter.
        from ai_edge_litert.interpreter import Interpreter

        with quiet_start(), litert_errors("Wanted a LiteRT network."):
            self._interpreter: Any = Interpreter(model_content=content, num_threads=1)
            inputs = self._interpreter.get_input_details()
            outputs = self._interpreter.get_output_details()
            self._interpreter.allocate_tensors()  # introduces itself, once per process
        shapes = [tuple(int(n) for n in t["shape"]) for t in (*inputs, *outputs)]
        is_float = all(tensor["dtype"] == np.float32 for tensor in (*inputs, *outputs))
        if [len(shape) for shape in shapes] != [4, 2] or not is_float:
            raise ModelError(
                "Wanted a network with one float32 input (N, S, S, C) and one float32 output "
                f"(N, classes). Received: {shapes}"
            )
        self._input: int = inputs[0]["index"]
        self._output: int = outputs[0]["index"]
        # Some converters fix the number of rows. What it is else is said by -1.
        rows = [int(n) for n in inputs[0].get("shape_signature", ())][:1] or [shapes[0][0]]
        if rows[0] > 1:
            raise ModelError(
                f"Wanted a network for one face or for any number. Received one for {rows[0]}."
            )
        #: Most faces at once.
        self.max_rows = 1 if rows == [1] else MAX_ROWS
        self._rows = shapes[0][0]
        self.input_shape = shapes[0][1:]
        self.n_classes = shapes[1][1]

    def run(self, tensor: Float32Array) -> Float32Array:
        """Logits of at most ``max_rows`` rows."""
        self._resize(len(tensor))
        self._interpreter.set_tensor(self._input, tensor)
        self._interpreter.invoke()
        return np.asarray(self._interpreter.get_tensor(self._output), np.float32)

    def _resize(self, rows: int) -> None:
        if rows != self._rows:
            # Forgotten first: if the allocation fails, the next call must not rely on it.
            self._rows = 0
            self._interpreter.resize_tensor_input(self._input, (rows, *self.input_shape))
            self._interpreter.allocate_tensors()
            self._rows = rows


def usable_threads() -> int:
    """How many threads faces are shared out among where nobody says: the cores, at most four.

    Every thread has the weights of its own in memory, and pictures with more faces are rare.
    """
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        cores = os.cpu_count() or 1
    return min(4, cores)


class LiteRTClassifier:
    """A shipped model, ready to use. Belongs to one thread; `InferenceWorker` shares it.

    Args:
        folder: the model's folder.
        card: its card.
        threads: how many threads several faces are shared out among; None: `usable_threads`.
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
        self._network = LiteRTNetwork(content, threads=threads or usable_threads())
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
