"""A clip of real faces, and a library that is nobody else's."""

from pathlib import Path

import pytest

from emotion_core.jobs import JobBoard
from emotion_core.video.library import VideoLibrary
from tests.video.face_clips import face_clip


@pytest.fixture(scope="session")
def faces_mp4(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of `face_clips.scenes`."""
    return face_clip(tmp_path_factory.mktemp("faces") / "faces.mp4")


@pytest.fixture
def library(tmp_path: Path) -> VideoLibrary:
    """Nobody works on its jobs."""
    return VideoLibrary(tmp_path / "videos", JobBoard(tmp_path / "jobs", start=False))
