"""The routes by which a page gets a video: by ranges, for this session only, never by a path."""

from pathlib import Path

import numpy as np
import pytest

from emotion_core.paths import HOME_ENV
from emotion_core.video.access import AccessTokens
from emotion_core.video.library import VideoEntry, VideoLibrary
from pages.parts.common import video_access, video_serving
from pages.parts.common.video_serving import serving_routes, video_token
from tests.pages.routes import Client
from tests.video.clips import numbered, write_clip


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> set[str]:
    alive = {"mine"}
    monkeypatch.setenv(HOME_ENV, str(tmp_path / "home"))
    monkeypatch.setattr(video_access, "TOKENS", AccessTokens(alive.__contains__))
    monkeypatch.setattr(video_serving, "own_session", lambda: "mine")
    return alive


@pytest.fixture
def client() -> Client:
    return Client(serving_routes())


@pytest.fixture
def entry(sessions: set[str], tmp_path: Path) -> VideoEntry:
    path = write_clip(tmp_path / "clip.mp4", [numbered(i) for i in range(10)])
    return VideoLibrary().add_file(path)


@pytest.fixture
def place(entry: VideoEntry) -> str:
    return f"/_videos/{video_token(entry.id)}"


def test_a_video_is_served_by_ranges(client: Client, entry: VideoEntry, place: str) -> None:
    assert entry.path is not None
    data = entry.path.read_bytes()
    whole = client("GET", f"{place}/media")
    assert (whole.status, whole.body) == (200, data)
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["cache-control"].startswith("private")
    part = client("GET", f"{place}/media", Range="bytes=100-199")
    assert (part.status, part.body) == (206, data[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(data)}"
    end = client("GET", f"{place}/media", Range="bytes=-10")
    assert (end.status, end.body) == (206, data[-10:])
    beyond = client("GET", f"{place}/media", Range="bytes=99999999-")
    assert beyond.status == 416


def test_only_the_session_whose_token_it_is_gets_anything(
    client: Client, place: str, sessions: set[str]
) -> None:
    uploads = video_access.TOKENS.issue("mine", "uploads")
    for other in ("/_videos/x", f"{place}x", f"/_videos/{uploads}"):
        assert client("GET", f"{other}/media").status == 404
    assert client("GET", f"{place}/../../etc/passwd").status == 404
    assert client("GET", f"{place}/media", Sec_Fetch_Site="cross-site").status == 404
    assert client("GET", f"{place}/media", Sec_Fetch_Site="same-origin").status == 200
    sessions.clear()
    assert client("GET", f"{place}/media").status == 404


def test_the_times_of_the_frames_are_served(client: Client, place: str) -> None:
    times = np.frombuffer(client("GET", f"{place}/times").body, "<f8")
    np.testing.assert_allclose(times, np.arange(10) / 25, atol=1e-9)


@pytest.mark.parametrize("thing", ["faces", "copy", "times?of=copy", "faces?threshold=x"])
def test_what_is_not_there_is_not_found(client: Client, place: str, thing: str) -> None:
    assert client("GET", f"{place}/{thing}").status == 404


def test_a_video_that_is_gone_is_not_found(client: Client, entry: VideoEntry, place: str) -> None:
    assert entry.path is not None
    entry.path.unlink()
    assert client("GET", f"{place}/media").status == 404
    VideoLibrary().remove(entry.id)
    assert client("GET", f"{place}/times").status == 404


def test_a_copy_is_watched_or_saved(client: Client, entry: VideoEntry, place: str) -> None:
    entry.folder.copy.write_bytes(b"copy")
    watched = client("GET", f"{place}/copy")
    assert watched.headers["content-disposition"].startswith("inline")
    saved = client("GET", f"{place}/copy?save=1")
    assert saved.headers["content-disposition"] == 'attachment; filename="clip_annotated.mp4"'
