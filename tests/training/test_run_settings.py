"""What the settings of a run do to a real run, on few and tiny epochs."""

import errno
import json
from pathlib import Path

import keras
import numpy as np
import pytest

from emotion_core.classifiers.export import KerasClassifier, load_keras
from emotion_core.classifiers.preprocessing import crops_to_tensor
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.classifiers.runtime import softmax
from emotion_core.datasets import EmotionDataset
from emotion_core.emotions import FER2013
from emotion_core.errors import TrainingError
from emotion_core.evaluation.shifts import SHIFTS
from emotion_core.evaluation.test_set_log import read_accesses
from emotion_core.training import fit, teachers
from emotion_core.training.augmentation import Augmentation
from emotion_core.training.callbacks import stops_early
from emotion_core.training.config import TrainingConfig
from emotion_core.training.data import prepare
from emotion_core.training.history_import import read_history
from emotion_core.training.promote import promote_run
from emotion_core.training.run import resume_run, start_run
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.runs import read_run
from emotion_core.training.teachers import with_teachers
from tests.training.conftest import draw_shapes, with_contrary_votes

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.timeout(900),
]

CONFIG = TrainingConfig(
    architecture="emotion-cnn",
    epochs=2,
    batch_size=70,
    optimizer="adam",
    learning_rate=1e-3,
    ema=0.5,
    augmentation=Augmentation(flip=False, mixup=0.2, cutmix=0.5),
    tensorboard=True,
    class_balance="weights",
)


def quiet(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "first"
    start_run(CONFIG, draw_shapes(), path, source="shapes.parquet", report=quiet)
    return path


@pytest.mark.slow
def test_history_has_the_f1_of_each_emotion(first_run: Path, shapes_set: EmotionDataset) -> None:
    history = read_run(first_run).history()
    f1 = history[[f"val_f1_{name}" for name in shapes_set.label_set.names]]
    assert f1.shape == (2, 7)
    np.testing.assert_allclose(history["val_macro_f1"], f1.mean(axis=1), atol=1e-5)
    evaluation = json.loads((first_run / "evaluation.json").read_text())["validation"]
    best = history["val_accuracy"].idxmax()
    assert evaluation["macro_f1"] == pytest.approx(history["val_macro_f1"][best], abs=1e-5)
    assert json.loads((first_run / "config.json").read_text())["dataset"] == "shapes.parquet"


def test_tensorboard_logs_hold_the_history(first_run: Path) -> None:
    logs = read_history(first_run / "tensorboard").table
    ours = read_run(first_run).history()
    for name in ("loss", "val_accuracy", "learning_rate"):
        np.testing.assert_allclose(logs[name], ours[name], rtol=1e-4)


@pytest.mark.slow
def test_a_full_disk_is_named_and_the_run_goes_on_after_it(
    shapes_set: EmotionDataset, first_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkpoint of epoch 2 cannot be written: epoch 1 is kept, and the end is the same."""
    from emotion_core.training import callbacks

    save, folder = callbacks.save_checkpoint, RunFolder(tmp_path / "run")

    def full(run: RunFolder, model: object, epochs_done: int) -> None:
        if epochs_done == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        save(run, model, epochs_done)

    monkeypatch.setattr(callbacks, "save_checkpoint", full)
    with pytest.raises(TrainingError, match="disk is full"):
        start_run(CONFIG, shapes_set, folder.path, report=quiet)
    run = read_run(folder.path)
    assert (run.state, run.can_resume) == ("failed", True)
    assert run.error.startswith(f"The disk is full: {folder.path} cannot be written; ")
    assert run.error.endswith(
        "Everything up to the last full epoch is kept. Free some space, then resume."
    )
    assert folder.epochs_done == 1
    monkeypatch.undo()
    resume_run(shapes_set, folder.path, report=quiet)
    straight, resumed = RunFolder(first_run).read_history(), folder.read_history()
    for row in (*straight, *resumed):
        row.pop("seconds")
    assert resumed == straight


def test_the_last_words_get_out_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotion_core.training import run_folder

    folder = RunFolder(tmp_path / "run")
    folder.create()
    reserve = folder.checkpoint.parent / "reserve"
    write = run_folder.write_json

    def write_if_room(path: Path, value: object) -> None:
        if reserve.exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, value)

    monkeypatch.setattr(run_folder, "write_json", write_if_room)
    folder.set_status("failed", error="The disk is full.")
    assert folder.read_status()["error"] == "The disk is full."


def test_early_stopping_counts_epochs_without_a_better_one() -> None:
    def rows(*accuracies: float) -> list[dict[str, float]]:
        return [{"val_accuracy": value} for value in accuracies]

    assert not stops_early(rows(0.5, 0.4, 0.4), 0)
    assert not stops_early(rows(0.5, 0.4), 2)
    assert stops_early(rows(0.5, 0.4, 0.5), 2)
    assert not stops_early(rows(0.5, 0.4, 0.6), 2)


@pytest.mark.slow
def test_a_run_that_stops_early_is_done_and_stays_so(
    shapes_set: EmotionDataset, tmp_path: Path
) -> None:
    """With a learning rate of next to nothing no epoch is better than the first."""
    still = CONFIG.with_values({"learning_rate": 1e-12, "epochs": 9, "early_stopping": 1})
    said: list[str] = []
    start_run(still, shapes_set, tmp_path / "run", report=said.append)
    run = read_run(tmp_path / "run")
    assert (run.state, run.epoch, run.epochs) == ("done", 2, 9)
    assert "No better epoch for 1 epochs: done." in said
    resume_run(shapes_set, tmp_path / "run", report=quiet)
    assert read_run(tmp_path / "run").epoch == 2


def test_teachers_are_asked_once_about_both_sides(
    first_run: Path, shapes_set: EmotionDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = CONFIG.with_values({"teachers": (str(first_run),), "teacher_weight": 0.5})
    folder = RunFolder(tmp_path / "run")
    folder.create()
    data = prepare(config, shapes_set)
    distilled = teachers.with_teachers(data, config, folder, quiet)
    answers = 2 * distilled.targets - data.targets
    np.testing.assert_allclose(answers.sum(axis=2), 1, atol=1e-5)
    assert (answers >= -1e-6).all()
    assert not np.allclose(answers[0], answers[1])
    monkeypatch.setattr(teachers, "teacher", None)
    again = teachers.with_teachers(data, config, folder, quiet)
    np.testing.assert_allclose(again.targets, distilled.targets)


@pytest.mark.slow
def test_softer_teachers_and_unknown_ones(
    first_run: Path, shapes_set: EmotionDataset, tmp_path: Path
) -> None:
    data, tops = prepare(CONFIG, shapes_set), []
    for temperature in (1.0, 10.0):
        config = CONFIG.with_values(
            {
                "teachers": [str(first_run)],
                "teacher_weight": 1.0,
                "teacher_temperature": temperature,
            }
        )
        folder = RunFolder(tmp_path / str(temperature))
        folder.create()
        distilled = teachers.with_teachers(data, config, folder, quiet)
        tops.append(distilled.targets.max(axis=2).mean())
    # 1/7 is what somebody says who knows nothing.
    assert tops[1] - 1 / 7 < 0.3 * (tops[0] - 1 / 7)
    with pytest.raises(TrainingError, match="teachers: wanted a run folder"):
        teachers.teacher("nobody")


def test_a_checkpoint_of_another_network_is_refused(
    first_run: Path, shapes_set: EmotionDataset, tmp_path: Path
) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.create()
    folder.checkpoint.write_bytes(RunFolder(first_run).checkpoint.read_bytes())
    folder.config.write_text(json.dumps(CONFIG.with_values({"ema": 0.0, "epochs": 3}).to_dict()))
    with pytest.raises(TrainingError, match="another network or optimizer"):
        resume_run(shapes_set, folder.path, report=quiet)
    folder.checkpoint.write_bytes(b"PK damaged")
    with pytest.raises(TrainingError, match="cannot be read"):
        resume_run(shapes_set, folder.path, report=quiet)


def test_a_checkpoint_of_an_earlier_version_is_taken_over(
    first_run: Path, shapes_set: EmotionDataset, tmp_path: Path
) -> None:
    """Until then the whole model was saved, with the EMA weights in it."""
    import keras

    from emotion_core.classifiers.architectures import build_model
    from emotion_core.training.checkpoint import load_checkpoint
    from emotion_core.training.ema_statistics import swap_averages

    new, old = RunFolder(first_run), RunFolder(tmp_path / "old")
    old.create()
    model = fit.compiled_model(CONFIG, 48, 7, 8)
    load_checkpoint(new, model)
    wanted = model.get_weights()
    swap_averages(model)
    whole = build_model("emotion-cnn")
    rate = keras.optimizers.schedules.CosineDecay(1e-3, 8)
    whole.compile(keras.optimizers.Adam(rate, use_ema=True, ema_momentum=0.5))
    whole.optimizer.build(whole.trainable_variables)
    whole.set_weights(model.get_weights())
    for theirs, ours in zip(whole.optimizer.variables, model.optimizer.variables, strict=True):
        theirs.assign(ours)
    whole.save(old.keras_checkpoint)
    old.checkpoint_info.write_text(json.dumps({"epochs_done": 2}))
    assert old.epochs_done == 2
    again = fit.compiled_model(CONFIG, 48, 7, 8)
    load_checkpoint(old, again)
    for one, other in zip(wanted, again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert int(again.optimizer.iterations) == int(model.optimizer.iterations) == 8


@pytest.mark.long
def test_ferplus_trains_eight_outputs_and_serves_seven(
    shapes_set: EmotionDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The raters see another bar than the labels say, so whoever is right was trained on them."""
    tagged, other = with_contrary_votes(shapes_set), (shapes_set.labels + 1) % 7
    config = CONFIG.with_values({"labels": "raters", "epochs": 6, "augmentation": {"mixup": 0}})
    data = prepare(config, tagged)
    assert data.targets.shape == (2, 280, 8)
    np.testing.assert_allclose(data.targets[..., 7], 0.2)
    np.testing.assert_array_equal(data.validation.labels, other[data.validation.rows])
    start_run(config, tagged, tmp_path / "run", report=quiet)
    run = read_run(tmp_path / "run")
    assert run.history()["val_accuracy"].max() > 0.8
    scores = KerasClassifier(tmp_path / "run" / "model.keras", FER2013).predict(tagged.images)
    assert scores.probabilities.shape == (420, 7)
    np.testing.assert_allclose(scores.probabilities.sum(axis=1), 1, atol=1e-5)
    # The model that is made of it is calibrated by the raters' majority.
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path / "home"))
    card = promote_run(
        tmp_path / "run", tagged, tmp_path, "bars", title="B", description="B", report=quiet
    )
    metrics = card.metrics
    assert metrics["validation_ferplus"]["accuracy"] > 0.8 > metrics["validation"]["accuracy"]
    assert metrics["validation_ferplus"]["ece"] < metrics["validation"]["ece"]
    curve = metrics["test_ferplus"]["coverage_curve"]
    assert curve[0]["coverage"] == 1
    assert curve[0]["accuracy"] == pytest.approx(metrics["test_ferplus"]["accuracy"])
    assert {look.labels for look in read_accesses(tagged)} == {"fer2013", "raters"}


@pytest.mark.long
def test_both_labels_have_outputs_of_their_own(shapes_set: EmotionDataset, tmp_path: Path) -> None:
    """The votes contradict the labels; what is served still learns the labels."""
    tagged = with_contrary_votes(shapes_set)
    config = CONFIG.with_values(
        {"labels": "auxiliary-head", "epochs": 6, "augmentation": {"mixup": 0}}
    )
    data = prepare(config.with_values({"label_smoothing": 0.1}), tagged)
    assert data.targets.shape == (2, 280, 15)
    np.testing.assert_allclose(data.targets[0].sum(axis=1), 2, atol=1e-5)
    np.testing.assert_array_equal(data.targets[0, :, :7].argmax(axis=1), data.rows.labels)
    np.testing.assert_array_equal(data.targets[0, :, 7:].argmax(axis=1), (data.rows.labels + 1) % 7)
    np.testing.assert_allclose(data.targets[0] @ data.class_weights, 1, atol=0.2)
    start_run(config, tagged, tmp_path / "run", report=quiet)
    history = read_run(tmp_path / "run").history()
    assert history["val_accuracy"].max() > 0.8
    assert history["accuracy"].max() > 0.5  # of faces pasted together


@pytest.mark.slow
def test_two_heads_are_both_learned_judged_and_served(
    shapes_set: EmotionDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The votes contradict the labels: each head answers as its own labels do."""
    tagged = with_contrary_votes(shapes_set)
    config = CONFIG.with_values({"labels": "multi-task", "vote_share": 0.5, "epochs": 6})
    config = config.with_values({"augmentation": {"mixup": 0}})
    start_run(config, tagged, tmp_path / "run", report=quiet)
    history = read_run(tmp_path / "run").history()
    assert history["val_accuracy"].max() > 0.8
    assert history["val_raters_accuracy"].max() > 0.8
    kept = load_keras(tmp_path / "run" / "model.keras")
    assert kept.output_shape[-1] == 15
    faces = tagged.split("PublicTest")
    logits = np.asarray(kept(crops_to_tensor(faces.images), training=False))
    assert (logits[:, :7].argmax(axis=1) == faces.labels).mean() > 0.8
    assert (logits[:, 7:14].argmax(axis=1) == (faces.labels + 1) % 7).mean() > 0.8
    # As a teacher it says what it is asked for.
    for labels, columns in {"fer2013": slice(0, 7), "raters": slice(7, 14)}.items():
        asked = teachers.teacher(str(tmp_path / "run"), labels)
        said = asked.logits(asked.open()(faces.images), faces.label_set)
        np.testing.assert_allclose(said, logits[:, columns], rtol=1e-3, atol=1e-3)
    # The model that is made of it has both heads, each calibrated and judged by its own labels.
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path / "home"))
    told: list[str] = []
    card = promote_run(
        tmp_path / "run", tagged, tmp_path / "models", "two", title="T", description="T",
        report=told.append,
    )  # fmt: skip
    assert {name: (h.first, h.outputs) for name, h in card.heads.items()} == {
        "raters": (7, 8),
        "fer2013": (0, 7),
    }
    assert set(card.metrics) == {"validation", "test", "test_ferplus", "validation_ferplus"}
    assert all(figures["accuracy"] > 0.8 for figures in card.metrics.values())
    assert all(figures["shifts"].keys() == SHIFTS.keys() for figures in card.metrics.values())
    assert len([line for line in told if "temperature" in line]) == 2
    registry, tests = ModelRegistry(tmp_path / "models"), tagged.split("PrivateTest")
    for labels, wanted in {"fer2013": tests.labels, "raters": (tests.labels + 1) % 7}.items():
        scores = registry.open("two", labels=labels).predict(tests.images)
        assert (scores.labels == wanted).mean() > 0.8
    text = (tmp_path / "models" / "two" / "README.md").read_text(encoding="utf-8")
    assert "## Confusion on PrivateTest (test)" in text
    assert "## Confusion on PrivateTest, FER+ majority labels" in text


@pytest.mark.slow
def test_the_raters_head_has_teachers_of_its_own(
    first_run: Path, shapes_set: EmotionDataset, tmp_path: Path
) -> None:
    tagged = with_contrary_votes(shapes_set)
    config = CONFIG.with_values(
        {"labels": "multi-task", "rater_teachers": [str(first_run)], "teacher_weight": 1.0}
    )
    folder = RunFolder(tmp_path)
    folder.create()
    data = with_teachers(prepare(config, tagged), config, folder, quiet)
    plain = prepare(config, tagged)
    np.testing.assert_array_equal(data.targets[..., :7], plain.targets[..., :7])
    said = KerasClassifier(first_run / "model.keras", FER2013).predict(data.rows.images)
    np.testing.assert_allclose(
        data.targets[0, :, 7:14], 0.8 * said.probabilities, atol=1e-4
    )  # the other fifth is contempt's
    np.testing.assert_allclose(data.targets[..., 7:].sum(-1), 1, atol=1e-5)


def test_two_distributions_are_two_cross_entropies() -> None:
    rng = np.random.default_rng(0)
    targets = rng.dirichlet(np.ones(7), 5), rng.dirichlet(np.ones(8), 5)
    logits = rng.normal(size=(5, 15))
    parts = [
        -(target * np.log(softmax(z.astype(np.float32)))).sum(axis=1)
        for target, z in zip(targets, (logits[:, :7], logits[:, 7:]), strict=True)
    ]
    found = fit.TwoDistributions(7, 0.3).call(
        *(keras.ops.convert_to_tensor(a.astype("float32")) for a in (np.hstack(targets), logits))
    )
    wanted = 0.7 * parts[0] + 0.3 * parts[1]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), wanted, rtol=1e-5)


@pytest.mark.slow
def test_a_run_can_begin_with_the_weights_of_another(
    first_run: Path, shapes_set: EmotionDataset, tmp_path: Path
) -> None:
    still = CONFIG.with_values(
        {"init_from": str(first_run), "learning_rate": 1e-12, "epochs": 1, "ema": 0}
    )
    start_run(still, shapes_set, tmp_path / "run", report=quiet)
    models = [KerasClassifier(p / "model.keras", FER2013) for p in (first_run, tmp_path / "run")]
    one, other = (model.predict(shapes_set.images).probabilities for model in models)
    np.testing.assert_allclose(one, other, atol=1e-4)
    smaller = still.with_values({"architecture": "mini-xception"})
    with pytest.raises(TrainingError, match="init_from: wanted a network of the architecture"):
        start_run(smaller, shapes_set, tmp_path / "smaller", report=quiet)
    nowhere = still.with_values({"init_from": "nobody"})
    with pytest.raises(TrainingError, match="Received: 'nobody'"):
        start_run(nowhere, shapes_set, tmp_path / "nowhere", report=quiet)


@pytest.mark.slow
def test_averaged_weights_have_statistics_of_their_own(shapes_set: EmotionDataset) -> None:
    """Whatever the moving statistics were, inside they are what the training faces give."""
    from emotion_core.training.batches import TrainingBatches
    from emotion_core.training.ema_statistics import averaged

    config = TrainingConfig(architecture="mini-xception", optimizer="adam", ema=0.9)
    data = prepare(config, shapes_set)
    batches = TrainingBatches(data, 64, Augmentation(), 1, 2, 48)
    model = fit.compiled_model(config, 48, 7, 8)
    tensors, targets, weights = batches[0]
    model.train_on_batch(tensors, targets, weights)
    before = model.get_weights()
    layer = next(x for x in model.layers if isinstance(x, keras.layers.BatchNormalization))
    inner = keras.Model(model.input, layer.input)
    with averaged(model, lambda i: batches.faces(2, i % batches.steps_per_epoch)):
        seen = np.concatenate(
            [
                keras.ops.convert_to_numpy(inner(batches.faces(2, i % batches.steps_per_epoch)))
                for i in range(16)
            ]
        )
        mean = keras.ops.convert_to_numpy(layer.moving_mean)
        np.testing.assert_allclose(mean, seen.mean(axis=(0, 1, 2)), rtol=1e-3, atol=1e-4)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
