"""What a model gets right and what it takes for what."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from emotion_core.charts.theme import (
    BAR_STEP_PX,
    TEXT_COLOUR,
    Chart,
    checked_share,
    share_bars,
    themed,
    word_axis,
)
from emotion_core.emotions import Emotion
from emotion_core.wording import percent

_STRONG = 0.35
#: From this width of the matrix on, seven words stand side by side.
_WORDS_PX = 350


def recall_chart(
    per_class: Mapping[str, Mapping[str, Any]],
    confusion: Sequence[Sequence[int]] | None = None,
) -> Chart:
    """How many faces of each emotion are recognised, and what the missed ones are taken for.

    Args:
        per_class: {emotion: {"recall": share, "support": number of faces, ...}} in label order.
        confusion: counts, rows are the true emotions in the order of ``per_class``. With it every
            bar names the most frequent wrong prediction.

    Raises:
        ValueError: an unknown emotion, a recall outside 0 to 1, or a confusion of another size.
    """
    names = list(per_class)
    mistakes = _main_mistakes(names, confusion) if confusion is not None else {}
    rows = [
        {
            "emotion": name,
            "share": checked_share(name, float(values["recall"])),
            "value": percent(float(values["recall"])),
            "faces": int(values.get("support", 0)),
            "taken_for": mistakes.get(name, ""),
        }
        for name, values in per_class.items()
    ]
    return share_bars(rows, names, "recognised", {}, note="taken_for" if mistakes else "")


def confusion_chart(
    confusion: Sequence[Sequence[int]],
    labels: Sequence[str],
    *,
    rates: bool = True,
    pick: str = "",
    sides: tuple[str, str] = ("True", "Predicted"),
    counted: str = "Faces",
) -> Chart:
    """Which emotion is taken for which; the shade is each cell's share of the true emotion.

    Args:
        confusion: counts, rows true, columns predicted, both in the order of ``labels``.
        labels: emotion names.
        rates: whether the cells say shares in percent, or numbers of faces.
        pick: name of a selection that a click on a cell makes, with the fields ``true`` and
            ``predicted``; empty for none.
        sides: what the rows and the columns are.
        counted: what the counts count.

    Raises:
        ValueError: an unknown emotion, or counts that are not square in the number of labels.
    """
    _check_square(confusion, len(labels))
    rows = []
    for true, counts in zip(labels, confusion, strict=True):
        total = max(1, sum(counts))
        for predicted, count in zip(labels, counts, strict=True):
            share = count / total
            rows.append(
                {
                    "true": Emotion(true).value,
                    "predicted": Emotion(predicted).value,
                    "share": share,
                    "value": f"{share * 100:.0f}" if rates else f"{count:,}",
                    "faces": int(count),
                }
            )
    order = list(labels)
    pointer: dict[str, Any] = {"cursor": "pointer"} if pick else {}
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("predicted:N", sort=order, title=sides[1], axis=_column_words()),
        y=alt.Y("true:N", sort=order, title=sides[0], axis=word_axis()),
        tooltip=[
            alt.Tooltip("true:N", title=sides[0]),
            alt.Tooltip("predicted:N", title=sides[1]),
            alt.Tooltip("share:Q", title="Share of the row", format=".1%"),
            alt.Tooltip("faces:Q", title=counted),
        ],
    )
    cells = base.mark_rect(color="#4C6A92", cornerRadius=3, **pointer).encode(
        fillOpacity=alt.FillOpacity(
            "share:Q",
            # The step keeps the numbers readable: grey on pale cells, white on strong ones.
            scale=alt.Scale(domain=[0, _STRONG, _STRONG, 1], range=[0.04, 0.3, 0.7, 1]),
            legend=None,
        )
    )
    if pick:
        chosen = alt.selection_point(name=pick, fields=["true", "predicted"], on="click")
        cells = cells.add_params(chosen).encode(
            stroke=alt.when(chosen, empty=False)
            .then(alt.value("#E07A5F"))
            .otherwise(alt.value(None)),
            strokeWidth=alt.value(2),
        )
    numbers = base.mark_text(fontSize=12, aria=False, **pointer).encode(
        text="value:N",
        color=alt.when(f"datum.share >= {_STRONG}")
        .then(alt.value("#FFFFFF"))
        .otherwise(alt.value(TEXT_COLOUR)),
    )
    return themed(alt.LayerChart(layer=[cells, numbers]), height=BAR_STEP_PX * 1.5 * len(order))


def _column_words() -> alt.Axis:
    """Whole words where there is room, else their first letters rather than every other word."""
    short = f"width < {_WORDS_PX} ? slice(datum.label, 0, 3) : datum.label"
    return word_axis(orient="top", labelExpr=short, labelOverlap=False)


def _check_square(confusion: Sequence[Sequence[int]], n: int) -> None:
    shape = [len(row) for row in confusion]
    if shape != [n] * n:
        raise ValueError(f"confusion: wanted {n} rows of {n} counts. Received rows of {shape}")


def _main_mistakes(names: Sequence[str], confusion: Sequence[Sequence[int]]) -> dict[str, str]:
    """{true emotion: "sad 21 %"}, the most frequent wrong prediction of each."""
    _check_square(confusion, len(names))
    mistakes = {}
    for true, (name, counts) in enumerate(zip(names, confusion, strict=True)):
        wrong = [0 if column == true else count for column, count in enumerate(counts)]
        most = max(wrong, default=0)
        if most:
            share = percent(most / sum(counts))
            mistakes[name] = f"{names[wrong.index(most)]} {share}"
    return mistakes
