from collections.abc import Callable
from typing import Any

import pytest

from emotion_core.classifiers.card import ModelCard
from emotion_core.classifiers.readme import render_readme
from emotion_core.emotions import FER2013
from tests.classifiers.conftest import one_head

MakeCard = Callable[..., ModelCard]


def tables(markdown: str) -> list[list[list[str]]]:
    """The cells of each table, header first, without its rule."""
    found: list[list[list[str]]] = []
    inside = False
    for line in markdown.splitlines():
        if line.startswith("|"):
            if not inside:
                found.append([])
            found[-1].append([cell.strip() for cell in line.strip("|").split(" | ")])
        inside = line.startswith("|")
    return [[table[0], *table[2:]] for table in found]


def test_shows_the_figures_of_the_card(make_card: MakeCard) -> None:
    text = render_readme(make_card())
    assert text.startswith("# Compact residual network\n")
    facts, accuracy, classes, confusion, files = tables(text)
    (head,) = (row[1] for row in facts if row[0] == "Head `fer2013`")
    assert head.endswith("Uncertain below 45.0 %; temperature 1.3.")
    assert ["Test-time augmentation", "horizontal flip, logits averaged"] in facts
    assert accuracy[1][:4] == ["PublicTest (validation)", "3,588", "66.0 %", "64.4 to 67.5"]
    assert accuracy[2] == [
        "PrivateTest (test)",
        "3,589",
        "66.0 %",
        "64.4 to 67.5",
        "64.0 %",
        "0.020",
        "–",
        "–",
        "3,265",
        "65.0 %",
    ]
    assert [row[0] for row in classes[1:]] == list(FER2013.names)
    assert classes[3] == ["fear", "60.0 %", "60.0 %", "60.0 %", "500"]
    assert confusion[0][1:] == list(FER2013.names)
    assert confusion[2] == ["**disgust**", "10", "**400**", "10", "10", "10", "10", "10"]
    assert files[2] == ["`model.tflite`", "`" + "b" * 64 + "`"]
    assert "leaves 80.0 % of the faces with a confident prediction, and 75.0 % of these" in text
    assert "- FER+, arXiv 1608.01041" in text
    assert "Recipe: `compact`" in text


def test_shows_what_the_model_is_for_and_what_each_threshold_leaves(make_card: MakeCard) -> None:
    metrics = dict(make_card().metrics["test"])
    metrics["coverage_curve"] = [
        {"coverage": 1.0, "threshold": 0.0, "accuracy": 0.66},
        {"coverage": 0.5, "threshold": 0.71, "accuracy": 0.875},
    ]
    card = make_card(use_for="photos", metrics={"test": metrics})
    text = render_readme(card)
    assert "\nUse it for: photos.\n" in text
    curve = next(table for table in tables(text) if table[0][0] == "Confident predictions")
    assert curve[1:] == [["100.0 %", "0.0 %", "66.0 %"], ["50.0 %", "71.0 %", "87.5 %"]]


def test_a_model_of_ferplus_labels_is_shown_by_them(make_card: MakeCard) -> None:
    metrics = make_card().metrics["test"]
    both = {"test": metrics, "test_ferplus": {**metrics, "n": 3121}}
    text = render_readme(make_card(metrics=both, heads=one_head("raters")))
    assert "## Confusion on PrivateTest, FER+ majority labels" in text
    assert "## Confusion on PrivateTest (test)" in render_readme(make_card(metrics=both))


def test_every_row_of_a_table_has_its_headers_length(make_card: MakeCard) -> None:
    card = make_card(title="a | b", licence="MIT | data: ODbL\nand more")
    for table in tables(render_readme(card)):
        assert {len(row) for row in table} == {len(table[0])}


def test_a_recipe_of_settings_becomes_a_table(make_card: MakeCard) -> None:
    recipe = {"batch_size": 128, "augmentation": {"flip": True, "shift": 0.1}}
    training = {**make_card().training, "recipe": recipe, "best_epoch": 41, "leak_free": False}
    text = render_readme(make_card(training=training))
    assert ["`augmentation.shift`", "`0.1`"] in tables(text)[-2]
    assert "- best epoch: 41" in text
    assert "with images that also stand in the validation or test images" in text
    assert "batch size" not in text


def test_a_second_training_by_another_protocol_is_told_apart(make_card: MakeCard) -> None:
    card = make_card()
    figures = {
        "protocol_of": "Emotion-detection",
        "training": "all 28,709 images",
        "tested_on": "PublicTest and PrivateTest merged",
        "n": 7178,
        "accuracy": 0.6453,
        "accuracy_ci95": [0.6342, 0.6563],
        "claimed_accuracy": 0.632,
        "recipe": "own-protocol.json",
    }
    text = render_readme(card.replaced(training={**card.training, "own_protocol": figures}))
    assert "**64.5 %** (63.4 % to 65.6 %, n 7,178); Emotion-detection names 63.2 %" in text
    assert "own protocol" not in text
    assert "protocol of" not in render_readme(card)


def test_trainings_from_other_seeds_give_mean_and_spread(make_card: MakeCard) -> None:
    card = make_card()

    def figures(test: float) -> dict[str, dict[str, Any]]:
        told = {**card.metrics["test"], "accuracy": test, "accuracy_ci95": [0.6, 0.8]}
        told["accuracy_unseen"] = test - 0.01
        return {"validation": told, "test": told, "test_ferplus": told}

    repeated = [
        {"seed": seed, "leak_free": leak_free, "n_images": 28_709, "metrics": figures(test)}
        for seed, leak_free, test in ((2, True, 0.70), (3, True, 0.72), (1, False, 0.75))
    ]
    training = {**card.training, "seed": 1, "repeated_runs": repeated}
    text = render_readme(card.replaced(training=training, metrics=figures(0.71)))
    rows = {row[0]: row[1:4] for row in tables(text)[-2]}
    assert rows["this model, seed 1"] == ["71.0 %", "71.0 %", "70.0 %"]
    assert rows["seed 3"] == ["72.0 %", "72.0 %", "71.0 %"]
    assert rows["mean ± standard deviation"][:2] == ["71.0 ± 1.0 %"] * 2
    assert next(row for name, row in rows.items() if "28,709" in name)[0] == "75.0 %"
    assert "- repeated runs" not in text

    alone = {**training, "repeated_runs": repeated[2:]}
    text = render_readme(card.replaced(training=alone, metrics=figures(0.71)))
    assert "standard deviation" not in text
    alone = {**training, "repeated_runs": repeated[:1]}
    text = render_readme(card.replaced(training=alone, metrics=figures(0.71)))
    assert "Published networks" not in text


@pytest.mark.parametrize("flip_tta", [True, False])
def test_a_card_with_few_facts_leaves_sections_out(make_card: MakeCard, flip_tta: bool) -> None:
    metrics = {"test": {"n": 10, "accuracy": 0.5, "accuracy_ci95": [0.2, 0.8]}}
    for given in ({}, metrics):
        text = render_readme(
            make_card(metrics=given, ms_per_face=None, sources=(), flip_tta=flip_tta)
        )
        assert "None" not in text
        assert "Confusion" not in text
        assert ("## Accuracy" in text) == bool(given)
        assert ("horizontal flip" in text) == flip_tta
        assert "## Sources" not in text
