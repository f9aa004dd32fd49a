"""The folder that the operator named: what is in it can be opened, and nothing else."""

import os
from pathlib import Path

import pytest

from emotion_core.errors import VideoError
from emotion_core.video import machine_folder
from emotion_core.video.machine_folder import list_videos, listed_video


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.MP4", "a.mov", "day 1/c.webm", "notes.txt", ".hidden.mp4", ".cache/d.mp4"):
        path = tmp_path / "videos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "secret.mp4").write_bytes(b"x")
    return tmp_path / "videos"


def test_videos_are_listed_by_name(folder: Path) -> None:
    found = list_videos(folder)
    assert [path.as_posix() for path in found.paths] == ["a.mov", "b.MP4", "day 1/c.webm"]
    assert found.left_off == 0
    assert listed_video(folder, os.path.join("day 1", "c.webm")).is_file()  # noqa: PTH118


@pytest.mark.parametrize(
    "name", ["../secret.mp4", "notes.txt", ".hidden.mp4", "/etc/passwd", "", ".", "a.mov/../b.MP4"]
)
def test_nothing_else_is_reached(folder: Path, name: str) -> None:
    with pytest.raises(VideoError, match="does not hold this video"):
        listed_video(folder, name)


def test_links_to_other_folders_are_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "e.mp4").write_bytes(b"x")
    (folder / "link").symlink_to(tmp_path / "outside")
    assert len(list_videos(folder).paths) == 3


def test_a_long_list_ends(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_folder, "MAX_LISTED", 2)
    found = list_videos(folder)
    assert (len(found.paths), found.left_off) == (2, 1)


@pytest.mark.parametrize("name", ["missing", "a.mov"])
def test_a_folder_that_is_none_is_said(folder: Path, name: str) -> None:
    with pytest.raises(VideoError, match="wanted a folder of videos"):
        list_videos(folder / name)
