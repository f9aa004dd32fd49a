"""The kinds of things that take room, where they stand, and how one of them is removed."""

import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from emotion_core.disk_use.measuring import Removable, changed, size_of
from emotion_core.errors import EmotionLensError, JobError
from emotion_core.files.publishing import remove_folder
from emotion_core.files.unfinished import clean, is_unfinished
from emotion_core.jobs import JobBoard, JobState
from emotion_core.paths import (
    DATABASE_URL_ENV,
    data_folder,
    home_folder,
    jobs_folder,
    models_folder,
    runs_folder,
    sessions_folder,
    store_file,
    videos_folder,
)

# An upload may pause; within this time somebody may go on with it.
_UPLOAD_PAUSE_S = 3600.0


@dataclass(frozen=True, slots=True)
class DiskKind:
    """One kind of things.

    Attributes:
        key: names it.
        title: what it is called, for people.
        about: what it is, as a sentence.
        places: files and folders that belong to it.
        but: folders inside these that belong to another kind.
        removable: what of it can go now; None where it is removed elsewhere.
        remove: removes one of these by its id.
        lost: what is lost by that, as a sentence.
    """

    key: str
    title: str
    about: str
    places: Callable[[], Sequence[Path]]
    but: Callable[[], Sequence[Path]] = tuple
    removable: Callable[[], Sequence[Removable]] | None = None
    remove: Callable[[str], None] | None = None
    lost: str = ""


def _uploads() -> Path:
    return videos_folder() / ".uploads"


def _caches() -> list[Path]:
    return [data_folder() / "audits", data_folder() / "evaluations", home_folder() / "cache"]


def _exports() -> Path:
    return data_folder() / "exports"


def _backups() -> Path:
    return home_folder() / "backups"


def _entries(folder: Path) -> list[Path]:
    """What stands in a folder, without hidden things; empty where it cannot be looked at."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return []


def _as_removable(path: Path, title: str = "") -> Removable:
    return Removable(str(path), title or path.name, size_of([path]).bytes, changed(path))


def _remove_path(path: str) -> None:
    found = Path(path)
    if found.is_dir() and not found.is_symlink():
        remove_folder(found)
    else:
        found.unlink(missing_ok=True)


def _removable_uploads() -> list[Removable]:
    try:
        folders = sorted(_uploads().iterdir())
    except OSError:
        return []
    latest = {folder: max(map(changed, (folder, folder / "data"))) for folder in folders}
    paused = [f for f, moment in latest.items() if time.time() - moment > _UPLOAD_PAUSE_S]
    return [_as_removable(folder, "Unfinished upload") for folder in paused]


def _removable_caches() -> list[Removable]:
    """What is computed again; a detector may have to be fetched, and stays."""
    return [
        _as_removable(path, f"{folder.name}/{path.name}")
        for folder in _caches()[:-1]
        for path in _entries(folder)
    ]


def _removable_backups() -> list[Removable]:
    """All but the newest."""
    found = sorted(_entries(_backups()), key=changed)
    return [_as_removable(path) for path in found[:-1]]


def _removable_jobs() -> list[Removable]:
    return [
        Removable(job.id, job.title, size_of([job.folder]).bytes, job.ended or job.created)
        for job in JobBoard(start=False).jobs()
        if job.state == JobState.DONE
    ]


def _forget_job(job: str) -> None:
    board = JobBoard(start=False)
    if board.get(job).state != JobState.DONE:
        raise JobError("It is in use again.")
    board.forget(job)


def _removable_sessions() -> list[Removable]:
    """Those that were deleted and could still be restored."""
    if not (os.environ.get(DATABASE_URL_ENV) or store_file().is_file()):
        return []
    # Here: it brings the database.
    from emotion_core.store.store import Store

    try:
        with Store() as store:
            found = store.sessions(deleted=True)
            return [
                Removable(
                    info.id,
                    info.name or info.id,
                    size_of([sessions_folder() / info.id]).bytes,
                    info.created.timestamp(),
                )
                for info in found
            ]
    except EmotionLensError:
        return []  # a store that cannot be opened is said where it is needed


def _purge_session(session: str) -> None:
    from emotion_core.store.store import Store

    with Store() as store:
        store.retention.purge(session)


def _unfinished() -> list[Path]:
    """Leftovers in the folders in which Emotion Lens writes."""
    roots = [runs_folder(), data_folder(), videos_folder(), jobs_folder(), sessions_folder(),
             models_folder(), _backups(), home_folder() / "cache"]  # fmt: skip
    found = []
    for root in roots:
        for folder, names, files in os.walk(root):
            found += [Path(folder, name) for name in (*names, *files) if is_unfinished(name)]
            names[:] = [name for name in names if not is_unfinished(name)]
    return found


def _removable_unfinished() -> list[Removable]:
    return [_as_removable(path, "Unfinished file") for path in _unfinished()]


def _clean_unfinished(path: str) -> None:
    # What somebody is writing stays.
    clean(Path(path).parent)


DISK_KINDS: tuple[DiskKind, ...] = (
    DiskKind(
        "videos", "Videos", "Videos that were brought in, and what was read in them.",
        lambda: [videos_folder()], lambda: [_uploads()],
    ),
    DiskKind(
        "sessions", "Sessions", "Recordings and analyses that were kept.",
        lambda: [sessions_folder(), *store_file().parent.glob(f"{store_file().name}*")],
        removable=_removable_sessions, remove=_purge_session,
        lost="Sessions that were deleted cannot be restored any more.",
    ),
    DiskKind("runs", "Training runs", "Checkpoints, networks and logs of runs.",
             lambda: [runs_folder()]),
    DiskKind("models", "Models", "Models that came with Emotion Lens or were added.",
             lambda: [models_folder()]),
    DiskKind(
        "datasets", "Data sets", "Data sets that were imported, their corrections, and histories.",
        lambda: [data_folder()], lambda: [*_caches(), _exports()],
    ),
    DiskKind(
        "exports", "Exports", "Files that were made to be downloaded.", lambda: [_exports()],
        removable=lambda: [_as_removable(path) for path in _entries(_exports())],
        remove=_remove_path, lost="They can be exported again.",
    ),
    DiskKind(
        "caches", "Caches", "Audits, predictions and detectors that were computed.", _caches,
        removable=_removable_caches, remove=_remove_path,
        lost="They are computed again when they are needed; an audit takes minutes.",
    ),
    DiskKind(
        "backups", "Backups", "Copies of the store.", lambda: [_backups()],
        removable=_removable_backups, remove=_remove_path,
        lost="The newest copy is kept; what only older ones hold is gone.",
    ),
    DiskKind(
        "jobs", "Job records", "Progress, logs and results of jobs.", lambda: [jobs_folder()],
        removable=_removable_jobs, remove=_forget_job,
        lost="The records and logs of jobs that are done go; what they made stays.",
    ),
    DiskKind(
        "uploads", "Unfinished uploads", "Parts of videos that did not arrive whole.",
        lambda: [_uploads()], removable=_removable_uploads, remove=_remove_path,
        lost="These uploads begin anew if somebody chooses the files again.",
    ),
    DiskKind(
        "leftovers", "Leftovers", "What processes left that were killed while they wrote.",
        _unfinished, removable=_removable_unfinished, remove=_clean_unfinished,
        lost="Nothing: nobody can use them. What is being written now stays.",
    ),
)  # fmt: skip


def free_bytes() -> int | None:
    """Room on the disk of the home folder; None where nobody knows."""
    home = home_folder()
    folder = next((path for path in (home, *home.absolute().parents) if path.is_dir()), home)
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
