"""``analyze``: photos and folders of photos -> every face's expression."""

import argparse
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from tqdm import tqdm

from emotion_core.cli.analyze_keep import analysed, keep
from emotion_core.cli.common import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_PARTLY,
    Subparsers,
    UsageError,
    add_reading_options,
    add_recursive_option,
    add_small_faces_options,
    is_address,
    message,
)
from emotion_core.cli.inputs import (
    STANDARD_INPUT,
    collect_files,
    input_path,
    is_folder,
    open_zips,
    read_standard_input,
    without_videos,
)
from emotion_core.cli.outputs import FORMATS, ResultSink, build_sink, choose_format, open_output
from emotion_core.errors import EmotionLensError, OutputError
from emotion_core.files.atomic_files import AtomicFile, make_folder, readable
from emotion_core.files.file_names import FileNames
from emotion_core.wording import count_of

if TYPE_CHECKING:
    from emotion_core.photos.photo_files import Upload
    from emotion_core.pipeline import EmotionPipeline
    from emotion_core.store.adding import AnalysedPhoto
    from emotion_core.types import FrameResult, UInt8Array

_EXAMPLE = """\
python -m emotion_core analyze party.jpg
python -m emotion_core analyze photos/ --recursive --output faces.csv --annotated marked/
python -m emotion_core analyze photos/ --output faces.csv --keep "Class 4b"
curl -sL https://example.org/party.jpg | python -m emotion_core analyze -"""


def register(subparsers: Subparsers) -> None:
    """Adds the command's parser."""
    parser = subparsers.add_parser(
        "analyze",
        help="read the expressions in photos",
        description="Finds the faces in photos and folders of photos and gives each face's "
        "expression. Results go to stdout or --output; files that cannot be read are listed "
        "under errors and do not stop the rest. Nothing is fetched from the internet: an address "
        "is an error that says what to do; pipe what you downloaded to -, which reads one picture "
        "or a zip of pictures from standard input. A zip that is named is read like a folder.",
        example=_EXAMPLE,
    )
    parser.add_argument(
        "paths",
        nargs="+",
        type=input_path,
        metavar="PATH",
        help="photo, folder or zip of photos; - is one picture or zip from standard input; no "
        "addresses (URLs)",
    )
    add_reading_options(parser)
    add_small_faces_options(parser)
    parser.add_argument(
        "--format", choices=FORMATS, help="default: by the suffix of --output, json"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write here, not to stdout")
    parser.add_argument(
        "--annotated", type=Path, metavar="DIR", help="write the photos with boxes and labels here"
    )
    parser.add_argument(
        "--blur-faces",
        "--blur",
        action="store_true",
        help="make faces unrecognisable in --annotated",
    )
    add_recursive_option(parser)
    parser.add_argument(
        "--keep",
        nargs="?",
        const="",
        metavar="NAME",
        help="also keep what was read as a session, by this name; after the paths. Photos that "
        "are kept with these settings already are not kept twice, and pictures never are",
    )
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Analyses what the arguments name and returns the exit code."""
    form = choose_format(args.format, args.output)
    annotated = _annotated_folder(args.annotated, args.paths)
    files, errors = collect_files(
        args.paths,
        recursive=args.recursive,
        skip=[path for path in (args.output, annotated) if path],
    )
    files, videos = without_videos(files)
    errors += videos
    files, packed = open_zips(files, args.paths)
    photos: list[Path | Upload] = [*packed.photos, *files]
    intakes = [packed]
    if any(str(path) == STANDARD_INPUT for path in args.paths):
        piped = read_standard_input()
        photos, intakes = [*piped.photos, *photos], [piped, packed]
    errors = [
        *((failure.name, failure.message) for intake in intakes for failure in intake.failures),
        *errors,
    ]
    for sentence in (sentence for intake in intakes for sentence in intake.passed_over):
        message(sentence)

    # Here and not at the top: `--help` and usage errors answer at once.
    from emotion_core.classifiers.registry import load_model
    from emotion_core.faces import detector_info
    from emotion_core.pipeline import EmotionPipeline

    model = load_model(args.model, spin=True, labels=args.labels)
    pipeline = EmotionPipeline.load(
        model,
        args.detector,
        min_confidence=args.min_confidence,
        max_side_px=args.detection_size,
        small_faces=args.small_faces,
        threshold=args.threshold,
    )
    detector, card = pipeline.detector, model.card
    if detector.note:
        message(detector.note)
    useful = detector_info(detector.name).confidences
    if args.min_confidence is not None and args.min_confidence not in useful:
        what = (
            "takes other things for faces below that"
            if args.min_confidence < useful.lowest
            else "loses clear faces above that"
        )
        message(
            f"--min-confidence {args.min_confidence:g}: {detector.name} is of use from "
            f"{useful.lowest:g} to {useful.highest:g} and {what}. Usual is {useful.usual:.2g}."
        )

    with open_output(args.output) as file:
        sink = build_sink(form, file, card.name, detector.name, model.labels, card.label_set)
        for source, error in errors:
            _report(sink, source, error)
        pictures = _AnnotatedPictures(annotated, args.blur_faces) if annotated else None
        kept: list[AnalysedPhoto] | None = None if args.keep is None else []
        tally = _analyze_files(photos, pipeline, sink, pictures, kept)
        sink.finish()
    n_failed = tally.failed + len(errors)
    found = f"{count_of(tally.read, 'photo')} read, {count_of(tally.faces, 'face')} found"
    message(f"{found}, {n_failed} failed.")
    is_kept = not kept or keep(kept, model, detector.name, args)
    if tally.left:
        message(f"Stopped: {tally.left} were not looked at.")
        return EXIT_INTERRUPTED
    if n_failed == 0:
        return EXIT_PARTLY if (pictures and pictures.problem) or not is_kept else EXIT_DONE
    return EXIT_PARTLY if tally.read else EXIT_FAILED


@dataclass(slots=True)
class _Tally:
    """How many files were read, failed, and were left when Ctrl-C came."""

    left: int
    read: int = 0
    failed: int = 0
    faces: int = 0


def _analyze_files(
    photos: "list[Path | Upload]",
    pipeline: "EmotionPipeline",
    sink: ResultSink,
    pictures: "_AnnotatedPictures | None",
    kept: "list[AnalysedPhoto] | None",
) -> _Tally:
    """Analyses one file after the other until the last or Ctrl-C."""
    from emotion_core.image_analysis import to_image
    from emotion_core.types import Frame

    tally = _Tally(left=len(photos))
    # disable=None: no bar where stderr is not a terminal.
    with suppress(KeyboardInterrupt), tqdm(photos, unit="photo", disable=None, leave=False) as bar:
        for photo in bar:
            source = readable(photo) if isinstance(photo, Path) else photo.name
            try:
                image = to_image(photo if isinstance(photo, Path) else photo.data, name=source)
                result = pipeline.analyze(Frame(image))
                marked = pictures.draw(image, result) if pictures else b""
            except EmotionLensError as error:
                _report(sink, source, str(error))
                tally.failed += 1
            except Exception as error:  # one picture must not cost the others theirs
                _report(sink, source, f"unexpected {type(error).__name__}: {error}")
                tally.failed += 1
            else:
                # Outside: where nothing can be written, no other picture is any better.
                sink.add(source, result)
                tally.read += 1
                tally.faces += len(result)
                if pictures:
                    pictures.write(PurePath(source).stem, marked)
                if kept is not None:
                    kept.append(analysed(photo, source, result))
            tally.left -= 1
    return tally


def _report(sink: ResultSink, source: str, error: str) -> None:
    sink.add_error(source, error)
    with tqdm.external_write_mode():
        message(f"{source}: {error}")


def _annotated_folder(folder: Path | None, paths: Iterable[Path]) -> Path | None:
    """Makes the folder for annotated pictures, away from the photos themselves.

    Raises:
        UsageError: photos stand in it.
        OutputError: it cannot be made.
    """
    if folder is None:
        return None
    homes = {
        os.path.realpath(path if is_folder(path) else path.parent)
        for path in paths
        if str(path) != STANDARD_INPUT and not is_address(path)
    }
    if os.path.realpath(folder) in homes:
        raise UsageError(
            f"--annotated wants a folder of its own; photos are read from {readable(folder)}."
        )
    make_folder(folder)
    return folder


class _AnnotatedPictures:
    """Writes annotated pictures into one folder, each under a name of its own."""

    def __init__(self, folder: Path, blur_faces: bool) -> None:
        from emotion_core.drawing import DrawOptions

        self._folder = folder
        self._options = DrawOptions(blur_faces=blur_faces)
        self._names = FileNames(number="-{}")
        self._n_written = 0
        #: Why no more pictures are written; empty while they are.
        self.problem = ""

    def draw(self, image: "UInt8Array", result: "FrameResult") -> bytes:
        """One annotated picture as JPEG; nothing once the disk is full."""
        if self.problem:
            return b""
        from emotion_core.drawing import draw_result
        from emotion_core.images import encode_jpeg

        return encode_jpeg(draw_result(image, result, self._options))

    def write(self, stem: str, marked: bytes) -> None:
        """Writes one picture; photos of one name from two folders become name, name-2.

        On a full disk the pictures end, and the results go on.
        """
        if self.problem:
            return
        name = self._names.add(stem, ".jpg")
        try:
            with AtomicFile(self._folder / name, kept=self._kept()) as file:
                file.write(marked)
        except OutputError as error:
            self.problem = str(error)
            with tqdm.external_write_mode():
                message(self.problem)
        else:
            self._n_written += 1

    def _kept(self) -> str:
        return (
            f"{count_of(self._n_written, 'annotated photo')} written before; the results go on "
            "without pictures."
        )
