"""The history page without a browser: what it lists, compares, imports and hands out."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.paths import HOME_ENV
from emotion_core.training.history_store import (
    IMPORTED,
    MODEL,
    RUN,
    all_entries,
    forget_history,
    imports_folder,
    keep_history,
)
from emotion_core.training.presets import PRESETS
from emotion_core.training.wording import flat_settings, setting_name, setting_value
from emotion_core.wording import duration
from pages.parts.history.export import histories_csv
from pages.parts.history.history_import import _keep
from pages.parts.history.settings_diff import diff_rows

ROOT = Path(__file__).resolve().parents[2]
F1 = ",".join(f"val_f1_{name}" for name in ("angry", "happy"))
HISTORY = f"""\
epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,val_macro_f1,{F1}
1,1.9,0.3,1.8,0.35,0.1,60,0.2,0.1,0.5
2,1.5,0.45,1.6,0.425,0.05,60,0.3,0.2,0.6
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_ENV, str(tmp_path))
    return tmp_path


@pytest.fixture
def make_run(home: Path) -> Callable[..., Path]:
    def make(name: str, preset: str = "smoke", state: str = "done", **config: Any) -> Path:
        folder = home / "runs" / name
        folder.mkdir(parents=True)
        settings = {**PRESETS[preset].to_dict(), "dataset_sha256": "ab" * 32, **config}
        (folder / "config.json").write_text(json.dumps(settings))
        (folder / "status.json").write_text(json.dumps({"state": state}))
        (folder / "history.csv").write_text(HISTORY)
        return folder

    return make


@pytest.fixture
def open_page() -> Iterator[Callable[..., AppTest]]:
    opened: list[AppTest] = []

    def open_now(*chosen: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        if chosen:
            app.session_state["_history_chosen"] = set(chosen)
        opened.append(app.switch_page("pages/history.py").run())
        return app

    yield open_now
    for app in opened:
        assert not app.exception
        assert not app.error


def _texts(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.header)
    parts = [element.value for kind in kinds for element in kind]
    return "\n".join([*parts, *(element.proto.body for element in app.get("html"))])


def _table(app: AppTest) -> pd.DataFrame:
    return app.dataframe[0].value


def test_without_runs_the_shipped_models_are_compared(open_page: Callable[[], AppTest]) -> None:
    app = open_page()
    names = [f"{name} (model)" for name in ModelRegistry().names()]
    assert set(names) <= set(_table(app)["name"])
    card = ModelRegistry().card(ModelRegistry().default_name())
    row = _table(app).set_index("name").loc[f"{card.name} (model)"]
    assert row["test"] == pytest.approx(100 * card.metrics["test"]["accuracy"])
    assert "Train a model" in [button.label for button in app.button]
    assert "F1 per expression at the best epoch" in _texts(app)
    assert app.get("vega_lite_chart")


def test_a_run_stands_first_with_its_facts(
    open_page: Callable[..., AppTest], make_run: Callable[..., Path]
) -> None:
    folder = make_run("mine", git_commit="0123456789", seed=7)
    (folder / "evaluation.json").write_text(json.dumps({"test": {"accuracy": 0.5}}))
    row = _table(open_page()).iloc[0]
    assert (row["name"], row["state"], row["best_epoch"]) == ("mine", "finished", 2)
    assert (row["best"], row["test"], row["minutes"]) == (42.5, 50.0, 2.0)
    assert (row["data"], row["commit"], row["seed"]) == ("abababab", "0123456", 7)


@pytest.mark.slow
def test_words_and_kinds_filter_the_table(
    open_page: Callable[..., AppTest], make_run: Callable[..., Path]
) -> None:
    make_run("one")
    make_run("two", "compact", state="failed")
    app = open_page()
    app.text_input(key="history_filter").set_value("two failed").run()
    assert list(_table(app)["name"]) == ["two"]
    app.text_input(key="history_filter").set_value("nowhere").run()
    assert "Nothing matches the filter." in _texts(app)
    app.text_input(key="history_filter").set_value("").run()
    app.pills(key="history_kinds").set_value([RUN]).run()
    assert set(_table(app)["name"]) == {"one", "two"}


@pytest.mark.slow
def test_the_choice_survives_a_filter(
    open_page: Callable[..., AppTest], make_run: Callable[..., Path]
) -> None:
    make_run("one")
    make_run("two")
    app = open_page("one")
    app.text_input(key="history_filter").set_value("two").run()
    app.text_input(key="history_filter").set_value("").run()
    assert "<b>one</b>: 42.5 % at epoch 2" in _texts(app)
    assert "<b>two</b>" not in _texts(app)


@pytest.mark.slow
def test_settings_of_two_runs_side_by_side(
    open_page: Callable[..., AppTest], make_run: Callable[..., Path]
) -> None:
    make_run("one")
    make_run("two", seed=9)
    app = open_page()
    app.selectbox(key="diff_first").set_value("one")
    app.selectbox(key="diff_second").set_value("two").run()
    table = app.dataframe[-1].value
    assert table.to_numpy().tolist() == [["Seed", "1", "9"]]
    first, second = (e for e in all_entries() if e.kind == RUN)
    assert len(diff_rows(first, second)) == len(flat_settings(first.run.config))


def test_numbers_of_all_chosen_runs_in_one_file(make_run: Callable[..., Path]) -> None:
    make_run("one")
    make_run("two")
    histories = {e.title: e.history() for e in all_entries() if e.kind == RUN}
    table = pd.read_csv(io.BytesIO(histories_csv(histories)))
    assert list(table.columns)[:2] == ["run", "epoch"]
    assert sorted(table["run"]) == ["one", "one", "two", "two"]
    assert set(table["val_accuracy"]) == {0.35, 0.425}


def test_other_peoples_histories_come_and_go(open_page: Callable[[], AppTest]) -> None:
    keras_log = b"epoch,acc,loss,val_acc,val_loss\n0,0.3,1.9,0.31,1.8\n1,0.4,1.5,0.41,1.4\n"
    lists = json.dumps({"accuracy": [0.2], "val_accuracy": [0.25]}).encode()
    failures = _keep([("My log.csv", keras_log), ("h.json", lists), ("x.csv", b"a,b\n1,2\n")])
    assert len(failures) == 1
    assert "x.csv" in failures[0]
    entries = [entry for entry in all_entries() if entry.kind == IMPORTED]
    assert [entry.title for entry in entries] == ["My-log (imported)", "h (imported)"]
    assert entries[0].history()["val_accuracy"].tolist() == [0.31, 0.41]
    assert entries[0].run.best_epoch == 2
    assert "My-log (imported)" in set(_table(open_page())["name"])
    forget_history(entries[0])
    assert [e.title for e in all_entries() if e.kind == IMPORTED] == ["h (imported)"]


def test_equal_names_are_numbered_and_models_are_not_forgotten() -> None:
    table = pd.DataFrame({"epoch": [1], "loss": [1.0]})
    first, second = keep_history("../a b", table, "a"), keep_history("../a b", table, "a")
    assert first.parent == second.parent == imports_folder()
    assert (first.name, second.name) == ("a-b", "a-b-2")
    model = next(entry for entry in all_entries() if entry.kind == MODEL)
    forget_history(model)
    assert (model.run.folder / "history.csv").is_file()


DAMAGES = {
    "evaluation.json": '{"test": 0.7}',
    "config.json": '{"epochs": null}',
    "status.json": '{"state": "running", "pid": -1, "batch": "x"}',
    "history.csv": "step,loss\n1,2\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("file", DAMAGES)
def test_a_damaged_run_is_one_line_and_the_others_stand(
    open_page: Callable[..., AppTest], make_run: Callable[..., Path], file: str
) -> None:
    make_run("fine")
    (make_run("broken") / file).write_text(DAMAGES[file])
    app = open_page("fine", "broken")
    assert {"fine", "broken"} <= set(_table(app)["name"])
    assert "<b>fine</b>: 42.5 % at epoch 2" in _texts(app)
    assert f"<dt>broken</dt><dd>{file}: " in _texts(app)
    assert "1 history cannot be read as a whole" in [box.label for box in app.expander]
    if file in ("config.json", "status.json"):
        assert _table(app).set_index("name").loc["broken", "state"] == "cannot be read"
    app.text_input(key="history_filter").set_value("cannot be read").run()
    assert list(_table(app)["name"]) == ["broken"]


def test_many_damaged_runs_are_counted(
    open_page: Callable[..., AppTest], make_run: Callable[..., Path]
) -> None:
    for number in range(23):
        (make_run(f"run-{number}") / "evaluation.json").write_text("[]")
    app = open_page()
    assert "23 histories cannot be read as a whole" in [box.label for box in app.expander]
    assert "and 3 more" in _texts(app)


def test_a_damaged_import_is_said(open_page: Callable[..., AppTest], home: Path) -> None:
    kept = keep_history("theirs", pd.DataFrame({"epoch": [1], "loss": [1.0]}), "a.csv")
    (kept / "history.csv").write_bytes(b"\xff\xfe")
    assert "<dt>theirs (imported)</dt><dd>history.csv: " in _texts(open_page())
    forget_history(next(entry for entry in all_entries() if entry.kind == IMPORTED))
    assert not kept.exists()


def test_names_of_imported_columns_are_no_formulas(home: Path) -> None:
    table = pd.DataFrame({"epoch": [1], "loss": [-1.0], "=cmd|' !A0": [2.0]})
    kept = keep_history("theirs", table, "a.csv")
    assert "\n=" not in f"\n{(kept / 'history.csv').read_text().replace(',', chr(10))}"
    (entry,) = (entry for entry in all_entries() if entry.kind == IMPORTED)
    assert list(entry.history().columns) == ["epoch", "loss", "=cmd|' !A0"]
    exported = pd.read_csv(io.BytesIO(histories_csv({"@SUM(1+1)": entry.history()})))
    assert exported["run"].tolist() == ["'@SUM(1+1)"]
    assert exported["loss"].tolist() == [-1.0]
    assert "'=cmd|' !A0" in exported


def test_words() -> None:
    assert setting_name("augmentation.rotation_deg") == "Augmentation: rotation deg"
    assert [setting_value(v) for v in (True, 0.05, "", (1, 2))] == ["yes", "0.05", "none", "1, 2"]
    assert [duration(s) for s in (12.4, 89, 600, 6700)] == ["12 s", "89 s", "10 min", "1 h 52 min"]
