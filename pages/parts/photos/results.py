"""What stands below the drop zone: progress, failures, summary, pictures, table, downloads."""

from collections.abc import Callable, Collection

import streamlit as st

from emotion_core.html import pieces
from emotion_core.markdown import plain
from emotion_core.photos.analysis import time_left, work_for_a_while
from emotion_core.photos.downloads import Export, file_kinds
from emotion_core.photos.photo_library import Photo, PhotoLibrary
from emotion_core.types import FrameResult
from emotion_core.wording import count_of
from pages.parts.common.resources import classifier, session_detector
from pages.parts.common.session import clear_photos
from pages.parts.common.settings import Settings
from pages.parts.photos import cards, keeping, table

_FAILURES_SHOWN = 20
_VIEW_KEY = "photo_view"
_VIEWS = ("Pictures", "Table")


def progress(library: PhotoLibrary, settings: Settings) -> Callable[[], None]:
    """Draws the progress of what is waiting; the returned function brings it up to date."""
    key = settings.analysis_key
    n_waiting = len(library.waiting(key))
    if not n_waiting:
        return lambda: None
    with st.container(horizontal=True, vertical_alignment="center"):
        if library.stopped:
            st.markdown(f"Stopped. {count_of(n_waiting, 'photo')} not analysed.", width="content")
            st.button("Resume", icon=":material/play_arrow:", on_click=_go_on, args=(library,))
            return lambda: None
        bar = st.progress(0.0)
        st.button("Stop", icon=":material/stop:", on_click=_stop, args=(library,))

    def update() -> None:
        left = len(library.waiting(key))
        total = max(1, len(library.photos))
        parts = [f"{total - left} of {count_of(total, 'photo')}", time_left(library, left)]
        bar.progress((total - left) / total, text=plain(" · ".join(part for part in parts if part)))

    update()
    return update


def work(
    library: PhotoLibrary,
    settings: Settings,
    visible: Collection[str],
    on_progress: Callable[[], None],
) -> None:
    """Analyses what is waiting, after the page is drawn, and draws the page again."""
    key = settings.analysis_key
    if library.stopped or not library.waiting(key):
        return
    detector = session_detector(*key.face_search)
    work_for_a_while(
        library,
        key,
        detector,
        classifier(settings.card, settings.labels),
        crop_size_px=settings.card.input_size_px,
        visible=visible,
        on_progress=on_progress,
    )
    st.rerun()


def failures(library: PhotoLibrary) -> None:
    """The files that gave no result, beside the results of the others."""
    for sentence in library.passed_over:
        st.html(pieces.paragraph(sentence, quiet=True))
    if not library.failures:
        return
    n = count_of(len(library.failures), "file")
    shown = library.failures[:_FAILURES_SHOWN]
    with st.expander(f"{n} could not be used", icon=":material/warning:", expanded=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.html(pieces.definition_list([(f.name, f.message) for f in shown]))
            st.button("Dismiss", on_click=library.forget_left_out, type="tertiary")
        if len(library.failures) > len(shown):
            rest = len(library.failures) - len(shown)
            st.caption(f"and {rest} more; the JSON download lists all of them.")


def results(library: PhotoLibrary, settings: Settings) -> Collection[str]:
    """Summary, the way out of it all, and the results as pictures or as a table.

    Returns:
        Digests of the photos on the screen.
    """
    if not library.photos:
        return ()
    found = list(library.results(settings.analysis_key, settings.threshold))
    with st.container(horizontal=True, vertical_alignment="center", key="photo_toolbar"):
        st.markdown(_summary(library, found), width="stretch")
        view = st.segmented_control(
            "View",
            _VIEWS,
            default=_VIEWS[0],
            required=True,
            key=_VIEW_KEY,
            persist_state="session",
            label_visibility="collapsed",
        )
        complete = not library.waiting(settings.analysis_key)
        keeping.keep_button(found, settings, complete=complete)
        _downloads(settings, library, found)
        st.button("Clear all", icon=":material/delete:", on_click=clear_photos)
    keeping.keep_line()
    keeping.keep_every(library, found, settings)
    if view == "Table":
        table.faces_table(found, settings)
        return tuple(library.photos)
    if len(library.photos) == 1 and found:
        cards.photo_detail(*found[0], settings)
        return tuple(library.photos)
    return cards.photo_grid(library, settings)


def _summary(library: PhotoLibrary, found: list[tuple[Photo, FrameResult]]) -> str:
    n_faces = sum(len(result) for _, result in found)
    n_uncertain = sum(int(result.uncertain.sum()) for _, result in found)
    parts = [f"**{count_of(len(library.photos), 'photo')}**", count_of(n_faces, "face")]
    if n_uncertain:
        parts.append(f"{n_uncertain} uncertain")
    return " · ".join(parts)


def _downloads(
    settings: Settings, library: PhotoLibrary, found: list[tuple[Photo, FrameResult]]
) -> None:
    export = Export(
        settings.card.name,
        settings.labels,
        settings.detector,
        tuple(found),
        tuple(library.failures),
        settings.blur,
    )
    with st.popover("Download", icon=":material/download:", disabled=not found):
        for kind in file_kinds(export):
            st.download_button(
                kind.label,
                kind.make,
                kind.file_name,
                kind.mime,
                on_click="ignore",
                icon=kind.icon,
                help=kind.help,
                width="stretch",
            )


def _stop(library: PhotoLibrary) -> None:
    library.stopped = True


def _go_on(library: PhotoLibrary) -> None:
    library.stopped = False
