"""Folders and zips alike: names, and bytes behind them. Nothing is ever unpacked to disk."""

import lzma
import os
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from emotion_core.datasets.importing.rows import RejectedRow, RowError, printable
from emotion_core.errors import DatasetError
from emotion_core.files.atomic_files import readable
from emotion_core.files.outside_files import open_regular, refusal

#: A picture of a face has some kilobytes, a phone photo 2-12 MB.
MAX_PICTURE_BYTES = 60_000_000
#: All files of a zip together, unpacked. FER-2013 as CSV has 0.3 GB.
MAX_UNPACKED_BYTES = 8_000_000_000
MAX_ENTRIES = 500_000
# Pixels as text shrink to a third, pictures hardly. Small files of one colour shrink a lot, so
# the ratio counts for large ones only.
_MAX_RATIO, _RATIO_FROM_BYTES = 100, 50_000_000

_ENCRYPTED = 0x1
_ARCHIVES = {".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz"}
# What Windows and macOS leave in folders and zips unasked; hidden files begin with a dot.
_LITTER = {"thumbs.db", "desktop.ini", "__macosx"}
READ_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
)


class Container(Protocol):
    """Files by name; names are relative and have forward slashes."""

    name: str
    names: list[str]
    #: Files that are not read for reasons of safety.
    refused: list[RejectedRow]

    def size(self, name: str) -> int:
        """Bytes of a file, unpacked."""

    def open(self, name: str) -> IO[bytes]:
        """Opens a file for reading."""


def read_limited(container: Container, name: str) -> bytes:
    """The content of a picture file.

    Raises:
        RowError: larger than a picture may be, or damaged.
    """
    try:
        with container.open(name) as file:
            # The size in a zip's header may lie: no more than the limit is ever unpacked.
            data = file.read(MAX_PICTURE_BYTES + 1)
    except READ_ERRORS as error:
        raise RowError(f"cannot be read: {error}") from error
    except DatasetError as error:  # the gate of files from outside: it is a pipe by now, say
        raise RowError(str(error)) from error
    if len(data) > MAX_PICTURE_BYTES:
        raise RowError(f"wanted a picture of at most {MAX_PICTURE_BYTES // 1_000_000} MB")
    return data


class FolderContainer:
    """The files of a folder and of the folders in it. Links to folders are not followed."""

    def __init__(self, root: Path) -> None:
        self.name = readable(root.name)
        self.refused: list[RejectedRow] = []
        self._root = root
        self.names = []
        for folder, folders, files in os.walk(root, onerror=_raise):
            folders[:] = [name for name in folders if not _is_litter(name)]
            here = Path(folder).relative_to(root)
            for name in files:
                if _is_litter(name):
                    continue
                inside = (here / name).as_posix()
                if reason := refusal(self.path(inside)):
                    self.refused.append(RejectedRow(None, printable(readable(inside), 160), reason))
                else:
                    self.names.append(inside)
            if len(self.names) > MAX_ENTRIES:
                raise DatasetError(f"{root}: more than {MAX_ENTRIES:,} files. Import a part of it.")
        self.names.sort()

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return self.path(name).stat().st_size

    def open(self, name: str) -> IO[bytes]:
        """Opens a file for reading; nothing else than a file."""
        return open_regular(self.path(name), DatasetError)

    def path(self, name: str) -> Path:
        """Where a file stands."""
        return self._root / name


class ZipContainer:
    """The harmless files of a zip.

    Refused and listed: names that lead outside, links, encrypted files, archives in the archive.

    Raises:
        DatasetError: no readable zip, or one that would unpack to more than is sensible.
    """

    def __init__(self, path: Path) -> None:
        self.name = readable(path.name)
        self.refused: list[RejectedRow] = []
        try:
            self._zip = zipfile.ZipFile(path)
        except READ_ERRORS as error:
            raise DatasetError(f"{self.name}: wanted a zip file. It is damaged: {error}") from error
        entries = self._zip.infolist()
        self._entries: dict[str, zipfile.ZipInfo] = {}
        for entry in entries:
            # Not is_dir(): it falls over an empty name.
            if entry.filename.endswith("/") or any(
                map(_is_litter, PurePosixPath(entry.filename).parts)
            ):
                continue
            reason = _refusal(entry)
            if reason:
                self.refused.append(RejectedRow(None, printable(entry.filename, 160), reason))
            else:
                self._entries[entry.filename] = entry
        self._check_size(len(entries))
        self.names = sorted(self._entries)

    def size(self, name: str) -> int:
        """Bytes of a file, unpacked."""
        return self._entries[name].file_size

    def open(self, name: str) -> IO[bytes]:
        """Opens a file for reading."""
        return self._zip.open(self._entries[name])

    def _check_size(self, n_entries: int) -> None:
        total = sum(entry.file_size for entry in self._entries.values())
        packed = sum(entry.compress_size for entry in self._entries.values())
        bomb = total > _RATIO_FROM_BYTES and total > _MAX_RATIO * packed
        if n_entries > MAX_ENTRIES or total > MAX_UNPACKED_BYTES or bomb:
            raise DatasetError(
                f"{self.name} would unpack to {n_entries:,} files with {total / 1e6:,.0f} MB from "
                f"{packed / 1e6:,.1f} MB: no data set does that, so it is not opened. If you trust "
                "it, unpack it yourself and import the folder."
            )


def _refusal(entry: zipfile.ZipInfo) -> str:
    name = entry.filename
    path = PurePosixPath(name)
    if not path.parts:
        return "it has no name"
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in path.parts[0]:
        return "its name leads outside the zip"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "a link, not a file"
    if entry.flag_bits & _ENCRYPTED:
        return "protected by a password. Pack it again without one"
    if path.suffix.lower() in _ARCHIVES:
        return "an archive inside the zip. Unpack it first"
    return ""


def _is_litter(name: str) -> bool:
    return (name.startswith(".") and name != "..") or name.lower() in _LITTER


def _raise(error: OSError) -> None:
    raise DatasetError(f"{error.filename}: cannot be read: {error.strerror}") from error
