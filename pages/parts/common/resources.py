"""Heavy things that live as long as the server or the session."""

from typing import Any

import streamlit as st

from emotion_core.classifiers.card import ModelCard
from emotion_core.classifiers.litert_network import usable_threads
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.classifiers.worker import InferenceWorker
from emotion_core.faces import FaceDetector, SmallFaces, all_detectors, build_detector

_DETECTOR = "_detector"


def registry() -> ModelRegistry:
    """The models of this installation. Reads folders only, so it needs no cache."""
    return ModelRegistry()


def classifier(card: ModelCard, labels: str) -> InferenceWorker:
    """The one worker that serves a head of a model to all sessions.

    Args:
        card: of the model.
        labels: whose labels answer.

    Raises:
        ModelError: the model's files are missing or altered, or it has no head for these labels.
    """
    return _worker(card.name, card.sha256, labels, repr(card.head(labels)))


@st.cache_resource(show_spinner=False, on_release=lambda worker: worker.close())
def _worker(name: str, sha256: str, labels: str, head: str) -> InferenceWorker:  # noqa: ARG001 - the cache's key
    """Keyed by hash and head too: a model that was trained or calibrated anew is opened anew."""
    return InferenceWorker(registry().open(name, labels=labels))


def session_detector(
    name: str,
    min_confidence: float | None = None,
    small_faces: SmallFaces = SmallFaces.AUTO,
) -> FaceDetector:
    """The face detector of this session; detectors have state and are never shared.

    Args:
        name: name of the detector.
        min_confidence: from which confidence a box counts as a face; None for its own default.
        small_faces: how hard small faces are looked for in large photos.

    Raises:
        DetectorError: it cannot be loaded.
    """
    wanted = (name, min_confidence, small_faces)
    built: tuple[Any, FaceDetector] | None = st.session_state.get(_DETECTOR)
    if built is None or built[0] != wanted:
        detector = build_detector(
            name,
            min_confidence=min_confidence,
            small_faces=small_faces,
            threads=usable_threads(),
        )
        built = wanted, detector
        st.session_state[_DETECTOR] = built
    return built[1]


def default_detector_note() -> str:
    """Why the usual detector is not the default here; empty where it is.

    Raises:
        DetectorError: no detector can be used here.
    """
    usual = all_detectors()[0]
    return "" if usual.available else build_detector().note
