"""What a data set holds, in figures: the strip at the top, and each class with its mean face."""

from html import escape

import streamlit as st

from emotion_core.datasets import TEST, TRAINING, VALIDATION
from emotion_core.datasets.face_table import split_name
from emotion_core.emotions import Emotion
from emotion_core.html import pieces
from pages.parts.datasets.similar_pictures import audit_summary, mean_faces
from pages.parts.datasets.workspace import Workspace


def figures(work: Workspace) -> None:
    """Images, splits, leaks, conflicts, flagged and corrected in a row."""
    facts = work.stored.facts
    splits = {name: int((facts.usage == name).sum()) for name in (TRAINING, VALIDATION, TEST)}
    shares = " · ".join(f"{split_name(name)} {n:,}" for name, n in splits.items() if n)
    items = [("Faces", f"{len(facts):,}", shares)]
    if work.report is not None:
        found = audit_summary(work.report)
        flagged = found["flat_images"] + found["dark_images"] + found["blurred_images"]
        items += [
            ("In two splits", f"{found['leaking_images']:,}", "the same picture, also mirrored"),
            ("Conflicts", f"{found['conflicting_groups']:,}", "pictures with two labels"),
            ("Poor pictures", f"{flagged:,}", "flat, dark or blurred"),
        ]
        if found["label_issues"] is not None:
            items.append(
                ("Label errors", f"{found['label_issues']:,}", "likely, according to the model")
            )
    corrected = work.corrected()
    n_excluded = sum(entry.action == "exclude" for entry in corrected.values())
    note = f"{len(corrected) - n_excluded:,} relabelled, {n_excluded:,} excluded"
    items.append(("Corrected", f"{len(corrected):,}", note))
    st.html(pieces.figures(items))
    if facts.is_synthetic:
        st.caption(
            ":material/draw: A synthetic data set, drawn by code. Its figures say nothing about "
            "people."
        )


def classes(work: Workspace) -> None:
    """Counts per split and class, and the mean face of each class, once it is opened."""
    with st.expander("Classes: counts and mean faces", key="ds_classes", on_change="rerun") as box:
        if not box.open:
            return
        with st.spinner("Reading all pictures"):
            means = mean_faces(work.stored)
        st.html(_class_table(work, means))


def _class_table(work: Workspace, means: list[str | None]) -> str:
    facts = work.stored.facts
    counts = facts.counts()
    head = "".join(
        f'<th scope="col" style="--el-colour:{Emotion(name).colour}">{_mean(name, src)}'
        f"<span><i></i>{escape(name)}</span></th>"
        for name, src in zip(facts.label_set.names, means, strict=True)
    )
    rows = []
    for split, by_class in counts.items():
        total = sum(by_class.values())
        cells = "".join(
            f"<td>{n:,}<small>{n / max(1, total) * 100:.0f} %</small></td>"
            for n in by_class.values()
        )
        rows.append(
            f'<tr><th scope="row">{escape(split_name(split))}</th>{cells}<td>{total:,}</td></tr>'
        )
    return (
        '<div class="el-scroll"><table class="el-classes">'
        f'<thead><tr><th></th>{head}<th scope="col">all</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _mean(name: str, src: str | None) -> str:
    return f'<img src="{src}" alt="Mean of all {escape(name)} faces">' if src else ""
