"""Rows of stored sessions as reports take them, read once while nothing about them changes."""

import hashlib
import json
from collections.abc import Sequence

import streamlit as st

from emotion_core.errors import ReportError
from emotion_core.reports.session_frames import SessionFrames
from emotion_core.reports.stored import read_stored
from emotion_core.store.session import StoredSession
from emotion_core.store.session_info import SessionInfo
from emotion_core.store.store import Store

#: Rows that are laid into memory at once; 3 million are an hour of 28 faces, and about 2 GB.
MAX_ROWS = 3_000_000
_KEPT = 48
_KEPT_S = 1800.0


def read_session(
    stored: StoredSession, *, group: str = "", relative: bool = False
) -> SessionFrames:
    """A session's rows, with its people, markers and condition as they are now.

    Args:
        stored: the session.
        group: see ``read_stored``.
        relative: see ``read_stored``.

    Raises:
        StoreError: rows cannot be read.
        ReportError: there are too many, or somebody is not seen in their resting interval.
    """
    info = stored.info()
    check_rows([info])
    return _frames(version_of(stored, info), group, relative, stored)


def read_sessions(
    store: Store, infos: Sequence[SessionInfo], *, group: str = "", relative: bool = False
) -> list[SessionFrames]:
    """Several sessions, in order.

    Raises:
        StoreError: rows cannot be read.
        ReportError: there are too many, or somebody is not seen in their resting interval.
    """
    check_rows(infos)
    return [read_session(store.session(info.id), group=group, relative=relative) for info in infos]


def check_rows(infos: Sequence[SessionInfo]) -> None:
    """Refuses more rows than fit into memory together.

    Raises:
        ReportError: there are too many.
    """
    rows = sum(info.rows for info in infos)
    if rows > MAX_ROWS:
        raise ReportError(
            f"Wanted at most {MAX_ROWS:,} rows of faces at once. Received: {rows:,}. Choose fewer "
            "or shorter sessions; `sessions export --form parquet` has all rows."
        )


def version_of(stored: StoredSession, info: SessionInfo) -> str:
    """A word that changes with everything that is known of a session."""
    about = [
        info.to_dict(),
        [marker.to_dict() for marker in stored.markers.list()],
        [part.path.name for part in stored.place.parts.parts()],
    ]
    text = json.dumps(about, sort_keys=True, default=str)
    return f"{info.id}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


@st.cache_resource(max_entries=_KEPT, ttl=_KEPT_S, show_spinner="Reading the rows")
def _frames(version: str, group: str, relative: bool, _stored: StoredSession) -> SessionFrames:  # noqa: ARG001 - the cache's key
    return read_stored(_stored, group=group, relative=relative)
