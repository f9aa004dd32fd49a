"""``video``: videos -> a table of every sampled frame's faces, figures and annotated copies."""

import argparse
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from emotion_core.cli.common import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_PARTLY,
    Subparsers,
    UsageError,
    add_json_option,
    add_reading_options,
    add_recursive_option,
    add_resume_option,
    add_sampling_options,
    message,
    print_json,
    video_values,
)
from emotion_core.cli.inputs import STANDARD_INPUT, collect_files, input_path, is_folder
from emotion_core.errors import EmotionLensError, OutputError
from emotion_core.files.atomic_files import make_folder, readable
from emotion_core.files.file_names import FileNames
from emotion_core.video.video_files import VIDEO_SUFFIXES
from emotion_core.wording import count_of, duration

if TYPE_CHECKING:
    from emotion_core.stream import StreamPipeline
    from emotion_core.video.options import AnalysisOptions
    from emotion_core.video.results import VideoProgress, VideoResult

#: Where results go unless ``--output`` says.
DEFAULT_OUTPUT = Path("video-results")

_EXAMPLE = """\
python -m emotion_core video interview.mp4
python -m emotion_core video interviews/ --every 0.5s --output results/ --resume --json
python -m emotion_core video party.mov --from 1:30 --to 2:00 --annotated --blur"""


def register(subparsers: Subparsers) -> None:
    """Adds the command's parser."""
    parser = subparsers.add_parser(
        "video",
        help="read the expressions in videos",
        description="Finds the faces in videos, follows them and reads their expressions. Each "
        "video gets a folder in --output with frames.parquet (one row per face of a sampled "
        "frame, and one per sampled frame without a face) and summary.json. What is finished "
        "survives a kill: --resume goes on from there.",
        example=_EXAMPLE,
    )
    parser.add_argument(
        "paths",
        nargs="+",
        type=input_path,
        metavar="PATH",
        help="video, or folder of videos; no addresses (URLs)",
    )
    add_sampling_options(parser, with_frames=True)
    add_reading_options(parser)
    parser.add_argument(
        "--output",
        type=Path,
        default=DEFAULT_OUTPUT,
        metavar="DIR",
        help="folder for the results, a folder per video (default: %(default)s)",
    )
    parser.add_argument(
        "--annotated",
        action="store_true",
        help="also write annotated.mp4: the video with boxes and labels, and its sound",
    )
    parser.add_argument(
        "--blur", action="store_true", help="make faces unrecognisable in the annotated copy"
    )
    add_resume_option(parser, "video")
    add_recursive_option(parser)
    add_json_option(parser)
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Analyses what the arguments name and returns the exit code."""
    if args.blur and not args.annotated:
        raise UsageError("--blur is for the annotated copy: give --annotated, too.")
    if any(str(path) == STANDARD_INPUT for path in args.paths):
        raise UsageError("A video cannot come from standard input: it is read in two passes.")
    videos, errors = _videos(args.paths, args.output, args.recursive)

    # Here and not at the top: `--help` and usage errors answer at once.
    from emotion_core.video.options import AnalysisOptions

    options = AnalysisOptions.from_dict(video_values(args))
    pipeline = options.build_pipeline()
    if pipeline.detector.note:
        message(pipeline.detector.note)
    make_folder(args.output)
    for source, error in errors:
        message(f"{source}: {error}")
    work = _Work(args, options, pipeline, errors)
    work.run(videos)
    _tell(work, args.json)
    if work.interrupted:
        return EXIT_INTERRUPTED
    if not work.results:
        return EXIT_FAILED
    return EXIT_PARTLY if work.errors else EXIT_DONE


def _videos(
    paths: Iterable[Path], output: Path, recursive: bool
) -> tuple[list[Path], list[tuple[str, str]]]:
    """The videos behind paths. In folders those count that are called like one."""
    named = {os.path.realpath(path) for path in paths if not is_folder(path)}
    files, errors = collect_files(paths, recursive=recursive, skip=[output])
    videos = [
        path
        for path in files
        if os.path.realpath(path) in named or path.suffix.lower() in VIDEO_SUFFIXES
    ]
    found_in = {os.path.realpath(path.parent) for path in videos}
    for folder in (path for path in paths if is_folder(path)):
        whole = os.path.realpath(folder)
        known = any(source == readable(folder) for source, _ in errors)
        if not known and not any(place.startswith(whole) for place in found_in):
            errors.append((readable(folder), "no videos in this folder"))
    return videos, errors


@dataclass(slots=True)
class _Work:
    """The videos one after the other, and what came of each."""

    args: argparse.Namespace
    options: "AnalysisOptions"
    pipeline: "StreamPipeline"
    errors: list[tuple[str, str]]
    results: list[dict[str, Any]] = field(default_factory=list)
    interrupted: bool = False

    def run(self, videos: list[Path]) -> None:
        """Until the last one, Ctrl-C, or an output that cannot be written."""
        names = FileNames(number="-{}")
        for path in videos:
            source = readable(path)
            folder = self.args.output / names.add(path.stem)
            try:
                self.results.append(self._one(path, folder))
            except KeyboardInterrupt:
                self.interrupted = True
                message("Stopped. What was read is kept: the same command with --resume goes on.")
                return
            except OutputError as error:  # no other video is any better where nothing can be kept
                self._fail(source, str(error))
                return
            except EmotionLensError as error:
                self._fail(source, str(error))
            except Exception as error:  # one video must not cost the others theirs
                self._fail(source, f"unexpected {type(error).__name__}: {error}")

    def _fail(self, source: str, error: str) -> None:
        error = error.removeprefix(f"{Path(source).name}: ")  # it stands before it already
        self.errors.append((source, error))
        message(f"{source}: {error}")

    def _one(self, path: Path, folder: Path) -> dict[str, Any]:
        from emotion_core.video.analysis import analyze_video

        began = time.monotonic()
        with _bar(path.name, "frame") as bar:
            done = analyze_video(
                path,
                output=folder,
                options=self.options,
                pipeline=self.pipeline,
                resume=self.args.resume,
                progress=_shown(bar),
            )
        notes = list(done.table.metadata.get("notes", []))
        extra: dict[str, Any] = {}
        if self.args.annotated:
            extra["annotated"] = readable(folder / "annotated.mp4")
            notes += [note for note in self._annotate(path, folder) if note not in notes]
        for note in notes:
            message(f"{readable(path)}: {note}")
        return {
            "source": readable(path),
            "output": readable(folder),
            **_figures(done),
            "seconds": round(time.monotonic() - began, 2),
            "notes": notes,
            **extra,
        }

    def _annotate(self, path: Path, folder: Path) -> tuple[str, ...]:
        from emotion_core.video.annotating import annotate_video
        from emotion_core.video.copy_faces import FaceFinder, copy_faces
        from emotion_core.video.video_folder import AnalysisFolder

        faces, _ = copy_faces(AnalysisFolder(folder))
        with _bar(f"{path.name}, annotated", "s") as bar:
            copy = annotate_video(
                path,
                faces,
                folder / "annotated.mp4",
                blur=self.args.blur,
                find=FaceFinder(self.options) if self.args.blur else None,
                from_s=self.options.from_s,
                to_s=self.options.to_s,
                tell=lambda time_s: _advance(bar, int(time_s)),
            )
        return copy.notes


def _figures(done: "VideoResult") -> dict[str, Any]:
    """What the command says of one video."""
    return {
        "frames": done.summary["sampled_frames"],
        "faces": done.summary["faces"],
        "people": done.summary["people"],
        "duration_s": done.summary["duration_s"],
    }


def _tell(work: _Work, as_json: bool) -> None:
    if as_json:
        errors = [{"source": source, "error": error} for source, error in work.errors]
        print_json({"results": work.results, "errors": errors})
    else:
        for result in work.results:
            print(
                f"{result['source']}: {count_of(result['frames'], 'frame')}, "
                f"{count_of(result['faces'], 'face')}, "
                f"{count_of(result['people'], 'person', 'people')} in "
                f"{duration(result['seconds'])} -> {result['output']}"
            )
    message(f"{count_of(len(work.results), 'video')} read, {len(work.errors)} failed.")


def _bar(title: str, unit: str) -> "tqdm[Any]":
    # disable=None: no bar where stderr is not a terminal.
    return tqdm(desc=title, unit=unit, disable=None, leave=False)


def _shown(bar: "tqdm[Any]") -> Callable[["VideoProgress"], None]:
    def progress(now: "VideoProgress") -> None:
        bar.total = max(now.total, now.done) if now.total else None
        _advance(bar, now.done)

    return progress


def _advance(bar: "tqdm[Any]", done: int) -> None:
    bar.update(done - bar.n)
