"""``store``: the database of kept sessions, as a whole."""

import argparse
from pathlib import Path
from typing import Any

from emotion_core.cli.common import (
    EXIT_DONE,
    EXIT_PARTLY,
    Subparsers,
    UsageError,
    local_path,
    message,
    print_json,
)

_EXAMPLE = """\
python -m emotion_core store check
python -m emotion_core store export everything.zip
python -m emotion_core store import everything.zip"""


def register(subparsers: Subparsers) -> None:
    """Adds the command's parser."""
    parser = subparsers.add_parser(
        "store",
        help="check, copy, move and tidy up what is kept of sessions",
        description="Sessions are kept in store.sqlite of the home folder, or in the PostgreSQL "
        "database that EMOTION_LENS_DATABASE_URL names; their rows stand in the folder sessions.",
        example=_EXAMPLE,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    for name, what, function in (
        ("check", "look whether everything is whole; exit code 1 if something is not", run_check),
        ("backup", "write everything into a file of the home folder's backups", run_backup),
        ("upgrade", "bring the database up to date, which every use does by itself", run_upgrade),
        ("vacuum", "give back room that nothing needs any more", run_vacuum),
    ):
        action = actions.add_parser(
            name, help=what, example=f"python -m emotion_core store {name} --json"
        )
        action.add_argument("--json", action="store_true", help="as JSON")
        action.set_defaults(func=function)
    for name, what, function in (
        ("export", "write everything into a file", run_export),
        ("import", "bring in a file of store export; what is there stays as it is", run_import),
    ):
        action = actions.add_parser(
            name, help=what, example=f"python -m emotion_core store {name} everything.zip"
        )
        action.add_argument("file", metavar="FILE", type=local_path("a file"))
        action.add_argument("--json", action="store_true", help="as JSON")
        action.set_defaults(func=function)
    keep = actions.add_parser(
        "retention",
        help="after how many days sessions are deleted",
        description="Says after how many days sessions are deleted, or changes it. What is deleted "
        "can be restored for a week.",
        example="python -m emotion_core store retention --days 30",
    )
    change = keep.add_mutually_exclusive_group()
    change.add_argument("--days", type=int, metavar="N", help="delete sessions after N days")
    change.add_argument("--never", action="store_true", help="delete none by itself")
    keep.add_argument("--json", action="store_true", help="as JSON")
    keep.set_defaults(func=run_retention)


def open_store() -> Any:
    """The store, with its notes told.

    Raises:
        StoreError: it cannot be opened.
    """
    from emotion_core.store.store import Store

    store = Store()
    for note in store.notes:
        message(note)
    return store


def run_check(args: argparse.Namespace) -> int:
    """Looks through everything."""
    with open_store() as store:
        problems, name = store.check(), store.database.name
    if args.json:
        print_json({"store": name, "problems": problems})
    elif problems:
        print("\n".join(problems))
    else:
        print(f"{name}: everything is whole.")
    return EXIT_PARTLY if problems else EXIT_DONE


def run_backup(args: argparse.Namespace) -> int:
    """Writes everything into a file of the home folder."""
    with open_store() as store:
        return _tell(store.backup(), args.json)


def run_export(args: argparse.Namespace) -> int:
    """Writes everything into a file."""
    with open_store() as store:
        return _tell(store.export(args.file), args.json)


def run_import(args: argparse.Namespace) -> int:
    """Brings a file in."""
    with open_store() as store:
        return _tell(store.import_(args.file), args.json)


def run_upgrade(args: argparse.Namespace) -> int:
    """Says what opening the store did."""
    with open_store() as store:
        done, name = store.database.upgraded, store.database.name
    if args.json:
        print_json({"store": name, "before": done.before, "after": done.after})
    elif done.before == done.after:
        print(f"{name} is up to date (form {done.after}).")
    else:
        print(f"{name}: brought from {f'form {done.before}' if done.before else 'nothing'} to "
              f"form {done.after}.")  # fmt: skip
    return EXIT_DONE


def run_vacuum(args: argparse.Namespace) -> int:
    """Gives back room."""
    with open_store() as store:
        before = _size(store.home)
        store.vacuum()
        freed = before - _size(store.home)
    if args.json:
        print_json({"freed_bytes": freed})
    else:
        print(f"Gave back {max(freed, 0) / 1e6:,.1f} MB.")
    return EXIT_DONE


def run_retention(args: argparse.Namespace) -> int:
    """Says or changes after how many days sessions are deleted."""
    if args.days is not None and args.days < 1:
        raise UsageError(f"--days: wanted a number from 1 up. Received: {args.days}.")
    with open_store() as store:
        if args.days is not None or args.never:
            store.retention.set_days(args.days)
        days = store.retention.days()
    if args.json:
        print_json({"days": days})
    else:
        print("Sessions are kept." if days is None else f"Sessions are deleted after {days} days.")
    return EXIT_DONE


def _tell(done: Any, as_json: bool) -> int:
    if as_json:
        print_json(
            {
                "file": str(done.path),
                "sessions": list(done.sessions),
                "skipped": list(done.skipped),
                "rows": done.rows,
                "size_bytes": done.size_bytes,
            }
        )
        return EXIT_DONE
    skipped = f" {len(done.skipped):,} were there already." if done.skipped else ""
    print(f"{done.path}: {len(done.sessions):,} sessions with {done.rows:,} rows.{skipped}")
    return EXIT_DONE


def _size(home: Path) -> int:
    """Bytes of the database and the sessions."""
    paths = [*home.glob("store.sqlite*"), *(home / "sessions").rglob("*")]
    return sum(path.stat().st_size for path in paths if path.is_file())
