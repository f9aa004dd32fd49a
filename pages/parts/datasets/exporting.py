"""Export: the faces of the filter or all of them, with or without the corrections, as a file."""

from pathlib import Path

import streamlit as st

from emotion_core.datasets.filters import Filter
from emotion_core.jobs import JobInfo
from emotion_core.markdown import plain
from emotion_core.paths import data_folder
from emotion_core.wording import count_of
from pages.parts.common.jobs import job_board, job_outcome, job_progress
from pages.parts.datasets import state
from pages.parts.datasets.workspace import Workspace

_JOB = "dataset-export"
#: {form: (what it is called, file name ending, media type)}.
_FORMS = {
    "csv": ("CSV", "csv", "text/csv"),
    "png-folders": ("PNG folders", "zip", "application/zip"),
    "parquet": ("Parquet", "parquet", "application/vnd.apache.parquet"),
}
_WHICH = ("All faces", "Faces filtered in Browse")


def export_panel(work: Workspace) -> None:
    """Choose a form and which faces, start the export, and take the file home."""
    st.header("Export", anchor=False)
    job = job_board().find(_JOB)
    if job is not None and job.is_active:
        st.caption("Writing the file. You can leave this page meanwhile.")
        job_progress(job)
        return
    form = st.segmented_control(
        "Format",
        _FORMS,
        format_func=lambda name: _FORMS[name][0],
        default="csv",
        required=True,
        key="ds_export_form",
        persist_state="session",
        help="CSV as Kaggle’s fer2013.csv; a zip of folders as Emotion-detection’s data "
        "preparation makes them, train and test by expression; Parquet with the FER+ votes.",
    )
    which = st.segmented_control(
        "Faces", _WHICH, default=_WHICH[0], required=True, key="ds_export_which"
    )
    n_corrected = len(work.corrected())
    corrections = st.toggle(
        f"Apply corrections ({n_corrected:,})", value=True, key="ds_export_corrections"
    )
    rows = _rows(work, which == _WHICH[1])
    n = len(work.stored) if rows is None else len(rows)
    if corrections:
        excluded = work.table().excluded
        n -= int(excluded.sum()) if rows is None else int(excluded[rows].sum())
    st.caption(f"{count_of(n, 'face').capitalize()} to write.")
    st.button(
        "Write the file",
        icon=":material/save:",
        disabled=not n,
        on_click=_start,
        args=(work.stored.path, form, rows, corrections),
    )
    if job is not None:
        _outcome(job)


def _rows(work: Workspace, filtered: bool) -> list[int] | None:
    """Rows to write, None for all."""
    wanted = state.view()
    if not filtered or wanted.filter == Filter():
        return None
    return sorted(work.table().find(wanted.filter, "row").tolist())


def _start(path: Path, form: str, rows: list[int] | None, corrections: bool) -> None:
    part = "" if rows is None else "-filtered"
    output = data_folder() / "exports" / f"{path.stem}{part}.{_FORMS[form][1]}"
    arguments = {
        "source": str(path),
        "output": str(output),
        "form": form,
        "rows": rows,
        "corrections": corrections,
    }
    job_board().submit(_JOB, arguments, title=f"Export {output.name}")


def _outcome(job: JobInfo) -> None:
    result = job_board().result(job.id)
    if result is None:
        job_outcome(job)
        return
    path = Path(job.arguments["output"])
    if not path.is_file():
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            f"Download {plain(path.name)}",
            path.read_bytes,
            path.name,
            _FORMS[job.arguments["form"]][2],
            icon=":material/download:",
            type="primary",
            on_click="ignore",
        )
        size_mb = path.stat().st_size / 1e6
        st.caption(
            f"{count_of(result['n'], 'face')}, {size_mb:.1f} MB. Also stands in "
            f"{plain(path.parent.name)}/ of the data folder.",
            width="content",
        )
