"""``jobs``: long work that the app or this program has begun."""

import argparse

from emotion_core.cli.common import (
    EXIT_DONE,
    EXIT_PARTLY,
    Subparsers,
    UsageError,
    message,
    print_json,
)
from emotion_core.jobs import JobBoard, progress_words
from emotion_core.jobs.supervisor import Supervisor
from emotion_core.wording import count_of, file_size

_EXAMPLE = """\
python -m emotion_core jobs list
python -m emotion_core jobs log 20261130-081502-training-3fa9c1
python -m emotion_core jobs stop 20261130-081502-training-3fa9c1
python -m emotion_core jobs retry 20261130-081502-training-3fa9c1
python -m emotion_core jobs disk"""


def register(subparsers: Subparsers) -> None:
    """Adds the command's parser."""
    parser = subparsers.add_parser(
        "jobs",
        help="see, stop and resume long work",
        description="Trainings, imports, audits, evaluations and promotions that run in processes "
        "of their own.",
        example=_EXAMPLE,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser(
        "list", help="all jobs, newest first", example="python -m emotion_core jobs list --json"
    )
    listing.add_argument("--active", action="store_true", help="only those that wait or run")
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.set_defaults(func=run_list)
    for name, what, function in (
        ("show", "one job with its result", run_show),
        ("stop", "ask a job to stop", run_stop),
        ("resume", "put a stopped or failed job into the queue again", run_resume),
        ("retry", "the same as resume", run_resume),
        ("log", "the end of a job's log", run_log),
        ("forget", "delete what is known of a job that has ended", run_forget),
    ):
        action = actions.add_parser(
            name, help=what, example=f"python -m emotion_core jobs {name} ID"
        )
        action.add_argument("job", metavar="ID", help="as in jobs list")
        if name in ("show", "log"):
            action.add_argument("--json", action="store_true", help="as JSON")
        action.set_defaults(func=function)
    work = actions.add_parser(
        "work",
        help="do what waits, then end",
        description="Does the jobs that wait, in this terminal, until none is left. Without it "
        "the app does the same in the background.",
        example="python -m emotion_core jobs work",
    )
    work.set_defaults(func=run_work)
    disk = actions.add_parser(
        "disk",
        help="what everything takes of the disk, and clean-up",
        description="What videos, sessions, runs, models, data sets, caches and the rest take, and "
        "what of it can go. With --clean it is removed, after --yes; otherwise it is only listed.",
        example="python -m emotion_core jobs disk --clean caches --yes",
    )
    disk.add_argument("--clean", metavar="KIND", help="what to clean up: a kind of the list")
    disk.add_argument("--yes", action="store_true", help="really")
    disk.add_argument("--json", action="store_true", help="as JSON")
    disk.set_defaults(func=run_disk)


def run_list(args: argparse.Namespace) -> int:
    """Lists jobs."""
    board = JobBoard()
    jobs = board.active() if args.active else board.jobs()
    if args.json:
        print_json({"jobs": [job.to_dict() for job in jobs]})
        return EXIT_DONE
    if not jobs:
        message("There are no jobs.")
    for job in jobs:
        words = progress_words(job) if job.is_active else job.error
        print(f"{job.id}  {job.state:<8}  {job.title}{f'  {words}' if words else ''}")
    return EXIT_DONE


def run_show(args: argparse.Namespace) -> int:
    """Shows one job."""
    board = JobBoard()
    job = board.get(args.job)
    if args.json:
        print_json({**job.to_dict(), "result": board.result(job.id)})
        return EXIT_DONE
    for name, value in job.to_dict().items():
        if value not in (None, ""):
            print(f"{name}: {value}")
    return EXIT_DONE


def run_stop(args: argparse.Namespace) -> int:
    """Asks a job to stop."""
    board = JobBoard()
    board.stop(args.job)
    message(f"{board.get(args.job).title}: {board.get(args.job).state}.")
    return EXIT_DONE


def run_resume(args: argparse.Namespace) -> int:
    """Puts a job into the queue again."""
    board = JobBoard()
    board.resume(args.job)
    message(f"{board.get(args.job).title}: {board.get(args.job).state}.")
    return EXIT_DONE


def run_log(args: argparse.Namespace) -> int:
    """Prints the end of a job's log."""
    text = JobBoard().log_tail(args.job, 200)
    if args.json:
        print_json({"id": args.job, "lines": text.splitlines()})
    else:
        print(text)
    return EXIT_DONE


def run_forget(args: argparse.Namespace) -> int:
    """Deletes what is known of a job."""
    board = JobBoard()
    board.forget(board.get(args.job).id)
    return EXIT_DONE


def run_work(_: argparse.Namespace) -> int:
    """Does what waits."""
    board = JobBoard(start=False)
    if not board.queued():
        message("No job waits.")
    elif not Supervisor(board.root, idle_s=0.5, report=message).run():
        message("Another process does it already.")
    return EXIT_DONE


def run_disk(args: argparse.Namespace) -> int:
    """Shows what everything takes, or cleans up."""
    # Here: it brings the parts whose files it knows.
    from emotion_core.disk_use import measure

    if args.clean:
        return _clean(args)
    uses = measure()
    if args.json:
        print_json({"total_bytes": sum(u.size.bytes for u in uses),
                    "kinds": [use.to_dict() for use in uses]})  # fmt: skip
        return EXIT_DONE
    for use in uses:
        can_go = f"  {file_size(use.removable_bytes)} can go" if use.removable else ""
        print(f"{use.kind.key:<10}  {file_size(use.size.bytes):>10}  {use.kind.title}{can_go}")
    print(f"{'total':<10}  {file_size(sum(use.size.bytes for use in uses)):>10}")
    return EXIT_DONE


def _clean(args: argparse.Namespace) -> int:
    from emotion_core.disk_use import DISK_KINDS, clean_up

    kind = next((kind for kind in DISK_KINDS if kind.key == args.clean), None)
    if not args.yes and kind is not None and kind.removable is not None:
        for one in kind.removable():
            print(f"{file_size(one.bytes):>10}  {one.title}")
        raise UsageError(f"Nothing was removed. {kind.lost} Add --yes to do it.")
    done = clean_up(args.clean)
    if args.json:
        print_json({"removed": done.removed, "bytes": done.bytes, "problems": done.problems})
    for problem in done.problems:
        message(problem)
    message(f"{count_of(done.removed, 'thing')} removed, {file_size(done.bytes)} freed.")
    return EXIT_PARTLY if done.problems else EXIT_DONE
