"""``sessions``: what was read and kept."""

import argparse
from pathlib import Path
from typing import Any

from emotion_core.cli.common import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_PARTLY,
    Subparsers,
    UsageError,
    local_path,
    message,
    print_json,
)
from emotion_core.cli.session_report_options import add_actions
from emotion_core.cli.store import open_store
from emotion_core.errors import EmotionLensError

_EXAMPLE = """\
python -m emotion_core sessions list --tag pilot
python -m emotion_core sessions show 3f9a1c2b
python -m emotion_core sessions delete 3f9a1c2b"""
_KINDS = ("photos", "live", "video")


def register(subparsers: Subparsers) -> None:
    """Adds the command's parser."""
    parser = subparsers.add_parser(
        "sessions",
        help="see, keep, delete and restore sessions, forget a person",
        description="Recordings, videos and photos that were kept. An ID may be shortened to the "
        "beginning that no other session has.",
        example=_EXAMPLE,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser(
        "list",
        help="all sessions, newest first",
        example="python -m emotion_core sessions list --search anna --json",
    )
    listing.add_argument("--search", default="", metavar="WORDS", help="words that all occur")
    listing.add_argument("--kind", choices=_KINDS, help="of this kind only")
    listing.add_argument("--tag", action="append", default=[], help="with this tag; may come again")
    listing.add_argument("--group", help="in this group only")
    listing.add_argument("--deleted", action="store_true", help="those that can be restored")
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.set_defaults(func=run_list)

    show = actions.add_parser(
        "show",
        help="one session: people, markers, how long each expression was shown",
        example="python -m emotion_core sessions show 3f9a1c2b --json",
    )
    show.add_argument("session", metavar="ID", help="as in sessions list")
    show.add_argument("--json", action="store_true", help="as JSON")
    show.set_defaults(func=run_show)

    adding = actions.add_parser(
        "add",
        help="keep the analysis of a video as a session",
        example="python -m emotion_core sessions add results/class --name 'Class 4b'",
    )
    adding.add_argument(
        "path", type=local_path("an analysis"), metavar="PATH",
        help="folder that `video` wrote for one video, or its frames.parquet",
    )  # fmt: skip
    adding.add_argument("--name", default="", help="of the session; default: the video's")
    adding.set_defaults(func=run_add)

    for name, what, function in (
        ("delete", "throw sessions away; for a week they can be restored", run_delete),
        ("restore", "take deletions back", run_restore),
    ):
        action = actions.add_parser(
            name, help=what, example=f"python -m emotion_core sessions {name} 3f9a1c2b"
        )
        action.add_argument("sessions", nargs="+", metavar="ID", help="as in sessions list")
        action.set_defaults(func=function)

    forget = actions.add_parser(
        "forget",
        help="remove every row and picture of a person, for good",
        description="Removes every row and picture of a person: of one in one session "
        "(--session and --person), or of somebody who is known across sessions by a name "
        "(--everywhere). It cannot be taken back.",
        example="python -m emotion_core sessions forget --everywhere 'Anna B.' --yes",
    )
    forget.add_argument("--session", metavar="ID")
    forget.add_argument("--person", type=int, metavar="N", help="their number in the session")
    forget.add_argument("--everywhere", metavar="NAME", help="their name across sessions")
    forget.add_argument("--yes", action="store_true", help="really")
    forget.set_defaults(func=run_forget)
    add_actions(actions)


def run_list(args: argparse.Namespace) -> int:
    """Lists sessions."""
    with open_store() as store:
        found = store.sessions(
            args.search, kind=args.kind, tags=args.tag, group=args.group, deleted=args.deleted
        )
    if args.json:
        print_json({"sessions": [info.to_dict() for info in found]})
        return EXIT_DONE
    if not found:
        message("There are no such sessions.")
    for info in found:
        who = ", ".join(person.name for person in info.people[:3])
        more = f" and {len(info.people) - 3} more" if len(info.people) > 3 else ""
        print(
            f"{info.id}  {info.created:%Y-%m-%d %H:%M}  {info.kind:<6}  {info.state:<11}  "
            f"{info.duration_s:8.1f} s  {info.name or '(no name)'}"
            f"{f'  [{who}{more}]' if who else ''}"
        )
    return EXIT_DONE


def run_show(args: argparse.Namespace) -> int:
    """Shows one session."""
    with open_store() as store:
        session = store.session(args.session)
        info, markers, shares = session.info(), session.markers.list(), session.shares()
    if args.json:
        time = shares.drop(columns="interval").to_dict(orient="records")
        print_json({**info.to_dict(), "markers": [m.to_dict() for m in markers], "time": time})
        return EXIT_DONE
    for name, value in info.to_dict().items():
        if value not in (None, "", [], {}) and name not in ("people", "sources", "versions"):
            print(f"{name}: {_words(value)}")
    for source in info.sources:
        print(f"source: {source.name}{f' ({source.path})' if source.path else ''}")
    for person in info.people:
        own = shares[shares["person_id"] == person.number]
        time = ", ".join(
            f"{row.expression} {row.seconds:.1f} s ({100 * row.share:.0f} %)"
            for row in own.sort_values("seconds", ascending=False).itertuples()
        )
        print(f"person {person.number}: {person.name}{' (hidden)' * person.hidden}: {time or '-'}")
    for marker in markers:
        end = "" if marker.end_s is None else f" to {marker.end_s:.2f}"
        print(f"{marker.kind}: {marker.start_s:.2f}{end} s {marker.text}".rstrip())
    return EXIT_DONE


def run_add(args: argparse.Namespace) -> int:
    """Keeps the analysis of a video."""
    path: Path = args.path
    with open_store() as store:
        session = store.add_video(path, name=args.name)
        info = session.info()
    print(info.id)
    message(f"{info.name}: {info.frames:,} frames, {info.rows:,} rows.")
    return EXIT_DONE


def run_delete(args: argparse.Namespace) -> int:
    """Throws sessions away."""
    with open_store() as store:
        return _each(args.sessions, store.delete, "deleted; `sessions restore` takes that back")


def run_restore(args: argparse.Namespace) -> int:
    """Takes deletions back."""
    with open_store() as store:
        return _each(args.sessions, store.restore, "restored")


def run_forget(args: argparse.Namespace) -> int:
    """Forgets a person."""
    one = args.session is not None and args.person is not None
    if one == (args.everywhere is not None):
        raise UsageError("Wanted --session and --person, or --everywhere.")
    if not args.yes:
        raise UsageError("This cannot be taken back. Add --yes to do it.")
    with open_store() as store:
        if one:
            print(store.forget_person(args.session, args.person))
        else:
            print(store.forget_subject(args.everywhere))
    return EXIT_DONE


def _each(sessions: list[str], change: Any, words: str) -> int:
    """Does it to each; 1 if some could not be, 2 if none could."""
    failed = 0
    for session in sessions:
        try:
            info = change(session)
            print(f"{info.id}: {words}.")
        except EmotionLensError as error:
            message(str(error))
            failed += 1
    if not failed:
        return EXIT_DONE
    return EXIT_FAILED if failed == len(sessions) else EXIT_PARTLY


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}".rstrip() for name, part in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
