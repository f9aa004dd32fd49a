"""The gate for files from outside: regular files only, within limits, one error type."""

import os
import socket
from pathlib import Path

import pytest

from emotion_core.errors import DatasetError, DiskFullError, TrainingError
from emotion_core.files.atomic_files import AtomicFile
from emotion_core.files.outside_files import (
    open_regular,
    parse_json,
    read_bytes,
    read_json,
    read_text,
)

POSIX = pytest.mark.skipif(os.name != "posix", reason="pipes and devices of POSIX systems")


@POSIX
def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    pipe, zero, folder = tmp_path / "pipe", tmp_path / "zero", tmp_path / "folder"
    os.mkfifo(pipe)
    zero.symlink_to("/dev/zero")
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        for path, kind in (
            (pipe, "a named pipe"),
            (zero, "a device"),
            (folder, "a folder"),
            (tmp_path / "socket", "a socket"),
        ):
            with pytest.raises(DatasetError, match=f"wanted a file. This is {kind}"):
                open_regular(path, DatasetError)


def test_missing_unusable_and_large_files_are_one_sentence(tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"x" * 2_000_000)
    with pytest.raises(DatasetError, match="cannot be read"):
        read_bytes(tmp_path / "none", DatasetError, max_bytes=10)
    with pytest.raises(DatasetError, match="not a usable path"):
        read_bytes(tmp_path / "a\0b", DatasetError, max_bytes=10)
    with pytest.raises(DatasetError, match=r"at most 1 MB\. Received: 2\.0 MB"):
        read_bytes(large, DatasetError, max_bytes=1_000_000)
    assert read_bytes(large, DatasetError, max_bytes=2_000_000) == b"x" * 2_000_000


def test_a_link_to_a_file_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfone")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert read_text(tmp_path / "link", DatasetError) == "one"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xff\xfe", "wanted text in UTF-8"),
        (b"{", "wanted JSON. Line 1"),
        (b"[" * 200_000, "nested too deep"),
        (b"9" * 10_000, "numbers of a usual length"),
        (b"", "wanted JSON"),
    ],
)
def test_json_that_is_none_is_one_sentence(data: bytes, text: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=text):
        parse_json(data, "a.json", DatasetError)
    (tmp_path / "a.json").write_bytes(data)
    with pytest.raises(DatasetError, match=text):
        read_json(tmp_path / "a.json", DatasetError)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_said_with_the_place() -> None:
    wanted = r"The disk is full: .*full cannot be written; .* free"
    with (
        pytest.raises(DiskFullError, match=wanted),
        AtomicFile(Path("/dev/full")) as target,
    ):
        target.write(b"x" * 100_000)


@pytest.mark.parametrize(
    "text", ['{"a": ' * 300 + "1" + "}" * 300, '["\\ud800"]', '{"\\udfff": 1}']
)
def test_json_that_python_takes_and_later_stumbles_over_is_refused(text: str) -> None:
    with pytest.raises(TrainingError, match=r"^x\.json: wanted JSON\. "):
        parse_json(text, "x.json", TrainingError)


def test_json_of_usual_depth_is_taken() -> None:
    assert parse_json('{"a": [{"b": "\\ud83d\\ude00"}]}', "x", TrainingError) == {
        "a": [{"b": "\N{GRINNING FACE}"}]
    }
