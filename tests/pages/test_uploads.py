"""Zips come from anywhere; nothing in them may surprise."""

import io
import struct
import zipfile

import pytest

from pages.shared import uploads
from pages.shared.uploads import Room, expand_uploads, harmless_name


def _zip(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _encrypted(data: bytes) -> bytes:
    """The same zip with the flag that says its members are encrypted."""
    changed = bytearray(data)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(signature)
        while at >= 0:
            (flags,) = struct.unpack_from("<H", changed, at + offset)
            struct.pack_into("<H", changed, at + offset, flags | 1)
            at = changed.find(signature, at + 1)
    return bytes(changed)


def test_plain_files_come_through_with_a_digest_of_their_bytes() -> None:
    photos, failures = expand_uploads([("a.jpg", b"one"), ("b.jpg", b"two"), ("c.jpg", b"one")])
    assert [photo.name for photo in photos] == ["a.jpg", "b.jpg", "c.jpg"]
    assert photos[0].digest == photos[2].digest != photos[1].digest
    assert failures == []


def test_an_empty_file_is_a_failure() -> None:
    photos, (failure,) = expand_uploads([("a.jpg", b"")])
    assert photos == []
    assert "empty" in failure.message


def test_a_zip_gives_its_pictures_and_says_what_it_left_out() -> None:
    data = _zip(
        {
            "trip/a.jpg": b"a",
            "trip/sub/b.HEIC": b"b",
            "notes.txt": b"no",
            "inner.zip": _zip({"c.jpg": b"c"}),
            "__MACOSX/trip/._a.jpg": b"litter",
            "trip/.DS_Store": b"litter",
            "trip/Thumbs.db": b"litter",
        }
    )
    photos, failures = expand_uploads([("trip.zip", data)])
    assert [(p.name, p.data) for p in photos] == [
        ("trip.zip/trip/a.jpg", b"a"),
        ("trip.zip/trip/sub/b.HEIC", b"b"),
    ]
    assert {f.name: f.message for f in failures} == {
        "trip.zip/notes.txt": "not a picture.",
        "trip.zip/inner.zip": "a zip inside a zip is not opened. Unpack it first.",
    }


def test_a_zip_is_known_by_its_content_too() -> None:
    photos, failures = expand_uploads([("photos.bin", _zip({"a.jpg": b"a"}))])
    assert [p.name for p in photos] == ["photos.bin/a.jpg"]
    assert failures == []


@pytest.mark.parametrize("data", [b"PK\x03\x04 and then nonsense", b"no zip at all"])
def test_a_broken_zip_is_one_failure(data: bytes) -> None:
    photos, (failure,) = expand_uploads([("a.zip", data)])
    assert photos == []
    assert "not a readable zip" in failure.message


def test_an_encrypted_member_says_so() -> None:
    photos, (failure,) = expand_uploads([("a.zip", _encrypted(_zip({"a.jpg": b"a" * 50})))])
    assert photos == []
    assert "password" in failure.message


def test_a_damaged_member_does_not_stop_the_others() -> None:
    data = bytearray(_zip({"a.jpg": b"first" * 40, "b.jpg": b"second"}, zipfile.ZIP_STORED))
    data[data.find(b"first") + 3] ^= 0xFF  # the checksum no longer fits
    photos, (failure,) = expand_uploads([("a.zip", bytes(data))])
    assert [p.name for p in photos] == ["a.zip/b.jpg"]
    assert failure.name == "a.zip/a.jpg"
    assert "damaged" in failure.message


def test_a_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_PHOTO_BYTES", 10_000)
    bomb = bytearray(_zip({"a.jpg": b"\0" * 5_000_000}))
    # The header lies about the size as well: 5 bytes.
    struct.pack_into("<I", bomb, bomb.find(b"PK\x01\x02") + 24, 5)
    photos, failures = expand_uploads([("a.zip", bytes(bomb))])
    assert photos == []
    assert len(failures) == 1


def test_too_large_photos_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_PHOTO_BYTES", 1_000_000)
    photos, failures = expand_uploads(
        [("a.jpg", b"a" * 1_000_001), ("b.zip", _zip({"b.jpg": b"b" * 1_000_001}))]
    )
    assert photos == []
    assert all("larger than 1 MB" in failure.message for failure in failures)
    assert len(failures) == 2


def test_a_zip_with_too_many_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_ZIP_ENTRIES", 3)
    data = _zip({f"{i}.jpg": b"x" for i in range(4)})
    photos, (failure,) = expand_uploads([("a.zip", data)])
    assert photos == []
    assert "more than 3 files" in failure.message


def test_room_bounds_number_and_bytes_together() -> None:
    files = [(f"{i}.jpg", bytes(10)) for i in range(4)]
    photos, failures = expand_uploads(files, Room(photos=2, total_bytes=1000))
    assert len(photos) == len(failures) == 2
    photos, failures = expand_uploads(files, Room(photos=9, total_bytes=35))
    assert len(photos) == 3
    assert "together" in failures[0].message


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("../../etc/passwd.jpg", "etc/passwd.jpg"),
        ("/root/a.jpg", "root/a.jpg"),
        ("C:\\Users\\me\\a.jpg", "Users/me/a.jpg"),
        ("a/b/c/d/e.jpg", "c/d/e.jpg"),
        ("line\nbreak\x00.jpg", "line_break_.jpg"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("Straße 5.jpg", "Straße 5.jpg"),
    ],
)
def test_names_cannot_lead_anywhere(raw: str, name: str) -> None:
    assert harmless_name(raw) == name
