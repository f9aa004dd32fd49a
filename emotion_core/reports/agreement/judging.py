"""Human codes and the model's labels over the same windows of time."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion_core.emotions import Emotion
from emotion_core.errors import ReportError
from emotion_core.reports.agreement.codings import Code, Coding
from emotion_core.reports.agreement.coefficients import (
    cohen_kappa,
    intraclass_correlation,
    krippendorff_alpha,
)
from emotion_core.reports.agreement.windows import (
    NOTHING,
    filling_label,
    label_windows,
    window_edges,
)
from emotion_core.reports.session_frames import SessionFrames
from emotion_core.reports.uncertainty import effective_rows
from emotion_core.types import Float64Array, Int64Array

if TYPE_CHECKING:
    import pandas as pd

KAPPA_COLUMNS = (
    "coder", "person", "windows", "effective_windows", "agreement", "kappa", "low", "high"
)  # fmt: skip
EXPRESSION_COLUMNS = (
    "expression", "human_windows", "model_windows", "precision", "recall", "f1", "icc_agreement",
    "icc_agreement_low", "icc_agreement_high", "icc_consistency", "icc_consistency_low",
    "icc_consistency_high",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """How the model agrees with people.

    Attributes:
        window_s: length of the windows.
        tolerance_s: by how much a label may come too early or late.
        kappas: a row per coder and person, and one over all (``coder`` and ``person`` "all");
            columns ``KAPPA_COLUMNS``. Intervals take into account that neighbouring windows
            resemble each other.
        confusion: windows of all, rows what people coded, columns what the model says.
        expressions: a row per expression; ``EXPRESSION_COLUMNS``. The ICCs are of the share of a
            window that shows it.
        alpha_coders: Krippendorff's alpha among the coders; NaN for one.
        alpha_all: the same with the model as one more.
        coverage: share of the coded windows in which the model gave a clear label.
        notes: sentences on what was left out.
    """

    window_s: float
    tolerance_s: float
    kappas: "pd.DataFrame"
    confusion: "pd.DataFrame"
    expressions: "pd.DataFrame"
    alpha_coders: float
    alpha_all: float
    coverage: float
    notes: tuple[str, ...]


def agree(
    session: SessionFrames,
    coding: Coding,
    *,
    window_s: float = 1.0,
    tolerance_s: float = 0.0,
    uncoded: Emotion | None = None,
) -> Agreement:
    """Compares the model's labels with what people coded.

    Each window has one label of each side: what fills most of it. Windows that were coded, or in
    which the face was seen and called clearly, for less than half are left out.

    Args:
        session: that was coded.
        coding: of it, with times from its start. Persons are recognised by their names; a coding
            without names is of the only person.
        window_s: length of a window.
        tolerance_s: a window agrees if the other side has its label within so much time; counted
            from both sides and averaged (as GSEQ does).
        uncoded: what time without a code shows, such as neutral where only expressions were coded.
            None: nobody knows, and it is left out.

    Raises:
        ReportError: an option makes no sense, nobody of the coding is in the session, or no window
            can be compared.
    """
    edges = window_edges(session, window_s, tolerance_s)
    names = session.view.label_set.names
    of_person, notes = _persons(session, coding)
    if coding.unknown:
        words = ", ".join(f"{word} ({n})" for word, n in list(coding.unknown.items())[:8])
        notes.append(f"Codes that name no expression were left out: {words}.")
    reach = round(tolerance_s / window_s)
    pairs: list[dict[str, Any]] = []
    humans: list[Int64Array] = []
    models: list[Int64Array] = []
    shares: list[tuple[Float64Array, Float64Array]] = []
    total = np.zeros((len(names), len(names)))
    by_person: list[list[Int64Array]] = []
    for person, codes in of_person.items():
        model_share, model = _of_model(session, person, edges)
        lines = [model]
        for coder in sorted({code.coder for code in codes}):
            own = [code for code in codes if code.coder == coder]
            human_share, human = _of_coder(own, names, edges, uncoded)
            lines.append(human)
            confusion = _confusion(human, model, len(names), reach)
            if confusion.sum():
                total += confusion
                pairs.append(_kappa_row(coder, session.view.names[person], human, model, confusion))
            humans.append(human)
            models.append(model)
            both = (human >= 0) & (model >= 0)
            shares.append((human_share[both], model_share[both]))
        by_person.append(lines)
    human, model = np.concatenate(humans), np.concatenate(models)
    if not total.sum():
        raise ReportError(
            f"{session.name}: no window of {window_s:g} s was both coded and read clearly. "
            "Check that the coding counts seconds from the start, or take longer windows."
        )
    pairs.append(_over_all(pairs, total))
    coded = human >= 0
    left = int((coded & (model < 0)).sum())
    if left:
        notes.append(f"{left} of {int(coded.sum())} coded windows were left out, because no face "
                     "was found in most of them or the model was unsure.")  # fmt: skip
    return Agreement(
        window_s, tolerance_s, _table(pairs, KAPPA_COLUMNS), _labelled(total, names),
        _by_expression(total, names, shares),
        _alpha([lines[1:] for lines in by_person]), _alpha(by_person),
        1 - left / int(coded.sum()), tuple(notes),
    )  # fmt: skip


def _persons(session: SessionFrames, coding: Coding) -> tuple[Mapping[int, list[Code]], list[str]]:
    known = {name.casefold(): person for person, name in session.view.names.items()}
    found: dict[int, list[Code]] = {}
    strangers: dict[str, int] = {}
    alone = next(iter(session.view.names)) if len(session.view.names) == 1 else None
    one = len({code.person for code in coding.codes}) == 1
    for code in coding.codes:
        person = known.get(code.person.casefold())
        if person is None and alone is not None and one:
            person = alone
        if person is None:
            strangers[code.person] = strangers.get(code.person, 0) + 1
        else:
            found.setdefault(person, []).append(code)
    who = ", ".join(name or "(no name)" for name in strangers)
    if not found:
        people = ", ".join(session.view.names.values()) or "nobody"
        raise ReportError(
            f"{session.name}: wanted codes of {people}. Received codes of {who}. "
            "Name the people of the session as the coding does."
        )
    notes = [f"Codes of people who are not in the session were left out: {who}."] * bool(strangers)
    return found, notes


def _of_model(
    session: SessionFrames, person: int, edges: Float64Array
) -> tuple[Float64Array, Int64Array]:
    """Share of each window by expression, and the label that fills most of it."""
    frames, names = session.view.frames, session.view.label_set.names
    rows = frames[((frames["person_id"] == person) & frames["counts"]).to_numpy(np.bool_)]
    rows = rows[(rows["seconds"] > 0).to_numpy() & ~rows["uncertain"].to_numpy(np.bool_)]
    labels = rows["expression"].map({name: i for i, name in enumerate(names)}).to_numpy(np.int64)
    spans = rows[["start_s", "end_s"]].to_numpy(np.float64)
    return label_windows(spans, labels, len(names), edges)


def _of_coder(
    codes: Iterable[Code], names: tuple[str, ...], edges: Float64Array, uncoded: Emotion | None
) -> tuple[Float64Array, Int64Array]:
    known = [code for code in codes if code.expression.value in names]
    spans = np.array([(c.start_s, c.end_s) for c in known], np.float64).reshape(-1, 2)
    labels = np.array([names.index(c.expression.value) for c in known], np.int64)
    share, label = label_windows(spans, labels, len(names), edges)
    if uncoded is None or uncoded.value not in names:
        return share, label
    rest = np.clip(1 - share.sum(axis=1), 0, None)
    share[:, names.index(uncoded.value)] += rest
    return share, filling_label(share)


def _confusion(human: Int64Array, model: Int64Array, n: int, reach: int) -> Float64Array:
    both = (human >= 0) & (model >= 0)
    tables = []
    for one, other in ((human, model), (model, human)) if reach else ((human, model),):
        told = other.copy()
        for shift in range(-reach, reach + 1):
            moved = np.full(len(other), NOTHING)
            source = slice(max(0, -shift), len(other) - max(0, shift))
            target = slice(max(0, shift), len(other) - max(0, -shift))
            moved[target] = other[source]
            told[moved == one] = one[moved == one]
        table = np.zeros((n, n))
        np.add.at(table, (one[both], told[both]), 1.0)
        tables.append(table if one is human else table.T)
    mean: Float64Array = np.mean(tables, axis=0)
    return mean


def _kappa_row(
    coder: str, person: str, human: Int64Array, model: Int64Array, confusion: Float64Array
) -> dict[str, Any]:
    both = (human >= 0) & (model >= 0)
    pair = np.stack([human[both], model[both]], axis=1)
    same = (pair[:, 0] == pair[:, 1])[:, None]
    n = effective_rows(np.concatenate([same, pair], axis=1).astype(np.float64), pair @ [100, 1])
    return _row(coder, person, int(both.sum()), n, confusion)


def _over_all(pairs: list[dict[str, Any]], confusion: Float64Array) -> dict[str, Any]:
    """Windows that several people coded are worth no more than those of one."""
    windows = sum(row["windows"] for row in pairs)
    coders = len({row["coder"] for row in pairs})
    worth = sum(row["effective_windows"] for row in pairs) / coders
    return _row("all", "all", windows, worth, confusion)


def _row(
    coder: str, person: str, windows: int, n: float, confusion: Float64Array
) -> dict[str, Any]:
    kappa, low, high = cohen_kappa(confusion, n)
    return {
        "coder": coder or "coder", "person": person, "windows": windows,
        "effective_windows": round(n, 1),
        "agreement": float(np.trace(confusion) / confusion.sum()),
        "kappa": kappa, "low": low, "high": high,
    }  # fmt: skip


def _by_expression(
    confusion: Float64Array, names: tuple[str, ...], shares: list[tuple[Float64Array, Float64Array]]
) -> "pd.DataFrame":
    human = np.concatenate([pair[0] for pair in shares])
    model = np.concatenate([pair[1] for pair in shares])
    rows = []
    for i, name in enumerate(names):
        coded, said, right = confusion[i].sum(), confusion[:, i].sum(), confusion[i, i]
        values = np.stack([human[:, i], model[:, i]], axis=1)
        agreement = intraclass_correlation(values, absolute=True)
        consistency = intraclass_correlation(values, absolute=False)
        precision = right / said if said else math.nan
        recall = right / coded if coded else math.nan
        f1 = 2 * right / (coded + said) if coded + said else math.nan
        rows.append(
            dict(
                zip(
                    EXPRESSION_COLUMNS,
                    (name, coded, said, precision, recall, f1, *agreement, *consistency),
                    strict=True,
                )
            )
        )
    return _table(rows, EXPRESSION_COLUMNS)


def _alpha(by_person: list[list[Int64Array]]) -> float:
    most = max(len(lines) for lines in by_person)
    if most < 2:
        return math.nan
    empty = [np.full(len(lines[0]) if lines else 0, NOTHING) for lines in by_person]
    columns = [
        np.concatenate([
            lines[i] if i < len(lines) else nothing
            for lines, nothing in zip(by_person, empty, strict=True)
        ])
        for i in range(most)
    ]  # fmt: skip
    return krippendorff_alpha(columns)


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(rows, columns=list(columns))


def _labelled(confusion: Float64Array, names: tuple[str, ...]) -> "pd.DataFrame":
    import pandas as pd

    table = pd.DataFrame(confusion, index=list(names), columns=list(names))
    table.index.name, table.columns.name = "human", "model"
    return table
