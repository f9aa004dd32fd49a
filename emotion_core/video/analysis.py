"""From a video file to its frame table, in chunks that survive a kill at any moment."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from filelock import Timeout

from emotion_core.errors import Cancelled, VideoError
from emotion_core.files.atomic_files import make_folder, readable, write_json
from emotion_core.files.named_locks import named_lock
from emotion_core.files.publishing import scratch_folder
from emotion_core.files.unfinished import clean_below
from emotion_core.stream import StreamPipeline
from emotion_core.video.cuts import CutDetector
from emotion_core.video.frame_table import (
    FrameRows,
    FrameTable,
    read_frame_table,
    write_frame_table,
)
from emotion_core.video.options import DEFAULT_EVERY_S, AnalysisOptions
from emotion_core.video.parts import Parts
from emotion_core.video.probing import VideoInfo, probe_video
from emotion_core.video.provenance import build_metadata, fingerprint, label_set_of
from emotion_core.video.reading import VideoReader
from emotion_core.video.results import (
    VideoProgress,
    VideoResult,
    build_summary,
    expected_samples,
    step_between_samples,
)
from emotion_core.video.sampling import Sampling
from emotion_core.video.strip import Strip
from emotion_core.video.video_folder import AnalysisFolder

#: Sampled frames of a chunk: what a kill costs at most, some seconds of work.
CHUNK_FRAMES = 128


def analyze_video(
    path: Path | str,
    *,
    output: Path | str | None = None,
    sampling: Sampling | None = None,
    model: str | None = None,
    labels: str | None = None,
    detector: str | None = None,
    min_confidence: float | None = None,
    threshold: float | None = None,
    options: AnalysisOptions | None = None,
    pipeline: StreamPipeline | None = None,
    resume: bool = False,
    name: str = "",
    sha256: str = "",
    strip: bool = False,
    progress: Callable[[VideoProgress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> VideoResult:
    """Finds the faces in a video, follows them and reads their expressions.

    Every ``CHUNK_FRAMES`` sampled frames a chunk of rows is written with the whole state of the
    analysis: the faces that are followed, their smoothed scores, and the last picture's colours.
    Nothing is reset there, apart from optical flow (``detect_every`` above 1), which begins anew
    at every chunk. So a run that was killed at any moment and resumed gives the very table of one
    that was not.

    Examples:
        >>> from emotion_core import Sampling, analyze_video
        >>> video = analyze_video("interview.mp4", sampling=Sampling(every_s=1.0))
        >>> video.frames[["time_s", "track", "expression"]].head(2)
           time_s  track expression
        0     0.0      1      happy
        1     1.0      1      happy

    Args:
        path: of the video.
        output: a folder for ``frames.parquet`` and ``summary.json``; None: nothing is kept.
        sampling: which frames are read; None: the first of every 0.2 seconds.
        model: a model's name; None for the default.
        labels: whose labels answer, ``raters`` or ``fer2013``; None: those the model has.
        detector: a face detector's name; None for the best that can be used here.
        min_confidence: leave out faces of which the detector is less sure, 0-1; None: its own.
        threshold: call an answer uncertain below this score, 0-1; None: the model's own.
        options: all of these and more, instead of them.
        pipeline: an open model and detector, instead of those of the options; used for this video
            alone meanwhile.
        resume: go on with what stands in ``output``, if it is of this video and these options;
            otherwise everything begins anew.
        name: of the video in the results; empty: its file's.
        sha256: of the video, where it is known; empty: the file is read.
        strip: also make ``strip.jpg``, some pictures side by side.
        progress: is told of every sampled frame.
        cancelled: asked before every sampled frame; finished chunks are kept.

    Returns:
        The table, the figures and what the file is.

    Raises:
        VideoError: the file cannot be read as a video, an option does not fit, or another process
            writes into ``output``.
        ModelError: no such model, or it has not these labels.
        DetectorError: no such detector, or it cannot be used here.
        OutputError: ``output`` cannot be written.
        DiskFullError: there is no room; finished chunks are kept.
        Cancelled: ``cancelled`` said so.
        ValueError: options beside ``options``.
    """
    single = (sampling, model, labels, detector, min_confidence, threshold)
    if options is None:
        read = Sampling(every_s=DEFAULT_EVERY_S) if sampling is None else sampling
        options = AnalysisOptions.from_dict(
            {
                **asdict(read), "model": model, "labels": labels, "detector": detector,
                "min_confidence": min_confidence, "threshold": threshold,
            }
        )  # fmt: skip
    elif single != (None,) * len(single):
        raise ValueError("options: wanted no single ones beside it.")
    info = probe_video(path)
    pipeline = options.build_pipeline() if pipeline is None else pipeline
    pipeline.restore({"tracker": {"tracks": [], "next": 1}, "smoother": {}})
    pipeline.expect_steps(step_between_samples(info, options))
    metadata = build_metadata(info, options, pipeline, name=name, sha256=sha256)
    work = _Analysis(info, options, pipeline, metadata, strip, progress, cancelled)
    if output is not None:
        return work.run(AnalysisFolder(Path(output)), resume=resume)
    with scratch_folder(name="video") as scratch:
        done = work.run(AnalysisFolder(scratch), resume=False)
    return replace(done, output=None)


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
