"""What an analysis tells while it runs, and what it comes to."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emotion_core.types import Frame, FrameResult
from emotion_core.video.frame_table import FrameTable
from emotion_core.video.options import AnalysisOptions
from emotion_core.video.probing import VideoInfo
from emotion_core.video.summary import summarize
from emotion_core.video.view import build_view

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class VideoProgress:
    """How far an analysis is.

    Attributes:
        done: sampled frames so far.
        total: how many there will be, about; 0 where nobody knows.
        frame: the newest one.
        result: what was read in it.
    """

    done: int
    total: int
    frame: Frame
    result: FrameResult


@dataclass(frozen=True, slots=True, eq=False)
class VideoResult:
    """What was read in a video.

    Attributes:
        info: what the file is.
        table: the frame table with its metadata.
        summary: the figures of ``summary.json``.
        output: the folder with the files; None where none was wanted.
    """

    info: VideoInfo
    table: FrameTable
    summary: Mapping[str, Any]
    output: Path | None = None

    @property
    def frames(self) -> "pd.DataFrame":
        """One row per face of a sampled frame, and one per sampled frame without a face."""
        return self.table.frames


def build_summary(table: FrameTable) -> dict[str, Any]:
    """What ``summary.json`` says: figures of the whole video, and where they come from."""
    named = ("source", "options", "model", "detector", "versions", "notes")
    source = table.metadata.get("source", {})
    return {
        **{key: table.metadata[key] for key in named if key in table.metadata},
        "duration_s": source.get("duration_s"),
        "shots": int(table.frames["shot"].max()) if len(table.frames) else 0,
        **summarize(build_view(table)),
    }


def expected_samples(info: VideoInfo, options: AnalysisOptions) -> int:
    """About how many frames will be sampled; 0 where nobody knows."""
    if info.duration_s is None:
        return 0
    end_s = info.duration_s if options.to_s is None else min(options.to_s, info.duration_s)
    span_s = max(0.0, end_s - options.from_s)
    step_s = step_between_samples(info, options)
    return round(span_s / step_s) if step_s else 0


def step_between_samples(info: VideoInfo, options: AnalysisOptions) -> float:
    """About how many seconds lie between two sampled frames; 0 where nobody knows."""
    frame_s = 1 / info.average_fps if info.average_fps else 0.0
    if options.every_s is not None:
        return max(options.every_s, frame_s)  # there are never more samples than frames
    return frame_s * (options.every_n or 1)
