"""The audit: looks at every picture of a data set and writes down what is wrong with it."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from emotion_core.datasets.audit import groups, near, quality
from emotion_core.datasets.audit.progress import Progress
from emotion_core.datasets.audit.report import AuditReport
from emotion_core.datasets.dataset import VOTE_COLUMNS, EmotionDataset
from emotion_core.datasets.duplicates import duplicate_keys
from emotion_core.datasets.labels import clear_majority, vote_distribution
from emotion_core.emotions import parse_emotion
from emotion_core.types import Int64Array


def audit_dataset(
    dataset: EmotionDataset,
    *,
    progress: Callable[[str, float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> AuditReport:
    """Audits a data set.

    Args:
        dataset: N pictures.
        progress: gets the stage in words and the share that is done, 0-1.
        cancelled: asked often whether to stop.

    Returns:
        The report. Equal input gives an equal report.

    Raises:
        Cancelled: the user stopped it.
    """
    steps = Progress(progress, cancelled)
    n = len(dataset)
    steps.tell("Measuring pictures", 0.0)
    looks = quality.picture_quality(dataset.images)
    steps.tell("Looking for exact duplicates", 0.1)
    keys = duplicate_keys(dataset.images)
    exact, either_way = groups.equal_groups(keys.exact), groups.equal_groups(keys.mirrored)
    low = near.low_frequencies(dataset.images)
    near_groups, mirrored_groups, photo = _copies(dataset, exact, low, ~looks.flat, steps)
    unique = near.uniqueness(low.vectors, progress=steps.part(0.9, 1.0))
    rows = pd.DataFrame(
        {
            "row": dataset.rows,
            "split": pd.Categorical(dataset.usage),
            "label": dataset.labels,
            "exact_group": exact,
            "mirrored_group": mirrored_groups,
            "near_group": near_groups,
            "leaks": groups.varied_groups(either_way, dataset.usage),
            "near_leaks": groups.varied_groups(photo, dataset.usage),
            "conflicting": groups.varied_groups(exact, dataset.labels),
            "flat": looks.flat,
            "dark": looks.dark,
            "blurred": looks.blurred,
            "not_a_face": quality.not_a_face(dataset, looks.flat),
            "brightness": looks.brightness,
            "sharpness": looks.sharpness,
            "uniqueness": unique,
            **_ferplus_columns(dataset),
            "label_issue": np.zeros(n, bool),
            "label_quality": np.full(n, np.nan, np.float32),
            "suggested": np.full(n, -1),
            "predicted": np.full(n, -1),
            "predicted_confidence": np.full(n, np.nan, np.float32),
            "label_probability": np.full(n, np.nan, np.float32),
            "map_x": np.full(n, np.nan, np.float32),
            "map_y": np.full(n, np.nan, np.float32),
        }
    )
    steps.tell("Done", 1.0)
    return AuditReport(
        rows=rows,
        labels=tuple(dataset.label_set.names),
        agreement=_agreement(dataset, rows["ferplus_majority"]),
        agreement_columns=(*map(_spelled, VOTE_COLUMNS), "tie"),
        embedding=low.vectors,
        probabilities=np.zeros((n, 0), np.float32),
        dataset_sha256=dataset.sha256,
    )


def _copies(
    dataset: EmotionDataset,
    exact: Int64Array,
    low: near.LowFrequencies,
    usable: npt.NDArray[np.bool_],
    steps: Progress,
) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Groups of near duplicates, of mirrored ones, and of any kind of copies."""
    n, images, hashes = len(dataset), dataset.images, low.hashes
    # One picture of each exact group stands for all of them.
    first = np.ones(n, bool)
    links = groups.group_links(exact)
    first[links[links[:, 0] != links[:, 1], 1]] = False
    usable = usable & first
    pairs = near.near_pairs(images, hashes, hashes, usable, progress=steps.part(0.15, 0.5))
    flipped = near.near_pairs(
        images,
        hashes,
        low.mirrored_hashes,
        usable,
        mirrored=True,
        progress=steps.part(0.5, 0.9),
    )
    # A face can be so symmetric that a copy also resembles the mirror image: that is a copy.
    known = {tuple(pair) for pair in pairs.tolist()}
    flipped = flipped[[tuple(pair) not in known for pair in flipped.tolist()]].reshape(-1, 2)
    return (
        groups.linked_groups(n, pairs, along=links),
        groups.linked_groups(n, flipped, along=links),
        groups.linked_groups(n, pairs, flipped, links),
    )


def _ferplus_columns(
    dataset: EmotionDataset,
) -> dict[str, npt.NDArray[np.generic] | pd.Categorical]:
    labels, clear = clear_majority(dataset)
    votes = dataset.votes
    shares = vote_distribution(dataset)
    agreement = shares[np.arange(len(dataset)), dataset.labels]
    agreement[shares.sum(axis=1) == 0] = np.nan
    top = votes.max(axis=1)
    winner = votes.argmax(axis=1) + 1
    winner[((votes == top[:, None]).sum(axis=1) > 1) | (top == 0)] = 0
    names = np.array(["", *map(_spelled, VOTE_COLUMNS)])
    return {
        "ferplus_label": np.where(clear, labels, -1),
        "ferplus_majority": pd.Categorical(names[winner], categories=names),
        "ferplus_agreement": agreement,
    }


def _spelled(column: str) -> str:
    """FER+ spells emotions as nouns; everywhere else they have one spelling."""
    return column if column in ("unknown", "nf") else str(parse_emotion(column))


def _agreement(dataset: EmotionDataset, majority: "pd.Series[str]") -> Int64Array:
    """(C, V + 1) pictures by original label and by what most taggers said."""
    shape = (len(dataset.label_set), len(VOTE_COLUMNS) + 1)
    table = np.zeros(shape, np.int64)
    voted = dataset.votes.sum(axis=1) > 0
    codes = majority.cat.codes.to_numpy().astype(np.int64) - 1
    np.add.at(table, (dataset.labels[voted], codes[voted]), 1)  # a tie is -1: the last column
    return table
