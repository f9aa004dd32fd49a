"""From a fresh machine to a model of one's own, in a real browser and with a real training."""

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from emotion_core.classifiers.registry import MODELS_ROOT
from emotion_core.paths import HOME_ENV, MODELS_ENV
from emotion_core.training.runs import list_runs

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

#: A training and a promotion load TensorFlow, which takes long on a busy machine.
_PATIENCE_MS = 300_000


@pytest.fixture(scope="module")
def server_environment(home: Path) -> dict[str, str]:
    """No data set, no run, and models that the test may add to."""
    models = home / "models"
    shutil.copytree(MODELS_ROOT / "compact", models / "compact")
    return {
        HOME_ENV: str(home),
        MODELS_ENV: str(models),
        "EMOTION_LENS_DATASET": "",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }


def test_drawn_faces_become_a_model_that_the_photos_page_offers(page: Page, home: Path) -> None:
    page.goto("/training")
    expect(page.get_by_role("button", name="Train on synthetic data")).to_be_visible()
    # The same as that button, with fewer epochs.
    epochs = page.get_by_role("spinbutton", name="Epochs", exact=True)
    epochs.fill("3")
    epochs.press("Enter")
    expect(page.get_by_text("You have changed settings since.")).to_be_visible()
    page.get_by_role("button", name="Start", exact=True).click()

    expect(page.get_by_role("heading", name="Training mini-xception-1")).to_be_visible()
    curves = page.get_by_test_id("stVegaLiteChart")
    # While it runs, or, on a fast machine, when it has ended between two looks.
    expect(curves.first.or_(page.get_by_role("heading", name="Past runs"))).to_be_visible(
        timeout=_PATIENCE_MS
    )
    page.reload()
    expect(page.get_by_text(re.compile(r"finished · 3 epochs"))).to_be_visible(timeout=_PATIENCE_MS)
    (run,) = list_runs(home / "runs")
    assert (run.state, run.config["dataset"]) == ("done", "synthetic")
    assert run.history()["epoch"].tolist() == [1, 2, 3]

    page.get_by_role("button", name="Evaluate and promote").click()
    title = page.get_by_role("textbox", name="Title")
    title.fill("My first model")
    title.press("Tab")
    use_for = page.get_by_role("textbox", name="Use it for")
    use_for.fill("trying things.")
    use_for.press("Tab")
    page.get_by_role("button", name="Promote", exact=True).click()
    expect(page.get_by_text("is in place")).to_be_visible(timeout=_PATIENCE_MS)
    (judged,) = list_runs(home / "runs")
    assert judged.test_accuracy is not None

    page.get_by_role("button", name="Use it on photos").click()
    expect(page.get_by_role("heading", name="Photos", exact=True)).to_be_visible()
    expect(page.get_by_role("combobox", name="Model", exact=True)).to_have_value("My first model")
    expect(page.get_by_text("For trying things.", exact=True)).to_be_visible()


def test_its_curves_stand_on_the_history_page_and_can_be_taken_home(page: Page) -> None:
    """After the training above: its run is compared with the shipped model by default."""
    page.goto("/history")
    expect(page.get_by_text("mini-xception-1: ")).to_be_visible()
    chart = page.get_by_test_id("stVegaLiteChart").first
    for title in ("Accuracy", "Loss", "Learning rate"):
        expect(chart.get_by_text(title, exact=True)).to_be_visible()
    page.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as started:
        page.get_by_role("button", name="SVG", exact=True).click()
    svg = Path(started.value.path()).read_text(encoding="utf-8")
    assert svg.startswith("<svg")
    assert "mini-xception-1" in svg
