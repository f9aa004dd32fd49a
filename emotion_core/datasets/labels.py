"""From original labels and FER+ votes to training targets and reference labels."""

import numpy as np
import numpy.typing as npt

from emotion_core.datasets.dataset import VOTE_COLUMNS, EmotionDataset
from emotion_core.emotions import Emotion, LabelSet, parse_emotion
from emotion_core.types import Float32Array, Int64Array

#: What ``soft_labels`` and the command line's ``--labels`` accept.
LABEL_SOURCES = ("fer2013", "raters", "mixed", "auxiliary-head", "multi-task")

#: Sources whose targets are two distributions side by side.
TWO_DISTRIBUTIONS = frozenset({"auxiliary-head", "multi-task"})

# FER+ asks for 10 raters; a majority of fewer than half says little.
_MIN_VOTES = 5


# FER+ spells the emotions as nouns; the last two columns are no emotions.
_COLUMN_OF = {parse_emotion(name): i for i, name in enumerate(VOTE_COLUMNS[:8])}


# FER+'s raters could say so; FER-2013 does not have it.
_EIGHTH = Emotion.CONTEMPT


def vote_column(emotion: Emotion) -> int:
    """Index of an emotion's column among the votes."""
    return _COLUMN_OF[emotion]


def _vote_columns(label_set: LabelSet) -> list[int]:
    return [vote_column(Emotion(e)) for e in label_set]


def vote_distribution(dataset: EmotionDataset) -> Float32Array:
    """(N, C) float32 share of each emotion among the votes for them; rows without any are 0."""
    return _shares(dataset, _vote_columns(dataset.label_set))


def _shares(dataset: EmotionDataset, columns: list[int]) -> Float32Array:
    votes = dataset.votes[:, columns].astype(np.float32)
    total = votes.sum(axis=1, keepdims=True)
    shares = np.zeros_like(votes)
    np.divide(votes, total, out=shares, where=total > 0)
    return shares


def clear_majority(dataset: EmotionDataset) -> tuple[Int64Array, npt.NDArray[np.bool_]]:
    """The FER+ majority and where it is clear.

    Clear means: no tie, at least 5 votes, and one of the data set's emotions (not contempt,
    unknown or not-a-face). On FER-2013's PrivateTest that is 3,121 rows.

    Returns:
        (N,) int64 labels (valid where clear) and (N,) bool.
    """
    votes = dataset.votes
    top = votes.max(axis=1)
    tie = (votes == top[:, None]).sum(axis=1) > 1
    columns = np.array(_vote_columns(dataset.label_set))
    winner = votes.argmax(axis=1)
    clear = ~tie & (top >= _MIN_VOTES) & np.isin(winner, columns)
    label_of_column = np.zeros(votes.shape[1], np.int64)
    label_of_column[columns] = np.arange(len(columns))
    return label_of_column[winner], clear


def soft_labels(
    dataset: EmotionDataset, source: str, *, vote_share: float = 0.4
) -> tuple[Float32Array, npt.NDArray[np.bool_]]:
    """Training targets.

    Args:
        dataset: N images.
        source: ``fer2013``: the original label; ``raters``: the distribution of the FER+ votes
            over the data set's emotions and, in a last column, contempt; ``mixed``:
            ``1 - vote_share`` of the original label and ``vote_share`` of the votes, without
            contempt; ``auxiliary-head`` and ``multi-task``: the columns of ``fer2013``, then those
            of ``raters``.
        vote_share: weight of the votes in ``mixed``, 0-1.

    Returns:
        (N, C) float32 targets, rows sum to 1, and (N,) bool rows that can be trained on
        (``raters`` leaves out rows where fewer than half of the ten raters saw an emotion). With
        two distributions each of the two parts sums to 1, the second to 0 on rows that
        ``raters`` leaves out.

    Raises:
        ValueError: the source is unknown.
    """
    one_hot = np.eye(len(dataset.label_set), dtype=np.float32)[dataset.labels]
    everything = np.ones(len(dataset), bool)
    if source == "fer2013":
        return one_hot, everything
    if source not in LABEL_SOURCES:
        raise ValueError(f"Unknown labels. Wanted one of {LABEL_SOURCES}. Received: {source!r}")
    if source == "raters" or source in TWO_DISTRIBUTIONS:
        columns = list(dict.fromkeys([*_vote_columns(dataset.label_set), vote_column(_EIGHTH)]))
        votes = _shares(dataset, columns)
        enough = dataset.votes[:, columns].sum(axis=1) >= _MIN_VOTES
        if source == "raters":
            return votes, enough
        return np.concatenate([one_hot, votes * enough[:, None]], axis=1), everything
    shares = vote_distribution(dataset)
    voted = shares.sum(axis=1) > 0
    weight = np.where(voted, vote_share, 0.0).astype(np.float32)[:, None]
    return (1 - weight) * one_hot + weight * shares, everything
