"""Measures the work on a whole data set: the audit, in seconds and memory.

    python benchmarks/datasets.py [--only audit] [--dataset PATH] [--model NAME] [--json]

Every measurement is a function of its own that runs in a process of its own, so that neither
caches nor memory of one count for another. Needs requirements-dev.txt.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from emotion_core.datasets import default_dataset_path  # noqa: E402
from emotion_core.home import HOME_ENV  # noqa: E402

#: What the issue that asked for this measurement wanted.
MAX_AUDIT_S = 300.0

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


#: Name on the command line -> measurement.
MEASUREMENTS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "audit": measure_audit,
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
