"""Agreement with human codes in figures, charts and tables."""

import math
from typing import TYPE_CHECKING

import streamlit as st

from emotion_core.charts.comparisons import AXES_PX, values_chart
from emotion_core.charts.models import confusion_chart
from emotion_core.files.file_names import safe_file_name
from emotion_core.html import pieces
from emotion_core.markdown import plain
from emotion_core.reports.agreement.judging import Agreement
from emotion_core.reports.documents.words import figure
from emotion_core.tables import to_csv_bytes
from emotion_core.wording import percent
from pages.parts.sessions.compare_figures import with_room

if TYPE_CHECKING:
    import pandas as pd

# Source: Landis & Koch, Biometrics 33 (1977) 159-174.
_BANDS = ((0.0, "less than chance"), (0.2, "slight"), (0.4, "fair"), (0.6, "moderate"),
          (0.8, "substantial"), (1.0, "almost perfect"))  # fmt: skip
_KINDS = {"agreement": "Agreement, ICC(A,1)", "consistency": "Consistency, ICC(C,1)"}


def agreement_figures(found: Agreement, session: str) -> None:
    """Draws what came out.

    Args:
        found: the agreement.
        session: its name, for files.
    """
    whole = found.kappas[found.kappas["coder"] == "all"].iloc[0]
    items = [
        ("Cohen's kappa", _figure(whole["kappa"]), _kappa_note(whole)),
        ("Same label", percent(float(whole["agreement"])), f"of {int(whole['windows']):,} windows"),
        ("Covered", percent(found.coverage), "of coded windows have a clear label of the model"),
    ]
    if not math.isnan(found.alpha_coders):
        items.append(
            (
                "Krippendorff's alpha",
                _figure(found.alpha_coders),
                f"among the coders; {_figure(found.alpha_all)} with the model as one more",
            )
        )
    st.html(pieces.figures(items))
    if found.notes:
        st.warning("\n".join(f"- {plain(note)}" for note in found.notes), icon=":material/info:")
    left, right = st.columns(2, gap="large")
    with left:
        st.header("What was taken for what", anchor=False)
        counts = [[round(v) for v in row] for row in found.confusion.to_numpy().tolist()]
        st.altair_chart(
            confusion_chart(
                counts, list(found.confusion.index), sides=("Coded", "Model"), counted="Windows"
            ),
            key="agreement_confusion",
            alt="What the model says for each expression that people coded, in percent.",
        )
        st.caption("Rows: what people coded. Columns: what the model says. Percent of each row.")
    with right:
        st.header("Each expression", anchor=False)
        values = _correlations(found.expressions)
        states = list(dict.fromkeys(values["expression"]))
        if states:
            st.altair_chart(
                with_room(
                    values_chart(
                        values, states, list(_KINDS.values()), title="Intraclass correlation",
                        words=("Coefficient", "Expression", "Coded windows"),
                    ),
                    AXES_PX["values"],
                ),
                key="agreement_icc",
                alt="Intraclass correlations of each expression with 95 % intervals.",
            )  # fmt: skip
        st.caption(
            "How alike the shares of a window are that show the expression. Agreement counts it as "
            "an error if one side always sees more of it; consistency does not."
            if states
            else "No expression varies enough for an intraclass correlation."
        )
    with st.expander("By coder and person", expanded=len(found.kappas) > 2):
        st.dataframe(
            found.kappas.iloc[:-1], hide_index=True, alt="Kappa of each coder and person.",
            column_config={
                "coder": "Coder", "person": "Person", "windows": "Windows",
                "effective_windows": st.column_config.NumberColumn(
                    "Independent", help="Neighbouring windows resemble each other."
                ),
                "agreement": st.column_config.NumberColumn("Same label", format="percent"),
                "kappa": st.column_config.NumberColumn("Kappa", format="%.2f"),
                "low": st.column_config.NumberColumn("95 % from", format="%.2f"),
                "high": st.column_config.NumberColumn("to", format="%.2f"),
            },
        )  # fmt: skip
    with st.container(horizontal=True):
        _save("Kappas", session, "kappas", found.kappas)
        _save("Expressions", session, "expressions", found.expressions)
        _save("Confusion", session, "confusion", found.confusion.reset_index())


def kappa_word(kappa: float) -> str:
    """What a kappa is commonly called; empty where there is none."""
    if math.isnan(kappa):
        return ""
    return next(word for most, word in _BANDS if kappa <= most + 1e-9)


def _kappa_note(row: "pd.Series[float]") -> str:
    if math.isnan(float(row["kappa"])):
        return "both sides say always the same one thing"
    span = f"95 %: {_figure(row['low'])} to {_figure(row['high'])}"
    return f"{span}; {kappa_word(float(row['kappa']))}, as Landis and Koch call it"


def _correlations(expressions: "pd.DataFrame") -> "pd.DataFrame":
    import pandas as pd

    parts = [
        pd.DataFrame({
            "condition": words,
            "expression": expressions["expression"],
            "value": expressions[f"icc_{kind}"],
            "low": expressions[f"icc_{kind}_low"],
            "high": expressions[f"icc_{kind}_high"],
            "people": expressions["human_windows"],
        })
        for kind, words in _KINDS.items()
    ]  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    return table[table["value"].notna()]


def _save(label: str, session: str, name: str, table: "pd.DataFrame") -> None:
    st.download_button(
        label, data=lambda: to_csv_bytes(table), file_name=safe_file_name(session, f"_{name}.csv"),
        mime="text/csv", icon=":material/download:", key=f"agreement_save_{name}",
        on_click="ignore",
    )  # fmt: skip


def _figure(value: float) -> str:
    return figure(float(value), 2) or "none"
