"""Photos that come as bytes, alone or in zips: opens zips safely and says what was left out."""

import hashlib
import io
import re
import stat
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from emotion_core.files.file_names import shown_name
from emotion_core.images import IMAGE_SUFFIXES
from emotion_core.wording import count_of

#: One phone photo has 2-12 MB; a 50 megapixel one about 30.
MAX_PHOTO_BYTES = 60_000_000
#: Bounds for one session, so that a zip bomb or a whole picture library cannot fill the memory.
MAX_PHOTOS = 300
MAX_TOTAL_BYTES = 400_000_000
#: A zip may hold other files too, but not without end.
MAX_ZIP_ENTRIES = 5_000

_ENCRYPTED = 0x1
_UNIX = 3
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
# Each entry of a zip's table of contents begins with this.
_LISTED = b"PK\x01\x02"
# What Finder and Explorer leave in zips unasked; other hidden files begin with a dot.
_LITTER = {"__macosx", "thumbs.db", "desktop.ini"}
_DRIVE = re.compile(r"[A-Za-z]:(?=/)")
_MAX_NAME_CHARS = 300


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
    """What may still be taken in.

    Attributes:
        photos: how many.
        total_bytes: of all together, unpacked.
        advice: what to do when there is no more.
    """

    photos: int = MAX_PHOTOS
    total_bytes: int = MAX_TOTAL_BYTES
    advice: str = "Clear the others first."

    def refusal(self, n_bytes: int) -> str:
        """Why a photo of this size is refused, or an empty text after making room for it."""
        if n_bytes > MAX_PHOTO_BYTES:
            return f"larger than {MAX_PHOTO_BYTES // 1_000_000} MB. Save it smaller and try again."
        if self.photos < 1:
            return f"left out: at most {MAX_PHOTOS} photos at once. {self.advice}"
        if n_bytes > self.total_bytes:
            return (
                f"left out: all photos together may have {MAX_TOTAL_BYTES // 1_000_000} MB. "
                f"{self.advice}"
            )
        self.photos -= 1
        self.total_bytes -= n_bytes
        return ""


@dataclass(slots=True)
class Intake:
    """What came of some files: every one of them, and of their entries, is in one of these.

    Attributes:
        photos: what may be a picture.
        failures: what gave none, and why.
        passed_over: one sentence per zip with the count of what nobody misses: folders, and
            hidden files that systems add.
    """

    photos: list[Upload] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)


def take_in(files: Iterable[tuple[str, bytes]], room: Room | None = None) -> Intake:
    """Turns files into photos; zips are opened, one level deep, and never unpacked to disk.

    Args:
        files: (name, content) of each file.
        room: how much may be taken in; the limits of an empty session unless given.
    """
    room = room or Room()
    intake = Intake()
    for raw_name, data in files:
        name = harmless_name(raw_name)
        found = _zip_items(name, data, room) if is_zip(name, data) else _items(name, data, room)
        for item in found:
            if isinstance(item, Upload):
                intake.photos.append(item)
            elif isinstance(item, Failure):
                intake.failures.append(item)
            else:
                intake.passed_over.append(item)
    return intake


def harmless_name(raw: str) -> str:
    """A name that shows where a file came from, as it is called there, and cannot lead anywhere.

    Drives, roots and ``..`` go away, control characters become ``_``; at most the last three
    parts stay. It is for people and tables; ``safe_file_name`` makes names of files.
    """
    path = _DRIVE.sub("", shown_name(raw).replace("\\", "/"), count=1)
    parts = [part.strip() for part in path.split("/")]
    kept = [part for part in parts if part not in ("", ".", "..")]
    return "/".join(kept[-3:])[-_MAX_NAME_CHARS:] or "unnamed"


def _items(name: str, data: bytes, room: Room) -> Iterator[Upload | Failure]:
    if not data:
        yield Failure(name, "the file is empty.")
        return
    refusal = room.refusal(len(data))
    if refusal:
        yield Failure(name, refusal)
        return
    yield Upload(name, data, hashlib.sha256(data).hexdigest())


def _zip_items(name: str, data: bytes, room: Room) -> Iterator[Upload | Failure | str]:
    too_many = Failure(name, f"more than {MAX_ZIP_ENTRIES:,} files inside. Split the zip.")
    # Looked at before the zip is opened: a table of contents with millions of entries would fill
    # the memory. The bytes may stand in a picture by chance, too, so this limit is a wide one.
    if data.count(_LISTED) > 4 * MAX_ZIP_ENTRIES:
        yield too_many
        return
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except Exception:  # what a damaged zip raises is without end, too
        yield Failure(name, "not a readable zip file. Pack the photos again or drop them directly.")
        return
    with archive:
        kinds: dict[str, list[zipfile.ZipInfo]] = {"file": [], "folder": [], "hidden file": []}
        for entry in archive.infolist():
            kinds[_kind(entry)].append(entry)
        content = kinds.pop("file")
        if len(content) > MAX_ZIP_ENTRIES:
            yield too_many
            return
        if not content:
            yield Failure(name, "the zip holds no files.")
        for entry in content:
            yield from _entry_items(archive, entry, f"{name}/{harmless_name(entry.filename)}", room)
        if counts := [count_of(len(found), kind) for kind, found in kinds.items() if found]:
            yield f"{name}: {' and '.join(counts)} passed over."


def _entry_items(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, room: Room
) -> Iterator[Upload | Failure]:
    refusal = _refusal(entry, name) or room.refusal(entry.file_size)
    if refusal:
        yield Failure(name, refusal)
        return
    try:
        with archive.open(entry) as file:
            # No more than the size that it gives, for which there was room, is ever unpacked.
            data = file.read(entry.file_size)
            complete = not file.read(1)
    except NotImplementedError:
        reason = "packed in a way that is not read here. Pack it again as an ordinary zip."
    except Exception:  # what a damaged zip raises is without end
        reason = "damaged inside the zip. Pack it again."
    else:
        if complete and len(data) == entry.file_size:
            yield Upload(name, data, hashlib.sha256(data).hexdigest())
            return
        reason = "damaged inside the zip. Pack it again."
    # Its bytes stay taken: a zip of nothing but damaged pictures ends at the same limit.
    room.photos += 1
    yield Failure(name, reason)


def _refusal(entry: zipfile.ZipInfo, name: str) -> str:
    """Why an entry is not unpacked, or an empty text."""
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    suffix = PurePosixPath(name).suffix.lower()
    kind = stat.S_IFMT(entry.external_attr >> 16) if entry.create_system == _UNIX else 0
    if not entry.filename.strip():
        return "an entry of the zip without a name. Pack it again."
    if ".." in path.parts:
        return "its name leads outside the zip. Pack it again."
    if kind not in (0, stat.S_IFREG):
        return "a link or a device, not a file. Pack the picture itself."
    if suffix == ".zip":
        return "a zip inside a zip is not opened. Unpack it first."
    if entry.flag_bits & _ENCRYPTED:
        return "protected by a password. Pack it again without one."
    if suffix not in IMAGE_SUFFIXES:
        return "not a picture."
    if entry.file_size == 0:
        return "the file is empty."
    return ""


def is_zip(name: str, data: bytes) -> bool:
    """Whether a file is taken for a zip: by its name, or by its first four bytes."""
    return name.lower().endswith(".zip") or data.startswith(_ZIP_STARTS)


def _kind(entry: zipfile.ZipInfo) -> str:
    """Whether an entry counts as a file, a folder or a hidden file that systems add."""
    # Not `entry.is_dir`, which some Pythons cannot ask an entry without a name.
    if entry.filename.endswith(("/", "\\")):
        return "folder"
    parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
    hidden = any(part.lower() in _LITTER or (part[0] == "." and part != "..") for part in parts)
    return "hidden file" if hidden else "file"
