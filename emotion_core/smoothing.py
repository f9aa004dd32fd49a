"""Calms scores and labels in time. Pure NumPy."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from emotion_core.types import Decisions, EmotionScores, Float32Array, Int64Array, is_uncertain

# A face that was away for longer than this starts afresh.
_FORGET_S = 5.0


@dataclass(slots=True)
class _State:
    probabilities: Float32Array
    time_s: float
    label: int
    rival: int
    rival_since_s: float
    uncertain: bool
    sided_since_s: float  # since when the top probability says otherwise than ``uncertain``


def _plain(state: _State) -> dict[str, Any]:
    return {field.name: getattr(state, field.name) for field in fields(state)}


class ScoreSmoother:
    """Exponential smoothing over time, and a label that does not flicker.

    After ``half_life_s`` seconds half of a change has arrived, however many frames that were. The
    displayed label changes only when another one leads by ``Decisions.LABEL_MARGIN``, or has led
    for ``hold_s``; whether a face counts as uncertain is as slow to change within
    ``Decisions.DOUBT_MARGIN`` of the threshold.

    Args:
        half_life_s: 0 for no smoothing.
        hold_s: how long a smaller lead must last.
    """

    def __init__(self, half_life_s: float = 0.4, *, hold_s: float = 0.6) -> None:
        if half_life_s < 0:
            raise ValueError(f"half_life_s: wanted 0 or more. Received: {half_life_s}")
        self.half_life_s = half_life_s
        self._hold_s = hold_s
        self._states: dict[int, _State] = {}

    def reset(self) -> None:
        """Forgets every face."""
        self._states.clear()

    def state(self) -> dict[str, Any]:
        """Everything that is known of the faces, as JSON; see ``restore``."""
        return {
            str(track): {**_plain(state), "probabilities": state.probabilities.tolist()}
            for track, state in self._states.items()
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on where ``state`` was asked for, with the very same results."""
        self._states = {
            int(track): _State(
                **{**values, "probabilities": np.array(values["probabilities"], np.float32)}
            )
            for track, values in state.items()
        }

    def update(
        self,
        scores: EmotionScores,
        track_ids: Int64Array,
        time_s: float,
        *,
        threshold: float | None = None,
    ) -> Decisions:
        """Smoothed scores of one frame and what the faces are called by them.

        Args:
            scores: N faces.
            track_ids: (N,) int64, as ``FaceTracker`` gives them.
            time_s: time of the frame.
            threshold: top probability below which a face counts as uncertain; None for the
                model's own.

        Returns:
            Steady decisions of N smoothed scores, whose rows still sum to 1.

        Raises:
            ValueError: another number of track ids than of faces.
        """
        limit = scores.threshold if threshold is None else threshold
        if len(track_ids) != len(scores):
            raise ValueError(
                f"track_ids: wanted {len(scores)}, one per face. Received: {len(track_ids)}"
            )
        self._states = {
            track: state
            for track, state in self._states.items()
            if time_s - state.time_s <= _FORGET_S
        }
        smoothed = np.empty_like(scores.probabilities)
        labels = np.empty(len(scores), np.int64)
        uncertain = np.empty(len(scores), np.bool_)
        for face, track in enumerate(track_ids.tolist()):
            state = self._advance(track, scores.probabilities[face], limit, time_s)
            smoothed[face], labels[face] = state.probabilities, state.label
            uncertain[face] = state.uncertain
        calm = EmotionScores(smoothed, scores.label_set, scores.threshold)
        return Decisions(calm, limit, labels, uncertain)

    def step(
        self, track: int, probabilities: Float32Array, time_s: float, threshold: float
    ) -> tuple[Float32Array, int, bool]:
        """The same for one face, for tables of thousands: nothing is checked.

        Args:
            track: the face's number.
            probabilities: (C,) float32, sums to 1.
            time_s: time of the frame.
            threshold: top probability below which it counts as uncertain.

        Returns:
            Smoothed probabilities (C,), the steady label, and whether it is uncertain.
        """
        known = self._states.get(track)
        if known is not None and time_s - known.time_s > _FORGET_S:
            del self._states[track]
        state = self._advance(track, probabilities, threshold, time_s)
        return state.probabilities, state.label, state.uncertain

    def _advance(
        self, track: int, probabilities: Float32Array, threshold: float, time_s: float
    ) -> _State:
        state = self._states.get(track)
        if state is None:
            label = int(probabilities.argmax())
            uncertain = bool(is_uncertain(probabilities[label], threshold))
            state = _State(probabilities, time_s, label, label, time_s, uncertain, time_s)
            self._states[track] = state
            return state
        elapsed_s = max(0.0, time_s - state.time_s)
        keep = 0.5 ** (elapsed_s / self.half_life_s) if self.half_life_s else 0.0
        mixed = keep * state.probabilities.astype(np.float64) + (1 - keep) * probabilities
        state.probabilities = np.asarray(mixed / mixed.sum(), dtype=np.float32)
        state.time_s = time_s
        self._choose_label(state)
        self._doubt(state, threshold)
        return state

    def _doubt(self, state: _State, threshold: float) -> None:
        top = float(state.probabilities.max())
        doubtful = bool(is_uncertain(top, threshold))
        if doubtful == state.uncertain:
            state.sided_since_s = state.time_s
        far = abs(top - threshold) >= Decisions.DOUBT_MARGIN
        if far or state.time_s - state.sided_since_s >= self._hold_s:
            state.uncertain = doubtful

    def _choose_label(self, state: _State) -> None:
        leader = int(state.probabilities.argmax())
        if leader != state.rival:
            state.rival, state.rival_since_s = leader, state.time_s
        lead = state.probabilities[leader] - state.probabilities[state.label]
        if lead >= Decisions.LABEL_MARGIN or state.time_s - state.rival_since_s >= self._hold_s:
            state.label = leader
