"""The evaluation page by head: what is judged, faces at rest, shifted faces."""

from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.evaluation import evaluate_model, evaluated_model
from emotion_core.evaluation.cache import LogitsCache
from emotion_core.evaluation.shift_figures import ShiftTest
from emotion_core.evaluation.shifts import SHIFTS
from pages.parts.common.jobs import job_board
from pages.parts.common.settings import MODEL_KEY, threshold_key
from pages.parts.evaluation.choice import LABELS_KEY, SET_KEY
from pages.parts.evaluation.resting import BEYOND_DOUBT_KEY
from pages.parts.evaluation.sections import TAB_KEY
from pages.parts.evaluation.sets import SYNTHETIC_NAME, dataset, rows
from tests.two_heads import HEADS, ONE, TWO

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", autouse=True)
def home(two_headed_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A machine with these models, for the whole file: answers are computed once."""
    folder = tmp_path_factory.mktemp("home")
    st.cache_resource.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOTION_LENS_HOME", str(folder))
        patch.setenv("EMOTION_LENS_MODELS", str(two_headed_models))
        patch.delenv("EMOTION_LENS_DATASET", raising=False)
        for labels in HEADS:
            model = evaluated_model(ModelRegistry(), TWO, labels)
            judged = rows(dataset(None, False), "validation", labels)
            evaluate_model(model, judged, cache=LogitsCache())
        yield folder
    st.cache_resource.clear()


@pytest.fixture
def app() -> Iterator[AppTest]:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    app.session_state[SET_KEY] = SYNTHETIC_NAME
    app.switch_page("pages/evaluation.py").run()
    assert not app.exception
    yield app
    assert not app.exception
    assert not app.error


def texts(app: AppTest) -> str:
    parts = [element.value for kind in (app.markdown, app.caption) for element in kind]
    html = [unescape(element.proto.body) for element in app.get("html")]
    return "\n".join([*parts, *html]).replace("\u00a0", " ")


def test_the_choice_of_labels_judges_that_head(app: AppTest) -> None:
    assert app.session_state[LABELS_KEY] == "raters"  # as in the sidebar
    for labels, head in HEADS.items():
        app.session_state[LABELS_KEY] = labels
        app.run()
        judged = rows(dataset(None, False), "validation", labels)
        model = evaluated_model(ModelRegistry(), TWO, labels)
        figures = evaluate_model(model, judged, cache=LogitsCache()).figures()
        shown = texts(app)
        assert f"{100 * figures['accuracy']:.1f} %" in shown
        assert f"n = {figures['n']}" in shown
        assert f"{100 * figures['resting_misread']['majority']:.1f} %" in shown
        assert f"uncertain below {100 * head.threshold:.0f} %" in shown
        other = "Judged is the head FER-2013, with its card's threshold of 40 %" in shown
        assert other == (labels == "fer2013")


@pytest.mark.slow
def test_the_sidebars_threshold_is_of_the_head_that_answers(app: AppTest) -> None:
    app.slider(key=threshold_key(TWO, "raters")).set_value(0.8).run()
    assert "uncertain below 80 %" in texts(app)
    app.session_state[LABELS_KEY] = "fer2013"
    app.run()
    assert "uncertain below 40 %" in texts(app)


@pytest.mark.slow
def test_a_model_with_one_head_says_what_it_is_judged_by(app: AppTest) -> None:
    app.selectbox(key=MODEL_KEY).set_value(ONE).run()
    for button in [b for b in app.button if b.label.startswith("Evaluate")]:
        button.click().run()
    model = evaluated_model(ModelRegistry(), ONE, "raters")
    judged = rows(dataset(None, False), "validation", "raters")
    job = job_board().find(f"evaluation:{model.key}:{judged.key}:raters")
    assert job is not None
    assert job_board().wait(job.id, 120).error == ""
    app.run()
    assert "This model has one head, FER-2013, which is judged here by labels" in texts(app)


def test_resting_faces_have_a_panel(app: AppTest) -> None:
    app.session_state[TAB_KEY] = "Resting faces"
    app.slider(key=threshold_key(TWO, "raters")).set_value(0.0).run()
    judged = rows(dataset(None, False), "validation", "raters")
    model = evaluated_model(ModelRegistry(), TWO, "raters")
    found = evaluate_model(model, judged, cache=LogitsCache()).resting(0.0)
    assert found is not None
    assert found.misread.any()  # a network of random weights
    shown = texts(app)
    assert f"{int(found.misread.sum())} of n = {found.n} resting faces" in shown
    assert "A resting face is one that most raters call neutral" in shown
    assert f"**{int(found.misread.sum())} misread face" in shown
    app.toggle(key=BEYOND_DOUBT_KEY).set_value(True).run()
    certain = int((found.misread & found.beyond_doubt).sum())
    assert f"**{certain or 'no'} misread face" in texts(app)
    # Nothing is misread that is called uncertain.
    app.slider(key=threshold_key(TWO, "raters")).set_value(0.95).run()
    assert f"0 of n = {found.n} resting faces" in texts(app)


@pytest.mark.slow
def test_shifted_faces_are_judged_when_asked_for(app: AppTest) -> None:
    app.session_state[TAB_KEY] = "Shifted faces"
    app.run()
    alts = [picture.alt for image in app.get("image") for picture in image.proto.imgs]
    assert [alt.split(":")[1].split(",")[0].strip() for alt in alts] == [
        "as they are",
        *(shift.title.lower() for shift in SHIFTS.values()),
    ]
    assert not app.get("vega_lite_chart")
    (button,) = [b for b in app.button if b.label == "Evaluate on shifted faces"]
    button.click().run()
    judged = rows(dataset(None, False), "validation", "raters")
    model = evaluated_model(ModelRegistry(), TWO, "raters")
    job = job_board().find(f"shifts:{model.key}:{judged.key}:raters")
    assert job is not None
    assert job_board().wait(job.id, 120).error == ""
    app.run()
    test, cache = ShiftTest(judged), LogitsCache()
    assert test.is_known(model, cache)
    report = test.report(test.predictions(model, cache))
    shown = texts(app)
    assert f"{100 * report.ece:.1f} %" in shown
    for name, found in report.conditions.items():
        said = f"{100 * found.accuracy:.0f} % right at {100 * found.confidence:.0f} % confidence"
        assert f"**{SHIFTS[name].title}**: {SHIFTS[name].what} · {said}" in shown
    assert len(app.get("vega_lite_chart")) == 1
    assert not [b for b in app.button if b.label == "Evaluate on shifted faces"]
