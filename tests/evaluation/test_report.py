"""Judging a model: right rows, right labels, answers that are kept, looks that are counted."""

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
    Subject,
    cached_evaluation,
    evaluate_model,
    judged_rows,
    run_subject,
)
from emotion_core.evaluation.cache import LogitsCache
from emotion_core.evaluation.evaluated_model import fitted, in_order
from emotion_core.evaluation.predictor import Cancelled
from emotion_core.evaluation.test_set_log import LOOKS_FILE, read_looks, record_look

from .conftest import random_logits

MakeSubject = Callable[..., Subject]


@pytest.mark.parametrize("split", ["validation", "test", "merged", "training"])
def test_figures_of_every_split_equal_scikit_learn(
    make_subject: MakeSubject, small_set: EmotionDataset, split: str
) -> None:
    usage = {
        "validation": ["PublicTest"],
        "test": ["PrivateTest"],
        "merged": ["PublicTest", "PrivateTest"],
        "training": ["Training"],
    }[split]
    rows = np.isin(small_set.usage, usage)
    truth, logits = small_set.labels[rows], random_logits(small_set.images[rows])
    figures = evaluate_model(make_subject(), judged_rows(small_set, split)).figures()
    predicted = logits.argmax(axis=1)
    assert figures["n"] == rows.sum()
    assert figures["accuracy"] == pytest.approx(sk.accuracy_score(truth, predicted))
    assert figures["confusion"] == sk.confusion_matrix(truth, predicted, labels=range(7)).tolist()
    covered = softmax(logits, 1.3).max(axis=1) >= 0.4
    assert figures["coverage"] == pytest.approx(covered.mean())
    assert figures["accuracy_covered"] == pytest.approx((predicted == truth)[covered].mean())


def test_leaked_images_are_left_out_of_the_second_accuracy(
    make_subject: MakeSubject, small_set: EmotionDataset
) -> None:
    for split in ("validation", "test"):  # exact copies, mirrored copies
        evaluation = evaluate_model(make_subject(), judged_rows(small_set, split))
        figures = evaluation.figures()
        assert figures["n_unseen"] == 90
        assert figures["accuracy_unseen"] == pytest.approx(evaluation.correct[10:].mean())
        low, high = figures["accuracy_unseen_ci95"]
        assert low < figures["accuracy_unseen"] < high
    training = evaluate_model(make_subject(), judged_rows(small_set, "training")).figures()
    assert (training["n_unseen"], training["accuracy_unseen"]) == (0, None)


def test_ferplus_counts_rows_with_a_clear_majority(
    make_subject: MakeSubject, small_set: EmotionDataset
) -> None:
    evaluation = evaluate_model(make_subject(), judged_rows(small_set, "test", "raters"))
    assert evaluation.rows.rows.tolist() == list(range(200, 300, 2))
    assert set(evaluation.rows.truth) == {FER2013.index(Emotion.NEUTRAL)}
    logits = random_logits(small_set.images[200:300:2])
    assert evaluation.figures()["accuracy"] == pytest.approx((logits.argmax(axis=1) == 6).mean())


def test_answers_are_computed_once_for_both_kinds_of_labels(
    make_subject: MakeSubject, small_set: EmotionDataset, folder: Path
) -> None:
    opened: list[str] = []
    subject, cache = make_subject(opened=opened), LogitsCache(folder)
    rows = judged_rows(small_set, "validation")
    assert cached_evaluation(subject, rows, cache) is None
    first = evaluate_model(subject, rows, cache=cache)
    second = evaluate_model(subject, judged_rows(small_set, "validation", "raters"), cache=cache)
    kept = cached_evaluation(subject, rows, cache)
    assert kept is not None
    assert kept.figures() == first.figures()
    assert len(second.rows.truth) == 50
    assert opened == ["random"]
    # Another model or another picture is another question.
    evaluate_model(make_subject(key="1" * 64, opened=opened), rows, cache=cache)
    changed = small_set.images.copy()
    changed[100, 0, 0] ^= 1
    other = EmotionDataset(
        changed, small_set.labels, small_set.usage, small_set.votes, small_set.rows
    )
    evaluate_model(subject, judged_rows(other, "validation"), cache=cache)
    assert len(opened) == 3
    assert kept.figures(threshold=0.0)["coverage"] == 1.0


def test_a_damaged_file_of_the_cache_is_computed_again(
    make_subject: MakeSubject, small_set: EmotionDataset, folder: Path
) -> None:
    subject, cache, rows = make_subject(), LogitsCache(folder), judged_rows(small_set, "test")
    whole = evaluate_model(subject, rows, cache=cache).figures()
    (file,) = folder.rglob("*.npz")
    file.write_bytes(file.read_bytes()[:100])
    again = evaluate_model(subject, rows, cache=cache).figures()
    assert {**again, "seconds": 0} == {**whole, "seconds": 0}


def test_it_can_be_stopped(make_subject: MakeSubject, small_set: EmotionDataset) -> None:
    done: list[tuple[int, int]] = []
    rows = judged_rows(small_set, "training")
    evaluate_model(make_subject(), rows, progress=lambda n, total: done.append((n, total)))
    assert done == [(100, 100)]
    with pytest.raises(Cancelled):
        evaluate_model(make_subject(), rows, cancelled=lambda: True)


def test_another_order_of_outputs_gives_the_same_answers(
    make_subject: MakeSubject, small_set: EmotionDataset
) -> None:
    names = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"]
    alphabetical = LabelSet.from_names(names)
    subject = make_subject(labels=alphabetical)
    evaluation = evaluate_model(subject, judged_rows(small_set, "test"))
    raw = random_logits(small_set.images[200:])
    answers = [names[label] for label in raw.argmax(axis=1)]
    assert [FER2013[int(label)].value for label in evaluation.predicted] == answers


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
        run_subject(tmp_path)


def test_looks_at_test_images_are_counted_and_others_are_not(
    make_subject: MakeSubject, small_set: EmotionDataset, folder: Path
) -> None:
    def look(split: str, name: str = "random", key: str = "0") -> None:
        subject = make_subject(name=name, key=key)
        record_look(
            by="page", subject=subject, dataset=small_set, split=split, labels="fer2013",
            folder=folder,
        )  # fmt: skip

    look("validation")
    look("training")
    assert read_looks(small_set, folder=folder) == ()
    look("test")
    look("merged", name="other", key="1")
    with (folder / LOOKS_FILE).open("a", encoding="utf-8") as file:
        file.write("half a line\n")
    looks = read_looks(small_set, folder=folder)
    assert [(one.model, one.split, one.by) for one in looks] == [
        ("random", "test", "page"),
        ("other", "merged", "page"),
    ]
    renamed = EmotionDataset(
        small_set.images, small_set.labels, small_set.usage, small_set.votes, small_set.rows,
        name="another",
    )  # fmt: skip
    assert read_looks(renamed, folder=folder) == ()
