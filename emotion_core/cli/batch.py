"""``batch``: very many photos or videos -> a folder of parts, by processes or machines."""

import argparse
import itertools
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
    add_small_faces_options,
    message,
    print_json,
    program,
    video_values,
    whole_number_from,
)
from emotion_core.cli.inputs import STANDARD_INPUT
from emotion_core.errors import Cancelled
from emotion_core.files.atomic_files import readable
from emotion_core.wording import count_of, duration

if TYPE_CHECKING:
    from emotion_core.batch.options import BatchOptions
    from emotion_core.batch.run import BatchProgress, BatchResult
    from emotion_core.jobs import JobContext

# Written out: the batch part takes time to load, and `--help` answers at once. A test compares.
_KINDS = ("auto", "photos", "videos")
_EXECUTORS = ("local", "ray")
# So many errors are told; all of them stand in the folder.
_TOLD, _TOLD_JSON = 10, 100

_EXAMPLE = """\
python -m emotion_core batch photos/ --recursive --output faces/
python -m emotion_core batch photos/ --recursive --output faces/ --resume
python -m emotion_core batch list.csv --output faces/ --executor ray --workers 4 --json"""


def register(subparsers: Subparsers) -> None:
    """Adds the command's parser."""
    parser = subparsers.add_parser(
        "batch",
        help="read very many photos or videos, by several processes or machines",
        description="Lists what there is to read once (manifest.parquet), then reads it in "
        "shards. Each becomes parts/part-00000.parquet with rows as analyze or video give them, "
        "and errors/part-00000.jsonl. What is finished survives a kill: --resume goes on from "
        "there. The parts are the same whoever reads them, in whatever order.",
        example=_EXAMPLE,
    )
    parser.add_argument(
        "sources",
        nargs="*",
        metavar="SOURCE",
        help="photo, video, folder, list (CSV or Parquet with a column path and, if wanted, id), "
        "or address of an object store (s3://bucket/photos); with --resume it may be left out",
    )
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="folder for the results"
    )
    parser.add_argument(
        "--kind",
        choices=_KINDS,
        default=_KINDS[0],
        help="what the sources are (default: %(default)s, by their names)",
    )
    add_recursive_option(parser)
    _add_executor_options(parser)
    add_reading_options(parser)
    add_small_faces_options(parser.add_argument_group("photos"))
    add_sampling_options(parser.add_argument_group("videos"))
    add_json_option(parser)
    parser.set_defaults(func=run)


def _add_executor_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--executor",
        choices=_EXECUTORS,
        default=_EXECUTORS[0],
        help="who reads: processes of this machine, or a Ray cluster (default: %(default)s)",
    )
    parser.add_argument(
        "--workers",
        type=whole_number_from(1),
        metavar="N",
        help="how many processes read (default: one per processor core)",
    )
    parser.add_argument(
        "--address",
        metavar="A",
        help="of the Ray cluster, as ray start prints it (default: one of this machine, for this "
        "batch alone)",
    )
    parser.add_argument(
        "--shard-size",
        type=whole_number_from(1),
        metavar="N",
        help="inputs of a part: what a kill costs at most (default: up to 256 photos, 1 video)",
    )
    add_resume_option(parser, "sources")
    parser.add_argument(
        "--background",
        action="store_true",
        help="go on as a job when this command has ended: jobs list, the app",
    )


def run(args: argparse.Namespace) -> int:
    """Reads what the arguments name and returns the exit code."""
    if STANDARD_INPUT in args.sources:
        raise UsageError(f"A batch has no standard input: `{program()} analyze -` reads it.")
    if not args.sources and not args.resume:
        raise UsageError("Wanted a SOURCE: photos, videos, folders, lists or addresses.")
    if args.address is not None and args.executor != "ray":
        raise UsageError("--address is of a Ray cluster: give --executor ray, too.")

    # Here and not at the top: `--help` and usage errors answer at once.
    from emotion_core.batch.job_kinds import KIND, job_arguments, job_key, job_title
    from emotion_core.jobs import JobBoard
    from emotion_core.jobs.foreground import run_here

    options = _options(args)
    arguments = job_arguments(
        list(args.sources),
        args.output,
        options,
        recursive=args.recursive,
        executor=args.executor,
        workers=args.workers,
        address=args.address,
        shard_size=args.shard_size,
    )
    title, key = job_title(args.output), job_key(args.output)
    if args.background:
        return _begin(args, arguments, title, key)
    work = _Work(args, options)
    try:
        run_here(JobBoard(start=False), KIND, arguments, work, title=title, key=key)
    except Cancelled:
        message("Stopped. Finished parts are kept: the same command with --resume goes on.")
        return EXIT_INTERRUPTED
    done = work.done
    assert done is not None
    _tell(done, args.json)
    if done.failed == 0:
        return EXIT_DONE
    return EXIT_PARTLY if done.read else EXIT_FAILED


def _options(args: argparse.Namespace) -> "BatchOptions":
    from emotion_core.batch.options import BatchOptions

    return BatchOptions.from_dict(
        {
            **video_values(args),
            "kind": args.kind,
            "small_faces": args.small_faces,
            "detection_size": args.detection_size,
        }
    )


def _begin(args: argparse.Namespace, arguments: dict[str, Any], title: str, key: str) -> int:
    """Leaves the work to a job."""
    from emotion_core.batch.folder import BatchFolder
    from emotion_core.batch.job_kinds import KIND
    from emotion_core.extras import need
    from emotion_core.jobs import JobBoard

    if args.executor == "ray":
        need("ray", "The executor ray")
    with BatchFolder(args.output.absolute()).held() as folder:
        if not args.resume:
            folder.check_empty()
    job = JobBoard().submit(KIND, arguments, title=title, key=key)
    if args.json:
        print_json({"job": job.id, "output": arguments["output"]})
    message(f"{title} goes on in the background: {program()} jobs show {job.id}")
    return EXIT_DONE


class _Work:
    """The batch in this process: a bar on the terminal, and the job that others see."""

    def __init__(self, args: argparse.Namespace, options: "BatchOptions") -> None:
        self._args, self._options = args, options
        self._bar: tqdm[Any] | None = None
        self.done: BatchResult | None = None

    def __call__(self, context: "JobContext") -> dict[str, Any]:
        from emotion_core.batch.job_kinds import job_result, progress_to
        from emotion_core.batch.run import run_batch

        args = self._args
        context.tell("Listing the inputs")
        tell = progress_to(context)

        def progress(now: "BatchProgress") -> None:
            self._show(now)
            tell(now)

        try:
            self.done = run_batch(
                args.sources,
                args.output,
                options=self._options,
                recursive=args.recursive,
                executor=args.executor,
                workers=args.workers,
                address=args.address,
                shard_size=args.shard_size,
                resume=args.resume,
                progress=progress,
                cancelled=context.cancelled,
            )
        finally:
            if self._bar is not None:
                self._bar.close()
        return job_result(self.done)

    def _show(self, now: "BatchProgress") -> None:
        if self._bar is None:
            if now.done:
                message(f"{now.done:,} of {now.total:,} were read before.")
            # disable=None: no bar where stderr is not a terminal.
            self._bar = tqdm(
                total=now.total, initial=now.done, unit="input", disable=None, leave=False
            )
        self._bar.update(now.done - self._bar.n)
        if now.failed:
            self._bar.set_postfix_str(f"{now.failed:,} failed", refresh=False)


def _tell(done: "BatchResult", as_json: bool) -> None:
    from emotion_core.batch.job_kinds import job_result

    if done.note:
        message(done.note)
    errors = list(itertools.islice(done.errors(), _TOLD_JSON))
    for error in errors[:_TOLD]:
        message(f"{error['source']}: {error['error']}")
    if done.failed > _TOLD:
        message(f"... and {done.failed - _TOLD:,} more in {readable(done.output / 'errors')}")
    noun = "photo" if done.kind == "photos" else "video"
    if as_json:
        print_json({**job_result(done), "errors": errors})
    else:
        print(
            f"{count_of(done.read, noun)} in {count_of(done.parts, 'part')}, "
            f"{duration(done.seconds)} -> {readable(done.output)}"
        )
    message(f"{count_of(done.read, noun)} read, {done.failed:,} failed.")
