"""Measures the work on a whole data set: the audit and the page that shows it.

    python benchmarks/datasets.py [--only audit|page] [--dataset PATH] [--model NAME] [--json]

Every measurement is a function of its own that runs in a process of its own, so that neither
caches nor memory of one count for another. Needs requirements-dev.txt.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from startup import free_port, wait_for_port  # noqa: E402

from emotion_core.datasets import default_dataset_path  # noqa: E402
from emotion_core.emotions import FER2013  # noqa: E402
from emotion_core.paths import DATASET_ENV, HOME_ENV  # noqa: E402

#: What the issue that asked for this measurement wanted.
MAX_AUDIT_S = 300.0
MAX_PAINT_S = 1.0
MAX_FILTER_S = 0.5
#: Labels that are clicked one after the other; each click is one change of the filter.
_FILTERS = ("disgust", "happy", "fear", "neutral", "angry", "surprise", "sad")
_PATIENCE_MS = 60_000

_AUDIT = """
import json, sys, time
from pathlib import Path
from emotion_core.evaluation.audit import run_audit

began, stages, stage_began = time.perf_counter(), {}, 0.0

def progress(stage, share):
    global stage_began
    now = time.perf_counter() - began
    if stage not in stages:
        if stages:
            last = list(stages)[-1]
            stages[last] = round(now - stage_began, 2)
        stages[stage], stage_began = 0.0, now

report = run_audit(Path(sys.argv[1]), sys.argv[2] or None, progress=progress)
first = time.perf_counter() - began
began = time.perf_counter()
run_audit(Path(sys.argv[1]), sys.argv[2] or None)
again = time.perf_counter() - began
print(json.dumps({"seconds": first, "again_s": again, "stages_s": stages, **report.summary()}))
"""


def measure_audit(args: argparse.Namespace) -> dict[str, Any]:
    """The whole audit with a model, from the file to the kept report, and from the cache."""
    with tempfile.TemporaryDirectory() as home:
        output, peak_mb = _run(
            [sys.executable, "-c", _AUDIT, str(args.dataset), args.model or ""],
            {HOME_ENV: home},
        )
    figures: dict[str, Any] = json.loads(output)
    return {
        "audit_s": round(figures["seconds"], 1),
        "audit_again_s": round(figures["again_s"], 2),
        "audit_rss_mb": round(peak_mb),
        "audit_stages_s": figures["stages_s"],
        "audit_model": figures["model"],
        "audit_images": figures["n"],
        "audit_wanted_s": MAX_AUDIT_S,
    }


# Clicks, and tells after how many seconds the faces of the grid are what was asked for: pictures
# that are decoded, with a title that names the label. The grid stands in a shadow root.
_CLICK_AND_WAIT = """
([button, label]) => new Promise(done => {
  const began = performance.now();
  const ready = () => {
    for (const element of document.querySelectorAll(".st-key-ds_grid *")) {
      const images = element.shadowRoot?.querySelectorAll(".grid img") ?? [];
      if (images.length && [...images].every(
        image => image.complete && image.naturalWidth && image.alt.includes(label)
      )) return done((performance.now() - began) / 1000);
    }
    requestAnimationFrame(ready);
  };
  document.querySelector(button).click();
  ready();
})
"""


def measure_page(args: argparse.Namespace) -> dict[str, Any]:
    """The data set page in a browser: from a click to the faces, and from a filter to its faces.

    The app is open and the browser has its files; the server has not seen the data set before the
    first click, and has it open at the later ones.
    """
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        if path is None:
            sys.exit("There is no chromium. On Debian: apt-get install chromium.")
        port = free_port()
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, HOME_ENV: home, DATASET_ENV: str(args.dataset)},
        )
        try:
            wait_for_port(port, server)
            browser = playwright.chromium.launch(
                executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"]
            )
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            page.set_default_timeout(_PATIENCE_MS)
            page.goto(f"http://127.0.0.1:{port}/")
            first_s = _visit(page)
            later_s = [_visit(page) for _ in range(5)]
            page.wait_for_timeout(10_000)  # the server decodes all pictures after the first visit
            filter_s = [_filter(page, label) for label in _FILTERS]
            rss_mb = psutil.Process(server.pid).memory_info().rss / 1e6
            browser.close()
        finally:
            server.terminate()
            server.wait(timeout=20)
    return {
        "page_first_paint_s": round(first_s, 2),
        "page_paint_s": round(statistics.median(later_s), 2),
        "page_filter_s": round(statistics.median(filter_s), 2),
        "page_filter_worst_s": round(max(filter_s), 2),
        "page_rss_mb": round(rss_mb),
        "page_first_paint_wanted_s": MAX_PAINT_S,
        "page_filter_wanted_s": MAX_FILTER_S,
    }


def _visit(page: Page) -> float:
    """Seconds from a click on the page's name in the navigation to its faces."""
    page.locator("a[href$='/photos']").first.click()
    page.get_by_role("heading", name="Photos", exact=True).wait_for()
    _wait_until_idle(page)
    return float(page.evaluate(_CLICK_AND_WAIT, ["a[href$='/datasets']", "Row "]))


def _filter(page: Page, label: str) -> float:
    """Seconds from a click on a label to a page of its faces, without the label before."""
    _wait_until_idle(page)
    clear = page.get_by_role("button", name="Clear filters")
    if clear.count():
        clear.click()
        clear.wait_for(state="detached")
        _wait_until_idle(page)
    number = 1 + FER2013.names.index(label)
    button = f".st-key-ds_label button:nth-of-type({number})"
    return float(page.evaluate(_CLICK_AND_WAIT, [button, f": {label}"]))


def _wait_until_idle(page: Page) -> None:
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    page.wait_for_timeout(300)


#: Name on the command line -> measurement.
MEASUREMENTS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "audit": measure_audit,
    "page": measure_page,
}


def _run(command: list[str], environment: dict[str, str]) -> tuple[str, float]:
    """Runs a command in the project's folder; its output and its largest memory in MB."""
    peak = 0.0
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )

    def watch() -> None:
        nonlocal peak
        try:
            while process.poll() is None:
                peak = max(peak, psutil.Process(process.pid).memory_info().rss / 1e6)
                time.sleep(0.05)
        except psutil.NoSuchProcess:
            return

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, _ = process.communicate()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{command[:2]} ended with exit code {process.returncode}.")
    return output, peak


def main() -> int:
    """Measures and prints, as the command line asks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", choices=MEASUREMENTS, help="one measurement (default: all)")
    parser.add_argument("--dataset", type=Path, default=default_dataset_path())
    parser.add_argument("--model", help="the model that audits (default: the app's)")
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    args = parser.parse_args()
    if not args.dataset.is_file():
        sys.exit(f"There is no data set at {args.dataset}. Give its path with --dataset.")
    args.dataset = args.dataset.resolve()
    figures: dict[str, Any] = {}
    for name in [args.only] if args.only else MEASUREMENTS:
        figures |= MEASUREMENTS[name](args)
    if args.json:
        print(json.dumps(figures, indent=2))
    else:
        for name, value in figures.items():
            print(f"{name:20} {value}")
    missed = [
        name
        for name, value in figures.items()
        if f"{name.removesuffix('_s')}_wanted_s" in figures
        and value > figures[f"{name.removesuffix('_s')}_wanted_s"]
    ]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
