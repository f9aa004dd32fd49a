"""What the live page keeps: the session's stream, the server's gate, the warm model."""

import gc
import uuid

import numpy as np
import streamlit as st

from emotion_core.classifiers.worker import InferenceWorker
from emotion_core.faces import FaceDetector, SmallFaces, build_detector
from emotion_core.live.recorded import ScoreSource
from emotion_core.live.session import DETECT_SIDE_PX, LiveSession
from emotion_core.live.view import LiveSettings
from emotion_core.live.viewers import ViewerGate, limit_from_environment
from pages.parts.common.resources import classifier, registry
from pages.parts.common.settings import Settings

_LIVE = "_live"
_BUILT_WITH = "_live_built_with"
_VIEWER = "_live_viewer"

#: Key of the video component; streamlit-webrtc keeps its state under it.
CAMERA_KEY = "live_camera"


@st.cache_resource(show_spinner=False)
def viewer_gate() -> ViewerGate:
    """The one gate of this server."""
    return ViewerGate(limit_from_environment())


def viewer() -> str:
    """Who this session is to the gate."""
    name: str = st.session_state.setdefault(_VIEWER, uuid.uuid4().hex)
    return name


def live_session(settings: Settings, chosen: LiveSettings) -> LiveSession:
    """This session's stream, with the settings as they are now.

    Raises:
        DetectorError: the face detector cannot be loaded.
        ModelError: the model's files are missing or altered.
    """
    worker = _warm_classifier(settings)
    face_search = (settings.detector, settings.min_confidence)
    wanted = (face_search, settings.card.name, settings.card.sha256, settings.labels)
    live: LiveSession | None = st.session_state.get(_LIVE)
    if live is None:
        live = LiveSession(
            _detector(*face_search),
            worker,
            chosen,
            source=score_source(settings),
            crop_size_px=settings.card.input_size_px,
        )
        st.session_state[_LIVE] = live
    else:
        built = st.session_state[_BUILT_WITH]
        same_model = built[1:] == wanted[1:]
        live.change(
            settings=None if live.settings == chosen else chosen,
            detector=None if built[0] == face_search else _detector(*face_search),
            classifier=None if same_model else worker,
            crop_size_px=None if same_model else settings.card.input_size_px,
            source=None if built == wanted else score_source(settings),
        )
    st.session_state[_BUILT_WITH] = wanted
    return live


def score_source(settings: Settings) -> ScoreSource:
    """What gives the scores with these settings, for a recording."""
    card = settings.card
    return ScoreSource(card.name, settings.labels, settings.detector, card.sha256)


def _detector(name: str, min_confidence: float | None) -> FaceDetector:
    return build_detector(
        name,
        min_confidence=min_confidence,
        max_side_px=DETECT_SIDE_PX,
        small_faces=SmallFaces.OFF,
    )


def _warm_classifier(settings: Settings) -> InferenceWorker:
    worker = classifier(settings.card, settings.labels)
    _warm_up(settings.card.name, settings.card.sha256, settings.labels)
    return worker


@st.cache_resource(show_spinner="Loading the model")
def _warm_up(name: str, sha256: str, labels: str) -> bool:  # noqa: ARG001 - the cache's key
    """Runs a model once, so that the first frame does not wait, and spares the collector.

    A full garbage collection walks over every object and stops video for 0.1 s. What is there now
    will stay, so it need not be looked at again.
    """
    card = registry().card(name)
    blank = np.zeros((1, card.input_size_px, card.input_size_px), np.uint8)
    classifier(card, labels).predict(blank)
    # What a recording needs: to import it later would stop the video for a second.
    import emotion_core.store.store
    import emotion_core.video.provenance  # noqa: F401

    gc.collect()
    gc.freeze()
    return True
