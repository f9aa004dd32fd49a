"""Several stages of one training are one history."""

import json
from itertools import accumulate
from pathlib import Path

import pytest

from emotion_core.charts.curves import best_epoch, curves_chart, stage_changes
from emotion_core.training.runs import read_run, shipped_runs
from emotion_core.wording import epochs_text

MODELS = Path(__file__).resolve().parents[2] / "models"
HEADER = "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path))
    return tmp_path


def make_run(home: Path, name: str, n: int, best: float, created: float, **config: object) -> Path:
    folder = home / "runs" / name
    folder.mkdir(parents=True)
    settings = {"epochs": n, "created": created, **config}
    (folder / "config.json").write_text(json.dumps(settings))
    (folder / "status.json").write_text('{"state": "done"}')
    rows = [f"{i},1,0.5,1,{best - 0.01 * (n - i)},0.1,10\n" for i in range(1, n + 1)]
    (folder / "history.csv").write_text(HEADER + "".join(rows))
    return folder


def test_a_shipped_models_base_stage_and_fine_tuning_are_one_history() -> None:
    runs = {run.name: run for run in shipped_runs(MODELS)}
    # Epochs of each stage, the epoch that the last stage's weights are of, and the time of the
    # stages before it, against the files.
    shipped = {"fer2013": ((40, 4), 3, 6754.3), "flagship": ((10, 4, 2), 2, 2863.5)}
    for name, (stages, best, seconds) in shipped.items():
        run = runs[name]
        total = sum(stages)
        assert run.epochs_text == f"{total} epochs ({' + '.join(map(str, stages))})"
        history = run.whole_history()
        assert history["epoch"].tolist() == list(range(1, total + 1))
        assert history["stage"].value_counts().to_dict() == dict(enumerate(stages, 1))
        ends = list(accumulate(stages))[:-1]
        assert stage_changes(history) == [(end + 0.5, i) for i, end in enumerate(ends, 2)]
        # The model was taken from the last stage.
        assert (run.best_epoch, best_epoch(history)) == (best, ends[-1] + best)
        assert run.earlier_s == pytest.approx(seconds, abs=0.1)
    assert runs["emotion-cnn"].epochs_text == "50 epochs"
    assert "stage" not in runs["emotion-cnn"].whole_history()


def test_runs_that_were_initialised_from_runs_are_joined(home: Path) -> None:
    make_run(home, "a", 3, 0.9, 1.0)
    make_run(home, "b", 2, 0.5, 2.0, init_from="a")
    last = read_run(make_run(home, "c", 1, 0.6, 3.0, init_from=str(home / "runs" / "b")))
    assert last.earlier == (3, 2)
    assert last.epochs_text == "6 epochs (3 + 2 + 1)"
    assert last.earlier_s == 50
    history = last.whole_history()
    assert history["stage"].tolist() == [1, 1, 1, 2, 2, 3]
    assert history["epoch"].tolist() == [1, 2, 3, 4, 5, 6]
    assert best_epoch(history) == 6  # not 3, which is better but another stage


def test_what_does_not_belong_before_a_run_is_left_out(home: Path) -> None:
    make_run(home, "later", 3, 0.9, 9.0)
    assert read_run(make_run(home, "a", 2, 0.5, 2.0, init_from="later")).earlier == ()
    assert read_run(make_run(home, "b", 2, 0.5, 2.0, init_from="gone")).earlier == ()
    # Two that name each other, and one that names itself.
    make_run(home, "x", 1, 0.5, 2.0, init_from="y")
    assert read_run(make_run(home, "y", 1, 0.5, 2.0, init_from="x")).earlier == (1,)
    assert read_run(make_run(home, "z", 1, 0.5, 2.0, init_from="z")).earlier == ()


def test_the_curves_have_a_rule_where_the_stage_changes(home: Path) -> None:
    make_run(home, "a", 3, 0.9, 1.0)
    run = read_run(make_run(home, "b", 2, 0.5, 2.0, init_from="a"))

    def rules(history: object) -> list[object]:
        chart = curves_chart({"b": history}, ["Accuracy"]).to_dict()  # type: ignore[dict-item]
        marks = [layer for panel in chart["vconcat"] for layer in panel["layer"]]
        drawn = [m["data"] for m in marks if m["mark"].get("strokeDash") == [2, 3]]
        return [data.get("values") or chart["datasets"][data["name"]] for data in drawn]

    assert rules(run.whole_history()) == [[{"epoch": 3.5, "run": "b", "stage": "stage 2 begins"}]]
    assert rules(run.history()) == []


@pytest.mark.parametrize(
    ("stages", "planned", "text"),
    [
        ((1,), None, "1 epoch"),
        ((4,), 4, "4 epochs"),
        ((2,), 4, "2 of 4 epochs"),
        ((40, 4), None, "44 epochs (40 + 4)"),
        ((40, 2), 4, "42 of 44 epochs (40 + 2 of 4)"),
    ],
)
def test_epochs_in_words(stages: tuple[int, ...], planned: int | None, text: str) -> None:
    assert epochs_text(stages, planned) == text
