"""A model's README, written from its card, so that no figure is copied by hand."""

import shutil
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emotion_core.classifiers.card import LITERT_FILE, ModelCard
from emotion_core.classifiers.description import describe_model, trained_epochs
from emotion_core.files.atomic_files import write_atomic
from emotion_core.files.publishing import published_folder

_SPLIT_TITLES = {
    "validation": "PublicTest (validation)",
    "test": "PrivateTest (test)",
    "test_ferplus": "PrivateTest, FER+ majority labels",
    "validation_ferplus": "PublicTest, FER+ majority labels",
    "merged": "PublicTest and PrivateTest merged",
}
# The splits whose classes are shown in detail: the first that the card has. A model that learned
# FER+ labels is judged by them.
_DETAILED = ("test", "validation")
_DETAILED_FERPLUS = ("test_ferplus", *_DETAILED)
_UNKNOWN = "–"


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
    wanted = _DETAILED_FERPLUS if card.own_labels == "raters" else _DETAILED
    detailed = next((split for split in wanted if split in card.metrics), None)
    if detailed is not None:
        metrics = card.metrics[detailed]
        title = _SPLIT_TITLES[detailed]
        sections += [
            _classes(title, metrics, card.labels),
            _confusion(title, metrics, card.labels),
            _uncertain(title, metrics, card),
        ]
    sections += [_limits(), _training(card), _own_protocol(card), _repeated_runs(card)]
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
        "Calibration": f"temperature {card.temperature:.3g}",
        "Test-time augmentation": "horizontal flip, logits averaged" if card.flip_tta else "none",
        "Uncertain": f"below {_percent(card.threshold)}",
        "Time per face": _UNKNOWN
        if card.ms_per_face is None
        else f"{card.ms_per_face:.2f} ms in batches of 8 on one thread of the training machine",
        "Licence": card.licence,
        "Created": card.created,
    }
    return _table(("", ""), list(facts.items()))


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
        "Unseen n",
        "Accuracy on them",
    )
    rows = [
        (
            _SPLIT_TITLES.get(split, split),
            f"{metrics['n']:,}",
            _percent(metrics["accuracy"]),
            " to ".join(f"{100 * bound:.1f}" for bound in metrics["accuracy_ci95"]),
            _percent(metrics.get("macro_f1")),
            _number(metrics.get("ece")),
            _UNKNOWN if metrics.get("n_unseen") is None else f"{metrics['n_unseen']:,}",
            _percent(metrics.get("accuracy_unseen")),
        )
        for split, metrics in card.metrics.items()
    ]
    return (
        "## Accuracy\n\n"
        + _table(header, rows)
        + "\n\nUnseen images are those that do not also stand, exactly or mirrored, in "
        "Training. People reach 65 % ± 5 on this data set (Goodfellow et al., arXiv 1307.0414)."
    )


def _classes(title: str, metrics: Mapping[str, Any], labels: Sequence[str]) -> str:
    per_class = metrics.get("per_class")
    if not per_class:
        return ""
    rows = [
        (
            name,
            *(_percent(per_class[name][key]) for key in ("recall", "precision", "f1")),
            f"{per_class[name]['support']:,}",
        )
        for name in labels
        if name in per_class
    ]
    return f"## Each expression on {title}\n\n" + _table(
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
        "predictions; number of images.\n\n" + _table(("", *labels), rows)
    )


def _uncertain(title: str, metrics: Mapping[str, Any], card: ModelCard) -> str:
    coverage, accuracy = metrics.get("coverage"), metrics.get("accuracy_covered")
    if coverage is None or accuracy is None:
        return ""
    curve = [
        (_percent(point["coverage"]), _percent(point["threshold"]), _percent(point["accuracy"]))
        for point in metrics.get("coverage_curve", ())
    ]
    return (
        "## Unconfident predictions\n\nWhere the highest probability is below "
        f"{_percent(card.threshold)}, the prediction is shown as uncertain. On {title} that leaves "
        f"{_percent(coverage)} of the faces with a confident prediction, and "
        f"{_percent(accuracy)} of these are right."
        + ("\n\n" + _table(("Confident predictions", "Threshold", "Right"), curve) if curve else "")
    )


def _limits() -> str:
    return (
        "## Limits\n\nThe model tells which of these expressions a picture of a face resembles, "
        "not what somebody feels. It learned from web pictures with noisy labels, in which groups "
        "of people and rare expressions are unevenly represented. Do not decide about people by it."
    )


def _training(card: ModelCard) -> str:
    training = card.training
    if training.get("third_party"):
        return (
            f"## Training\n\nNot by this project: {training['recipe']}. What it learned from is "
            "not known, so the test images may have been among it."
        )
    clean = (
        "without the images that also stand in the validation or test images"
        if training["leak_free"]
        else "with images that also stand in the validation or test images"
    )
    lines = [
        "## Training",
        f"{training['n_images']:,} images of {training['dataset']}, {clean}; labels: "
        f"{training['label_source']}; {trained_epochs(training)}; seed {training['seed']}. "
        f"SHA-256 of the data set: `{training['dataset_sha256']}`.",
    ]
    recipe = training["recipe"]
    if isinstance(recipe, str):
        lines.append(f"Recipe: `{recipe}`.")
    else:
        rows = [(f"`{name}`", f"`{value}`") for name, value in sorted(_flat(recipe).items())]
        lines.append(_table(("Setting", "Value"), rows))
    told = {*_TOLD, "recipe", "own_protocol", "repeated_runs"}
    more = [
        f"- {name.replace('_', ' ')}: {value}"
        for name, value in _flat(training).items()
        if name.partition(".")[0] not in told
    ]
    if more:
        lines.append("\n".join(more))
    return "\n\n".join(lines)


_TOLD = (
    "dataset",
    "dataset_sha256",
    "n_images",
    "label_source",
    "epochs",
    "stages",
    "seed",
    "leak_free",
)


def _own_protocol(card: ModelCard) -> str:
    """The second training by which a network's earlier claim is compared like for like."""
    figures = card.training.get("own_protocol")
    if not figures:
        return ""
    low, high = figures["accuracy_ci95"]
    return (
        f"## By the protocol of {figures['protocol_of']}\n\n"
        f"To compare like for like, the same network was trained once more in the way of "
        f"{figures['protocol_of']}: {figures['training']}, tested on {figures['tested_on']}. It "
        f"reached **{_percent(figures['accuracy'])}** ({_percent(low)} to {_percent(high)}, "
        f"n {figures['n']:,}); {figures['protocol_of']} names "
        f"{_percent(figures['claimed_accuracy'])}. Such a figure counts images that were seen in "
        f"training. That network is not shipped; its recipe is `{figures['recipe']}`."
    )


#: What is told of a repeated run: the heading, the split and the figure of it.
_REPEATED = (
    ("PublicTest", "validation", "accuracy"),
    ("PrivateTest", "test", "accuracy"),
    ("Its unseen images", "test", "accuracy_unseen"),
    ("PrivateTest, FER+ majority", "test_ferplus", "accuracy"),
    ("Calibration error, PrivateTest", "test", "ece"),
)


def _repeated_runs(card: ModelCard) -> str:
    """How far the figures depend on chance, and what the leaking images would have added."""
    repeated = card.training.get("repeated_runs")
    if not repeated:
        return ""
    this = {**card.training, "metrics": card.metrics}
    clean = [training for training in (this, *repeated) if training["leak_free"]]
    leaking = [training for training in (this, *repeated) if not training["leak_free"]]

    def row(training: Mapping[str, Any]) -> tuple[str, ...]:
        who = f"this model, seed {this['seed']}" if training is this else f"seed {training['seed']}"
        if not training["leak_free"]:
            who += f", all {training['n_images']:,} images, those that leak included"
        return who, *(_percent(training["metrics"][split][name]) for _, split, name in _REPEATED)

    rows = [row(training) for training in clean]
    if len(clean) > 1:
        columns = [
            [100 * training["metrics"][split][name] for training in clean]
            for _, split, name in _REPEATED
        ]
        spread = (f"{statistics.mean(c):.1f} ± {statistics.stdev(c):.1f} %" for c in columns)
        rows.append(("mean ± standard deviation", *spread))
    rows += [row(training) for training in leaking]
    text = (
        "## Repeated runs\n\nThe same recipes with other seeds, each model as it would be served; "
        "only this one is shipped.\n\n"
        + _table(("Run", *(heading for heading, _, _ in _REPEATED)), rows)
    )
    if leaking:
        text += (
            "\n\nPublished networks mostly learn from all images of Training, so theirs are to be "
            "compared with the last row: it counts test images that were seen in training."
        )
    return text


def _files(card: ModelCard) -> str:
    served = f"`{LITERT_FILE}` is the file that is served.\n\n"
    return (
        "## Files\n\n"
        + served
        + _table(
            ("File", "SHA-256"),
            [(f"`{name}`", f"`{digest}`") for name, digest in card.files.items()],
        )
    )


def _sources(card: ModelCard) -> str:
    if not card.sources:
        return ""
    return "## Sources\n\n" + "\n".join(f"- {source}" for source in card.sources)


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"a": {"b": 1}} -> {"a.b": 1}"""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    # A bar or a line break in a value would end its cell.
    cleaned = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    lines = [header, ["---"] * len(header), *cleaned]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _percent(share: float | None) -> str:
    return _UNKNOWN if share is None else f"{100 * share:.1f} %"


def _number(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{value:.3f}"
