"""What people name -> every single input, one after the other, in an order that stays.

Nothing is held: a folder of a million files and a list of a hundred million go through.
"""

import itertools
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from urllib.parse import quote

from emotion_core.batch.input_lists import LIST_SUFFIXES, iter_list
from emotion_core.batch.options import AUTO, PHOTOS, VIDEOS
from emotion_core.batch.stores import is_address, iter_store
from emotion_core.errors import BatchError
from emotion_core.files.atomic_files import readable
from emotion_core.files.file_names import is_leftover
from emotion_core.images.decoding import IMAGE_SUFFIXES
from emotion_core.video.video_files import VIDEO_SUFFIXES

# So many names tell whether these are photos or videos.
_FIRST = 1000


@dataclass(frozen=True, slots=True)
class Listed:
    """One input as it was found.

    Attributes:
        path: where it is read: absolute, or an address.
        source: what it is called in the rows: as a person would reach it from here.
        id: its own; given by a list, else made of the source.
        size_bytes: None where nobody tells without asking for every single one.
        problem: why it cannot be read, where that is known; else empty.
        found: in a folder, rather than named.
    """

    path: str
    source: str
    id: str
    size_bytes: int | None = None
    problem: str = ""
    found: bool = False


def iter_inputs(
    sources: Iterable[str], *, recursive: bool = False, skip: Iterable[Path] = ()
) -> Iterator[Listed]:
    """Every input behind the sources.

    Args:
        sources: files, folders, addresses of stores, and lists (CSV, Parquet) with a column
            ``path`` and, if wanted, ``id``. A path in a list counts from the list's folder.
        recursive: whether folders inside folders are entered. Links to folders are not followed.
        skip: files and folders that are left out where they stand in one of the folders.

    Raises:
        BatchError: a list cannot be read, or an address cannot be opened.
    """
    skipped = {os.path.realpath(path) for path in skip}
    for text in sources:
        is_list = PurePath(text).suffix.lower() in LIST_SUFFIXES
        if is_address(text):
            yield from _from_list(text) if is_list else _from_store(text, recursive)
        elif is_list and os.path.lexists(text):
            yield from _from_list(text)
        elif _is_folder(text):
            inside = _from_folder(str(Path(text)), recursive, skipped)
            first = next(inside, None)
            if first is None:
                deeper = "" if recursive else "; --recursive also reads the folders in it"
                yield _local(text, problem=f"no files in this folder{deeper}")
            else:
                yield first
                yield from inside
        else:
            yield _named(text)


def of_kind(inputs: Iterable[Listed], kind: str) -> tuple[str, Iterator[Listed]]:
    """The inputs of a kind; in folders of videos, whatever is not called like one is left out.

    Args:
        inputs: all of them.
        kind: ``photos``, ``videos``, or ``auto``: what the first names say.

    Returns:
        The kind and its inputs.

    Raises:
        BatchError: the first names speak for both.
    """
    inputs = iter(inputs)
    if kind == AUTO:
        first = list(itertools.islice(inputs, _FIRST))
        kind, inputs = _kind_of(first), itertools.chain(first, inputs)
    if kind == PHOTOS:
        return kind, inputs
    return kind, (
        one for one in inputs if not one.found or _suffix(one) in VIDEO_SUFFIXES or one.problem
    )


def _kind_of(first: list[Listed]) -> str:
    suffixes = {_suffix(one) for one in first}
    photos, videos = suffixes & IMAGE_SUFFIXES, suffixes & VIDEO_SUFFIXES
    if photos and videos:
        raise BatchError(
            f"Wanted photos or videos, as their rows differ. There are both: {min(photos)} and "
            f"{min(videos)}. Choose by --kind photos or --kind videos."
        )
    return VIDEOS if videos else PHOTOS


def _suffix(one: Listed) -> str:
    return PurePath(one.path).suffix.lower()


def _is_folder(text: str) -> bool:
    try:
        return Path(text).is_dir()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _local(
    text: str, *, id_: str = "", size: int | None = None, problem: str = "", found: bool = False
) -> Listed:
    source = readable(text)
    # Two names that are no text may look alike, and still are two.
    own = source if source == text else quote(os.fsencode(text))
    return Listed(str(Path(text).absolute()), source, id_ or own, size, problem, found)


def _named(text: str, id_: str = "") -> Listed:
    try:
        return _local(text, id_=id_, size=Path(text).stat().st_size)
    except FileNotFoundError:
        return _local(text, id_=id_, problem="no such file or folder")
    except (OSError, ValueError):  # whoever reads it says why
        return _local(text, id_=id_)


def _from_folder(folder: str, recursive: bool, skipped: set[str]) -> Iterator[Listed]:
    """The files of a folder by their names, then those of its folders."""
    try:
        with os.scandir(folder) as entries:  # the size comes with it on some systems
            inside = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        yield _local(folder, problem=f"cannot be read: {error.strerror}")
        return
    folders = []
    for entry in inside:
        if is_leftover(entry.name) or (skipped and os.path.realpath(entry.path) in skipped):
            continue
        # As a path: "./a.jpg" is "a.jpg".
        text = entry.name if folder == os.curdir else entry.path
        if _is_folder(entry.path):
            folders += [] if entry.is_symlink() else [text]
            continue
        try:
            size: int | None = entry.stat().st_size
        except OSError:
            size = None
        yield _local(text, size=size, found=True)
    for inner in folders if recursive else ():
        yield from _from_folder(inner, recursive, skipped)


def _from_store(address: str, recursive: bool) -> Iterator[Listed]:
    deeper = "" if recursive else "; --recursive also reads the folders in it"
    problem = f"no files in this folder{deeper}"
    try:
        for path, size in iter_store(address, recursive=recursive):
            problem = ""
            yield Listed(path, path, path, size, found=path != address)
    except FileNotFoundError:
        problem = "no such file or folder"
    if problem:
        yield Listed(address, address, address, problem=problem)


def _from_list(text: str) -> Iterator[Listed]:
    home = text.rpartition("/")[0] if is_address(text) else str(Path(text).parent)
    for path, own in iter_list(text):
        if is_address(path):
            yield Listed(path, path, own or path)
        elif is_address(home):
            whole = f"{home}/{path}"
            yield Listed(whole, whole, own or whole)
        else:
            yield _named(str(Path(home, path)), own)
