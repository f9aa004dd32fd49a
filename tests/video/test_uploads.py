"""Uploads in pieces: what is on the disk counts, whatever broke off and however often."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from emotion_core.errors import DiskFullError
from emotion_core.files import atomic_files
from emotion_core.video.uploads import (
    KEPT_S,
    ROOM_BYTES,
    BusyUploadError,
    OffsetError,
    UnknownUploadError,
    UploadError,
    UploadFolder,
    UploadOrder,
)

DATA = bytes(range(256)) * 40
ORDER = UploadOrder("interview.mp4", len(DATA), "1 2 3")


@pytest.fixture
def uploads(tmp_path: Path) -> UploadFolder:
    return UploadFolder(tmp_path / "uploads")


def test_a_file_comes_in_pieces(uploads: UploadFolder) -> None:
    new = uploads.begin(ORDER)
    assert (new.offset, new.is_complete) == (0, False)
    for start in range(0, len(DATA), 3000):
        with uploads.piece(new.id, start) as piece:
            piece.write(DATA[start : start + 1000])
            piece.write(DATA[start + 1000 : start + 3000])
    whole = uploads.get(new.id)
    assert whole.is_complete
    assert whole.path.read_bytes() == DATA


def test_what_broke_off_goes_on_where_it_was(uploads: UploadFolder) -> None:
    new = uploads.begin(ORDER)
    piece = uploads.piece(new.id, 0)
    piece.write(DATA[:777])
    piece.close()
    # Another process, another session, the same file chosen again.
    again = UploadFolder(uploads.root).begin(ORDER)
    assert (again.id, again.offset) == (new.id, 777)
    with uploads.piece(new.id, 777) as piece:
        piece.write(DATA[777:])
    assert uploads.get(new.id).path.read_bytes() == DATA


@pytest.mark.parametrize(
    "other",
    [
        UploadOrder("other.mp4", len(DATA), "1 2 3"),
        UploadOrder("interview.mp4", len(DATA) + 1, "1 2 3"),
        UploadOrder("interview.mp4", len(DATA), "1 2 4"),
    ],
)
def test_another_file_is_not_taken_for_the_same(uploads: UploadFolder, other: UploadOrder) -> None:
    assert uploads.begin(ORDER).id != uploads.begin(other).id


@pytest.mark.parametrize("offset", [1, 499, 501, -1, 10**9])
def test_a_piece_must_begin_where_the_last_one_ended(uploads: UploadFolder, offset: int) -> None:
    new = uploads.begin(ORDER)
    with uploads.piece(new.id, 0) as piece:
        piece.write(DATA[:500])
    with pytest.raises(OffsetError, match="wanted 500") as told:
        uploads.piece(new.id, offset)
    assert told.value.offset == 500
    assert uploads.get(new.id).offset == 500


def test_two_pieces_at_once_are_refused(uploads: UploadFolder) -> None:
    new = uploads.begin(ORDER)
    with uploads.piece(new.id, 0):
        with pytest.raises(BusyUploadError):
            uploads.piece(new.id, 0)
        with pytest.raises(BusyUploadError):
            uploads.discard(new.id)
    with uploads.piece(new.id, 0) as piece:
        piece.write(DATA[:1])


def test_more_than_was_announced_is_refused(uploads: UploadFolder) -> None:
    new = uploads.begin(ORDER)
    with uploads.piece(new.id, 0) as piece:
        piece.write(DATA)
        with pytest.raises(UploadError, match=r"More came than the 10,240 bytes"):
            piece.write(b"x")
    assert uploads.get(new.id).path.read_bytes() == DATA


def test_a_file_that_is_too_large_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    small = UploadFolder(tmp_path / "uploads", max_bytes=10_000)
    with pytest.raises(UploadError, match=r"At most 0\.0 GB are taken"):
        small.begin(ORDER)
    assert not small.root.exists()


def test_room_is_asked_for_before_and_what_others_still_send_is_not_free(
    uploads: UploadFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = ROOM_BYTES + 2 * len(DATA) - 1
    monkeypatch.setattr(atomic_files, "_free_bytes", lambda _: free)
    first = uploads.begin(ORDER)
    other = UploadOrder("other.mp4", len(DATA), "x")
    with pytest.raises(DiskFullError, match=r"The disk is full.*Nothing was uploaded"):
        uploads.begin(other)
    with uploads.piece(first.id, 0) as piece:
        piece.write(DATA[:1])
    uploads.begin(other)
    monkeypatch.setattr(atomic_files, "_free_bytes", lambda _: ROOM_BYTES)
    with pytest.raises(DiskFullError):
        uploads.begin(ORDER)


def test_a_disk_that_fills_up_keeps_what_is_there(
    uploads: UploadFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = uploads.begin(ORDER)

    class FullFile:
        def __init__(self, path: Path) -> None:
            self._file = path.open("ab", buffering=0)

        def write(self, data: Any) -> int:
            if os.fstat(self.fileno()).st_size >= 600:
                raise OSError(errno.ENOSPC, "No space left on device")
            return self._file.write(data[:300])

        def fileno(self) -> int:
            return self._file.fileno()

        def close(self) -> None:
            self._file.close()

    with uploads.piece(new.id, 0) as piece:
        piece._file.close()
        piece._file = FullFile(new.path)  # type: ignore[assignment]
        with pytest.raises(DiskFullError, match="The first 600 bytes are kept"):
            piece.write(DATA)
    assert uploads.get(new.id).offset == 600
    with uploads.piece(new.id, 600) as piece:
        piece.write(DATA[600:])
    assert uploads.get(new.id).path.read_bytes() == DATA


@pytest.mark.parametrize("name", ["", "..", "../other", "x" * 32, "0" * 31, "/etc", "0" * 32])
def test_an_id_is_no_path(uploads: UploadFolder, name: str) -> None:
    uploads.begin(ORDER)
    with pytest.raises(UnknownUploadError, match="Choose the file again"):
        uploads.get(name)
    with pytest.raises(UnknownUploadError):
        uploads.piece(name, 0)
    with pytest.raises(UnknownUploadError):
        uploads.discard(name)


def test_a_damaged_order_is_no_upload(uploads: UploadFolder) -> None:
    new = uploads.begin(ORDER)
    (new.path.parent / "upload.json").write_text("{")
    with pytest.raises(UnknownUploadError):
        uploads.get(new.id)
    assert uploads.begin(ORDER).id != new.id


def test_what_nobody_continues_is_deleted(tmp_path: Path) -> None:
    now = [tmp_path.stat().st_mtime]
    uploads = UploadFolder(tmp_path / "uploads", now=lambda: now[0])
    old = uploads.begin(ORDER)
    now[0] += KEPT_S - 100
    uploads.clean()
    assert uploads.get(old.id)
    now[0] += 200
    uploads.clean()
    with pytest.raises(UnknownUploadError):
        uploads.get(old.id)
    assert list(uploads.root.iterdir()) == []


def test_discarding_deletes_what_has_arrived(uploads: UploadFolder) -> None:
    new = uploads.begin(ORDER)
    uploads.discard(new.id)
    assert list(uploads.root.iterdir()) == []
