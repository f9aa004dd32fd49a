"""From a video file to its frame table, in chunks that survive a kill at any moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import Timeout

from emotion_core.errors import Cancelled, VideoError
from emotion_core.files.atomic_files import make_folder, readable, write_json
from emotion_core.files.named_locks import named_lock
from emotion_core.files.publishing import scratch_folder
from emotion_core.files.unfinished import clean_below
from emotion_core.stream import StreamPipeline
from emotion_core.types import Frame, FrameResult
from emotion_core.video.cuts import CutDetector
from emotion_core.video.frame_table import (
    FrameRows,
    FrameTable,
    read_frame_table,
    write_frame_table,
)
from emotion_core.video.options import AnalysisOptions
from emotion_core.video.parts import Parts
from emotion_core.video.probing import VideoInfo, probe_video
from emotion_core.video.provenance import build_metadata, fingerprint, label_set_of
from emotion_core.video.reading import VideoReader
from emotion_core.video.strip import Strip
from emotion_core.video.summary import summarize
from emotion_core.video.video_folder import AnalysisFolder
from emotion_core.video.view import build_view

if TYPE_CHECKING:
    import pandas as pd

#: Sampled frames of a chunk: what a kill costs at most, some seconds of work.
CHUNK_FRAMES = 128


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


def analyze_video(
    path: Path | str,
    *,
    output: Path | str | None = None,
    options: AnalysisOptions | None = None,
    pipeline: StreamPipeline | None = None,
    resume: bool = False,
    name: str = "",
    sha256: str = "",
    strip: bool = False,
    progress: Callable[[VideoProgress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    **choices: Any,
) -> VideoResult:
    """Finds the faces in a video, follows them and reads their expressions.

    Every ``CHUNK_FRAMES`` sampled frames a chunk of rows is written with the whole state of the
    analysis: the faces that are followed, their smoothed scores, and the last picture's colours.
    Nothing is reset there, apart from optical flow (``detect_every`` above 1), which begins anew
    at every chunk. So a run that was killed at any moment and resumed gives the very table of one
    that was not.

    Examples:
        >>> from emotion_core import analyze_video
        >>> video = analyze_video("interview.mp4", every_s=0.2)
        >>> video.frames[["time_s", "track", "expression"]].head(2)
           time_s  track expression
        0     0.0      1    neutral
        1     0.2      1    neutral

    Args:
        path: of the video.
        output: a folder for ``frames.parquet`` and ``summary.json``; None: nothing is kept.
        options: how it is analysed.
        pipeline: an open model and detector, instead of those of the options; used for this video
            alone from now on.
        resume: go on with what stands in ``output``, if it is of this video and these options;
            otherwise everything begins anew.
        name: of the video in the results; empty: its file's.
        sha256: of the video, where it is known; empty: the file is read.
        strip: also make ``strip.jpg``, some pictures side by side.
        progress: is told of every sampled frame.
        cancelled: asked before every sampled frame; finished chunks are kept.
        **choices: single fields of `AnalysisOptions`, instead of ``options``: ``every_s=1.0``,
            ``model="compact"``, ``detector="haar"``, ``from_s``, ``to_s``, ``labels`` ...

    Returns:
        The table, the figures and what the file is.

    Raises:
        VideoError: the file cannot be read as a video, or an option does not fit.
        ModelError: no such model.
        DetectorError: no such detector, or it cannot be used here.
        OutputError: ``output`` cannot be written.
        DiskFullError: there is no room; finished chunks are kept.
        Cancelled: ``cancelled`` said so.
        TypeError: options and single fields of them, or a field that there is not.
    """
    if options is not None and choices:
        raise TypeError(f"options: wanted no single options beside it. Received: {list(choices)}")
    chosen = options or _options(choices)
    info = probe_video(path)
    pipeline = chosen.build_pipeline() if pipeline is None else pipeline
    pipeline.restore({"tracker": {"tracks": [], "next": 1}, "smoother": {}})
    metadata = build_metadata(info, chosen, pipeline, name=name, sha256=sha256)
    work = _Analysis(info, chosen, pipeline, metadata, strip, progress, cancelled)
    if output is not None:
        folder = AnalysisFolder(Path(output))
        return work.run(folder, resume=resume)
    with scratch_folder(name="video") as scratch:
        done = work.run(AnalysisFolder(scratch), resume=False)
    return VideoResult(done.info, done.table, done.summary)


def _options(choices: Mapping[str, Any]) -> AnalysisOptions:
    unknown = set(choices) - set(AnalysisOptions.__dataclass_fields__)
    if unknown:
        raise TypeError(
            f"analyze_video: wanted options of {', '.join(AnalysisOptions.__dataclass_fields__)}. "
            f"Received: {', '.join(sorted(unknown))}"
        )
    return AnalysisOptions.from_dict(choices)


class _Analysis:
    """One analysis: its parts, and what is done with each frame."""

    def __init__(
        self,
        info: VideoInfo,
        options: AnalysisOptions,
        pipeline: StreamPipeline,
        metadata: dict[str, Any],
        strip: bool,
        progress: Callable[[VideoProgress], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self._info = info
        self._sampling = options.sampling
        self._options = options
        self._pipeline = pipeline
        self._metadata = metadata
        self._wants_strip = strip
        self._progress = progress
        self._cancelled = cancelled
        self._cuts = CutDetector()
        self._shot = 1
        self._sampled = 0
        self._total = expected_samples(info, options)

    def run(self, folder: AnalysisFolder, *, resume: bool) -> VideoResult:
        """Reads what is not read yet, and joins all of it."""
        make_folder(folder.path)
        try:
            with named_lock(folder.path / ".lock"):
                return self._run(folder, resume)
        except Timeout as error:
            raise VideoError(
                f"{readable(folder.path)}: another process is writing an analysis there. Wait for "
                "it, or choose another folder."
            ) from error

    def _run(self, folder: AnalysisFolder, resume: bool) -> VideoResult:
        clean_below(folder.path)
        mark = fingerprint(self._metadata)
        parts = Parts(folder.parts, mark)
        write_json(folder.options, self._options.to_dict())
        if not resume:
            parts.clear()
        elif not folder.parts.is_dir() and (done := self._finished(folder, mark)) is not None:
            return done
        state = parts.resume().state
        if state:
            self._restore(state)
        end_s = self._options.to_s if self._options.to_s is not None else self._info.duration_s
        strip = Strip(folder.parts, self._options.from_s, end_s) if self._wants_strip else None
        if not state.get("finished"):
            state = self._read(parts, strip, int(state.get("next_frame", 0)))
        metadata = {**self._metadata, "notes": list(state["notes"])}
        if strip is not None:
            strip.write(folder.strip)
        write_frame_table(folder.frames, parts.tables(), metadata, label_set_of(self._pipeline))
        done = self._result(folder)
        parts.clear()
        return done

    def _read(self, parts: Parts, strip: Strip | None, skip_to: int) -> dict[str, Any]:
        """Reads the frames from a number on; gives the state after the last chunk."""
        rows = FrameRows(label_set_of(self._pipeline))
        with VideoReader(self._info.path, self._sampling, skip_to_frame=skip_to) as reader:
            for frame in reader:
                if self._cancelled():
                    raise Cancelled("Stopped.")
                if self._cuts.is_cut(frame.image):
                    self._pipeline.cut()
                    self._shot += 1
                result = self._pipeline.analyze(frame)
                rows.add(result, self._shot)
                self._sampled += 1
                if strip is not None:
                    strip.add(frame)
                self._progress(VideoProgress(self._sampled, self._total, frame, result))
                skip_to = frame.index + 1
                if rows.frames == CHUNK_FRAMES:
                    parts.write(rows.take(), self._state(skip_to))
            notes = [*reader.notes]
        if not self._sampled:
            notes.append("No frame lies in the part that was asked for.")
        state = {**self._state(skip_to), "finished": True, "notes": notes}
        parts.write(rows.take(), state)
        return state

    def _state(self, next_frame: int) -> dict[str, Any]:
        return {
            "next_frame": next_frame,
            "sampled": self._sampled,
            "shot": self._shot,
            "cuts": self._cuts.state(),
            "pipeline": self._pipeline.checkpoint(),
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._sampled, self._shot = int(state["sampled"]), int(state["shot"])
        self._cuts.restore(state["cuts"])
        self._pipeline.restore(state["pipeline"])

    def _finished(self, folder: AnalysisFolder, mark: str) -> VideoResult | None:
        """The result of a whole table of this very analysis."""
        if not folder.frames.is_file():
            return None
        try:
            found = read_frame_table(folder.frames)
        except VideoError:
            return None
        return self._result(folder, found) if fingerprint(found.metadata) == mark else None

    def _result(self, folder: AnalysisFolder, table: FrameTable | None = None) -> VideoResult:
        table = read_frame_table(folder.frames) if table is None else table
        summary = build_summary(table)
        write_json(folder.summary, summary)
        return VideoResult(self._info, table, summary, folder.path)


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
    fps = info.average_fps or 0.0
    if options.every_s is not None:
        # There are never more samples than frames.
        rate = min(1 / options.every_s, fps) if fps else 1 / options.every_s
        return round(span_s * rate)
    return round(span_s * fps / (options.every_n or 1))
