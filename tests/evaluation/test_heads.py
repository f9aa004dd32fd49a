"""Two heads of one network are two models to be judged, whose outputs are computed once."""

from pathlib import Path

import numpy as np
import pytest

from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.datasets import TEST, EmotionDataset
from emotion_core.errors import ModelError
from emotion_core.evaluation import audit, build_evaluation_split, evaluate_model, evaluated_model
from emotion_core.evaluation.cache import LogitsCache
from emotion_core.evaluation.evaluated_model import evaluated_card
from tests.two_heads import HEADS, ONE, TWO


@pytest.fixture
def registry(two_headed_models: Path) -> ModelRegistry:
    return ModelRegistry(two_headed_models)


def test_each_head_is_judged_by_its_own_columns(
    registry: ModelRegistry, small_set: EmotionDataset, folder: Path
) -> None:
    outputs = registry.open(TWO).outputs(small_set.split(TEST).images)
    cache = LogitsCache(folder)
    for labels, head in HEADS.items():
        model = evaluated_model(registry, TWO, labels)
        assert model.head == head
        rows = build_evaluation_split(small_set, "test", labels)
        found = evaluate_model(model, rows, cache=cache)
        own = outputs[:, head.first : head.first + 7]
        np.testing.assert_allclose(found.everything.logits, own, atol=1e-4)
        served = registry.open(TWO, labels=labels).predict(rows.images.images)
        np.testing.assert_allclose(found.everything.probabilities, served.probabilities, atol=1e-4)
        assert found.figures()["threshold"] == head.threshold
    assert len(list(folder.rglob("*.npz"))) == 1  # both heads of one pass


def test_a_model_answers_with_the_head_that_it_has(registry: ModelRegistry) -> None:
    assert evaluated_model(registry, TWO).head == HEADS["raters"]
    one = evaluated_model(registry, ONE, "raters")
    assert one.head == registry.card(ONE).head("fer2013")
    with pytest.raises(ModelError, match="Received: 'raters'"):
        evaluated_card(registry.card(ONE), "raters", lambda: registry.open(ONE).outputs)


def test_the_audit_asks_about_the_labels_of_the_data_set(
    registry: ModelRegistry,
    small_set: EmotionDataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path))
    monkeypatch.setenv("EMOTION_LENS_MODELS", str(registry.root))
    some = small_set.select(np.arange(80, 140))
    report = audit.run_audit(some, TWO)
    served = registry.open(TWO, labels="fer2013").predict(some.images)
    np.testing.assert_allclose(report.probabilities, served.probabilities, atol=1e-4)
