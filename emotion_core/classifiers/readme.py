"""A model's README, written from its card, so that no figure is copied by hand."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emotion_core.classifiers.card import LITERT_FILE, ModelCard
from emotion_core.classifiers.description import describe_model
from emotion_core.classifiers.heads import HEAD_MEANINGS, Head
from emotion_core.classifiers.readme_tables import UNKNOWN, markdown_table, number, percent
from emotion_core.classifiers.readme_training import (
    own_protocol_section,
    repeated_runs_section,
    training_section,
)
from emotion_core.files.atomic_files import write_atomic
from emotion_core.files.publishing import published_folder

_SPLIT_TITLES = {
    "validation": "PublicTest (validation)",
    "test": "PrivateTest (test)",
    "test_ferplus": "PrivateTest, FER+ majority labels",
    "validation_ferplus": "PublicTest, FER+ majority labels",
    "merged": "PublicTest and PrivateTest merged",
}
# The splits whose classes are shown in detail, by whose labels a head predicts: the first that the
# card has.
_DETAILED = {
    "raters": ("test_ferplus", "validation_ferplus"),
    "fer2013": ("test", "validation"),
}


def save_with_readme(card: ModelCard, folder: Path) -> None:
    """Writes ``card.json``, and the README that is rendered from it, into a model's folder."""
    card.save(folder)
    write_atomic(folder / "README.md", render_readme(card).encode())


def replace_card(card: ModelCard, folder: Path) -> None:
    """Gives a model another card and the README of it, both in one step.

    Raises:
        OutputError: the folder cannot be written.
        DiskFullError: there is no room for it.
    """
    with published_folder(folder, replace=True, kept="The model is as before.") as new:
        shutil.copytree(folder, new, dirs_exist_ok=True)
        save_with_readme(card, new)


def render_readme(card: ModelCard) -> str:
    """Markdown with everything on the card that matters to whoever uses the model.

    Sections whose figures the card does not have are left out.
    """
    use_for = f"Use it for: {card.use_for}." if card.use_for else ""
    sections = [f"# {card.title}", describe_model(card), card.description, use_for]
    sections += [_facts(card), _accuracy(card)]
    for name in card.heads:
        sections += _details(card, name)
    sections += [
        _limits(),
        training_section(card),
        own_protocol_section(card),
        repeated_runs_section(card),
    ]
    sections += [_files(card), _sources(card)]
    sections.append(
        "This file is generated from `card.json`; `render_readme` in "
        "`emotion_core/classifiers/readme.py` writes it."
    )
    return "\n\n".join(section for section in sections if section) + "\n"


def _facts(card: ModelCard) -> str:
    size = card.input_size_px
    colour = "gray" if card.input_channels == 1 else f"{card.input_channels} channels"
    facts = {
        "Name": f"`{card.name}`",
        "Architecture": f"`{card.architecture}`, {card.n_parameters:,} parameters",
        "Input": f"{size}x{size} pixels, {colour}, values 0-255, framed as `{card.crop_framing}`",
        "Output": f"logits of {', '.join(card.labels)}",
        **{f"Head `{name}`": _head(card, name) for name in card.heads},
        "Test-time augmentation": "horizontal flip, logits averaged" if card.flip_tta else "none",
        "Time per face": UNKNOWN
        if card.ms_per_face is None
        else f"{card.ms_per_face:.2f} ms in batches of 8 on one thread of the training machine",
        "Licence": card.licence,
        "Created": card.created,
    }
    return markdown_table(("", ""), list(facts.items()))


def _head(card: ModelCard, name: str) -> str:
    head = card.heads[name]
    text = (
        f"{HEAD_MEANINGS[name]} Uncertain below {percent(head.threshold)}; temperature "
        f"{head.temperature:.3g}"
    )
    if head.contrast or head.sharpness:
        text += f", by contrast {head.contrast:+.2f} and sharpness {head.sharpness:+.2f}"
    default = " Answers unless the other one is asked for." if name == card.own_labels else ""
    return f"{text}.{default if len(card.heads) > 1 else ''}"


def _accuracy(card: ModelCard) -> str:
    if not card.metrics:
        return ""
    header = (
        "Images",
        "n",
        "Accuracy",
        "95 % interval",
        "Macro-F1",
        "Calibration error",
        "on shifted faces",
        "Resting faces misread",
        "Unseen n",
        "Accuracy on them",
    )
    rows = [
        (
            _SPLIT_TITLES.get(split, split),
            f"{metrics['n']:,}",
            percent(metrics["accuracy"]),
            " to ".join(f"{100 * bound:.1f}" for bound in metrics["accuracy_ci95"]),
            percent(metrics.get("macro_f1")),
            number(metrics.get("ece")),
            number(metrics.get("ece_shifted")),
            _resting(metrics.get("resting_misread")),
            UNKNOWN if metrics.get("n_unseen") is None else f"{metrics['n_unseen']:,}",
            percent(metrics.get("accuracy_unseen")),
        )
        for split, metrics in card.metrics.items()
    ]
    return (
        "## Accuracy\n\n"
        + markdown_table(header, rows)
        + "\n\nUnseen images are those that do not also stand, exactly or mirrored, in "
        "Training. People reach 65 % ± 5 on this data set (Goodfellow et al., arXiv 1307.0414)."
        + (
            " Shifted faces are the same faces under six conditions of everyday pictures "
            "(`emotion_core/evaluation/shifts.py`). Resting faces are those that the raters call "
            "neutral; misread are those called angry, disgusted, afraid or sad, and not uncertain; "
            "beyond doubt are those that 8 of 10 raters call neutral."
            if any("ece_shifted" in metrics for metrics in card.metrics.values())
            else ""
        )
    )


def _resting(rates: Mapping[str, Any] | None) -> str:
    """Share of all, and of those that 8 of 10 raters call neutral."""
    if not rates or rates.get("majority") is None:
        return UNKNOWN
    return f"{percent(rates['majority'])} ({percent(rates.get('votes_8'))} beyond doubt)"


def _details(card: ModelCard, labels: str) -> list[str]:
    """What one head makes of each expression, on the split that tells it best."""
    # A model of raters' labels that was never judged by them is shown by the others.
    wanted = [*_DETAILED[labels], *(_DETAILED["fer2013"] if len(card.heads) == 1 else ())]
    split = next((split for split in wanted if split in card.metrics), None)
    if split is None:
        return []
    metrics, title = card.metrics[split], _SPLIT_TITLES[split]
    return [
        _classes(title, metrics, card.labels),
        _confusion(title, metrics, card.labels),
        _uncertain(title, metrics, card.heads[labels], labels if len(card.heads) > 1 else ""),
    ]


def _classes(title: str, metrics: Mapping[str, Any], labels: Sequence[str]) -> str:
    per_class = metrics.get("per_class")
    if not per_class:
        return ""
    rows = [
        (
            name,
            *(percent(per_class[name][key]) for key in ("recall", "precision", "f1")),
            f"{per_class[name]['support']:,}",
        )
        for name in labels
        if name in per_class
    ]
    return f"## Each expression on {title}\n\n" + markdown_table(
        ("Expression", "Recall", "Precision", "F1", "n"), rows
    )


def _confusion(title: str, metrics: Mapping[str, Any], labels: Sequence[str]) -> str:
    confusion = metrics.get("confusion")
    if not confusion:
        return ""
    rows = [
        (f"**{name}**", *(f"**{n}**" if i == j else str(n) for j, n in enumerate(counts)))
        for i, (name, counts) in enumerate(zip(labels, confusion, strict=True))
    ]
    return (
        f"## Confusion on {title}\n\nRows are the labels of the data set, columns the model's "
        "predictions; number of images.\n\n" + markdown_table(("", *labels), rows)
    )


def _uncertain(title: str, metrics: Mapping[str, Any], head: Head, labels: str) -> str:
    """What saying "uncertain" buys; ``labels`` names the head where there are two."""
    coverage, accuracy = metrics.get("coverage"), metrics.get("accuracy_covered")
    if coverage is None or accuracy is None:
        return ""
    curve = [
        (percent(point["coverage"]), percent(point["threshold"]), percent(point["accuracy"]))
        for point in metrics.get("coverage_curve", ())
    ]
    return (
        f"## Unconfident predictions{f' of `{labels}`' * bool(labels)}\n\nWhere the highest "
        f"probability is below {percent(head.threshold)}, the prediction is shown as uncertain. "
        f"On {title} that leaves {percent(coverage)} of the faces with a confident prediction, "
        f"and {percent(accuracy)} of these are right."
        + (
            "\n\n" + markdown_table(("Confident predictions", "Threshold", "Right"), curve)
            if curve
            else ""
        )
    )


def _limits() -> str:
    return (
        "## Limits\n\nThe model tells which of these expressions a picture of a face resembles, "
        "not what somebody feels. It learned from web pictures with noisy labels, in which groups "
        "of people and rare expressions are unevenly represented. Do not decide about people by it."
    )


def _files(card: ModelCard) -> str:
    served = f"`{LITERT_FILE}` is the file that is served.\n\n"
    return (
        "## Files\n\n"
        + served
        + markdown_table(
            ("File", "SHA-256"),
            [(f"`{name}`", f"`{digest}`") for name, digest in card.files.items()],
        )
    )


def _sources(card: ModelCard) -> str:
    if not card.sources:
        return ""
    return "## Sources\n\n" + "\n".join(f"- {source}" for source in card.sources)
