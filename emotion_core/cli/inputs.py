"""Paths that a user names -> the files to read."""

import os
from collections.abc import Iterable
from pathlib import Path

from emotion_core.files import readable

# What Windows and archives leave in folders of photos without anybody's doing. Their likes on
# other systems begin with a dot and are skipped as hidden.
_LEFTOVERS = frozenset({"thumbs.db", "desktop.ini", "__macosx"})


def collect_files(
    paths: Iterable[Path], *, recursive: bool, skip: Iterable[Path] = ()
) -> tuple[list[Path], list[tuple[str, str]]]:
    """The files behind paths, each once, folders in the order of their names.

    In folders every file counts that is not hidden, whatever its suffix: a photo under a wrong
    name is found, and what is no photo is told instead of passed over.

    Args:
        paths: files and folders.
        recursive: whether folders inside folders are entered. Links to folders are not followed.
        skip: files and folders that are left out where they stand in one of the folders.

    Returns:
        The files, and (path, reason) of each path that gives none.
    """
    files: dict[Path, Path] = {}
    errors: list[tuple[str, str]] = []
    skipped = {_real(path) for path in skip}
    for path in paths:
        if path.is_dir():
            inside, failed = _files_in(path, recursive, skipped)
            errors.extend(failed)
            if not inside and not failed:
                deeper = "" if recursive else "; --recursive also reads the folders in it"
                errors.append((readable(path), f"no files in this folder{deeper}"))
            for file in inside:
                files.setdefault(_real(file), file)
        elif os.path.lexists(path):
            # A pipe, a device or a link to nothing too: whoever opens it says what it is.
            files.setdefault(_real(path), path)
        else:
            errors.append((readable(path), "no such file or folder"))
    return list(files.values()), errors


def _real(path: Path) -> Path:
    """Where links lead to; not ``Path.resolve``, which raises when they lead in a circle."""
    return Path(os.path.realpath(path))


def _files_in(
    folder: Path, recursive: bool, skipped: set[Path]
) -> tuple[list[Path], list[tuple[str, str]]]:
    files: list[Path] = []
    errors: list[tuple[str, str]] = []

    def failed(error: OSError) -> None:
        errors.append((readable(error.filename), f"cannot be read: {error.strerror}"))

    for root, folders, names in os.walk(folder, onerror=failed):
        here = Path(root)
        files.extend(
            here / name
            for name in sorted(names)
            if _is_wanted(name) and _real(here / name) not in skipped
        )
        folders[:] = [
            name
            for name in sorted(folders)
            if recursive and _is_wanted(name) and _real(here / name) not in skipped
        ]
    return files, errors


def _is_wanted(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in _LEFTOVERS
