"""The figures of a data set and the tabs below them; only the open tab is computed."""

import streamlit as st

from emotion_core.datasets.stored import StoredSet
from pages.parts.common.settings import Settings
from pages.parts.datasets import state
from pages.parts.datasets.audit_reports import report_of
from pages.parts.datasets.browse import browse
from pages.parts.datasets.corrections import corrections_panel
from pages.parts.datasets.exporting import export_panel
from pages.parts.datasets.importing import import_panel
from pages.parts.datasets.overview import classes, figures
from pages.parts.datasets.workspace import open_workspace


def figures_and_tabs(stored: StoredSet, settings: Settings) -> None:
    """The page on a machine with a data set.

    Raises:
        DatasetError: the corrections cannot be read or belong to another data set.
    """
    state.stay_at_import()
    work = open_workspace(stored, report_of(stored, settings))
    figures(work)
    browsing, auditing, mapping, correcting, moving = st.tabs(
        state.TABS, key=state.TAB_KEY, on_change="rerun"
    )
    if browsing.open:
        with browsing:
            classes(work)
            browse(work, settings)
            stored.start_decoding()  # what the details of a face need, once the grid is there
        return
    # These two draw charts, whose library takes a while to import.
    if auditing.open:
        from pages.parts.datasets.audit import audit_panel

        with auditing:
            audit_panel(work, settings)
    if mapping.open:
        from pages.parts.datasets.similarity_map import map_panel

        with mapping:
            map_panel(work, settings)
    if correcting.open:
        with correcting:
            corrections_panel(work, settings)
    if moving.open:
        with moving:
            left, right = st.columns([3, 2], gap="large")
            with left:
                import_panel(settings)
            with right:
                export_panel(work)
    state.write_query_parameters()
