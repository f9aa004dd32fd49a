"""The figures of a data set and the tabs below them; only the open tab is computed."""

import streamlit as st

from pages.shared.datasets import state
from pages.shared.datasets.browse import browse
from pages.shared.datasets.corrections import corrections_panel
from pages.shared.datasets.exporting import export_panel
from pages.shared.datasets.importing import import_panel
from pages.shared.datasets.overview import classes, figures
from pages.shared.datasets.reports import report_of
from pages.shared.datasets.stored import StoredSet
from pages.shared.datasets.workspace import open_workspace
from pages.shared.settings import Settings


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
        from pages.shared.datasets.audit import audit_panel

        with auditing:
            audit_panel(work, settings)
    if mapping.open:
        from pages.shared.datasets.mapping import map_panel

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
    state.write_address()
