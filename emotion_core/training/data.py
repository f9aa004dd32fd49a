"""What a run trains on: rows, targets and weights. Needs no Keras."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from emotion_core.datasets import (
    TRAINING,
    TWO_DISTRIBUTIONS,
    VALIDATION,
    EmotionDataset,
    clear_majority,
    duplicate_keys,
    seen_in,
    soft_labels,
)
from emotion_core.errors import TrainingError
from emotion_core.training.config import TrainingConfig
from emotion_core.types import Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """Rows to train on and rows to choose the epoch by.

    Attributes:
        rows: N training images.
        targets: (2, N, C) float32, for each image as it is and for its mirror image. More columns
            than the rows have labels: the network has outputs that are not served. With labels
            ``auxiliary-head`` and ``multi-task`` these are a second distribution.
        sampling_probabilities: (N,) float64, how often each image is drawn, sums to 1; empty:
            each once.
        class_weights: (C,) float32 weight of an error per column of the targets; all 1 without
            balancing. 0 for a second distribution: the first one decides.
        validation: the images that the best epoch is chosen by, with the true labels: for
            FER+ labels the majority of the raters, where it is clear.
        keeps_more: whether the outputs beyond the labels stay in the saved model, as a second
            head that is judged too.
    """

    rows: EmotionDataset
    targets: Float32Array
    sampling_probabilities: np.ndarray
    class_weights: Float32Array
    validation: EmotionDataset
    keeps_more: bool = False

    @property
    def n_more(self) -> int:
        """Columns of the targets beyond the labels."""
        return int(self.targets.shape[-1]) - len(self.rows.label_set)


def training_rows(dataset: EmotionDataset, *, leak_free: bool) -> EmotionDataset:
    """The images to train on.

    Args:
        dataset: all splits.
        leak_free: without those that also stand, exactly or mirrored, in another split.
    """
    training = dataset.usage == TRAINING
    if leak_free:
        keys = duplicate_keys(dataset.images).mirrored
        training &= ~seen_in(keys, keys[dataset.usage != TRAINING])
    return dataset.select(training)


def prepare(config: TrainingConfig, dataset: EmotionDataset) -> TrainingData:
    """Rows, targets and weights as the settings ask for them, without teachers.

    Raises:
        TrainingError: a split is empty, or the labels are not there.
    """
    if config.labels != "fer2013" and not dataset.has_votes:
        raise TrainingError(
            f"labels: {config.labels} wants a data set with FER+ votes. This one has none: choose "
            "fer2013, or import the data set with its votes."
        )
    rows = training_rows(dataset, leak_free=config.leak_free)
    targets, usable = soft_labels(rows, config.labels, vote_share=config.vote_share)
    rows, targets = rows.select(usable), targets[usable]
    two = config.labels in TWO_DISTRIBUTIONS
    # The first distribution; a second one may follow.
    n_classes = len(dataset.label_set) if two else targets.shape[1]
    own = targets[:, :n_classes]
    if config.label_smoothing:
        own[:] = own * (1 - config.label_smoothing) + config.label_smoothing / n_classes
    validation = dataset.split(VALIDATION)
    if config.labels == "raters" and len(validation):
        majority, clear = clear_majority(validation)
        validation = replace(validation, labels=majority).select(clear)
    if not len(rows) or not len(validation):
        raise TrainingError(
            "Wanted images in Training and PublicTest. "
            f"Received: {len(rows)} and {len(validation)}."
        )
    # What each emotion has of the targets; an emotion without any gets no say.
    share = own.sum(axis=0)
    rarity = np.divide(share.sum(), n_classes * share, out=np.zeros(n_classes), where=share > 0)
    drawn = (own @ rarity).astype(np.float64)
    balance = config.class_balance
    weights = np.zeros(targets.shape[1], np.float32)
    weights[:n_classes] = rarity if balance == "weights" else 1
    return TrainingData(
        rows=rows,
        targets=np.stack([targets, targets]).astype(np.float32),
        sampling_probabilities=drawn / drawn.sum() if balance == "sampling" else np.zeros(0),
        class_weights=weights,
        validation=validation,
        keeps_more=config.labels == "multi-task",
    )


def labels_sha256(dataset: EmotionDataset) -> str:
    """Hash of labels and splits: corrections change them while the stored file stays the same."""
    joined = dataset.labels.tobytes() + "\n".join(dataset.usage.tolist()).encode()
    return hashlib.sha256(joined + dataset.rows.tobytes()).hexdigest()
