"""Zips come from anywhere; nothing in them may surprise."""

import io
import stat
import struct
import zipfile
from collections.abc import Iterable

import pytest

from emotion_core.photos import photo_files
from emotion_core.photos.photo_files import Failure, Room, Upload, harmless_name, take_in


def _zip(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def taken(
    files: Iterable[tuple[str, bytes]], room: Room | None = None
) -> tuple[list[Upload], list[Failure]]:
    intake = take_in(files, room)
    return intake.photos, intake.failures


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
    photos, failures = taken([("a.jpg", b"one"), ("b.jpg", b"two"), ("c.jpg", b"one")])
    assert [photo.name for photo in photos] == ["a.jpg", "b.jpg", "c.jpg"]
    assert photos[0].digest == photos[2].digest != photos[1].digest
    assert failures == []


def test_an_empty_file_is_a_failure() -> None:
    photos, (failure,) = taken([("a.jpg", b"")])
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
    photos, failures = taken([("trip.zip", data)])
    assert [(p.name, p.data) for p in photos] == [
        ("trip.zip/trip/a.jpg", b"a"),
        ("trip.zip/trip/sub/b.HEIC", b"b"),
    ]
    assert {f.name: f.message for f in failures} == {
        "trip.zip/notes.txt": "not a picture.",
        "trip.zip/inner.zip": "a zip inside a zip is not opened. Unpack it first.",
    }


def test_a_zip_is_known_by_its_content_too() -> None:
    photos, failures = taken([("photos.bin", _zip({"a.jpg": b"a"}))])
    assert [p.name for p in photos] == ["photos.bin/a.jpg"]
    assert failures == []


@pytest.mark.parametrize("data", [b"PK\x03\x04 and then nonsense", b"no zip at all"])
def test_a_broken_zip_is_one_failure(data: bytes) -> None:
    photos, (failure,) = taken([("a.zip", data)])
    assert photos == []
    assert "not a readable zip" in failure.message


def test_an_encrypted_member_says_so() -> None:
    photos, (failure,) = taken([("a.zip", _encrypted(_zip({"a.jpg": b"a" * 50})))])
    assert photos == []
    assert "password" in failure.message


def test_a_damaged_member_does_not_stop_the_others() -> None:
    data = bytearray(_zip({"a.jpg": b"first" * 40, "b.jpg": b"second"}, zipfile.ZIP_STORED))
    data[data.find(b"first") + 3] ^= 0xFF  # the checksum no longer fits
    photos, (failure,) = taken([("a.zip", bytes(data))])
    assert [p.name for p in photos] == ["a.zip/b.jpg"]
    assert failure.name == "a.zip/a.jpg"
    assert "damaged" in failure.message


def test_a_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_files, "MAX_PHOTO_BYTES", 10_000)
    bomb = bytearray(_zip({"a.jpg": b"\0" * 5_000_000}))
    # The header lies about the size as well: 5 bytes.
    struct.pack_into("<I", bomb, bomb.find(b"PK\x01\x02") + 24, 5)
    photos, failures = taken([("a.zip", bytes(bomb))])
    assert photos == []
    assert len(failures) == 1


def test_too_large_photos_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_files, "MAX_PHOTO_BYTES", 1_000_000)
    photos, failures = taken(
        [("a.jpg", b"a" * 1_000_001), ("b.zip", _zip({"b.jpg": b"b" * 1_000_001}))]
    )
    assert photos == []
    assert all("larger than 1 MB" in failure.message for failure in failures)
    assert len(failures) == 2


def test_a_zip_with_too_many_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_files, "MAX_ZIP_ENTRIES", 3)
    data = _zip({f"{i}.jpg": b"x" for i in range(4)})
    photos, (failure,) = taken([("a.zip", data)])
    assert photos == []
    assert "more than 3 files" in failure.message


def test_room_bounds_number_and_bytes_together() -> None:
    files = [(f"{i}.jpg", bytes(10)) for i in range(4)]
    photos, failures = taken(files, Room(photos=2, total_bytes=1000))
    assert len(photos) == len(failures) == 2
    photos, failures = taken(files, Room(photos=9, total_bytes=35))
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
        ('a<b>|"c".jpg', 'a<b>|"c".jpg'),
        ("a:b.jpg", "a:b.jpg"),
        ("NUL.jpg", "NUL.jpg"),
        ("Screenshot 9.41\u202fAM.png", "Screenshot 9.41\u202fAM.png"),
        ("\U0001f468\u200d\U0001f469.jpg", "\U0001f468\u200d\U0001f469.jpg"),
        ("cod\u202egpj.exe", "cod_gpj.exe"),
        ("x" * 251 + ".jpg", "x" * 251 + ".jpg"),
    ],
)
def test_names_cannot_lead_anywhere(raw: str, name: str) -> None:
    assert harmless_name(raw) == name


def with_entries(*entries: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for entry, data in entries:
            archive.writestr(entry, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("entry", "name", "reason"),
    [
        ("../x.png", "x.png", "leads outside the zip"),
        ("../../trip/x.png", "trip/x.png", "leads outside the zip"),
        ("a/../../x.png", "a/x.png", "leads outside the zip"),
        ("..\\x.png", "x.png", "leads outside the zip"),
        (" ", "unnamed", "without a name"),
        ("inner.zip", "inner.zip", "a zip inside a zip"),
        ("notes.txt", "notes.txt", "not a picture"),
        ("no suffix", "no suffix", "not a picture"),
    ],
)
def test_an_entry_that_gives_no_photo_is_told(entry: str, name: str, reason: str) -> None:
    photos, (failure,) = taken([("a.zip", with_entries((zipfile.ZipInfo(entry), b"x")))])
    assert photos == []
    assert failure.name == f"a.zip/{name}"
    assert reason in failure.message


@pytest.mark.parametrize("entry", ["/root/x.png", "C:\\Users\\me\\x.png", "a/./x.png"])
def test_harmless_places_are_read(entry: str) -> None:
    (photo,), failures = taken([("a.zip", with_entries((zipfile.ZipInfo(entry), b"x")))])
    assert photo.name.endswith("/x.png")
    assert failures == []


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_in_a_zip_are_told(kind: int) -> None:
    entry = zipfile.ZipInfo("x.png")
    entry.create_system = 3
    entry.external_attr = (kind | 0o644) << 16
    photos, (failure,) = taken([("a.zip", with_entries((entry, b"/etc/passwd")))])
    assert photos == []
    assert "a link or a device" in failure.message


def test_an_entry_without_a_name_is_one_failure() -> None:
    data = with_entries((zipfile.ZipInfo("x.png"), b"one"), (zipfile.ZipInfo("b.png"), b"two"))
    # A null character ends a name: nothing is left of this one.
    (photo,), (failure,) = taken([("a.zip", data.replace(b"x.png", b"\0.png"))])
    assert photo.name == "a.zip/b.png"
    assert failure.name == "a.zip/unnamed"


def test_an_unknown_method_says_so() -> None:
    changed = bytearray(_zip({"a.jpg": b"a" * 50, "b.jpg": b"b"}))
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        struct.pack_into("<H", changed, changed.find(signature) + offset, 99)
    (photo,), (failure,) = taken([("a.zip", bytes(changed))])
    assert photo.name == "a.zip/b.jpg"
    assert "packed in a way that is not read" in failure.message


def test_two_entries_of_one_name_are_two_photos() -> None:
    entries = [(zipfile.ZipInfo("a.jpg"), b"one"), (zipfile.ZipInfo("a.jpg"), b"two")]
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = with_entries(*entries)
    photos, failures = taken([("a.zip", data)])
    assert [photo.data for photo in photos] == [b"one", b"two"]
    assert failures == []


def test_a_table_of_contents_that_points_elsewhere_is_a_failure() -> None:
    data = bytearray(_zip({"a.jpg": b"a" * 50, "b.jpg": b"b" * 50}))
    struct.pack_into("<I", data, data.rfind(b"PK\x01\x02") + 42, 7)
    (photo,), (failure,) = taken([("a.zip", bytes(data))])
    assert photo.name == "a.zip/a.jpg"
    assert "damaged" in failure.message


def test_folders_and_hidden_files_are_counted() -> None:
    data = _zip(
        {
            "trip/": b"",
            "trip/a.jpg": b"a",
            "__MACOSX/trip/deep/er/a.jpg": b"litter",
            "trip/.DS_Store": b"litter",
            "trip/Thumbs.db": b"litter",
        }
    )
    intake = take_in([("trip.zip", data)])
    assert [photo.name for photo in intake.photos] == ["trip.zip/trip/a.jpg"]
    assert intake.failures == []
    assert intake.passed_over == ["trip.zip: 1 folder and 3 hidden files passed over."]


def test_damaged_pictures_use_up_room_for_bytes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray(_zip({f"{i}.jpg": b"%d" % i * 40 for i in range(4)}, zipfile.ZIP_STORED))
    for i in range(3):
        data[data.find(b"%d" % i * 40) + 3] ^= 0xFF
    photos, failures = taken([("a.zip", bytes(data))], Room(photos=1, total_bytes=160))
    assert [photo.name for photo in photos] == ["a.zip/3.jpg"]
    photos, failures = taken([("a.zip", bytes(data))], Room(photos=1, total_bytes=100))
    assert photos == []
    assert [failure.message[:7] for failure in failures] == ["damaged"] * 2 + ["left ou"] * 2


def test_a_table_of_contents_without_end_is_refused_unread(monkeypatch) -> None:
    monkeypatch.setattr(photo_files, "MAX_ZIP_ENTRIES", 3)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    photos, (failure,) = taken([("a.zip", b"PK\x03\x04" + b"PK\x01\x02" * 13)])
    assert photos == []
    assert "more than 3 files" in failure.message
