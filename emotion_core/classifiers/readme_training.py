"""How a model was trained, as its README tells it."""

import statistics
from collections.abc import Mapping
from typing import Any

from emotion_core.classifiers.card import ModelCard
from emotion_core.classifiers.description import trained_epochs
from emotion_core.classifiers.readme_tables import markdown_table, percent


def training_section(card: ModelCard) -> str:
    """What the model was trained on, and by which settings."""
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
        lines.append(markdown_table(("Setting", "Value"), rows))
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


def own_protocol_section(card: ModelCard) -> str:
    """The second training by which a network's earlier claim is compared like for like."""
    figures = card.training.get("own_protocol")
    if not figures:
        return ""
    low, high = figures["accuracy_ci95"]
    return (
        f"## By the protocol of {figures['protocol_of']}\n\n"
        f"To compare like for like, the same network was trained once more in the way of "
        f"{figures['protocol_of']}: {figures['training']}, tested on {figures['tested_on']}. It "
        f"reached **{percent(figures['accuracy'])}** ({percent(low)} to {percent(high)}, "
        f"n {figures['n']:,}); {figures['protocol_of']} names "
        f"{percent(figures['claimed_accuracy'])}. Such a figure counts images that were seen in "
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


def repeated_runs_section(card: ModelCard) -> str:
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
        return who, *(percent(training["metrics"][split][name]) for _, split, name in _REPEATED)

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
        + markdown_table(("Run", *(heading for heading, _, _ in _REPEATED)), rows)
    )
    if leaking:
        text += (
            "\n\nPublished networks mostly learn from all images of Training, so theirs are to be "
            "compared with the last row: it counts test images that were seen in training."
        )
    return text


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings as one: {"a": {"b": 1}} -> {"a.b": 1}."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat
