"""The evaluation page without a browser, on the synthetic data set and shipped models."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.cli import main
from emotion_core.datasets import VALIDATION, Corrections, load_dataset
from emotion_core.evaluation import evaluated_model
from emotion_core.evaluation.test_set_log import LOG_FILE, read_accesses
from pages.parts.common.jobs import job_board
from pages.parts.evaluation.choice import LABELS_KEY, SET_KEY, SPLIT_KEY
from pages.parts.evaluation.confusion import PREDICTED_KEY, TRUE_KEY
from pages.parts.evaluation.sections import TAB_KEY, TABS
from pages.parts.evaluation.sets import SYNTHETIC_NAME, dataset, rows

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A machine without a data set, for the whole file: answers are computed once."""
    folder = tmp_path_factory.mktemp("home")
    st.cache_resource.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOTION_LENS_HOME", str(folder))
        patch.delenv("EMOTION_LENS_DATASET", raising=False)
        yield folder
    st.cache_resource.clear()


@pytest.fixture
def app() -> Iterator[AppTest]:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    app.switch_page("pages/evaluation.py").run()
    assert not app.exception
    yield app
    assert not app.exception
    assert not app.error


@pytest.fixture
def synthetic_set(app: AppTest) -> AppTest:
    """The page with the synthetic data set evaluated on validation, by its own labels."""
    app.session_state[SET_KEY] = SYNTHETIC_NAME
    app.session_state[LABELS_KEY] = "fer2013"
    app.run()
    return evaluated(app)


def evaluated(app: AppTest, kind: str = "evaluation", model: str = "") -> AppTest:
    """Presses the button that starts the work, if there is one, and waits for its end."""
    starts = [b for b in app.button if b.label.startswith(("Evaluate", "Measure"))]
    for button in starts:
        button.click().run()
    name = model or app.selectbox(key="model").value
    split = app.session_state[SPLIT_KEY]
    model = evaluated_model(ModelRegistry(), name)
    judged = rows(dataset(None, False), split, "fer2013")
    job = job_board().find(f"{kind}:{model.key}:{judged.key}:fer2013")
    if job is not None:
        assert job_board().wait(job.id, 120).error == ""
        app.run()
    return app


def texts(app: AppTest) -> str:
    parts = [element.value for kind in (app.markdown, app.caption) for element in kind]
    return "\n".join([*parts, *(element.proto.body for element in app.get("html"))])


def command_line(capfdbinary: pytest.CaptureFixture[bytes], *options: str) -> dict:
    capfdbinary.readouterr()
    assert main(["evaluate", "--dataset", "synthetic", "--json", *options]) == 0
    return json.loads(capfdbinary.readouterr().out)


def test_without_a_data_set_there_is_a_way(app: AppTest) -> None:
    assert [button.label for button in app.button] == [
        "Import FER-2013",
        "Try the synthetic data set",
    ]
    app.button[1].click().run()
    assert any(button.label.startswith("Evaluate ") for button in app.button)
    assert app.selectbox(key=SET_KEY).value == SYNTHETIC_NAME


def test_a_quick_click_evaluates_what_is_chosen_now(app: AppTest) -> None:
    app.session_state[SET_KEY] = SYNTHETIC_NAME
    app.session_state[LABELS_KEY] = "raters"
    app.session_state[SPLIT_KEY] = "training"
    app.run()
    button = next(b for b in app.button if b.label.startswith("Evaluate"))
    # Both in one run, as when the page has not been drawn anew between the two clicks.
    app.session_state[LABELS_KEY] = "fer2013"
    button.click().run()
    found = {}
    for labels in ("fer2013", "raters"):
        model = evaluated_model(ModelRegistry(), app.selectbox(key="model").value, labels)
        judged = rows(dataset(None, False), "training", labels)
        found[labels] = job_board().find(f"evaluation:{model.key}:{judged.key}:{labels}")
    assert found["raters"] is None
    assert found["fer2013"] is not None
    assert job_board().wait(found["fer2013"].id, 120).error == ""


def test_a_quick_click_looks_at_the_test_images_of_what_is_chosen_now(
    app: AppTest, home: Path
) -> None:
    app.session_state[SET_KEY] = SYNTHETIC_NAME
    app.session_state[LABELS_KEY] = "raters"
    app.session_state[SPLIT_KEY] = "test"
    app.run()

    def button() -> Button:
        return next(b for b in app.button if b.label.endswith("on the test images"))

    def accesses() -> list[str]:
        return [access.labels for access in read_accesses(dataset(None, False))]

    # Away from the test images before the click is seen: nobody looks at them.
    pressed = button()
    app.session_state[SPLIT_KEY] = "validation"
    pressed.click().run()
    assert accesses() == []
    app.session_state[SPLIT_KEY] = "test"
    app.run()
    assert accesses() == []
    pressed = button()
    app.session_state[LABELS_KEY] = "fer2013"
    pressed.click().run()
    assert accesses() == ["fer2013"]
    assert "on the test images" not in " ".join(b.label for b in app.button)
    next(home.rglob(LOG_FILE)).unlink()


@pytest.mark.slow
def test_figures_equal_those_of_the_command_line(
    synthetic_set: AppTest, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    shown = texts(synthetic_set)
    assert "say nothing about real faces" in shown
    figures = command_line(capfdbinary, "--split", "validation")
    low, high = figures["accuracy_ci95"]
    for value in (
        f"{100 * figures['accuracy']:.1f} %",
        f"{100 * low:.1f} to {100 * high:.1f} %",
        f"n\u00a0=\u00a0{figures['n']}",
        f"{100 * figures['accuracy_unseen']:.1f} %",
        f"{100 * figures['macro_f1']:.1f} %",
        f"{100 * figures['ece']:.1f} %",
        f"{100 * figures['accuracy_covered']:.1f} %",
    ):
        assert value in shown


@pytest.mark.slow
def test_a_cell_shows_its_faces(
    synthetic_set: AppTest, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    figures = command_line(capfdbinary, "--split", "validation")
    names = list(figures["per_class"])
    synthetic_set.selectbox(key=TRUE_KEY).set_value("happy")
    synthetic_set.selectbox(key=PREDICTED_KEY).set_value("neutral").run()
    count = figures["confusion"][names.index("happy")][names.index("neutral")]
    assert f"{count if count else 'no'} face" in texts(synthetic_set)
    assert "labelled happy, predicted neutral" in texts(synthetic_set)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tab", "charts", "words"),
    [
        ("Confusion", 1, "Click a cell"),
        ("Per expression", 1, "each expression against all others"),
        ("Calibration", 2, "calibration error"),
        ("Confidence", 1, "of the faces get a confident prediction"),
        ("Robustness", 0, "will appear here"),
        ("Heat map", 1, "Red: covering this lowers"),
    ],
)
def test_every_part_is_drawn(synthetic_set: AppTest, tab: str, charts: int, words: str) -> None:
    assert tab in TABS
    synthetic_set.session_state[TAB_KEY] = tab
    synthetic_set.run()
    assert len(synthetic_set.get("vega_lite_chart")) == charts
    assert words in texts(synthetic_set)


@pytest.mark.slow
def test_the_heat_map_has_pictures_with_words(synthetic_set: AppTest) -> None:
    synthetic_set.session_state[TAB_KEY] = "Heat map"
    synthetic_set.run()
    data = load_dataset("synthetic").split(VALIDATION)
    row = int(data.rows[7])
    synthetic_set.number_input(key="ev_heat_row").set_value(row).run()
    alts = [picture.alt for image in synthetic_set.get("image") for picture in image.proto.imgs]
    assert alts[0] == "The face as the model sees it"
    assert alts[1].startswith("Heat map: where covering the face changes the score of ")
    assert f"Row {row:,}, labelled {data.label_set[int(data.labels[7])].value}." in texts(
        synthetic_set
    )


@pytest.mark.slow
def test_robustness_is_measured_in_the_background(
    synthetic_set: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.parts.evaluation.robustness.MAX_IMAGES", 30)
    synthetic_set.session_state[TAB_KEY] = "Robustness"
    evaluated(synthetic_set.run(), "robustness")
    assert len(synthetic_set.get("vega_lite_chart")) == 6
    assert "Correct predictions on 30 faces" in texts(synthetic_set)
    assert [button.key for button in synthetic_set.button] == ["jobs_open"]


@pytest.mark.slow
def test_two_models_are_compared(synthetic_set: AppTest) -> None:
    names = ModelRegistry().names()
    if len(names) < 2:
        pytest.skip("only one model is installed")
    synthetic_set.session_state[TAB_KEY] = "Compare"
    synthetic_set.run()
    other = synthetic_set.selectbox(key="ev_other").value
    assert other != synthetic_set.selectbox(key="model").value
    evaluated(synthetic_set, model=other)
    shown = texts(synthetic_set)
    assert "McNemar" in shown
    assert "Images on which they differ" in [element.value for element in synthetic_set.header]


@pytest.mark.slow
def test_accesses_to_the_test_images_are_asked_for_and_logged(
    synthetic_set: AppTest, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    synthetic_set.session_state[SPLIT_KEY] = "test"
    synthetic_set.run()
    assert "The test-set access log is empty" in texts(synthetic_set)
    assert not synthetic_set.get("vega_lite_chart")
    next(
        b
        for b in synthetic_set.button
        if b.label.startswith("Evaluate flagship on the test images")
    ).click().run()
    evaluated(synthetic_set)
    assert synthetic_set.get("vega_lite_chart")
    assert "Test-set access log: 1 access so far, with 1 model" in texts(synthetic_set)
    synthetic_set.run()
    assert "Test-set access log: 1 access so far" in texts(synthetic_set)
    assert command_line(capfdbinary, "--split", "test")["test_set_accesses"] == 2


@pytest.mark.slow
def test_corrections_can_be_applied(app: AppTest, home: Path) -> None:
    corrections = Corrections.load("synthetic")
    data = load_dataset("synthetic").split(VALIDATION)
    corrections.exclude(data.rows[:4].tolist())
    corrections.save()
    try:
        app.session_state[SET_KEY] = SYNTHETIC_NAME
        app.run()
        app.toggle(key="ev_corrected").set_value(True).run()
        button = next(b for b in app.button if b.label.startswith("Evaluate "))
        assert button.label.endswith(f"on {len(data) - 4} faces")
    finally:
        corrections.path.unlink()
