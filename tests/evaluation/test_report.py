"""Judging a model: right rows, right labels, kept predictions, logged accesses."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as sk

from emotion_core.classifiers.runtime import softmax
from emotion_core.datasets import EmotionDataset
from emotion_core.emotions import FER2013, Emotion, LabelSet
from emotion_core.errors import ModelError
from emotion_core.evaluation import (
    EvaluatedModel,
    build_evaluation_split,
    cached_evaluation,
    evaluate_model,
    evaluated_run,
)
from emotion_core.evaluation.cache import LogitsCache
from emotion_core.evaluation.evaluated_model import fitted, in_order
from emotion_core.evaluation.predictor import Cancelled
from emotion_core.evaluation.test_set_log import LOG_FILE, read_accesses, record_access

from .conftest import random_logits

MakeModel = Callable[..., EvaluatedModel]


@pytest.mark.parametrize("split", ["validation", "test", "merged", "training"])
def test_figures_of_every_split_equal_scikit_learn(
    make_model: MakeModel, small_set: EmotionDataset, split: str
) -> None:
    usage = {
        "validation": ["PublicTest"],
        "test": ["PrivateTest"],
        "merged": ["PublicTest", "PrivateTest"],
        "training": ["Training"],
    }[split]
    rows = np.isin(small_set.usage, usage)
    truth, logits = small_set.labels[rows], random_logits(small_set.images[rows])
    figures = evaluate_model(make_model(), build_evaluation_split(small_set, split)).figures()
    predicted = logits.argmax(axis=1)
    assert figures["n"] == rows.sum()
    assert figures["accuracy"] == pytest.approx(sk.accuracy_score(truth, predicted))
    assert figures["confusion"] == sk.confusion_matrix(truth, predicted, labels=range(7)).tolist()
    covered = softmax(logits, 1.3).max(axis=1) >= 0.4
    assert figures["coverage"] == pytest.approx(covered.mean())
    assert figures["accuracy_covered"] == pytest.approx((predicted == truth)[covered].mean())


def test_leaked_images_are_left_out_of_the_second_accuracy(
    make_model: MakeModel, small_set: EmotionDataset
) -> None:
    for split in ("validation", "test"):  # exact copies, mirrored copies
        evaluation = evaluate_model(make_model(), build_evaluation_split(small_set, split))
        figures = evaluation.figures()
        assert figures["n_unseen"] == 90
        assert figures["accuracy_unseen"] == pytest.approx(evaluation.correct[10:].mean())
        low, high = figures["accuracy_unseen_ci95"]
        assert low < figures["accuracy_unseen"] < high
    training = evaluate_model(make_model(), build_evaluation_split(small_set, "training")).figures()
    assert (training["n_unseen"], training["accuracy_unseen"]) == (0, None)


def test_ferplus_counts_rows_with_a_clear_majority(
    make_model: MakeModel, small_set: EmotionDataset
) -> None:
    evaluation = evaluate_model(make_model(), build_evaluation_split(small_set, "test", "raters"))
    assert evaluation.rows.rows.tolist() == list(range(200, 300, 2))
    assert set(evaluation.rows.truth) == {FER2013.index(Emotion.NEUTRAL)}
    logits = random_logits(small_set.images[200:300:2])
    assert evaluation.figures()["accuracy"] == pytest.approx((logits.argmax(axis=1) == 6).mean())


def test_answers_are_computed_once_for_both_kinds_of_labels(
    make_model: MakeModel, small_set: EmotionDataset, folder: Path
) -> None:
    opened: list[str] = []
    model, cache = make_model(opened=opened), LogitsCache(folder)
    rows = build_evaluation_split(small_set, "validation")
    assert cached_evaluation(model, rows, cache) is None
    first = evaluate_model(model, rows, cache=cache)
    second = evaluate_model(
        model, build_evaluation_split(small_set, "validation", "raters"), cache=cache
    )
    kept = cached_evaluation(model, rows, cache)
    assert kept is not None
    assert kept.figures() == first.figures()
    assert len(second.rows.truth) == 50
    assert opened == ["random"]
    # Another model or another picture is another question.
    evaluate_model(make_model(key="1" * 64, opened=opened), rows, cache=cache)
    changed = small_set.images.copy()
    changed[100, 0, 0] ^= 1
    other = EmotionDataset(
        changed, small_set.labels, small_set.usage, small_set.votes, small_set.rows
    )
    evaluate_model(model, build_evaluation_split(other, "validation"), cache=cache)
    assert len(opened) == 3
    assert kept.figures(threshold=0.0)["coverage"] == 1.0


def test_a_damaged_file_of_the_cache_is_computed_again(
    make_model: MakeModel, small_set: EmotionDataset, folder: Path
) -> None:
    model, cache, rows = (
        make_model(),
        LogitsCache(folder),
        build_evaluation_split(small_set, "test"),
    )
    whole = evaluate_model(model, rows, cache=cache).figures()
    (file,) = folder.rglob("*.npz")
    file.write_bytes(file.read_bytes()[:100])
    again = evaluate_model(model, rows, cache=cache).figures()
    assert {**again, "seconds": 0} == {**whole, "seconds": 0}


def test_it_can_be_stopped(make_model: MakeModel, small_set: EmotionDataset) -> None:
    done: list[tuple[int, int]] = []
    rows = build_evaluation_split(small_set, "training")
    evaluate_model(make_model(), rows, progress=lambda n, total: done.append((n, total)))
    assert done == [(100, 100)]
    with pytest.raises(Cancelled):
        evaluate_model(make_model(), rows, cancelled=lambda: True)


def test_another_order_of_outputs_gives_the_same_answers(
    make_model: MakeModel, small_set: EmotionDataset
) -> None:
    names = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"]
    alphabetical = LabelSet.from_names(names)
    model = make_model(labels=alphabetical)
    evaluation = evaluate_model(model, build_evaluation_split(small_set, "test"))
    raw = random_logits(small_set.images[200:])
    wanted = [names[label] for label in raw.argmax(axis=1)]
    assert [FER2013[int(label)].value for label in evaluation.predicted] == wanted


def test_unknown_and_additional_emotions() -> None:
    six = LabelSet.from_names(["happy", "angry", "contempt"])
    logits = np.array([[1.0, 2.0, 9.0]], np.float32)
    shares = softmax(in_order(logits, six, FER2013))[0]
    assert shares.sum() == pytest.approx(1)
    assert shares[FER2013.index("angry")] > shares[FER2013.index("happy")] > 0
    assert shares[FER2013.index("sad")] == 0


def test_crops_get_the_size_that_the_model_wants() -> None:
    images = np.zeros((2, 48, 48), np.uint8)
    assert fitted(images, 64).shape == (2, 64, 64)
    assert fitted(images, None) is images
    assert fitted(images[:0], 64).shape == (0, 48, 48)


def test_a_run_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has not finished an epoch"):
        evaluated_run(tmp_path)


# As earlier versions wrote it.
_OLD_LINE = (
    '{"when": "2026-11-20T10:00:00+00:00", "by": "command line", "model": "compact", '
    '"model_key": "ab", "dataset": "SET", "dataset_sha256": "cd", "split": "test", '
    '"labels": "ferplus"}\n'
)


def test_accesses_to_test_images_are_logged_and_others_are_not(
    make_model: MakeModel, small_set: EmotionDataset, folder: Path
) -> None:
    def access(split: str, name: str = "random", key: str = "0") -> None:
        model = make_model(name=name, key=key)
        record_access(
            by="page", model=model, dataset=small_set, split=split, labels="fer2013",
            folder=folder,
        )  # fmt: skip

    access("validation")
    access("training")
    assert read_accesses(small_set, folder=folder) == ()
    access("test")
    access("merged", name="other", key="1")
    with (folder / LOG_FILE).open("a", encoding="utf-8") as file:
        file.write("half a line\n")
        file.write(_OLD_LINE.replace("SET", small_set.name))
    accesses = read_accesses(small_set, folder=folder)
    assert [(one.model, one.split, one.by, one.labels) for one in accesses] == [
        ("random", "test", "page", "fer2013"),
        ("other", "merged", "page", "fer2013"),
        ("compact", "test", "command line", "raters"),
    ]
    renamed = EmotionDataset(
        small_set.images, small_set.labels, small_set.usage, small_set.votes, small_set.rows,
        name="another",
    )  # fmt: skip
    assert read_accesses(renamed, folder=folder) == ()
