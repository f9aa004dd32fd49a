"""What stands below a session's timeline, one tab each; only the open one is worked out."""

import streamlit as st

from emotion_core.markdown import plain
from emotion_core.store.session import StoredSession
from emotion_core.store.session_info import SessionInfo
from emotion_core.store.session_markers import GAP
from emotion_core.store.session_undo import UndoableEdits
from emotion_core.store.session_view import version_of
from emotion_core.video.view import VideoView
from emotion_core.wording import clock, count_of
from pages.parts.common.settings import Settings

_TABS = ("Summary", "People", "Markers", "Events", "Rows", "Agreement", "Take home")
_GAPS = 8


def sections(
    session: StoredSession,
    info: SessionInfo,
    view: VideoView,
    edits: UndoableEdits,
    settings: Settings,
) -> None:
    """Draws the tabs."""
    tab = st.segmented_control(
        "Below the timeline", _TABS, default=_TABS[0], required=True, key="session_section",
        persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    version = hash(version_of(session)) & 0xFFFFFFFF
    markers = session.markers.list()
    match tab:
        case "Summary":
            from pages.parts.common.review.figures import figures

            figures(view, markers, f"session_interval_{info.id}", whole="Whole session")
        case "People":
            from pages.parts.sessions.people import people_section

            people_section(session, info, edits, f"{version:x}", blur=settings.blur)
        case "Markers":
            from pages.parts.common.review.markers_table import markers_table

            _gaps([(m.start_s, m.end_s or m.start_s) for m in markers if m.kind == GAP])
            markers_table(
                [marker for marker in markers if marker.kind != GAP],
                edits.markers,
                f"session_markers_{info.id}_{version:x}",
                can_undo=len(edits.markers.log) > 0,
            )
        case "Events":
            from pages.parts.common.review.events_table import events_table

            events_table(view, "session")
        case "Agreement":
            from pages.parts.sessions.agreement import agreement

            agreement(session)
        case "Take home":
            from pages.parts.sessions.downloads import downloads

            downloads(session)
        case _:
            from pages.parts.sessions.rows import rows_table

            rows_table(view)


def _gaps(gaps: list[tuple[float, float]]) -> None:
    """Where no frames came: told, and no user's to change."""
    if not gaps:
        return
    spans = ", ".join(f"{clock(start)} to {clock(end)}" for start, end in gaps[:_GAPS])
    more = f" and {len(gaps) - _GAPS:,} more" if len(gaps) > _GAPS else ""
    st.caption(
        f":material/broken_image: {count_of(len(gaps), 'gap').capitalize()} without frames: "
        f"{plain(spans)}{more}."
    )
