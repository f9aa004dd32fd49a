"""Damaged tables and malicious zips: a clear error or counted rejections, never a half file."""

import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from emotion_core.datasets import import_dataset, load_dataset
from emotion_core.datasets.importing import containers
from emotion_core.datasets.importing.importer import MAX_LISTED, ImportReport
from emotion_core.errors import DatasetError
from tests.datasets import forms


@pytest.fixture
def run(tmp_path: Path) -> Callable[[Path | bytes], ImportReport]:
    """Imports a path or bytes, then looks whether anything was written beside the output."""

    def attempt(source: Path | bytes) -> ImportReport:
        if isinstance(source, bytes):
            path = tmp_path / "source"
            path.write_bytes(source)
        else:
            path = source
        before = everything(tmp_path)
        try:
            report = import_dataset(path, tmp_path / "out" / "faces.parquet")
        except DatasetError:
            assert everything(tmp_path) - before <= {"out"}
            raise
        assert everything(tmp_path) - before <= {"out", "out/faces.parquet"}
        assert len(load_dataset(tmp_path / "out" / "faces.parquet")) == report.n
        return report

    return attempt


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


LINES = forms.csv_lines(forms.faces())
ROW = LINES[1]


def table(*lines: str) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def test_ten_bad_rows_are_counted_with_line_and_reason(run) -> None:
    label, pixels, usage = ROW.split(",")
    words = pixels.split()
    bad = {
        f"{label},{' '.join(words[:-1])},{usage}": "received 2,303",
        f"{label},{pixels} 1,{usage}": "received 2,305",
        f"{label},,{usage}": "received 0",
        f"7,{pixels},{usage}": "wanted a label from 0 to 6, received '7'",
        f"-1,{pixels},{usage}": "received '-1'",
        f"bored,{pixels},{usage}": "received 'bored'",
        f"{label},{' '.join(['abc', *words[1:]])},{usage}": "received 'abc'",
        f"{label},{' '.join(['256', *words[1:]])},{usage}": "received 256",
        f"{label},{pixels},Holiday": "received 'Holiday'",
        f"{label},{pixels}": "wanted at least 3 columns, received 2",
        f"{label},{' '.join(['12.5', *words[1:]])},{usage}": "received '12.5'",
        f"{label},{' '.join(['٣', *words[1:]])},{usage}": "received '٣'",
        f"{label},{' '.join(['9' * 30, *words[1:]])},{usage}": "wanted pixels from 0 to 255",
        f'{label},"{pixels},{usage}': "received",  # a quotation mark that never ends
    }
    report = run(table(LINES[0], *bad, "", *LINES[1:]))
    assert report.n == 42
    assert report.n_rejected == len(bad)
    for row, (line, reason) in zip(report.rejected, enumerate(bad.values(), start=2), strict=True):
        assert row.line == line
        assert reason in row.reason, row


def test_rejections_are_all_counted_and_not_all_listed(run) -> None:
    report = run(table(LINES[0], *["9,1 2,Training"] * (MAX_LISTED + 5), *LINES[1:]))
    assert report.n == 42
    assert report.n_rejected == MAX_LISTED + 5
    assert len(report.rejected) == MAX_LISTED


def test_a_file_cut_in_the_middle_of_a_row(run) -> None:
    whole = table(*LINES)
    report = run(whole[: len(whole) - 500])
    assert (report.n, report.n_rejected) == (41, 1)
    assert report.rejected[0].line == 43


def test_spellings_that_are_good(run) -> None:
    label, pixels, usage = ROW.split(",")
    lines = [
        "\ufeffUSAGE, pixels ,Emotion,extra",
        f'{usage}," {pixels}  ",happy,x',
        f"validation,{pixels},3,\r",
        f'test,"{pixels}",{label},',
    ]
    report = run(table(*lines))
    assert report.n == 3
    assert [sum(counts.values()) for counts in report.splits.values()] == [1, 1, 1]


def test_lines_without_end_are_not_held_in_memory(run) -> None:
    huge = "0," + "1 " * 5_000_000 + ",Training"
    report = run(table(LINES[0], huge, *LINES[1:]))
    assert (report.n, report.n_rejected) == (42, 1)
    assert report.rejected[0].line == 2
    assert "bytes" in report.rejected[0].reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (table(LINES[0]), "Found none below the first line"),
        (table("a,b,c", "1,2,3"), "emotion, pixels and Usage. Found: 'a', 'b', 'c'"),
        (table("emotion,Usage", "1,Training"), "Found: 'emotion', 'Usage'"),
        (table(*(line.partition(",")[2] for line in LINES[1:3])), "labels cannot be told"),
        (table(LINES[0], "9,1,Training"), r"none of its rows can be stored. The first, line 2"),
        (bytes(range(256)) * 20, "is a binary file"),
        (np.random.default_rng(0).bytes(4000), "binary file|wanted a CSV"),
        (b"\x1f\x8b\x08" + bytes(50), "packed with gzip"),
        (b"PAR1" + bytes(100), "wanted a Parquet file. It is damaged"),
        (b"PK\x03\x04" + bytes(100), "wanted a zip file. It is damaged"),
        (b"<html><body>Sign in to Kaggle</body></html>", "Found: '<html><body>Sign in"),
    ],
)
def test_what_is_no_data_set_says_what_was_wanted(run, content: bytes, reason: str) -> None:
    with pytest.raises(DatasetError, match=reason):
        run(content)


def test_missing_and_empty_sources(run, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="No such file"):
        run(tmp_path / "none.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match=r"folders named angry, .* Found: no files"):
        run(tmp_path / "empty")
    forms.write_folder({"cats/a.png": forms.png(forms.faces().images[0])}, tmp_path / "cats")
    with pytest.raises(DatasetError, match=r"Found: cats/a\.png"):
        run(tmp_path / "cats")


def test_broken_pictures_are_counted(run, tmp_path: Path) -> None:
    files = forms.kaggle_files(forms.faces())
    names = list(files)
    files[names[0]] = b""
    files[names[1]] = files[names[1]][:300]
    files[names[2]] = b"<html>Not found</html>"
    files["train/happy/notes.txt"] = b"Remember the milk."
    files["train/contempt/a.png"] = files[names[5]]
    files["README.md"] = b"outside of the emotions: nobody's business"
    report = run(forms.write_folder(files, tmp_path / "pictures"))
    assert report.n == 39
    assert {row.name for row in report.rejected} == {
        *names[:3],
        "train/happy/notes.txt",
    }
    assert report.left_out == {"contempt": 1}  # known, and not among the seven: no fault of a row
    reasons = " ".join(row.reason for row in report.rejected)
    for text in ("empty", "truncated", "not an image", "not a picture"):
        assert text in reasons


def test_a_picture_of_too_many_pixels_is_not_decoded(run, tmp_path: Path) -> None:
    files = forms.kaggle_files(forms.faces())
    header = forms.png(np.zeros((8, 8), np.uint8))
    # The size in the header says 60,000 x 60,000; the checksum of the header is made to fit.
    chunk = b"IHDR" + struct.pack(">II", 60_000, 60_000) + header[24:29]
    files["train/sad/bomb.png"] = (
        header[:12] + chunk + struct.pack(">I", zipfile.crc32(chunk)) + header[33:]
    )
    report = run(forms.write_folder(files, tmp_path / "p"))
    assert [row.name for row in report.rejected] == ["train/sad/bomb.png"]
    assert "too large" in report.rejected[0].reason


# Zips. Nothing is ever unpacked to disk; `run` looks that nothing appears anywhere.


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


def good_files() -> list[tuple[str | zipfile.ZipInfo, bytes]]:
    return list(forms.kaggle_files(forms.faces()).items())


def test_names_that_lead_outside_and_links_are_refused(run) -> None:
    picture = forms.png(forms.faces().images[0])
    link = zipfile.ZipInfo("train/happy/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    bad = (
        "../../train/sad/up.png",
        "/train/sad/root.png",
        "C:/train/sad/drive.png",
        "train\\..\\sad\\windows.png",
        "train/sad/../../../x.png",
    )
    report = run(zipped(*good_files(), *((name, picture) for name in bad), (link, b"/etc/passwd")))
    assert report.n == 42
    reasons = {row.name: row.reason for row in report.rejected}
    assert len(reasons) == 6
    assert reasons.pop("train/happy/link.png") == "a link, not a file"
    assert set(reasons.values()) == {"its name leads outside the zip"}


def test_a_nested_zip_is_refused(run) -> None:
    report = run(zipped(*good_files(), ("train/happy/more.zip", zipped(*good_files()))))
    assert (report.n, report.n_rejected) == (42, 1)
    assert "Unpack it first" in report.rejected[0].reason
    with pytest.raises(DatasetError, match=r"inner\.zip: an archive inside the zip"):
        run(zipped(("inner.zip", zipped(*good_files()))))


def encrypted(data: bytes, *, only: int | None = None) -> bytes:
    """Sets the flag that says an entry is encrypted, in both places where a zip has it."""
    changed = bytearray(data)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start, seen = changed.find(signature), 0
        while start >= 0:
            if only is None or seen == only:
                changed[start + offset] |= 1
            start, seen = changed.find(signature, start + 4), seen + 1
    return bytes(changed)


def test_encrypted_entries_are_refused(run) -> None:
    report = run(encrypted(zipped(*good_files()), only=0))
    assert (report.n, report.n_rejected) == (41, 1)
    assert "password" in report.rejected[0].reason
    with pytest.raises(DatasetError, match="protected by a password"):
        run(encrypted(zipped(*good_files())))
    with pytest.raises(DatasetError, match="protected by a password"):
        run(encrypted(zipped(("fer2013.csv", table(*LINES)))))


def test_a_bomb_is_not_opened(run, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zipped(("fer2013.csv", table(LINES[0]) + b"0" * 60_000_000))
    assert len(bomb) < 100_000
    with pytest.raises(DatasetError, match=r"would unpack to 1 files with 60 MB .* not opened"):
        run(bomb)
    monkeypatch.setattr(containers, "MAX_ENTRIES", 10)
    with pytest.raises(DatasetError, match="42 files"):
        run(zipped(*good_files()))


def test_an_entry_that_lies_about_its_size(run) -> None:
    content = zipped(("train/happy/a.png", b"\0" * 3_000_000), *good_files())
    # Both headers say 1,000 bytes: no more than that is unpacked, and the checksum tells.
    lying = content.replace(struct.pack("<I", 3_000_000), struct.pack("<I", 1000))
    report = run(lying)
    assert report.n == 42
    assert [row.name for row in report.rejected] == ["train/happy/a.png"]


def test_pictures_over_the_limit_are_refused(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MAX_PICTURE_BYTES", 5000)
    report = run(zipped(*good_files(), ("train/happy/large.png", b"\x89PNG" + bytes(6000))))
    assert report.n == 42
    assert "at most" in report.rejected[0].reason


def test_a_zip_that_is_damaged_in_its_middle(run, tmp_path: Path) -> None:
    lines = table(*LINES)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("fer2013.csv", lines)
    content = bytearray(file.getvalue())
    middle = len(content) // 2
    content[middle : middle + 3] = b"9 9"
    with pytest.raises(DatasetError, match="reading stopped: Bad CRC"):
        run(bytes(content))
    # One damaged picture among good ones is only counted.
    packed = bytearray(zipped(*good_files()))
    first = packed.find(b"PK\x03\x04", 4) - 40
    packed[first : first + 4] = b"\xff\xff\xff\xff"
    report = run(bytes(packed))
    assert (report.n, report.n_rejected) == (41, 1)


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
def test_links_to_folders_are_not_followed(run, tmp_path: Path) -> None:
    source = forms.write_folder(dict(forms.kaggle_files(forms.faces())), tmp_path / "data")
    (source / "train" / "happy" / "again").symlink_to(source, target_is_directory=True)
    assert run(source).n == 42
