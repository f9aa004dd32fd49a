"""Import: a file or folder in any known form becomes a data set of this page."""

import re
from pathlib import Path
from typing import Any

import streamlit as st

from emotion_core.datasets.download import DEFAULT_HANDLE
from emotion_core.datasets.face_table import split_name
from emotion_core.errors import OutputError
from emotion_core.files.atomic_files import make_folder
from emotion_core.files.file_names import safe_file_name
from emotion_core.html.pieces import paragraph
from emotion_core.jobs import JobInfo
from emotion_core.markdown import plain
from emotion_core.paths import data_folder
from emotion_core.wording import count_of
from pages.parts.common.data_sets import SET_KEY
from pages.parts.common.jobs import job_board, job_outcome, job_progress
from pages.parts.common.settings import Settings
from pages.parts.datasets import state
from pages.parts.datasets.label_table import label_table

_JOB = "dataset-import"
_FROM = ("Upload", "Path on this machine", "Kaggle")
#: Kaggle's fer2013.csv has 301 MB.
_MAX_UPLOAD_MB = 1000
_BAD_NAME = re.compile(r"[^A-Za-z0-9._ -]+")
_FORMS = (
    "Kaggle’s fer2013.csv or icml_face_data.csv, other tables with a label and the pixels of a "
    "face per line, a folder with one folder per expression (also inside train and test), a zip "
    "of these, or Parquet. Where a name does not say the expression, you are asked."
)


def import_panel(settings: Settings) -> None:
    """Choose a source, start the import, watch it, and read what it did."""
    st.header("Import", anchor=False)
    job = job_board().find(_JOB)
    if job is not None and job.is_active:
        st.caption(f"{plain(job.title)}. You can leave this page meanwhile.")
        job_progress(job)
        return
    result = job_board().result(job.id) if job is not None else None
    if job is not None and result is not None and "question" in result:
        label_table(job, result, hidden=settings.blur)
        return
    if job is not None:
        _outcome(job, result)
    st.caption(_FORMS)
    way = st.segmented_control(
        "From", _FROM, default=_FROM[0], required=True, key="ds_from", persist_state="session"
    )
    upload = path = kaggle = None
    if way == _FROM[0]:
        upload = st.file_uploader(
            "Data set",
            type=["csv", "tsv", "zip", "parquet"],
            max_upload_size=_MAX_UPLOAD_MB,
            key=f"ds_upload_{st.session_state.get(_ROUND, 0)}",
        )
        title = upload.name if upload is not None else ""
    elif way == _FROM[1]:
        path = st.text_input(
            "Path of the file or folder", key="ds_path", placeholder="~/Downloads/fer2013.csv"
        ).strip()
        title = Path(path).name
    else:
        kaggle = st.text_input(
            "Owner and name of the data set on Kaggle",
            value=DEFAULT_HANDLE,
            key="ds_kaggle",
            help="Needs an internet connection and the package kagglehub.",
        ).strip()
        title = kaggle.rpartition("/")[2]
    votes = st.file_uploader(
        "FER+ votes (fer2013new.csv), if you have them",
        type=["csv"],
        key=f"ds_votes_{st.session_state.get(_ROUND, 0)}",
        help="They are matched by row, as FER+ intends, not by the number in the file name.",
    )
    crop = st.toggle(
        "Detect and crop faces",
        key="ds_crop",
        help="For your own photos of any size. Without it the central square of each picture is "
        "used. Pictures without a face are counted and left out.",
    )
    name = st.text_input("Name", value=_free_name(title), key=f"ds_name_{title}", max_chars=60)
    ready = bool((upload is not None or path or kaggle) and name.strip())
    st.button(
        "Import",
        type="primary",
        icon=":material/upload_file:",
        disabled=not ready,
        on_click=_start,
        args=(upload, path, kaggle, votes, settings.detector if crop else None, name, title),
    )
    failed = st.session_state.pop(_FAILED, "")
    if failed:
        st.error(plain(failed), icon=":material/error:")


_ROUND = "_ds_import_round"
_FAILED = "_ds_import_failed"


def _start(
    upload: Any,
    path: str | None,
    kaggle: str | None,
    votes: Any,
    detector: str | None,
    name: str,
    title: str,
) -> None:
    """Hands uploads to the job as files, because the import reads them in another process."""
    try:
        uploads = {"source": upload, "ferplus": votes}
        arguments = {
            "source": str(Path(path or "").expanduser()),
            "kaggle": kaggle,
            "output": str(_output(name)),
            "ferplus": None,
            "detector": detector,
        }
        job_board().submit(
            _JOB,
            arguments,
            title=f"Import {title}",
            inputs={key: (file.name, file) for key, file in uploads.items() if file is not None},
        )
    except OutputError as error:
        st.session_state[_FAILED] = str(error)
        return
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1


def _output(name: str) -> Path:
    """Where a data set of a name is stored.

    Raises:
        OutputError: there is one of that name, or the name says nothing.
    """
    stem = _clean(name)
    path = data_folder() / f"{stem}.parquet"
    if not stem:
        raise OutputError("Wanted a name with letters or digits. Choose another name.")
    if path.exists():
        raise OutputError(f"There is a data set named {stem} already. Choose another name.")
    make_folder(path.parent)
    return path


def _outcome(job: JobInfo, result: dict[str, Any] | None) -> None:
    """What the last import did, until it is put away."""
    if result is None:
        job_outcome(job)
        return
    _report(job, result, Path(job.arguments["output"]).stem)
    st.button("Dismiss", type="tertiary", on_click=job_board().forget, args=(job.id,))


def _report(job: JobInfo, result: dict[str, Any], name: str) -> None:
    counts = {split_name(split): sum(by.values()) for split, by in result["splits"].items()}
    splits = " · ".join(f"{split} {n:,}" for split, n in counts.items())
    votes = ", with FER+ votes" if result["has_votes"] else ""
    with st.container(border=True):
        st.markdown(f"**{count_of(result['n'], 'face')} imported{votes}**")
        st.html(
            paragraph(f"{name}: {splits}. Read as {result['form']} in {result['seconds']:.1f} s.")
        )
        left_out = " · ".join(f"{label} {n:,}" for label, n in result["left_out"].items())
        for note in (
            *([f"Assumed: {' '.join(result['assumed'])}"] if result["assumed"] else []),
            *([f"Left out as chosen: {left_out}."] if left_out else []),
            *result["notes"],
        ):
            st.html(paragraph(note, quiet=True))
        st.button(
            "Browse the data set",
            icon=":material/grid_view:",
            type="primary",
            on_click=_open,
            args=(job.id, name),
        )
        if result["n_rejected"]:
            shown = result["rejected"]
            with st.expander(f"{count_of(result['n_rejected'], 'row')} left out", expanded=True):
                st.dataframe(
                    [
                        {"line": row["line"], "name": row["name"], "reason": row["reason"]}
                        for row in shown
                    ],
                    hide_index=True,
                    height=220,
                )
                if result["n_rejected"] > len(shown):
                    st.caption(f"The first {len(shown):,} are listed.")


def _open(job: str, name: str) -> None:
    st.session_state[SET_KEY] = name
    st.session_state[state.TAB_KEY] = state.TABS[0]
    job_board().forget(job)


def _clean(name: str) -> str:
    clean = _BAD_NAME.sub("_", name).strip(" ._")[:60]
    return safe_file_name(clean) if clean else ""


def _free_name(title: str) -> str:
    stem = _clean(Path(title).stem) if title else ""
    name, number = stem, 2
    while stem and (data_folder() / f"{name}.parquet").exists():
        name, number = f"{stem}-{number}", number + 1
    return name
