"""Scores relative to a person's own resting face. Pure NumPy."""

import numpy as np

from emotion_core.emotions import Emotion
from emotion_core.types import EmotionScores, Float32Array

# What a resting face shall read as: clearly neutral, and a little of everything else.
_NEUTRAL_AT_REST = 0.9

# A resting score below this says nothing about the person; dividing by it would only blow up noise.
_SMALLEST = 0.02


def relative_scores(scores: EmotionScores, resting: Float32Array) -> EmotionScores:
    """Scores as if every face at rest read as neutral.

    Each score is weighed by how much its emotion is over- or underrated on the resting face, then
    the row is brought back to sum 1. The resting face itself becomes 90 % neutral; a face whose
    mouth corners point down by nature no longer reads as sad.

    Source: the correction of posteriors for other priors, Saerens, Latinne & Decaestecker,
    "Adjusting the outputs of a classifier to new a priori probabilities", Neural Computation 14
    (2002), with the resting face in the place of the prior.

    Args:
        scores: N faces.
        resting: (N, C) float32, mean scores of each face at rest.

    Returns:
        N rows that sum to 1, with the same threshold.

    Raises:
        ValueError: ``resting`` has another shape, or the labels have no neutral.
    """
    probabilities = scores.probabilities
    if resting.shape != probabilities.shape:
        raise ValueError(f"resting: wanted {probabilities.shape}. Received: {resting.shape}")
    if Emotion.NEUTRAL not in scores.label_set.emotions:
        raise ValueError("A resting face needs a neutral among the labels. Received: none")
    wanted = np.full(len(scores.label_set), (1 - _NEUTRAL_AT_REST) / (len(scores.label_set) - 1))
    wanted[scores.label_set.index(Emotion.NEUTRAL)] = _NEUTRAL_AT_REST
    weighed = probabilities.astype(np.float64) * wanted / np.maximum(resting, _SMALLEST)
    # Rows of a sure answer can underflow to nothing when their emotion is weighed away.
    weighed = np.maximum(weighed, 1e-9)
    relative = weighed / weighed.sum(axis=1, keepdims=True)
    return EmotionScores(relative.astype(np.float32), scores.label_set, scores.threshold)
