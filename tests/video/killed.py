"""Runs an analysis and kills it: ``python -m tests.video.killed CLIP FOLDER MOMENT``.

Moments: ``frame N`` (in the N-th sampled frame of this run), ``before NAME`` and ``after NAME``
(around the moment at which a file gets its name), ``clearing`` (while the chunks are deleted), and
``never``.
"""

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import pandas  # noqa: F401 (imported once, for all runs)
import pyarrow.dataset  # noqa: F401

from emotion_core.files import atomic_files
from emotion_core.stream import StreamPipeline
from emotion_core.video import analysis
from emotion_core.video.options import AnalysisOptions
from emotion_core.video.results import VideoProgress

#: Small, so that a short clip has many.
CHUNK = 6
OPTIONS = AnalysisOptions(None, 2, model="compact", detect_every=3)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def run(clip: Path, folder: Path, moment: str, pipeline: StreamPipeline) -> None:
    """One run, up to its moment."""
    what, _, where = moment.partition(" ")
    put_in_place, rmtree = atomic_files._put_in_place, shutil.rmtree
    seen = 0

    def put(partial: Path, path: Path, file: Any) -> None:
        wanted = path.name.startswith(where)
        if what == "before" and wanted:
            die()
        put_in_place(partial, path, file)
        if what == "after" and wanted:
            die()

    def remove(path: Any, **options: Any) -> None:
        if what == "clearing" and any(Path(path).rglob("part-*")):
            next(Path(path).rglob("part-*")).unlink()
            die()
        rmtree(path, **options)

    def progress(_: VideoProgress) -> None:
        nonlocal seen
        seen += 1
        if what == "frame" and seen == int(where):
            die()

    atomic_files._put_in_place = put
    shutil.rmtree = remove  # type: ignore[assignment]
    analysis.CHUNK_FRAMES = CHUNK
    analysis.analyze_video(
        clip,
        output=folder,
        options=OPTIONS,
        pipeline=pipeline,
        resume=True,
        strip=True,
        progress=progress,
    )


if __name__ == "__main__":
    # One process starts, and is as many as there are moments: starting takes longest.
    opened = OPTIONS.build_pipeline()
    for each in sys.argv[3:]:
        if (child := os.fork()) == 0:
            run(Path(sys.argv[1]), Path(sys.argv[2]), each, opened)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if killed != (each != "never") or (not killed and status):
            sys.exit(f"{each}: wanted {'the end' if each == 'never' else 'a kill'}, got {status}")
        print(each, len(list(Path(sys.argv[2], "parts").glob("part-*"))), flush=True)
