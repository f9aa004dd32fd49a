"""Which model read the sessions, and how sure it is: from its card, if that is the same model."""

from collections.abc import Mapping
from typing import Any

from emotion_core.classifiers.card import ModelCard
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.errors import EmotionLensError
from emotion_core.reports.documents.blocks import Block, Points, Table, Text
from emotion_core.wording import percent


def find_card(
    metadata: Mapping[str, Any], registry: ModelRegistry | None = None
) -> ModelCard | None:
    """The card of the model that a table was read with, by its hash; None if it is not here."""
    model = metadata.get("model") or {}
    name, digest = str(model.get("name", "")), str(model.get("sha256", ""))
    registry = registry or ModelRegistry()
    if not digest or name not in registry.names():
        return None
    try:
        card = registry.card(name)
    except EmotionLensError:
        return None
    return card if digest in card.files.values() else None


def model_blocks(metadata: Mapping[str, Any], card: ModelCard | None) -> list[Block]:
    """What a report says of the model.

    Args:
        metadata: of the frame table.
        card: of its model; None: only what the table itself says.
    """
    model = metadata.get("model") or {}
    name = str(model.get("title") or model.get("name") or "a model that nobody noted")
    options = metadata.get("options") or {}
    threshold = options.get("threshold")
    sentences = [_who(name, model)]
    if isinstance(threshold, int | float):
        sentences.append(
            f"A face whose highest probability is below {percent(float(threshold))} counts as "
            "uncertain and is called nothing."
        )
    blocks: list[Block] = []
    figures = _judged(card, str(model.get("labels", "")))
    if figures is None:
        sentences.append(
            "Its card is not at hand, so how often it is right is not said here. See the card of "
            "the model that has this hash."
        )
        return [Text(" ".join(sentences))]
    which, judged = figures
    low, high = judged["accuracy_ci95"]
    sentences.append(
        f"On {judged['n']:,} photographs of {which} it agrees with "
        f"the label in {percent(judged['accuracy'], 1)} of cases (95 % interval "
        f"{percent(low, 1)} to {percent(high, 1)}); on the {percent(judged['coverage'])} that it "
        f"is sure of, in {percent(judged['accuracy_covered'], 1)}."
    )
    blocks.append(Text(" ".join(sentences)))
    rows = tuple(
        (
            expression,
            percent(values["precision"]),
            percent(values["recall"]),
            f"{values['support']:,}",
        )
        for expression, values in judged["per_class"].items()
    )
    blocks.append(
        Table(
            ("Expression", "Right when it says so", "Found when it is there", "Photographs"),
            rows,
            caption=f"How often the model is right, by expression ({which})",
            note="Photographs of single faces with one label each. Faces in video and on webcams "
            "are smaller and move: expect it to be right less often there.",
            numbers=(1, 2, 3),
            weights=(1.2, 1.4, 1.4, 1),
        )
    )
    weak = [row for row in judged["per_class"].items() if row[1]["recall"] < 0.5]
    if weak:
        words = ", ".join(f"{e} ({percent(v['recall'])})" for e, v in weak)
        blocks.append(Points((f"It misses more than half of: {words}. Little of these below does "
                              "not mean that they were not there.",)))  # fmt: skip
    return blocks


def _who(name: str, model: Mapping[str, Any]) -> str:
    digest = str(model.get("sha256", ""))
    known = f" (SHA-256 {digest[:12]}…)" if digest else ""
    labels = {"fer2013": "FER-2013's labels", "raters": "ten raters' votes per face (FER+)"}
    learnt = labels.get(str(model.get("labels", "")), "")
    return f"Read by {name}{known}" + (f", which learnt {learnt}." if learnt else ".")


def _judged(card: ModelCard | None, labels: str) -> tuple[str, Mapping[str, Any]] | None:
    """(data set in words, figures) of the card's test set, else its validation set.

    A head is judged by the labels that it learnt: the other's figures are not its own.
    """
    if card is None:
        return None
    own = "_ferplus" if labels == "raters" else ""
    by = " by the majority of ten raters (FER+)" if own else ""
    for key, words in (
        (f"test{own}", f"FER-2013's test set{by}"),
        (f"validation{own}", f"FER-2013's validation set{by}"),
    ):
        found = card.metrics.get(key)
        wanted = {"n", "accuracy", "accuracy_ci95", "coverage", "accuracy_covered", "per_class"}
        if found is not None and wanted <= set(found):
            return words, found
    return None
