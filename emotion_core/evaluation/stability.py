"""Does a prediction stay when the box is a little off or the face turned? Measured on photos.

A detector never puts two boxes quite alike, so what a network says of one face must not hang on
where exactly its crop begins.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from emotion_core.classifiers.runtime import Classifier
from emotion_core.evaluation.jitter import PHOTO, UNCHANGED, JitteredFaces
from emotion_core.evaluation.metrics import wilson_interval
from emotion_core.types import BoolArray, Decisions

#: Stands for all kinds but ``PHOTO``.
ANY = "any"


@dataclass(frozen=True, slots=True)
class Flips:
    """How many predictions changed.

    Attributes:
        n: number of predictions.
        flips: how many of them changed.
    """

    n: int
    flips: int

    @property
    def rate(self) -> float | None:
        """Share of changed predictions; None of none."""
        return self.flips / self.n if self.n else None

    @property
    def ci95(self) -> tuple[float, float]:
        """95 % interval of the share."""
        return wilson_interval(self.flips, self.n)


@dataclass(frozen=True, slots=True)
class ConditionStability:
    """What one condition does.

    Attributes:
        name: key of ``JitteredFaces.kinds``.
        kind: its kind.
        faces: faces whose most probable emotion changes, of those that were found again.
        confident: the same of faces whose unchanged crop is predicted with confidence.
        mean_change: mean total variation between the probabilities before and after: half the sum
            of the absolute differences, from 0 to 1; None of none.
    """

    name: str
    kind: str
    faces: Flips
    confident: Flips
    mean_change: float | None


@dataclass(frozen=True, slots=True)
class KindStability:
    """What the conditions of one kind do.

    Attributes:
        kind: of the conditions, or ``ANY`` for every change of a crop.
        rate: flips under one such condition, on average over them; None of none.
        rate_confident: the same of the faces that are predicted with confidence.
        ever: faces whose prediction changes under at least one of them, of those always found.
        ever_confident: the same of the faces that are predicted with confidence.
    """

    kind: str
    rate: float | None
    rate_confident: float | None
    ever: Flips
    ever_confident: Flips


@dataclass(frozen=True, slots=True)
class Stability:
    """How stable a model's predictions are.

    Attributes:
        n_photos: number of photos.
        n_faces: faces found in them.
        n_confident: those whose unchanged crop is predicted with confidence.
        conditions: one by one.
        kinds: summed up.
    """

    n_photos: int
    n_faces: int
    n_confident: int
    conditions: tuple[ConditionStability, ...]
    kinds: tuple[KindStability, ...]


def stability(faces: JitteredFaces, classifier: Classifier) -> Stability:
    """Compares a model's predictions for changed crops with those for the unchanged ones.

    Args:
        faces: from `jittered_faces`, in the size that the model takes.
        classifier: the model.

    Raises:
        ValueError: the crops have another size.
    """
    before = classifier.predict(faces.crops[UNCHANGED])
    sure = ~Decisions.from_scores(before).uncertain
    flipped: dict[str, BoolArray] = {}
    conditions = []
    for name, kind in faces.kinds.items():
        after, seen = classifier.predict(faces.crops[name]), faces.found[name]
        flipped[name] = after.labels != before.labels
        change = np.abs(after.probabilities - before.probabilities).sum(axis=1)[seen] / 2
        conditions.append(
            ConditionStability(
                name,
                kind,
                _flips(flipped[name], seen),
                _flips(flipped[name], seen & sure),
                float(change.mean()) if len(change) else None,
            )
        )
    kinds = []
    for kind in (*dict.fromkeys(faces.kinds.values()), ANY):
        names = [n for n, k in faces.kinds.items() if k == kind or (kind == ANY and k != PHOTO)]
        own = [condition for condition in conditions if condition.name in names]
        ever = np.any([flipped[name] for name in names], axis=0)
        seen = np.all([faces.found[name] for name in names], axis=0)
        kinds.append(
            KindStability(
                kind,
                _mean_rate([condition.faces for condition in own]),
                _mean_rate([condition.confident for condition in own]),
                _flips(ever, seen),
                _flips(ever, seen & sure),
            )
        )
    return Stability(faces.n_photos, len(faces), int(sure.sum()), tuple(conditions), tuple(kinds))


def stability_figures(result: Stability) -> dict[str, Any]:
    """The result as JSON-ready figures, rates and intervals included."""

    def figures(part: ConditionStability | KindStability) -> dict[str, Any]:
        values = asdict(part)
        for name in asdict(part):
            value = getattr(part, name)
            if isinstance(value, Flips):
                values[name] |= {"rate": value.rate, "ci95": list(value.ci95)}
        return values

    return asdict(result) | {
        "conditions": [figures(condition) for condition in result.conditions],
        "kinds": [figures(kind) for kind in result.kinds],
    }


def _flips(flipped: BoolArray, counted: BoolArray) -> Flips:
    return Flips(int(counted.sum()), int((flipped & counted).sum()))


def _mean_rate(parts: list[Flips]) -> float | None:
    n = sum(part.n for part in parts)
    return sum(part.flips for part in parts) / n if n else None
