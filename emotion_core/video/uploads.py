"""A large file that comes in pieces: written to disk as it arrives, continued where it broke off.

The rules are those of the tus protocol's core, without its header names: the offset is what is on
the disk, a piece says at which offset it begins, and one that begins elsewhere is refused with the
offset that is wanted. Source: https://tus.io/protocols/resumable-upload, version 1.0.0. Own code,
because tuspy and tusd's Python servers bring a web framework of their own.
"""

import os
import re
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Annotated, Self

from emotion_core.errors import DiskFullError, VideoError
from emotion_core.files.atomic_files import (
    check_room,
    disk_full_text,
    is_disk_full,
    make_folder,
    sync,
    write_json,
    writing,
)
from emotion_core.files.outside_files import read_json
from emotion_core.files.publishing import remove_folder
from emotion_core.paths import MAX_VIDEO_ENV
from emotion_core.schema.validation import FORBID_OTHERS, validated
from emotion_core.schema.value_types import Text, WholeNumber

#: An upload that nobody continued for so long is deleted.
KEPT_S = 7 * 86_400.0
#: Beside what is uploaded, room that stays for the table and everything else on the disk.
ROOM_BYTES = 200_000_000
#: The largest video unless the operator says otherwise.
MAX_BYTES = 20_000_000_000

_ID = re.compile(r"[0-9a-f]{32}")
_MOST_BYTES = 2**53 - 1  # JavaScript's largest exact whole number


def max_video_bytes() -> int:
    """The largest video that is taken: what is set, or 20 GB where that is no number above 0."""
    try:
        wanted = float(os.environ.get(MAX_VIDEO_ENV, ""))
    except ValueError:
        return MAX_BYTES
    return int(wanted * 1e9) if 0 < wanted < 1e6 else MAX_BYTES


class UploadError(VideoError):
    """An upload that cannot be taken or continued."""


class UnknownUploadError(UploadError):
    """An upload that is not there, or not any more."""


class OffsetError(UploadError):
    """A piece that does not begin where the last one ended.

    Args:
        text: the sentence.
        offset: where the next piece has to begin.
    """

    def __init__(self, text: str, offset: int) -> None:
        super().__init__(text)
        self.offset = offset


class BusyUploadError(UploadError):
    """A piece of an upload of which another piece is being written."""


@dataclass(frozen=True, slots=True)
class UploadOrder:
    """What is wanted before the first byte.

    Attributes:
        name: of the file, as the browser says.
        size_bytes: of the whole file.
        fingerprint: what tells this file from others of its name; the same file gives the same.
    """

    __pydantic_config__ = FORBID_OTHERS

    name: Annotated[str, Text()]
    size_bytes: Annotated[int, WholeNumber(1, _MOST_BYTES)]
    fingerprint: Annotated[str, Text()]


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload at one moment.

    Attributes:
        id: unguessable name.
        order: what comes.
        offset: bytes that are on the disk.
        path: the file that grows.
    """

    id: str
    order: UploadOrder
    offset: int
    path: Path

    @property
    def is_complete(self) -> bool:
        """Whether every byte is there."""
        return self.offset == self.order.size_bytes


class UploadFolder:
    """The unfinished uploads of an installation, one folder each. Callable from any thread.

    Args:
        root: where they stand; made when it is needed.
        max_bytes: larger files are refused before anything is sent.
        now: the clock, seconds.
    """

    def __init__(
        self, root: Path, *, max_bytes: int = MAX_BYTES, now: Callable[[], float] = time.time
    ) -> None:
        self.root = root
        self.max_bytes = max_bytes
        self._now = now
        self._lock = threading.Lock()
        self._busy: set[str] = set()

    def begin(self, order: UploadOrder) -> Upload:
        """Makes room for a file, or finds what has arrived of it already.

        Raises:
            UploadError: the file is larger than what is taken.
            DiskFullError: there is no room for it.
            OutputError: the folder cannot be written.
        """
        if order.size_bytes > self.max_bytes:
            raise UploadError(
                f"The file has {order.size_bytes / 1e9:,.1f} GB. At most "
                f"{self.max_bytes / 1e9:,.1f} GB are taken; whoever runs this server can raise "
                "the limit, or name a folder from which videos are opened without an upload."
            )
        with self._lock:
            self._clean()
            known = next((one for one in self._all() if one.order == order), None)
            # What others still have to send is not free, although nothing stands there yet.
            promised = sum(one.order.size_bytes - one.offset for one in self._all() if one != known)
            missing = order.size_bytes - (known.offset if known else 0)
            check_room(self.root, missing + promised + ROOM_BYTES, kept="Nothing was uploaded.")
            if known is not None:
                return known
            folder = self.root / secrets.token_hex(16)
            make_folder(folder)
            write_json(folder / "upload.json", asdict(order))
            with writing(folder / "data"):
                (folder / "data").touch()
            return self.get(folder.name)

    def get(self, upload: str) -> Upload:
        """An upload by its id.

        Raises:
            UnknownUploadError: there is none.
        """
        folder = self.root / upload
        if not _ID.fullmatch(upload) or not (folder / "data").is_file():
            raise UnknownUploadError(
                "This upload is not there any more. Choose the file again to begin anew."
            )
        stored = read_json(folder / "upload.json", UnknownUploadError)
        order = validated(UploadOrder, stored, "upload.json", UnknownUploadError)
        return Upload(upload, order, (folder / "data").stat().st_size, folder / "data")

    def piece(self, upload: str, offset: int) -> "Piece":
        """Opens an upload for its next piece; to be closed, as by a ``with`` block.

        Raises:
            UnknownUploadError: there is no such upload.
            OffsetError: the piece has to begin elsewhere.
            BusyUploadError: another piece is being written.
        """
        with self._lock:
            if upload in self._busy:
                raise BusyUploadError("Another part of this file is just being written.")
            known = self.get(upload)
            if offset != known.offset:
                raise OffsetError(
                    f"offset: wanted {known.offset:,}. Received: {offset:,}", known.offset
                )
            self._busy.add(upload)
        try:
            return Piece(known, lambda: self._busy.discard(upload))
        except BaseException:
            self._busy.discard(upload)
            raise

    def discard(self, upload: str) -> None:
        """Deletes an upload and what has arrived of it.

        Raises:
            UnknownUploadError: there is none.
            BusyUploadError: a piece is being written.
        """
        with self._lock:
            if upload in self._busy:
                raise BusyUploadError("A part of this file is just being written.")
            remove_folder(self.get(upload).path.parent)

    def clean(self) -> None:
        """Deletes what nobody has continued for long."""
        with self._lock:
            self._clean()

    def _clean(self) -> None:
        for one in self._all():
            with suppress(OSError):
                if self._now() - one.path.stat().st_mtime > KEPT_S and one.id not in self._busy:
                    remove_folder(one.path.parent)

    def _all(self) -> list[Upload]:
        found = []
        for folder in sorted(self.root.iterdir()) if self.root.is_dir() else ():
            with suppress(UnknownUploadError, OSError):
                found.append(self.get(folder.name))
        return found


class Piece:
    """The next bytes of an upload; what was written stays, however the block is left.

    Args:
        upload: to which they belong.
        closed: called once at the end.
    """

    def __init__(self, upload: Upload, closed: Callable[[], None]) -> None:
        self._upload = upload
        self._closed = closed
        self._offset = upload.offset
        # Unbuffered: what a full disk did not take must not be tried again when it is closed.
        self._file = upload.path.open("ab", buffering=0)

    @property
    def offset(self) -> int:
        """Bytes that are there now."""
        return self._offset

    def write(self, data: bytes) -> None:
        """Appends bytes.

        Raises:
            UploadError: they are more than what was announced.
            DiskFullError: there is no room.
        """
        left = self._upload.order.size_bytes - self._offset
        if len(data) > left:
            raise UploadError(
                f"More came than the {self._upload.order.size_bytes:,} bytes that the file had "
                "when it was chosen. Choose it again."
            )
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            if is_disk_full(error):
                kept = f"The first {self._kept():,} bytes are kept."
                text = disk_full_text(self._upload.path, need_bytes=left, kept=kept)
                raise DiskFullError(text, left) from error
            raise UploadError(f"The file cannot be written: {error.strerror}.") from error
        self._offset += len(data)

    def _kept(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Waits until what was written is on the disk; the next piece may then come."""
        try:
            # After a power cut the size would be right and the bytes nought.
            with suppress(OSError):
                sync(self._file.fileno())
            with suppress(OSError):
                self._file.close()
        finally:
            self._closed()
