"""Audit: what is wrong with the data set, found once in the background and kept."""

from pathlib import Path
from typing import Any

import streamlit as st

from emotion_core.charts.datasets import agreement_chart
from emotion_core.datasets.audit import AuditReport
from emotion_core.datasets.filters import Filter
from emotion_core.html.pieces import paragraph
from emotion_core.markdown import plain
from emotion_core.tables import to_csv_bytes
from emotion_core.wording import percent
from pages.parts.common.jobs import job_board, job_outcome, job_progress
from pages.parts.common.settings import Settings
from pages.parts.datasets import state
from pages.parts.datasets.similar_pictures import audit_summary
from pages.parts.datasets.workspace import Workspace

_JOB = "dataset-audit"


def audit_panel(work: Workspace, settings: Settings) -> None:
    """Start the audit, watch it, and read what it found; each finding leads to its faces."""
    job = job_board().find(_JOB)
    if job is not None and job.is_active:
        st.caption(
            f"Auditing {plain(Path(job.arguments['source']).stem)}. You can leave this page "
            "meanwhile; the findings are kept."
        )
        job_progress(job)
        if work.report is None:
            return
    else:
        job_outcome(job)
    report = work.report
    if report is None:
        _invitation(work, settings)
        return
    _who_judged(work, report, settings)
    summary = audit_summary(report)
    for title, findings in _findings(summary):
        st.header(title, anchor=False)
        with st.container(key=f"ds_findings_{title.split()[0].lower()}"):
            for words, explained, wanted, order in findings:
                _finding(words, explained, wanted, order)
    _agreement(report, summary)


def _invitation(work: Workspace, settings: Settings) -> None:
    st.markdown(
        "The audit looks for copies (exact, mirrored, nearly the same) within and across the "
        "splits, for copies with different labels, for flat, dark and blurred pictures, and for "
        f"labels that are probably wrong according to **{plain(settings.card.title)}**. It also "
        "draws the map."
    )
    st.button(
        "Start the audit",
        type="primary",
        icon=":material/troubleshoot:",
        on_click=_start,
        args=(work.stored.path, settings.card.name),
    )
    minutes = max(1, round(len(work.stored) / 12_000))
    st.caption(f"Takes about {minutes} min on two cores and continues when you leave the page.")


def _who_judged(work: Workspace, report: AuditReport, settings: Settings) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        same = report.model == settings.card.name
        judge = settings.card.title if same else report.model
        judge = f"by {judge}" if report.has_model else "without a model"
        st.markdown(f"**Audited {plain(judge)}**", width="content")
        st.download_button(
            "Findings as CSV",
            lambda: to_csv_bytes(report.findings()),
            f"{work.stored.path.stem}-findings.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
        if report.model != settings.card.name:
            st.button(
                f"Audit with {plain(settings.card.title)}",
                icon=":material/troubleshoot:",
                on_click=_start,
                args=(work.stored.path, settings.card.name),
            )


def _findings(found: dict[str, Any]) -> list[tuple[str, list[tuple[str, str, Filter, str]]]]:
    """Headings with (count in words, what it means, filter that shows it, order)."""

    def mark(name: str) -> Filter:
        return Filter(mark=(name,))

    copies = [
        (
            f"{found['exact_duplicate_groups']:,} groups of exact copies",
            f"{found['exact_duplicate_images']:,} faces",
            mark("exact"),
            "copies",
        ),
        (
            f"{found['mirrored_duplicate_groups']:,} groups of mirrored copies",
            f"{found['mirrored_duplicate_images']:,} faces",
            mark("mirrored"),
            "copies",
        ),
        (
            f"{found['near_duplicate_groups']:,} groups of near copies",
            f"{found['near_duplicate_images']:,} faces: cut, scaled or marked differently",
            mark("near"),
            "copies",
        ),
        (
            f"{found['leaking_images']:,} faces also in another split",
            f"{found['test_images_in_training']:,} Test and "
            f"{found['validation_images_in_training']:,} Validation faces stand exactly in "
            "Training",
            mark("leaks"),
            "copies",
        ),
        (
            f"{found['leaking_photos']:,} faces whose photo is also in another split",
            f"near copies included: {found['test_photos_in_training']:,} Test and "
            f"{found['validation_photos_in_training']:,} Validation faces in Training",
            mark("near_leaks"),
            "copies",
        ),
    ]
    labels = [
        (
            f"{found['conflicting_groups']:,} groups of copies with different labels",
            f"{found['conflicting_images']:,} faces",
            mark("conflicting"),
            "copies",
        )
    ]
    if found["label_issues"] is not None:
        labels.append(
            (
                f"{found['label_issues']:,} likely label errors",
                "the most likely first; a model judged them, so look before you relabel",
                mark("label_issue"),
                "label_quality",
            )
        )
    pictures = [
        (f"{found['flat_images']:,} flat", "of one colour", mark("flat"), "row"),
        (f"{found['dark_images']:,} dark", "hardly anything visible", mark("dark"), "brightness"),
        (f"{found['blurred_images']:,} blurred", "no fine detail", mark("blurred"), "sharpness"),
        (
            f"{found['not_a_face_images']:,} not a face",
            "of one colour, or half of the FER+ raters saw no face",
            mark("not_a_face"),
            "row",
        ),
    ]
    return [("Copies", copies), ("Labels", labels), ("Pictures", pictures)]


def _finding(words: str, explained: str, wanted: Filter, order: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(words)}**", width=330)
        st.html(paragraph(explained, quiet=True), width="stretch")
        st.button(
            "Show",
            icon=":material/grid_view:",
            type="tertiary",
            key=f"ds_show_{wanted.mark[0]}",
            help=f"Show {words} in the grid",
            disabled=words.startswith("0 "),
            on_click=state.browse,
            args=(wanted, order),
        )


def _agreement(report: AuditReport, found: dict[str, Any]) -> None:
    if not found["ferplus_clear"]:
        return
    st.header("Labels and FER+", anchor=False)
    st.caption(
        f"Where the ten FER+ raters have a clear majority ({found['ferplus_clear']:,} faces), "
        f"{percent(found['ferplus_agreement'], 1)} of the labels agree with it. Each row adds up "
        "to 100 %."
    )
    st.altair_chart(
        agreement_chart(report.agreement, report.labels, report.agreement_columns),
        key="ds_agreement",
        alt="What most FER+ raters say about the faces of each label, in percent.",
    )


def _start(path: Path, model: str) -> None:
    job_board().submit(
        _JOB, {"source": str(path), "model": model}, title=f"Audit {path.stem} by {model}"
    )
