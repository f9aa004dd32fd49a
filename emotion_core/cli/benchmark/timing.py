"""Timers: contenders that take turns, and a fresh process."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from emotion_core.cli.common import UsageError

#: Runs one frame and returns (milliseconds, faces found).
TimedRun = Callable[[str], tuple[float, int]]

#: {frame: milliseconds, or faces found, of one contender}
ByFrame = dict[str, float]

#: Frames that a contender runs one after the other in its turn, as a video brings them. After the
#: wait for its turn the first frame finds sleeping threads and the caches of somebody else.
FRAMES_A_TURN = 5


def take_turns(
    contenders: Mapping[str, TimedRun], frames: Iterable[str], rounds: int
) -> tuple[dict[str, ByFrame], dict[str, ByFrame]]:
    """Times contenders in turns of a few frames, all of them in every round.

    What else the machine does falls on all of them alike, so that ratios hold where absolute
    times do not. The first round warms up and is not counted.

    Args:
        contenders: {name: runner}.
        frames: names of the frames.
        rounds: how many turns each contender has with each frame; a turn runs it
            ``FRAMES_A_TURN`` times, and each time counts.

    Returns:
        {contender: {frame: median milliseconds}} and {contender: {frame: faces found}}.
    """
    names = list(frames)
    times: dict[str, dict[str, list[float]]] = {
        contender: {frame: [] for frame in names} for contender in contenders
    }
    faces: dict[str, ByFrame] = {contender: {} for contender in contenders}
    for number in range(rounds + 1):
        for frame in names:
            for contender, run in contenders.items():
                for _ in range(FRAMES_A_TURN):
                    ms, found = run(frame)
                    faces[contender][frame] = found
                    if number:
                        times[contender][frame].append(ms)
    medians = {
        contender: {frame: round(statistics.median(values), 2) for frame, values in by.items()}
        for contender, by in times.items()
    }
    return medians, faces


def median_ms(call: Callable[[], object], rounds: int) -> float:
    """Median milliseconds of a call, after one that warms up."""
    call()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


# What the fresh process does: the command that users run, then a look at its own memory. The
# peak that the system keeps for child processes would include the parent's.
_FRESH = """
import contextlib, io, json, sys
from emotion_core.cli import main
with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())):
    code = main(["analyze", *sys.argv[1:]])
from emotion_core.cli.benchmark.timing import resident_mb
loaded = "tensorflow" in sys.modules
print(json.dumps({"code": code, "rss_mb": resident_mb(), "tensorflow": loaded}))
"""


def resident_mb() -> float | None:
    """Resident memory of this process in MB (10^6 bytes), None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        try:
            import psutil
        except ImportError:
            return None
        return round(float(psutil.Process().memory_info().rss) / 1e6, 1)
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def first_result(photo: Path, model: str, labels: str, rounds: int) -> dict[str, Any]:
    """A photo analysed by a process that has just been started.

    Returns:
        ``first_result_s`` from the start of the process to its end, median; ``rss_mb`` of the
        process when the photo is done.

    Raises:
        UsageError: the photo cannot be analysed.
    """
    seconds, answer = [], {}
    for _ in range(rounds):
        start = time.perf_counter()
        process = subprocess.run(
            [sys.executable, "-c", _FRESH, str(photo), "--model", model, "--labels", labels],
            capture_output=True,
            text=True,
            check=False,
        )
        seconds.append(time.perf_counter() - start)
        if process.returncode:
            raise UsageError(f"A fresh process failed: {process.stderr.strip()[-300:]}")
        answer = json.loads(process.stdout)
        if answer["code"]:
            raise UsageError(f"Analysing {photo.name} failed: {process.stderr.strip()[-300:]}")
    return {
        "first_result_s": round(statistics.median(seconds), 3),
        "rss_mb": answer["rss_mb"],
        "tensorflow_loaded": answer["tensorflow"],
    }
