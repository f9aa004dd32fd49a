"""Files that appear whole or not at all, and their hashes."""

import json
from pathlib import Path

import pytest

from emotion_core.errors import OutputError
from emotion_core.files.atomic_files import AtomicFile, file_sha256, write_atomic, write_json
from emotion_core.paths import data_folder, home_folder, runs_folder


def test_hashes_a_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    # Source: FIPS 180-2, appendix B.1.
    assert file_sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    with pytest.raises(FileNotFoundError):
        file_sha256(tmp_path / "missing")


def test_a_broken_write_leaves_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_atomic(path, b"before")

    def break_off() -> None:
        with AtomicFile(path) as file:
            file.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        break_off()
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_json_is_readable_by_people(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(path, {"state": "läuft"})
    assert "läuft" in path.read_text(encoding="utf-8")
    assert json.loads(path.read_text(encoding="utf-8")) == {"state": "läuft"}


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"Cannot write .*missing"):
        write_json(tmp_path / "missing" / "x.json", {})


def test_the_home_folder_can_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path))
    assert (home_folder(), runs_folder(), data_folder()) == (
        tmp_path,
        tmp_path / "runs",
        tmp_path / "data",
    )
    monkeypatch.delenv("EMOTION_LENS_HOME")
    assert (home_folder() / "app.py").is_file()
