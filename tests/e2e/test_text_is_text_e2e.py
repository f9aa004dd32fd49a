"""Hostile names, notes and errors on every page of a real browser: shown as they are written.

What they would fetch stands on a server of this test, which counts who asks.
"""

import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from emotion_core.classifiers.registry import MODELS_ROOT
from emotion_core.datasets import Corrections, build_synthetic, write_dataset
from emotion_core.paths import HOME_ENV, MODELS_ENV
from emotion_core.training.presets import PRESETS

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

HISTORY = (
    "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds\n"
    "1,1.9,0.3,1.8,0.35,0.1,60\n2,1.5,0.45,1.6,0.425,0.05,60\n"
)
JOINER = "\N{WORD JOINER}"


class Leaks(HTTPServer):
    """Counts the requests that nobody should make."""

    def __init__(self) -> None:
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = asked

    @property
    def text(self) -> str:
        at = f"http://127.0.0.1:{self.server_port}"
        return (
            f"![x]({at}/md.png) <img src={at}/html.png> :red[x] $x^2$ [a](javascript:alert) "
            f"`c` :smile: **b** -> www.a.example"
        )

    @property
    def short(self) -> str:
        return f"![x](http:&#47;&#47;127.0.0.1:{self.server_port}&#47;name.png) _i_ :red[x]"


@pytest.fixture(scope="module")
def leaks() -> Iterator[Leaks]:
    server = Leaks()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, leaks: Leaks) -> Path:
    """Runs, a model, a data set and notes whose words are hostile wherever words can be."""
    home = tmp_path_factory.mktemp("home")
    for name, state in ((leaks.short, "failed"), ("damaged", "done"), ("done", "done")):
        folder = home / "runs" / name
        folder.mkdir(parents=True)
        settings = {**PRESETS["smoke"].to_dict(), "dataset": leaks.text, "git_commit": leaks.text}
        if name == "damaged":
            settings["architecture"] = leaks.text
        (folder / "config.json").write_text(json.dumps(settings))
        (folder / "status.json").write_text(json.dumps({"state": state, "error": leaks.text}))
        (folder / "history.csv").write_text(HISTORY)
    (home / "runs" / "done" / "model.keras").write_bytes(b"never opened")
    (home / "runs" / "done" / "promotion.json").write_text(
        json.dumps({"model": "m", "pid": 2**31 - 1, "started": 1.0})
    )
    (home / "runs" / "done" / "promotion.log").write_text(leaks.text)
    history = home / "data" / "histories" / leaks.short
    history.mkdir(parents=True)
    (history / "config.json").write_text(json.dumps({"imported_from": leaks.text, "epochs": 2}))
    (history / "status.json").write_text('{"state": "imported"}')
    (history / "history.csv").write_text(HISTORY.replace("seconds\n", "seconds\n", 1))
    stored = home / "data" / f"{leaks.short}.parquet"
    write_dataset(build_synthetic(16), stored)
    corrections = Corrections.load(stored)
    corrections.relabel([3], "sad", who=leaks.text, why=leaks.text)
    corrections.save()
    models = home / "models"
    shutil.copytree(MODELS_ROOT / "compact", models / "compact")
    card = json.loads((models / "compact" / "card.json").read_text())
    card |= {"title": leaks.short, "description": leaks.text, "use_for": leaks.text}
    (models / "compact" / "card.json").write_text(json.dumps(card))
    shutil.copytree(models / "compact", models / "broken")  # its name is not the card's
    return home


@pytest.fixture(scope="module")
def server_environment(home: Path) -> dict[str, str]:
    return {
        HOME_ENV: str(home),
        MODELS_ENV: str(home / "models"),
        "EMOTION_LENS_DATASET": str(next((home / "data").glob("*.parquet"))),
    }


def shown_text(page: Page) -> str:
    """What a person reads, without the joiners that nobody sees."""
    return " ".join(page.locator("body").inner_text().replace(JOINER, "").split())


def settle(page: Page) -> None:
    """Until the page is drawn, help included: a tooltip is read as Markdown when it opens."""
    expect(page.get_by_role("heading").first).to_be_visible()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    for target in page.get_by_test_id("stTooltipHoverTarget").all()[:3]:
        if target.is_visible():
            target.hover()
            expect(page.get_by_test_id("stTooltipContent").first).to_be_visible()
            page.mouse.move(0, 0)


@pytest.mark.parametrize(
    "address",
    ["/", "/photos", "/live", "/datasets", "/training", "/history", "/evaluation", "/jobs"],
)
def test_hostile_words_are_words_on_every_page(page: Page, leaks: Leaks, address: str) -> None:
    page.goto(address)
    settle(page)
    text = shown_text(page)
    assert "Something went wrong" not in text
    assert leaks.text in text or leaks.short in text, text
    for image in page.locator("img").all():
        assert "127.0.0.1:" + str(leaks.server_port) not in (image.get_attribute("src") or "")
    assert page.locator("a[href^=javascript]").count() == 0
    assert page.locator(f"a[href*='{leaks.server_port}']").count() == 0
    assert page.locator("main .katex, main .stMarkdownColoredText").count() == 0
    assert leaks.asked == []


def test_the_runs_are_named_as_they_are(page: Page, leaks: Leaks) -> None:
    page.goto("/training")
    expect(page.get_by_role("heading", name="Past runs")).to_be_visible()
    settle(page)
    text = shown_text(page)
    assert f"{leaks.short} · failed" in text
    assert text.count(leaks.text) >= 2  # the run's error, and the promotion's last line
    assert "config.json: architecture: wanted one of" in text


def test_a_photo_with_a_hostile_name(page: Page, leaks: Leaks) -> None:
    page.goto("/photos")
    settle(page)
    broken = {"name": f"{leaks.short}.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}
    page.locator("input[type=file]").set_input_files([broken])  # type: ignore[list-item]
    expect(page.get_by_text("could not be used").first).to_be_visible()
    assert leaks.short in shown_text(page)
    assert leaks.asked == []
