"""Two models on the same images: is the difference chance, and which images changed."""

import pandas as pd
import streamlit as st

from emotion_core.charts.evaluation import recall_change_chart
from emotion_core.errors import ModelError
from emotion_core.evaluation import Evaluation, evaluated_model
from emotion_core.evaluation.comparison import Comparison, compare
from emotion_core.html import pieces
from emotion_core.markdown import plain
from emotion_core.wording import count_of, percent
from pages.parts.common.resources import registry
from pages.parts.evaluation.choice import Choice
from pages.parts.evaluation.faces import by_confidence, faces
from pages.parts.evaluation.predictions import predictions
from pages.parts.evaluation.test_set_gate import may_access

OTHER_KEY = "ev_other"
CHANGED_KEY = "ev_changed"
#: Below this a difference is commonly taken for more than chance.
_CONVINCING = 0.05


def comparison(choice: Choice, evaluation: Evaluation) -> None:
    """Chooses a second model and compares."""
    others = [name for name in registry().names() if name != choice.model.name]
    if not others:
        st.caption(
            "There is only one model. Promote a run, or add another with "
            "`python -m emotion_core models add`."
        )
        return
    if st.session_state.get(OTHER_KEY) not in others:
        st.session_state[OTHER_KEY] = others[0]
    name = st.selectbox("Compared with", others, key=OTHER_KEY, width=250)
    try:
        model = evaluated_model(registry(), name, choice.rows.labels)
    except ModelError as error:
        st.error(plain(error), icon=":material/error:")
        return
    if not may_access(choice, model):
        return
    other = predictions(choice, model)
    if other is not None:
        _compared(choice, evaluation, other)


def _compared(choice: Choice, first: Evaluation, second: Evaluation) -> None:
    found = compare(first.correct, second.correct)
    st.html(pieces.figures(_items(found, first, second)))
    st.markdown(_verdict(found, first.model, second.model))
    left, right = st.columns([1, 1], gap="large")
    with left:
        st.markdown("**Faces predicted correctly by each**")
        _table(found, first.model, second.model)
    with right:
        st.markdown(f"**Recall** · ● {plain(first.model)} · ○ {plain(second.model)}")
        one, two = (
            {n: c["recall"] for n, c in e.figures()["per_class"].items()} for e in (first, second)
        )
        st.altair_chart(
            recall_change_chart(one, two, (first.model, second.model)),
            alt=f"Recall of each expression by {first.model} and by {second.model}.",
        )
    _changed(choice, first, second)


def _items(found: Comparison, first: Evaluation, second: Evaluation) -> list[tuple[str, str, str]]:
    low, high = (_points(bound) for bound in found.difference_ci95)
    return [
        (first.model, percent(float(first.correct.mean()), 1), f"accuracy, n = {found.n:,}"),
        (second.model, percent(float(second.correct.mean()), 1), "accuracy on the same images"),
        (
            "Difference",
            f"{_points(found.difference)} points",
            f"{low} to {high} (95 % interval)",
        ),
        (
            "McNemar's test",
            f"p = {_p(found.p_exact)}",
            f"exact; χ² = {found.chi2:.1f} gives p = {_p(found.p_chi2)}",
        ),
    ]


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}".replace("-", "−")


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _verdict(found: Comparison, first: str, second: str) -> str:
    if found.only_a == found.only_b:
        return "On these images both are equally accurate."
    better = plain(second if found.difference > 0 else first)
    if found.p_exact < _CONVINCING:
        return f"**{better}** is more accurate here; chance alone is an unlikely explanation."
    return f"**{better}** is ahead here, but chance alone could easily explain it."


def _table(found: Comparison, first: str, second: str) -> None:
    frame = pd.DataFrame(
        [
            ("Both right", found.both_right),
            (f"Only {first}", found.only_a),
            (f"Only {second}", found.only_b),
            ("Neither", found.both_wrong),
        ],
        columns=["who", "faces"],
    )
    frame["share"] = 100 * frame["faces"] / found.n
    st.dataframe(
        frame,
        hide_index=True,
        column_config={
            "who": st.column_config.TextColumn("Correct"),
            "faces": st.column_config.NumberColumn("Faces", format="localized"),
            "share": st.column_config.ProgressColumn(
                "Share", format="%.1f %%", min_value=0, max_value=100
            ),
        },
        alt="How many faces both models, one of them or neither predict correctly.",
    )


@st.fragment
def _changed(choice: Choice, first: Evaluation, second: Evaluation) -> None:
    groups = {
        f"Only {first.model} right": first.correct & ~second.correct,
        f"Only {second.model} right": second.correct & ~first.correct,
        "Both wrong, differently": ~first.correct
        & ~second.correct
        & (first.predicted != second.predicted),
    }
    st.header("Images on which they differ", anchor=False)
    if st.session_state.get(CHANGED_KEY) not in groups:
        st.session_state[CHANGED_KEY] = next(iter(groups))
    chosen = st.segmented_control(
        "Images",
        list(groups),
        format_func=plain,
        required=True,
        key=CHANGED_KEY,
        label_visibility="collapsed",
    )
    wanted = groups[chosen or next(iter(groups))]
    shown = second if chosen == f"Only {second.model} right" else first
    st.caption(
        f"{count_of(int(wanted.sum()), 'face').capitalize()}; the words below are predicted by "
        f"{plain(shown.model)}."
    )
    if wanted.any():
        faces(choice, shown, by_confidence(shown, wanted), key="ev_changed_faces")
