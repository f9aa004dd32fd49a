"""The command line: one module per command, each with ``register(subparsers)`` and ``run(args)``.

Machine-readable output goes to stdout, everything for people's eyes to stderr.
"""

import contextlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence

from emotion_core import __version__
from emotion_core.cli.common import (
    EXIT_BROKEN_PIPE,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    CommandParser,
    message,
    program,
)
from emotion_core.errors import EmotionLensError
from emotion_core.files.atomic_files import full_disk_in_words
from emotion_core.paths import TRACEBACK_ENV

#: Module of ``emotion_core.cli`` per command, in the order of the help.
COMMANDS = (
    "app", "analyze", "video", "batch", "train", "evaluate", "dataset", "models", "detectors",
    "sessions", "store", "jobs", "doctor", "benchmark",
)  # fmt: skip


def available_commands() -> tuple[str, ...]:
    """The commands whose module is there."""
    found = (importlib.util.find_spec(f"emotion_core.cli.{name}") for name in COMMANDS)
    return tuple(name for name, spec in zip(COMMANDS, found, strict=True) if spec)


def build_parser(commands: Sequence[str]) -> CommandParser:
    """The parser with the given commands."""
    parser = CommandParser(
        prog=program(),
        description="Reads facial expressions in photos, trains the models that do it and "
        "measures them. Everything runs on this machine.",
        example=f"{program()} analyze photos/ --output faces.json",
    )
    parser.add_argument("--version", action="version", version=f"Emotion Lens {__version__}")
    subparsers = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=CommandParser
    )
    for name in commands:
        importlib.import_module(f"emotion_core.cli.{name}").register(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0 done, 1 some inputs failed, 2 nothing done.

    Errors become one sentence on stderr. With ``EMOTION_LENS_TRACEBACK=1`` in the environment
    they keep their traceback, for whoever looks for a defect.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    # Only the command that was asked for is imported: the others' modules cost start-up time.
    commands = available_commands()
    named = [name for name in commands if arguments[:1] == [name]]
    try:
        args = build_parser(named or commands).parse_args(arguments)
        code: int = args.func(args)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader (``| head``) has gone.
        _silence_stdout()
        return EXIT_BROKEN_PIPE
    except KeyboardInterrupt:
        message("Stopped.")
        return EXIT_INTERRUPTED
    except EmotionLensError as error:
        if os.environ.get(TRACEBACK_ENV):
            raise
        message(f"{program()}: {error}")
        return EXIT_FAILED
    except Exception as error:
        if os.environ.get(TRACEBACK_ENV):
            raise
        if full := full_disk_in_words(error):
            message(f"{program()}: {full}")
            _silence_stdout()
            return EXIT_FAILED
        message(
            f"{program()}: unexpected error, {type(error).__name__}: {error}. This is a defect; "
            "EMOTION_LENS_TRACEBACK=1 shows where it happened."
        )
        return EXIT_FAILED


def _silence_stdout() -> None:
    """Python flushes stdout once more at exit; what cannot be written then goes nowhere."""
    with contextlib.suppress(OSError, ValueError):  # a test's stdout has no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
