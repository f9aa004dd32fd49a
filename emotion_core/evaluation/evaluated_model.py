"""What is judged: a shipped model, or the best epoch of a run that is not shipped yet."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emotion_core.classifiers.card import KERAS_FILE, ModelCard
from emotion_core.classifiers.heads import Head
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.emotions import FER2013, LabelSet
from emotion_core.errors import ModelError
from emotion_core.files.atomic_files import file_sha256
from emotion_core.files.outside_files import read_json
from emotion_core.images import resize_image
from emotion_core.types import Float32Array, UInt8Array

#: (N, S, S) uint8 gray crops -> (N, K) float32 outputs of all heads.
Outputs = Callable[[UInt8Array], Float32Array]

# The logit of an emotion that a model does not know: its probability is then exactly 0.
_NEVER = np.float32(-1e4)


@dataclass(frozen=True, slots=True)
class EvaluatedModel:
    """A model to be judged.

    Attributes:
        name: of the model's or run's folder.
        key: hash that changes with everything that the outputs depend on. Heads of one network
            have the same.
        label_set: order of the head's outputs.
        size_px: side of its input, None for any.
        head: which of its heads answers, and how sure.
        open: loads it. What it returns belongs to the thread that called it.
    """

    name: str
    key: str
    label_set: LabelSet
    size_px: int | None
    head: Head
    open: Callable[[], Outputs]

    def logits(self, outputs: Float32Array, labels: LabelSet) -> Float32Array:
        """The head's logits in the order of a data set's labels.

        Args:
            outputs: (N, K) float32 of all heads.
            labels: the data set's emotions.

        Returns:
            (N, len(labels)) float32.
        """
        first = self.head.first
        return in_order(outputs[:, first : first + len(self.label_set)], self.label_set, labels)


def evaluated_model(
    registry: ModelRegistry, name: str, labels: str | None = None
) -> EvaluatedModel:
    """A shipped model, as it is served.

    Args:
        registry: where it is.
        name: of the model.
        labels: whose labels it is judged by; a model without a head for them answers with the
            one that it has.

    Raises:
        ModelError: no such model, or its card is not valid.
    """
    card = registry.card(name)
    return evaluated_card(card, card.answering(labels), lambda: registry.open(name).outputs)


def evaluated_card(
    card: ModelCard, labels: str, open_outputs: Callable[[], Outputs]
) -> EvaluatedModel:
    """One head of the model of a card.

    Args:
        card: the card.
        labels: one of its heads.
        open_outputs: loads it.
    """
    head = card.head(labels)
    return EvaluatedModel(
        name=card.name,
        key=card.sha256 + "-mirrored" * card.flip_tta,
        label_set=card.label_set,
        size_px=card.input_size_px,
        head=head,
        open=open_outputs,
    )


def evaluated_run(folder: Path, labels: str = "fer2013") -> EvaluatedModel:
    """The best epoch of a run, uncalibrated. Opening it loads TensorFlow.

    Args:
        folder: of the run.
        labels: whose labels it is judged by: of a run with two heads the one for these answers.

    Raises:
        ModelError: the run has no model yet.
    """
    path = folder / KERAS_FILE
    try:
        key = file_sha256(path)
    except OSError as error:
        raise ModelError(
            f"{folder}: wanted {KERAS_FILE}. The run has not finished an epoch."
        ) from error

    def load() -> Outputs:
        from emotion_core.classifiers.export import KerasClassifier

        return KerasClassifier(path, FER2013).outputs

    # A run of one head answers with it, whatever is asked for.
    first = len(FER2013) if labels == "raters" and _has_two_heads(folder) else 0
    uncalibrated = Head(first=first, outputs=len(FER2013), temperature=1.0, threshold=0.0)
    return EvaluatedModel(folder.resolve().name, key, FER2013, None, uncalibrated, load)


def _has_two_heads(folder: Path) -> bool:
    try:
        config = read_json(folder / "config.json", ModelError)
    except ModelError:
        return False
    return isinstance(config, dict) and config.get("labels") == "multi-task"


def in_order(logits: Float32Array, have: LabelSet, want: LabelSet) -> Float32Array:
    """Puts a model's outputs into the order of a data set's labels.

    An emotion that the data set does not have cannot be right there, so it is left out and the
    others share its probability. One that the model does not know gets the probability 0.

    Args:
        logits: (N, len(have)) float32.
        have: the model's emotions.
        want: the data set's emotions.

    Returns:
        (N, len(want)) float32.
    """
    if have == want:
        return logits
    ordered = np.full((len(logits), len(want)), _NEVER, np.float32)
    for column, emotion in enumerate(want):
        if emotion in have.emotions:
            ordered[:, column] = logits[:, have.index(emotion)]
    return ordered


def fitted(images: UInt8Array, size_px: int | None) -> UInt8Array:
    """Crops in the size that a model wants.

    Args:
        images: (N, S, S) uint8.
        size_px: wanted side; None keeps it.
    """
    if size_px is None or images.shape[1] == size_px or not len(images):
        return images
    return np.stack([resize_image(image, (size_px, size_px)) for image in images])
