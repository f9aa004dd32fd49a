"""The data sets of this installation, and the one in use."""

from pathlib import Path

import streamlit as st

from emotion_core.datasets import default_dataset_path
from emotion_core.datasets.stored import StoredSet
from emotion_core.paths import data_folder

#: Where the session keeps the name of the data set in use.
SET_KEY = "ds_set"
#: File name of the synthetic data set.
SYNTHETIC_NAME = "synthetic"


def known_sets() -> dict[str, Path]:
    """{name: file} of the stored data sets, the usual one first."""
    found: dict[str, Path] = {}
    usual = default_dataset_path()
    folder = data_folder()
    others = sorted(folder.glob("*.parquet")) if folder.is_dir() else []
    for path in (usual, *others):
        if path.is_file() and path.resolve() not in {known.resolve() for known in found.values()}:
            name = path.stem if path.stem not in found else f"{path.stem} ({path.parent.name})"
            found[name] = path
    return found


def chosen_set(known: dict[str, Path]) -> Path:
    """The data set in use; a choice is offered where there are several."""
    names = list(known)
    if st.session_state.get(SET_KEY) not in known:
        st.session_state[SET_KEY] = names[0]
    if len(names) > 1:
        st.selectbox("Data set", names, key=SET_KEY, persist_state="session", width=280)
    return known[st.session_state[SET_KEY]]


def open_set(path: Path) -> StoredSet:
    """A data set, opened once for all sessions, and again when its file has changed.

    Raises:
        DatasetError: it cannot be read.
    """
    now = path.stat()
    return _opened(str(path), now.st_mtime_ns, now.st_size)


@st.cache_resource(show_spinner=False, max_entries=3)
def _opened(path: str, changed_ns: int, size: int) -> StoredSet:  # noqa: ARG001 - the cache's key
    return StoredSet.open(Path(path))
