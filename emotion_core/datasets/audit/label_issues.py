"""Likely label errors, by confident learning.

A logistic regression on a model's features judges every label. The pictures are dealt into folds
and each is judged by a regression that did not see its fold; all copies of a photograph stand in
one fold, so none is judged by its own copy.

How honest that is: the regression never saw the picture it judges, but the network that made the
features may have. A network that was trained on this very set has bent its features towards the
labels of its Training images, the wrong ones too, so fewer errors are found there than among
images that it never saw. ``judge_accuracy`` shows how much: with the model `compact` the labels of
FER-2013 are met in 73 % of Training, 67 % of PublicTest and 68 % of PrivateTest.

Source: Northcutt et al., "Confident Learning", arXiv 1911.00068, as implemented by cleanlab.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emotion_core.datasets.audit.progress import Progress
from emotion_core.datasets.dataset import EmotionDataset
from emotion_core.types import Float32Array, Int64Array

FOLDS = 5
#: Fewer pictures than this say nothing about labels.
MIN_ROWS = 20

_STAGE = "Judging the labels"


@dataclass(frozen=True, slots=True, eq=False)
class LabelIssues:
    """What the judge thinks of N labels.

    Attributes:
        issue: (N,) bool, likely wrong.
        quality: (N,) float32, the judge's probability of the label; NaN where there was no judge.
        suggested: (N,) int64, the label it would give; -1 where there was no judge.
    """

    issue: npt.NDArray[np.bool_]
    quality: Float32Array
    suggested: Int64Array

    def facts(self, dataset: EmotionDataset, ferplus_label: Int64Array) -> dict[str, Any]:
        """How good the judge is: accuracy per split, and what FER+ says about the issues.

        Args:
            dataset: the N pictures.
            ferplus_label: (N,) int64 clear majority of the FER+ votes, -1 where there is none.
        """
        judged = self.suggested >= 0
        right = self.suggested == dataset.labels
        clear = judged & (ferplus_label >= 0)
        differs = ferplus_label != dataset.labels
        return {
            "judge_accuracy": {
                str(split): round(float(right[judged & (dataset.usage == split)].mean()), 4)
                for split in np.unique(dataset.usage[judged])
            },
            "label_issues_with_ferplus": int((self.issue & clear).sum()),
            # Next to it the share that chance would give: issues are worth what lies between.
            "label_issues_ferplus_differs": _mean(differs[self.issue & clear]),
            "labels_ferplus_differs": _mean(differs[clear]),
        }


def find_label_issues(
    labels: Int64Array,
    places: Float32Array,
    photo_groups: Int64Array,
    *,
    progress: Progress | None = None,
) -> LabelIssues:
    """Judges all labels.

    Args:
        labels: (N,) int64.
        places: (N, K) float32, standardised.
        photo_groups: (N,) int64, equal for copies of one photograph; -1: a single picture.
        progress: where to report to.

    Returns:
        The judgement; nothing is judged with fewer than 20 pictures or two classes, as then
        every judge would be a guess.
    """
    progress = progress or Progress()
    n = len(labels)
    classes, compact = np.unique(labels, return_inverse=True)
    if n < MIN_ROWS or len(classes) < 2:
        return LabelIssues(np.zeros(n, bool), np.full(n, np.nan, np.float32), np.full(n, -1))
    probabilities = _out_of_fold(compact, len(classes), places, photo_groups, progress)
    # Here and not at the top: cleanlab and scikit-learn take a second to import.
    from cleanlab.filter import find_label_issues as confident_learning

    progress.tell(_STAGE, 0.9)
    # "both" keeps what two methods agree on. On FER-2013 and the model `compact`, the clear FER+
    # majority differs from 82 % of the labels that it finds, and from 32 % of all labels.
    with warnings.catch_warnings():
        # Classes of a few pictures are left alone, as they should be.
        warnings.filterwarnings("ignore", "May not flag all label issues")
        issue = confident_learning(compact, probabilities, filter_by="both", n_jobs=1)
    return LabelIssues(
        np.asarray(issue, dtype=bool),
        probabilities[np.arange(n), compact].astype(np.float32),
        classes[probabilities.argmax(axis=1)],
    )


def deal_folds(photo_groups: Int64Array, folds: int = FOLDS) -> Int64Array:
    """(N,) int64 fold numbers, the same for all copies of a photograph. Always the same deal."""
    single = photo_groups < 0
    together = photo_groups.copy()
    together[single] = photo_groups.max(initial=-1) + 1 + np.arange(int(single.sum()))
    numbers = np.unique(together, return_inverse=True)[1]
    dealt = np.arange(int(numbers.max(initial=-1)) + 1) % folds
    return np.asarray(np.random.default_rng(0).permutation(dealt)[numbers], dtype=np.int64)


def _out_of_fold(
    labels: Int64Array,
    n_classes: int,
    places: Float32Array,
    photo_groups: Int64Array,
    progress: Progress,
) -> npt.NDArray[np.float64]:
    """(N, C) probabilities by regressions that did not see the row."""
    from sklearn.linear_model import LogisticRegression

    fold = deal_folds(photo_groups)
    # Of a class that stands in one fold only the others know nothing: a trace of probability.
    probabilities = np.full((len(labels), n_classes), 1e-6)
    for number in range(FOLDS):
        progress.tell(_STAGE, 0.9 * number / FOLDS)
        inside = fold == number
        known = np.unique(labels[~inside])
        if not inside.any():
            continue
        if len(known) == 1:
            probabilities[inside, known[0]] = 1.0
            continue
        judge = LogisticRegression(C=0.01, max_iter=500, tol=1e-3)
        judge.fit(places[~inside], labels[~inside])
        probabilities[np.ix_(inside, known)] += judge.predict_proba(places[inside])
    return np.asarray(probabilities / probabilities.sum(axis=1, keepdims=True))


def _mean(values: npt.NDArray[np.bool_]) -> float | None:
    return round(float(values.mean()), 4) if len(values) else None
