"""Uploaded files -> photos: opens zips safely and says what was left out. Pure functions."""

import hashlib
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from emotion_core.images import IMAGE_SUFFIXES

#: One phone photo has 2-12 MB; a 50 megapixel one about 30.
MAX_PHOTO_BYTES = 60_000_000
#: Bounds for one session, so that a zip bomb or a whole picture library cannot fill the memory.
MAX_PHOTOS = 300
MAX_TOTAL_BYTES = 400_000_000
#: A zip may hold other files too, but not without end.
MAX_ZIP_ENTRIES = 5_000

_ENCRYPTED = 0x1
_READ_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Upload:
    """One picture as it came, not decoded yet."""

    name: str
    data: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class Failure:
    """One file that gave no result, and what to do about it."""

    name: str
    message: str


@dataclass(slots=True)
class Room:
    """What may still be taken in."""

    photos: int = MAX_PHOTOS
    total_bytes: int = MAX_TOTAL_BYTES

    def refusal(self, n_bytes: int) -> str:
        """Why a photo of this size is refused, or an empty text after making room for it."""
        if n_bytes > MAX_PHOTO_BYTES:
            return f"larger than {MAX_PHOTO_BYTES // 1_000_000} MB. Save it smaller and try again."
        if self.photos < 1:
            return f"left out: at most {MAX_PHOTOS} photos at once. Clear the others first."
        if n_bytes > self.total_bytes:
            return (
                f"left out: all photos together may have {MAX_TOTAL_BYTES // 1_000_000} MB. "
                "Clear the others first."
            )
        self.photos -= 1
        self.total_bytes -= n_bytes
        return ""


def expand_uploads(
    files: Iterable[tuple[str, bytes]], room: Room | None = None
) -> tuple[list[Upload], list[Failure]]:
    """Turns uploaded files into photos; zips are opened, one level deep.

    Args:
        files: (name, content) of each file.
        room: how much may be taken in; the limits of an empty session unless given.

    Returns:
        The photos, and one failure per file that cannot be one.
    """
    room = room or Room()
    uploads: list[Upload] = []
    failures: list[Failure] = []
    for raw_name, data in files:
        name = harmless_name(raw_name)
        found = _zip_items(name, data, room) if _is_zip(name, data) else _items(name, data, room)
        for item in found:
            if isinstance(item, Upload):
                uploads.append(item)
            else:
                failures.append(item)
    return uploads, failures


def harmless_name(raw: str) -> str:
    """A file name that shows where a file came from and cannot lead anywhere.

    Drives, roots, ``..`` and control characters go away; at most the last three parts stay.
    """
    printable = "".join(c if c.isprintable() else "_" for c in raw).replace("\\", "/")
    drive, colon, rest = printable.partition(":")
    path = rest if colon and len(drive) == 1 else printable
    parts = [part.strip() for part in path.split("/")]
    kept = [part for part in parts if part not in ("", ".", "..")]
    return "/".join(kept[-3:])[-160:] or "unnamed"


def _items(name: str, data: bytes, room: Room) -> Iterator[Upload | Failure]:
    if not data:
        yield Failure(name, "the file is empty.")
        return
    refusal = room.refusal(len(data))
    if refusal:
        yield Failure(name, refusal)
        return
    yield Upload(name, data, hashlib.sha256(data).hexdigest())


def _zip_items(name: str, data: bytes, room: Room) -> Iterator[Upload | Failure]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _READ_ERRORS:
        yield Failure(name, "not a readable zip file. Pack the photos again or drop them directly.")
        return
    with archive:
        entries = [entry for entry in archive.infolist() if _is_content(entry)]
        if len(entries) > MAX_ZIP_ENTRIES:
            yield Failure(name, f"more than {MAX_ZIP_ENTRIES:,} files inside. Split the zip.")
            return
        if not entries:
            yield Failure(name, "the zip holds no files.")
        for entry in entries:
            yield from _entry_items(archive, entry, f"{name}/{harmless_name(entry.filename)}", room)


def _entry_items(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, room: Room
) -> Iterator[Upload | Failure]:
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".zip":
        yield Failure(name, "a zip inside a zip is not opened. Unpack it first.")
    elif entry.flag_bits & _ENCRYPTED:
        yield Failure(name, "protected by a password. Pack it again without one.")
    elif suffix not in IMAGE_SUFFIXES:
        yield Failure(name, "not a picture.")
    else:
        try:
            with archive.open(entry) as file:
                # The size in the header may lie, so no more than the limit is ever unpacked.
                data = file.read(MAX_PHOTO_BYTES + 1)
        except _READ_ERRORS:
            yield Failure(name, "damaged inside the zip. Pack it again.")
            return
        yield from _items(name, data, room)


def _is_zip(name: str, data: bytes) -> bool:
    return name.lower().endswith(".zip") or data[:4] == b"PK\x03\x04"


def _is_content(entry: zipfile.ZipInfo) -> bool:
    """False for folders and for what Finder and Explorer leave in zips unasked."""
    parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
    litter = {"__MACOSX", "Thumbs.db", "desktop.ini"}
    return not entry.is_dir() and not any(p in litter or p.startswith(".") for p in parts[-2:])
