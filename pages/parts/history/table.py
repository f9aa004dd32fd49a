"""The table of all runs: filter, sort, choose."""

import datetime
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from emotion_core.html import pieces
from emotion_core.training.history_store import KINDS, RUN, Entry
from emotion_core.training.wording import state_words
from emotion_core.wording import count_of

#: What stands on the page before anybody has chosen: the newest with something to show.
_SHOWN_AT_FIRST = 3
_ROW_PX = 35
# More lines than the first would push the curves out of sight; more than the second nobody reads.
_PROBLEMS_IN_SIGHT, _PROBLEMS_SHOWN = 2, 20
_CHOSEN = "_history_chosen"
_FILTER, _KINDS = "history_filter", "history_kinds"


def runs_table(entries: Sequence[Entry]) -> list[Entry]:
    """Draws filter and table.

    Returns:
        The chosen entries, in the order of the table.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Filter", key=_FILTER, persist_state="session", icon=":material/search:",
            placeholder="Name, network, state, data or commit",
        )  # fmt: skip
        kinds = st.pills(
            "Kind", KINDS, selection_mode="multi", default=KINDS, key=_KINDS,
            persist_state="session", format_func=lambda kind: f"{kind.capitalize()}s"
            if kind != "imported" else "Imported",
        )  # fmt: skip
    shown = [e for e in entries if e.kind in (kinds or KINDS) and _matches(e, words)]
    if not shown:
        st.caption("Nothing matches the filter.")
        return []
    remembered = _remembered(entries)
    default = [i for i, entry in enumerate(shown) if entry.title in remembered]
    state = st.dataframe(
        _frame(shown),
        column_config=_columns(),
        hide_index=True,
        row_height=_ROW_PX,
        height=_ROW_PX * min(9, len(shown) + 1) + 2,
        # A list of other rows is another table: the choice is handed over by name.
        key="history_table_" + str(hash(tuple(entry.title for entry in shown))),
        on_select="rerun",
        selection_mode="multi-row",
        placeholder="–",
        selection_default={"selection": {"rows": default}},
        alt="All runs with their settings, results and durations.",
    )
    chosen = [shown[row] for row in sorted(state.selection.rows) if row < len(shown)]
    hidden = remembered - {entry.title for entry in shown}
    st.session_state[_CHOSEN] = hidden | {entry.title for entry in chosen}
    st.caption(
        f"{count_of(len(shown), 'history', 'histories')}, {len(chosen)} compared below. "
        "Tick rows to compare them; click a column's name to sort."
    )
    _problems(shown)
    return chosen


def _problems(entries: Sequence[Entry]) -> None:
    """One line for each entry of which something cannot be read."""
    wrong = [entry for entry in entries if entry.run.problem]
    if not wrong:
        return
    title = f"{count_of(len(wrong), 'history', 'histories')} cannot be read as a whole"
    with st.expander(
        title, icon=":material/broken_image:", expanded=len(wrong) <= _PROBLEMS_IN_SIGHT
    ):
        shown = wrong[:_PROBLEMS_SHOWN]
        st.html(pieces.definition_list([(entry.title, entry.run.problem) for entry in shown]))
        if len(wrong) > len(shown):
            st.caption(
                f"and {len(wrong) - len(shown):,} more: the words “cannot be read” in the filter "
                "find them all."
            )


def _remembered(entries: Sequence[Entry]) -> set[str]:
    """Titles that were chosen before, else the newest with a history."""
    if _CHOSEN in st.session_state:
        return set(st.session_state[_CHOSEN])
    return {entry.title for entry in [e for e in entries if e.run.epoch][:_SHOWN_AT_FIRST]}


def _matches(entry: Entry, words: str) -> bool:
    config = entry.run.config
    facts = [entry.title, entry.kind, state_words(entry.run.state), str(_network(entry))]
    if entry.run.problem:
        facts += [state_words("damaged"), *entry.run.faults]
    facts += [str(config.get(key, "")) for key in ("dataset_sha256", "git_commit", "labels")]
    text = " ".join(facts).lower()
    return all(word in text for word in words.lower().split())


def _network(entry: Entry) -> str | None:
    value = entry.run.config.get("architecture")
    return str(value) if value else None


def _frame(entries: Sequence[Entry]) -> pd.DataFrame:
    rows = []
    for entry in entries:
        run, config = entry.run, entry.run.config
        best, test = run.best_val_accuracy, run.test_accuracy
        rows.append(
            {
                "name": entry.title,
                "state": state_words(run.state),
                "network": _network(entry),
                "labels": config.get("labels") or config.get("label_source"),
                "best": None if best is None else 100 * best,
                "test": None if test is None else 100 * test,
                "epochs": run.epochs_text.replace(" epochs", "").replace(" epoch", ""),
                "best_epoch": sum(run.earlier) + run.best_epoch if run.best_epoch else None,
                "minutes": (run.earlier_s + run.seconds) / 60 if run.seconds else None,
                "seed": config.get("seed"),
                "data": str(config.get("dataset_sha256") or "")[:8] or None,
                "commit": str(config.get("git_commit") or "")[:7] or None,
                "started": datetime.datetime.fromtimestamp(run.started)
                if run.started and entry.kind == RUN
                else None,
            }
        )
    return pd.DataFrame(rows)


def _columns() -> dict[str, Any]:
    column = st.column_config
    percent: dict[str, Any] = {"format": "%.1f %%", "width": 92}
    return {
        "name": column.TextColumn("Name", width=190, pinned=True),
        "state": column.TextColumn("State", width=110),
        "network": column.TextColumn("Network", width=116),
        "labels": column.TextColumn("Labels", width=84, help="What it was trained on"),
        "best": column.NumberColumn(
            "Best val.",
            help="Best accuracy on the validation images (PublicTest); for raters' labels against "
                 "the FER+ majority, otherwise against the original labels",
            **percent,
        ),
        "test": column.NumberColumn(
            "Test",
            help="Accuracy on the test images (PrivateTest) against the original labels, where it "
            "was evaluated",
            **percent,
        ),
        "epochs": column.TextColumn(
            "Epochs", width=104, help="With several stages: all epochs (those of each stage)"
        ),
        "best_epoch": column.NumberColumn("Best epoch", width=84),
        "minutes": column.NumberColumn("Minutes", format="%.1f", width=80),
        "seed": column.NumberColumn("Seed", format="%d", width=60),
        "data": column.TextColumn("Data", width=84, help="First digits of the data set's SHA-256"),
        "commit": column.TextColumn("Commit", width=84, help="Git commit of the code"),
        "started": column.DatetimeColumn("Started", format="YYYY-MM-DD HH:mm", width=140),
    }  # fmt: skip
