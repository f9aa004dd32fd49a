"""Paths that a user names -> the files to read."""

import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from emotion_core.cli.common import UsageError, address_text, is_address, program
from emotion_core.errors import ImageError
from emotion_core.files.atomic_files import readable
from emotion_core.files.file_names import is_leftover
from emotion_core.files.outside_files import open_regular
from emotion_core.video.video_files import HEAD_BYTES, is_video

if TYPE_CHECKING:
    from emotion_core.photos.photo_files import Intake

#: A path that means standard input.
STANDARD_INPUT = "-"
_MAX_PIPED_BYTES = 410_000_000  # as many photos as are taken, and a zip's table of contents


def input_path(text: str) -> Path:
    """An argparse type: a path, in which ``./-`` is a file of that name and ``-`` is not."""
    path = Path(text)
    return path.absolute() if str(path) == STANDARD_INPUT != text else path


def is_folder(path: Path) -> bool:
    """Whether a folder stands there; False, too, for a name that no file can have."""
    try:
        return path.is_dir()
    except OSError:  # a name that is too long, or a folder above it that may not be looked into
        return False


def collect_files(
    paths: Iterable[Path], *, recursive: bool, skip: Iterable[Path] = ()
) -> tuple[list[Path], list[tuple[str, str]]]:
    """The files behind paths, each once, folders in the order of their names.

    In folders every file counts that is not hidden, whatever its suffix: a photo under a wrong
    name is found, and what is no photo is told instead of passed over.

    Args:
        paths: files and folders; ``-`` is left to ``read_standard_input``.
        recursive: whether folders inside folders are entered. Links to folders are not followed.
        skip: files and folders that are left out where they stand in one of the folders.

    Returns:
        The files, and (path, reason) of each path that gives none.
    """
    files: dict[Path, Path] = {}
    errors: list[tuple[str, str]] = []
    skipped = {_real(path) for path in skip}
    for path in paths:
        if str(path) == STANDARD_INPUT:
            continue
        if is_address(path):
            errors.append(
                (
                    address_text(path),
                    "an address, not a file. Nothing is fetched from the internet: download it "
                    "first and give its path, or pipe it to `analyze -`",
                )
            )
        elif is_folder(path):
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


def without_videos(files: Iterable[Path]) -> tuple[list[Path], list[tuple[str, str]]]:
    """The files that are no videos, and (path, what to do) of each that is one."""
    photos, videos = [], []
    for path in files:
        try:
            with open_regular(path, ImageError) as file:
                found = is_video(file.read(HEAD_BYTES), path.name)
        except (ImageError, OSError):  # whoever reads it says what is wrong
            found = False
        if found:
            source = readable(path)
            videos.append((source, f"a video: `{program()} video {source}` reads it"))
        else:
            photos.append(path)
    return photos, videos


def open_zips(files: list[Path], named: Iterable[Path]) -> tuple[list[Path], "Intake"]:
    """The files that are no zips, and what is in each zip that was named by itself.

    One that lies among the photos of a folder stays what it was: no photo.

    Args:
        files: of ``collect_files``.
        named: the paths that it was asked for.
    """
    asked = {_real(path) for path in named}
    zips = [path for path in files if path.suffix.lower() == ".zip" and _real(path) in asked]
    # Here and not at the top: `--help` and usage errors answer at once.
    from emotion_core.photos.photo_files import Failure, Intake, Room, take_in

    room, found = Room(advice="Unpack the zip and name the folder."), Intake()
    for path in zips:
        try:
            with open_regular(path, ImageError, max_bytes=_MAX_PIPED_BYTES) as file:
                inside = take_in([(path.name, file.read())], room)
        except ImageError as error:
            found.failures.append(Failure(readable(path), str(error)))
            continue
        # Told by the path that was given, like a photo of a folder.
        above = readable(path).removesuffix(path.name)
        found.photos += [replace(photo, name=above + photo.name) for photo in inside.photos]
        found.failures += [replace(one, name=above + one.name) for one in inside.failures]
        found.passed_over += inside.passed_over
    return [path for path in files if path not in zips], found


def read_standard_input() -> "Intake":
    """The picture, or the pictures of the zip, that come from standard input.

    Raises:
        UsageError: a terminal stands there, or what comes is too large.
    """
    # Here and not at the top: `--help` and usage errors answer at once.
    from emotion_core.photos.photo_files import Room, take_in

    stream = sys.stdin.buffer
    if stream.isatty():
        raise UsageError(
            "- reads a picture or a zip from standard input, and nothing is piped in. "
            "For example: cat photo.jpg | python -m emotion_core analyze -"
        )
    data = stream.read(_MAX_PIPED_BYTES + 1)
    if len(data) > _MAX_PIPED_BYTES:
        raise UsageError(
            f"Standard input: wanted at most {_MAX_PIPED_BYTES / 1e6:.0f} MB. There is "
            "more. Name the files or a folder."
        )
    return take_in([("standard input", data)], Room(advice="Unpack the zip and name the folder."))


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
            if not is_leftover(name) and _real(here / name) not in skipped
        )
        folders[:] = [
            name
            for name in sorted(folders)
            if recursive and not is_leftover(name) and _real(here / name) not in skipped
        ]
    return files, errors
