import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emotion_core.classifiers.card import CARD_FILE, SCHEMA, ModelCard, load_card
from emotion_core.emotions import FER2013
from emotion_core.errors import ModelError
from emotion_core.schema.old_names import OLD_KEYS

MakeCard = Callable[..., ModelCard]

OLD = Path(__file__).parent / "old_versions"

_FIGURES = {"n": 5, "accuracy": 0.5, "accuracy_ci95": [0.4, 0.6]}


def test_survives_a_round_trip_through_json(make_card: MakeCard, tmp_path: Path) -> None:
    card = make_card(title="Réseau compact")
    path = card.save(tmp_path)
    assert path == tmp_path / CARD_FILE
    assert load_card(tmp_path) == card
    assert [p.name for p in tmp_path.iterdir()] == [CARD_FILE]


def test_survives_pickle(make_card: MakeCard) -> None:
    card = make_card()
    assert pickle.loads(pickle.dumps(card)) == card


def test_json_begins_with_the_schema(make_card: MakeCard) -> None:
    values = make_card().to_dict()
    assert next(iter(values)) == "schema"
    assert values["schema"] == SCHEMA
    json.dumps(values, allow_nan=False)


def test_knows_its_label_set_and_hash(make_card: MakeCard) -> None:
    card = make_card()
    assert card.label_set == FER2013
    assert card.sha256 == "b" * 64


def test_does_not_change_with_the_values_it_was_made_of(make_card: MakeCard) -> None:
    files = {"model.tflite": "c" * 64}
    card = make_card(files=files)
    files["model.tflite"] = "d" * 64
    assert card.sha256 == "c" * 64


def test_takes_a_card_without_metrics(make_card: MakeCard) -> None:
    assert make_card(metrics={}, ms_per_face=None).metrics == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "../compact"),
        ("name", ""),
        ("name", "Compact"),
        ("name", None),
        ("title", "  "),
        ("licence", 3),
        ("labels", "happy"),
        ("labels", ["happy", "happy"]),
        ("labels", ["happy", "bored"]),
        ("labels", ["happiness", "sad"]),
        ("labels", []),
        ("sources", [1]),
        ("input_size_px", 0),
        ("input_size_px", 48.0),
        ("input_channels", True),
        ("n_parameters", -5),
        ("flip_tta", 1),
        ("ms_per_face", 0),
        ("created", "yesterday"),
        ("created", None),
        ("metrics", {"test": {"n": 10, "accuracy": 0.5}}),
        ("metrics", {"test": {"n": 10, "accuracy": 0.5, "accuracy_ci95": [0.6, 0.7]}}),
        ("metrics", {"test": {"n": 10, "accuracy": 0.5, "accuracy_ci95": [0.4]}}),
        ("metrics", {"test": {"n": 10, "accuracy": 50, "accuracy_ci95": [40, 60]}}),
        ("metrics", {"test": {"n": 0, "accuracy": 0.5, "accuracy_ci95": [0.4, 0.6]}}),
        ("metrics", {"test": None}),
        ("metrics", None),
        ("training", {}),
        ("files", {}),
        ("files", {"model.keras": "a" * 64}),
        ("files", {"model.tflite": "A" * 64}),
        ("files", {"model.tflite": "a" * 64, "../x": "a" * 64}),
        ("files", {"model.tflite": "a" * 64, "C:\\x": "a" * 64}),
    ],
)
def test_refuses_wrong_values(make_card: MakeCard, field: str, value: object) -> None:
    with pytest.raises(ModelError, match=rf"^{field}(.|\n)*Received"):
        make_card(**{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [("n_images", "many"), ("epochs", True), ("leak_free", 1), ("seed", None), ("recipe", 5)],
)
def test_refuses_wrong_training_facts(make_card: MakeCard, field: str, value: object) -> None:
    training = {**make_card().training, field: value}
    with pytest.raises(ModelError, match=rf"training\.{field}: wanted"):
        make_card(training=training)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n_parameters", 10**400),
        ("ms_per_face", 1e308),
        ("input_size_px", 10**9),
        ("metrics", {"test": {"n": 10**400, "accuracy": 0.5, "accuracy_ci95": [0.4, 0.6]}}),
        ("metrics", {"test": {"n": 5, "accuracy": 0.5, "accuracy_ci95": [0.4, 10**400]}}),
        ("metrics", {"test": {**_FIGURES, "macro_f1": "high"}}),
        ("metrics", {"test": {**_FIGURES, "per_class": {"happy": {"recall": None}}}}),
        ("metrics", {"test": {**_FIGURES, "per_class": [1]}}),
        ("metrics", {"test": {**_FIGURES, "confusion": [[1, 2], [3]]}}),
        ("metrics", {"test": {**_FIGURES, "coverage_curve": [{}]}}),
        ("sources", [b"x"]),
        ("created", 10**400),
    ],
)
def test_refuses_values_that_nothing_can_show(
    make_card: MakeCard, field: str, value: object
) -> None:
    with pytest.raises(ModelError, match=rf"^{field}") as caught:
        make_card(**{field: value})
    assert len(str(caught.value)) < 300


def test_all_faults_of_a_card_are_told_at_once(make_card: MakeCard, tmp_path: Path) -> None:
    values = make_card().to_dict()
    values["heads"]["fer2013"] |= {"temperature": "hot", "threshold": 7}
    values["created"] = "soon"
    values["training"]["seed"] = None
    _write(tmp_path, values)
    with pytest.raises(ModelError) as caught:
        load_card(tmp_path)
    text = str(caught.value)
    head = "heads.fer2013"
    for name in (f"{head}.temperature", f"{head}.threshold", "created", "training.seed"):
        assert f"{name}: wanted" in text


def test_keeps_additional_training_facts(make_card: MakeCard) -> None:
    training = {**make_card().training, "git_commit": "abc", "recipe": {"mixup": 0.1}}
    assert make_card(training=training).training["recipe"] == {"mixup": 0.1}


def test_refuses_numbers_that_json_cannot_hold(make_card: MakeCard) -> None:
    metrics = {"n": 1, "accuracy": 0.5, "accuracy_ci95": [0.4, 0.6], "ece": float("nan")}
    with pytest.raises(ModelError, match=r"metrics: wanted plain JSON"):
        make_card(metrics={"test": metrics})


def _with_one_temperature(card: ModelCard) -> dict[str, Any]:
    """The values of a card as they were before there were heads."""
    values = card.to_dict()
    (head,) = values.pop("heads").values()
    return {**values, "temperature": head["temperature"], "threshold": head["threshold"]}


def _write(folder: Path, values: Any) -> None:
    (folder / CARD_FILE).write_text(json.dumps(values), encoding="utf-8")


def test_a_missing_field_is_named(make_card: MakeCard, tmp_path: Path) -> None:
    values = make_card().to_dict()
    del values["heads"]
    _write(tmp_path, values)
    with pytest.raises(ModelError, match=r"card\.json: Wanted the fields .*Missing: heads\."):
        load_card(tmp_path)


def test_an_unknown_field_is_named(make_card: MakeCard, tmp_path: Path) -> None:
    _write(tmp_path, {**make_card().to_dict(), "colour": "red"})
    with pytest.raises(ModelError, match=r"Missing: none\. Unknown: colour\."):
        load_card(tmp_path)


@pytest.mark.parametrize("schema", [None, 0, SCHEMA + 1, "1"])
def test_another_schema_is_refused(make_card: MakeCard, tmp_path: Path, schema: object) -> None:
    _write(tmp_path, {**make_card().to_dict(), "schema": schema})
    with pytest.raises(ModelError, match=f"schema: wanted {SCHEMA}"):
        load_card(tmp_path)


def test_a_card_of_schema_1_is_read(make_card: MakeCard, tmp_path: Path) -> None:
    card = make_card()
    values = _with_one_temperature(card)
    del values["use_for"]
    _write(tmp_path, {**values, "schema": 1})
    assert load_card(tmp_path) == card.replaced(use_for="")


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"[1]", b"null", b"[" * 100_000])
def test_a_damaged_card_is_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / CARD_FILE).write_bytes(text)
    with pytest.raises(ModelError, match=r"card\.json"):
        load_card(tmp_path)


def test_a_folder_without_a_card_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"not a model folder: wanted a card\.json"):
        load_card(tmp_path)
    with pytest.raises(ModelError, match="not a model folder"):
        load_card(tmp_path / "missing")


def test_a_card_of_an_earlier_version_has_the_same_values(tmp_path: Path) -> None:
    """``old_versions/card.json`` is the shipped flagship's as commit d6e19a2 had it."""
    old = json.loads((OLD / "card.json").read_text(encoding="utf-8"))
    assert old["schema"] == 2
    card = ModelCard.from_dict(old)
    assert (card.head().temperature, card.head().threshold) == (
        old["temperature"],
        old["threshold"],
    )
    assert card.flip_tta is old["flip_average"] is True
    assert card.training["label_source"] == "auxiliary-head"
    recipe = card.training["recipe"]
    assert (recipe["init_from"], recipe["augmentation"]["sharp_share"]) == ("flagship", 0.5)
    assert [run["seed"] for run in card.training["repeated_runs"]] == [2, 3, 1]
    assert card.metrics["test_ferplus"]["labels"] == "raters"
    assert card.metrics["test"] == old["metrics"]["test"]
    # Written again it has the present names, and reads the same.
    card.save(tmp_path)
    text = (tmp_path / CARD_FILE).read_text(encoding="utf-8")
    assert not [name for name in OLD_KEYS if f'"{name}"' in text]
    assert load_card(tmp_path) == card
