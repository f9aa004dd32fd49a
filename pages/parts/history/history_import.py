"""Brings other people's histories onto the history page, and takes them away again."""

from collections.abc import Sequence
from pathlib import PurePosixPath

import streamlit as st

from emotion_core.errors import EmotionLensError
from emotion_core.files.atomic_files import write_atomic
from emotion_core.files.file_names import safe_file_name
from emotion_core.files.publishing import scratch_folder
from emotion_core.markdown import plain
from emotion_core.training.history_store import IMPORTED, Entry, forget_history, keep_history
from emotion_core.wording import count_of

_UPLOADS = "_history_uploads"
_FAILURES = "_history_failures"


def import_panel(entries: Sequence[Entry]) -> None:
    """A button that opens the drop zone and the list of what was imported."""
    with st.popover("Import histories", icon=":material/upload_file:"):
        number = st.session_state.get(_UPLOADS, 0)
        files = st.file_uploader(
            "Histories", accept_multiple_files=True, key=f"history_upload_{number}",
            help="CSV of Keras' CSVLogger, a history.json (History.history), or event files of "
                 "TensorBoard. They stay on this machine.",
        )  # fmt: skip
        if files:
            st.session_state[_FAILURES] = _keep([(file.name, file.getvalue()) for file in files])
            st.session_state[_UPLOADS] = number + 1  # an empty drop zone
            st.rerun()
        st.caption("CSV (Keras CSVLogger), JSON (History.history) or TensorBoard event files.")
        for message in st.session_state.get(_FAILURES, ()):
            st.error(plain(message), icon=":material/error:")
        _imported([entry for entry in entries if entry.kind == IMPORTED])


def _keep(files: Sequence[tuple[str, bytes]]) -> list[str]:
    """Reads and stores files; returns what went wrong, in words."""
    from emotion_core.training.history_import import read_history

    failures = []
    for name, data in files:
        # The reader tells the forms apart by name, so the file keeps its last part.
        last = PurePosixPath(name.replace("\\", "/")).name or "history"
        try:
            with scratch_folder() as folder:
                path = folder / safe_file_name(last)
                write_atomic(path, data)
                try:
                    keep_history(path.stem, read_history(path).table, path.name)
                except EmotionLensError as error:
                    failures.append(str(error).replace(str(path), path.name))
        except EmotionLensError as error:  # no room even for the upload
            failures.append(f"{last}: {error}")
    return failures


def _imported(entries: Sequence[Entry]) -> None:
    if not entries:
        return
    st.markdown(f"**{count_of(len(entries), 'history', 'histories')} imported**")
    for entry in entries:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"**{plain(entry.run.name)}** · {count_of(entry.run.epoch, 'epoch')}",
                width="stretch",
            )
            st.button(
                "Remove", key=f"forget_{entry.run.name}", icon=":material/delete:",
                type="tertiary", on_click=forget_history, args=(entry,),
            )  # fmt: skip
