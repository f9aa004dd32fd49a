"""How many pictures a second a batch reads, what a picture costs, and what that holds in memory.

    python benchmarks/batch.py [--pictures N] [--workers 1,2] [--ray] [--json]

Photos of 640x480 with a face each are made, then read in turns: by `analyze` into one table, which
is one process without anything around it, and by `batch` with processes of this machine and, with
`--ray`, with a local cluster. Each contender is a process of its own with all that it starts.
Pictures a second are those between the first and the last part. Processor time is that of all
processes together, so what a busy machine does meanwhile counts less; that of a run over a few of
the pictures (start) is taken off. Ratios are to `analyze`.

What a million pictures cost follows from the processor time: pictures x seconds / cores.
"""

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.update(
    OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", OPENCV_FOR_THREADS_NUM="1"
)  # before NumPy and OpenCV

import matplotlib.cbook  # noqa: E402
import numpy as np  # noqa: E402
import psutil  # noqa: E402
import skimage.data  # noqa: E402
from PIL import Image  # noqa: E402

from emotion_core.batch.folder import BatchFolder  # noqa: E402
from emotion_core.batch.items import Item, Shard  # noqa: E402
from emotion_core.batch.options import BatchOptions  # noqa: E402
from emotion_core.batch.parts import build_part  # noqa: E402
from emotion_core.batch.reader import ItemReader  # noqa: E402
from emotion_core.cli.benchmark.machine import machine_facts  # noqa: E402
from emotion_core.emotions import FER2013  # noqa: E402

WIDTH, HEIGHT = 640, 480
_LOOK_S = 0.1
_FEW = 8


def make_pictures(folder: Path, n: int) -> int:
    """Photos with a face at some place before a grainy wall; gives their bytes."""
    random = np.random.default_rng(0)
    sample: Any = matplotlib.cbook.get_sample_data("grace_hopper.jpg")
    with sample as file:
        hopper = Image.open(io.BytesIO(file.read())).convert("RGB").crop((60, 0, 460, 460))
    faces = [Image.fromarray(skimage.data.astronaut()).crop((60, 0, 400, 400)), hopper]
    for number in range(n):
        wall = random.normal(128, 12, (HEIGHT, WIDTH, 3)).clip(0, 255).astype(np.uint8)
        picture = Image.fromarray(wall)
        size = int(random.integers(160, 320))
        face = faces[number % 2].resize((size, size))
        place = (int(random.integers(0, WIDTH - size)), int(random.integers(0, HEIGHT - size)))
        picture.paste(face, place)
        picture.save(folder / f"{number:06d}.jpg", quality=88)
    return sum(path.stat().st_size for path in folder.iterdir())


@dataclass
class Watched:
    """A command and everything that it started."""

    seconds: float = 0.0
    first_part_s: float = 0.0
    processor_s: dict[int, float] = field(default_factory=dict)
    most_mb: float = 0.0
    most_of_one_mb: float = 0.0


def watch(line: list[str], parts: Path | None, home: Path) -> Watched:
    """Runs ``python -m emotion_core`` and looks at it until its end."""
    seen, began = Watched(), time.monotonic()
    environment = {**os.environ, "EMOTION_LENS_HOME": str(home), "RAY_USAGE_STATS_ENABLED": "0"}
    process = subprocess.Popen(
        [sys.executable, "-m", "emotion_core", *line],
        cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    top = psutil.Process(process.pid)
    while process.poll() is None:
        total = 0.0
        try:
            tree = [top, *top.children(recursive=True)]
        except psutil.Error:
            tree = []
        for one in tree:
            try:
                times, rss = one.cpu_times(), one.memory_info().rss / 2**20
            except psutil.Error:
                continue
            seen.processor_s[one.pid] = times.user + times.system
            total += rss
            seen.most_of_one_mb = max(seen.most_of_one_mb, rss)
        seen.most_mb = max(seen.most_mb, total)
        if parts is not None and not seen.first_part_s and any(parts.glob("part-*.parquet")):
            seen.first_part_s = time.monotonic() - began
        time.sleep(_LOOK_S)
    seen.seconds = time.monotonic() - began
    if process.returncode:
        assert process.stderr is not None
        raise SystemExit(process.stderr.read().decode())
    return seen


def processor_ms(seen: Watched, start: Watched, n: int) -> float:
    """Milliseconds of processor time that a picture takes, without those of the start."""
    more = sum(seen.processor_s.values()) - sum(start.processor_s.values())
    return round(1000 * more / (n - _FEW), 1)


def read_here(folder: Path) -> dict[str, Any]:
    """What a picture takes in this very process: from file to rows, and rows to a part."""
    paths = sorted(folder.iterdir())
    items = tuple(Item(path.name, str(path), str(path)) for path in paths)
    reader, shard, out = ItemReader(BatchOptions(kind="photos")), Shard(0, items), folder.parent
    for item in items[:_FEW]:
        reader.read(0, item)
    began = time.process_time()
    outcomes = [reader.read(position, item) for position, item in enumerate(items)]
    read = time.process_time()
    target = BatchFolder(out / "here")
    target.path.mkdir()
    target.write_shard(shard, outcomes, build_part("photos", FER2013, shard, outcomes))
    written = time.process_time()
    return {
        "read_ms": round(1000 * (read - began) / len(items), 2),
        "write_ms": round(1000 * (written - read) / len(items), 3),
        "part_bytes": round(target.part(0).stat().st_size / len(items)),
    }


def measure(folder: Path, scratch: Path, n: int, executor: str, workers: int) -> dict[str, Any]:
    """One batch; the figures of its run."""
    more = ["--executor", executor, "--workers", str(workers)]
    few_out = scratch / f"{executor}-{workers}-few"
    start = watch(
        ["batch", str(scratch / "few"), "--output", str(few_out), *more], None, scratch / "home"
    )
    out = scratch / f"{executor}-{workers}"
    seen = watch(
        ["batch", str(folder), "--output", str(out), *more], out / "parts", scratch / "home"
    )
    parts = sorted(path.stat().st_mtime for path in (out / "parts").iterdir())
    between = parts[-1] - parts[0]
    return {
        "pictures_per_second": round((n - n / len(parts)) / between, 2) if between else None,
        "processor_ms": processor_ms(seen, start, n),
        "start_processor_s": round(sum(start.processor_s.values()), 1),
        "first_part_s": round(seen.first_part_s, 1),
        "seconds": round(seen.seconds, 1),
        "rss_mb": round(seen.most_mb),
        "rss_of_one_mb": round(seen.most_of_one_mb),
        "part_bytes": round(sum(p.stat().st_size for p in (out / "parts").iterdir()) / n, 1),
        "manifest_bytes": round((out / "manifest.parquet").stat().st_size / n, 1),
    }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--pictures", type=int, default=512)
    parser.add_argument("--workers", default="1,2", help="numbers with commas")
    parser.add_argument("--ray", action="store_true")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    n = args.pictures
    report: dict[str, Any] = {"machine": machine_facts(), "pictures": n}
    with TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        (folder := scratch / "photos").mkdir()
        report["picture_bytes"] = round(make_pictures(folder, n) / n)
        report["in one process"] = read_here(folder)
        (few := scratch / "few").mkdir()
        for path in sorted(folder.iterdir())[:_FEW]:
            shutil.copy(path, few)
        line = ["--output", str(scratch / "single.parquet")]
        start = watch(["analyze", str(few), *line], None, scratch / "home")
        single = watch(["analyze", str(folder), *line], None, scratch / "home")
        alone_ms = processor_ms(single, start, n)
        report["analyze"] = {
            "processor_ms": alone_ms,
            "start_processor_s": round(sum(start.processor_s.values()), 1),
            "seconds": round(single.seconds, 1),
            "rss_mb": round(single.most_mb),
        }
        for executor in ("local", "ray") if args.ray else ("local",):
            for workers in map(int, args.workers.split(",")):
                found = measure(folder, scratch, n, executor, workers)
                found["processor_ratio"] = round(found["processor_ms"] / alone_ms, 2)
                report[f"{executor} {workers}"] = found
                if not args.json:
                    print(f"{executor} {workers}: {found}", flush=True)
    if args.json:
        print(json.dumps(report, indent=2))
    else:
        for name in ("in one process", "analyze", "machine"):
            print(f"{name}: {report[name]}")


if __name__ == "__main__":
    main()
