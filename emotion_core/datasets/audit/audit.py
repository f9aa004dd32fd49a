"""The audit: looks at every picture of a data set and writes down what is wrong with it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from emotion_core.datasets.audit import groups, near, quality
from emotion_core.datasets.audit.embedding import Embedding, embed
from emotion_core.datasets.audit.label_issues import LabelIssues, find_label_issues
from emotion_core.datasets.audit.progress import Progress
from emotion_core.datasets.audit.report import AuditReport
from emotion_core.datasets.dataset import VOTE_COLUMNS, EmotionDataset
from emotion_core.datasets.duplicates import duplicate_keys
from emotion_core.datasets.labels import clear_majority, vote_distribution
from emotion_core.emotions import parse_emotion
from emotion_core.extras import need
from emotion_core.types import Float32Array, Int64Array, checked


def audit_dataset(
    dataset: EmotionDataset,
    *,
    features: Float32Array | None = None,
    probabilities: Float32Array | None = None,
    progress: Callable[[str, float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> AuditReport:
    """Audits a data set.

    Args:
        dataset: N pictures.
        features: (N, D) float32, what a model sees in them; without, there are no label issues
            and no map, and neighbours are those with the same coarse look.
        probabilities: (N, C) float32, the same model's scores in the order of the data set's
            labels; given with the features or not at all.
        progress: gets the stage in words and the share that is done, 0-1.
        cancelled: asked often whether to stop.

    Returns:
        The report. Equal input gives an equal report.

    Raises:
        Cancelled: the user stopped it.
        ValueError: features or probabilities of another shape, or only one of them.
        MissingExtraError: the packages of an audit are not installed.
    """
    for module in ("threadpoolctl", "sklearn", "cleanlab"):
        need(module, "An audit")
    from threadpoolctl import threadpool_limits

    if (features is None) != (probabilities is None):
        raise ValueError("audit: wanted features and probabilities, or neither. Received one.")
    steps = Progress(progress, cancelled)
    # The products are small: a second BLAS thread doubles the work of the processor and, beside
    # other work, made the audit many times slower by waiting.
    with threadpool_limits(1):
        return _audit(dataset, features, probabilities, steps)


def _audit(
    dataset: EmotionDataset,
    features: Float32Array | None,
    probabilities: Float32Array | None,
    steps: Progress,
) -> AuditReport:
    n = len(dataset)
    steps.tell("Measuring pictures", 0.0)
    looks = quality.picture_quality(dataset.images)
    steps.tell("Looking for exact duplicates", 0.1)
    keys = duplicate_keys(dataset.images)
    exact, either_way = groups.equal_groups(keys.exact), groups.equal_groups(keys.mirrored)
    low = near.low_frequencies(dataset.images)
    near_groups, mirrored_groups, photo = _copies(dataset, exact, low, ~looks.flat, steps)
    unique = near.uniqueness(low.vectors, progress=steps.part(0.7, 0.8))
    unique[exact >= 0] = 0.0  # also where a picture of one colour looks like nothing
    ferplus = _ferplus_columns(dataset)
    embedding, facts = low.vectors, {}
    opinions = _no_opinions(n)
    if features is not None and probabilities is not None:
        checked("features", features, (n, None), np.float32)
        checked("probabilities", probabilities, (n, len(dataset.label_set)), np.float32)
        placed = embed(features)
        judged = find_label_issues(
            dataset.labels, placed.whitened, photo, progress=steps.part(0.8, 0.99)
        )
        opinions = _opinions(dataset, placed, judged, probabilities)
        embedding = placed.directions
        facts = judged.facts(dataset, np.asarray(ferplus["ferplus_label"]))
        facts["map_explained"] = round(float(placed.explained[:2].sum()), 4)
    rows = pd.DataFrame(
        {
            "row": dataset.rows,
            "split": pd.Categorical(dataset.usage),
            "label": dataset.labels,
            "exact_group": exact,
            "mirrored_group": mirrored_groups,
            "near_group": near_groups,
            "photo_group": photo,
            "leaks": groups.varied_groups(either_way, dataset.usage),
            "near_leaks": groups.varied_groups(photo, dataset.usage),
            "conflicting": groups.varied_groups(exact, dataset.labels),
            "near_conflicting": groups.varied_groups(photo, dataset.labels),
            "flat": looks.flat,
            "dark": looks.dark,
            "blurred": looks.blurred,
            "not_a_face": quality.not_a_face(dataset, looks.flat),
            "brightness": looks.brightness,
            "sharpness": looks.sharpness,
            "uniqueness": unique,
            **ferplus,
            **opinions,
        }
    )
    steps.tell("Done", 1.0)
    return AuditReport(
        rows=rows,
        labels=tuple(dataset.label_set.names),
        agreement=_agreement(dataset, rows["ferplus_majority"]),
        agreement_columns=(*map(_spelled, VOTE_COLUMNS), "tie"),
        embedding=embedding,
        probabilities=np.zeros((n, 0), np.float32) if probabilities is None else probabilities,
        dataset_sha256=dataset.sha256,
        facts=facts,
    )


def _no_opinions(n: int) -> dict[str, npt.NDArray[Any]]:
    """The columns of a model where there is none."""
    unknown = np.full(n, np.nan, np.float32)
    return {
        "label_issue": np.zeros(n, bool),
        "label_quality": unknown,
        "suggested": np.full(n, -1),
        "predicted": np.full(n, -1),
        "predicted_confidence": unknown,
        "label_probability": unknown,
        "map_x": unknown,
        "map_y": unknown,
    }


def _opinions(
    dataset: EmotionDataset,
    placed: Embedding,
    judged: LabelIssues,
    probabilities: Float32Array,
) -> dict[str, npt.NDArray[Any]]:
    """The columns of a model."""
    map_xy = np.pad(placed.places, ((0, 0), (0, 2)))[:, :2]  # features may have one axis only
    return {
        "label_issue": judged.issue,
        "label_quality": judged.quality,
        "suggested": judged.suggested,
        "predicted": probabilities.argmax(axis=1),
        "predicted_confidence": probabilities.max(axis=1),
        "label_probability": probabilities[np.arange(len(dataset)), dataset.labels],
        "map_x": map_xy[:, 0],
        "map_y": map_xy[:, 1],
    }


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
    pairs = near.near_pairs(images, hashes, hashes, usable, progress=steps.part(0.15, 0.4))
    flipped = near.near_pairs(
        images,
        hashes,
        low.mirrored_hashes,
        usable,
        mirrored=True,
        progress=steps.part(0.4, 0.7),
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
    """(C, V + 1) pictures by original label and by what most raters said."""
    shape = (len(dataset.label_set), len(VOTE_COLUMNS) + 1)
    table = np.zeros(shape, np.int64)
    voted = dataset.votes.sum(axis=1) > 0
    codes = majority.cat.codes.to_numpy().astype(np.int64) - 1
    np.add.at(table, (dataset.labels[voted], codes[voted]), 1)  # a tie is -1: the last column
    return table
