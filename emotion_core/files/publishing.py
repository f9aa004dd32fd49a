"""Folders that are swapped in whole: whoever looks finds the old one or the new one, never both.

A folder is built in a hidden place beside its own, brought to the disk and renamed. A process that
is killed meanwhile leaves the hidden place; whoever looks at the folder next ends the swap or
throws the rest away (``unfinished.clean``).
"""

import contextlib
import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emotion_core.files.atomic_files import check_room, make_folder, sync, writing
from emotion_core.files.unfinished import GONE, NEW, OLD, UnfinishedFolder, clean, clean_once


@contextmanager
def published_folder(
    target: Path,
    *,
    replace: bool = False,
    need_bytes: int = 0,
    kept: str = "",
    durable: bool = True,
) -> Iterator[Path]:
    """An empty folder that takes its place when the block ends, or never.

    Nothing of a folder that stood there is left in the new one.

    Args:
        target: its place.
        replace: whether a folder with files in it is replaced. An empty one always is.
        need_bytes: how much room the content takes at least, where it is known.
        kept: a sentence for a full disk, on what is there all the same.
        durable: whether to wait until all is on the disk. Off for thousands of small files that
            can be made again.

    Raises:
        FileExistsError: something stands there, or has come up meanwhile.
        OutputError: the system refuses to write there.
        DiskFullError: there is no room for it, at whichever step.
    """
    target = target.resolve()  # a link stays a link: what it points to is replaced
    make_folder(target.parent)
    clean(target.parent)
    if _is_taken(target, replace):
        raise FileExistsError(str(target))
    check_room(target.parent, need_bytes, kept=kept)
    with writing(target, kept=kept):
        unfinished = UnfinishedFolder(target)
    try:
        with writing(target, kept=kept, need_bytes=need_bytes or None, refused=False):
            new = unfinished.room(NEW, target.name)
            new.mkdir()
            yield new
        with writing(target, kept=kept):
            if durable:
                _sync_tree(new)
            _swap(unfinished, new, target, replace)
            if durable:
                _sync_folder(target.parent)
    finally:
        unfinished.close()


def remove_folder(target: Path) -> None:
    """Deletes a folder; seen from outside it goes in one step.

    Raises:
        OSError: it cannot be deleted.
    """
    target = target.absolute()
    try:
        unfinished = UnfinishedFolder(target)
    except OSError:  # a full disk has no room for it, and deleting is what helps
        shutil.rmtree(target)
        return
    try:
        gone = unfinished.room(GONE, target.name)
    except OSError:
        shutil.rmtree(target)
    else:
        target.rename(gone)
    finally:
        unfinished.close()


@contextmanager
def scratch_folder(parent: Path | None = None, name: str = "work") -> Iterator[Path]:
    """A folder that is deleted at the end; also after a kill, by the next process that wants one.

    Args:
        parent: the folder around it; by default the system's for such things.
        name: of the folder.

    Raises:
        OutputError: it cannot be made.
        DiskFullError: there is no room for it.
    """
    parent = Path(tempfile.gettempdir()) if parent is None else parent
    clean_once(parent)
    with writing(parent):
        unfinished = UnfinishedFolder(parent / name)
    try:
        with writing(parent):
            folder = unfinished.room(NEW, name)
            folder.mkdir()
        yield folder
    finally:
        unfinished.close()


def _is_taken(target: Path, replace: bool) -> bool:
    if not target.is_dir():
        return os.path.lexists(target)
    return not replace and any(target.iterdir())


def _swap(unfinished: UnfinishedFolder, new: Path, target: Path, replace: bool) -> None:
    try:
        if not (replace and target.is_dir()):
            with contextlib.suppress(OSError):
                target.rmdir()  # an empty one; a full one is in the way
            new.rename(target)
        elif not _exchange(new, target):
            old = unfinished.room(OLD, target.name)
            target.rename(old)
            try:
                new.rename(target)
            except OSError:
                with contextlib.suppress(OSError):
                    old.rename(target)
                raise
    except OSError as error:
        if os.path.lexists(target) and not replace:
            raise FileExistsError(str(target)) from error
        raise


def _exchange(one: Path, other: Path) -> bool:
    """Swaps two folders in one step where the system can: on most file systems of Linux.

    Elsewhere there is a moment without a folder, and a kill in it is mended by the next look.
    """
    if sys.platform != "linux":
        return False
    swap = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if swap is None:
        return False
    # Source: renameat2(2). -100 is AT_FDCWD, 2 is RENAME_EXCHANGE.
    return bool(swap(-100, os.fsencode(one), -100, os.fsencode(other), 2) == 0)


def _sync_tree(folder: Path) -> None:
    for root, _, names in os.walk(folder):
        for name in names:
            with (Path(root) / name).open("r+b") as file:
                sync(file.fileno())
        _sync_folder(Path(root))


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows opens no folders
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        sync(handle)
    finally:
        os.close(handle)
