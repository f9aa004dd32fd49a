"""The routes by which a video comes in, without a server: who may, what breaks, what is kept."""

import json
from pathlib import Path
from typing import Any

import pytest

from emotion_core.files import atomic_files
from emotion_core.paths import HOME_ENV, MAX_VIDEO_ENV
from emotion_core.video.access import AccessTokens
from emotion_core.video.library import VideoLibrary
from emotion_core.video.uploads import max_video_bytes
from pages.parts.common import video_access, video_uploads
from pages.parts.common.video_serving import video_token
from pages.parts.common.video_uploads import upload_routes, upload_token, uploads
from tests.pages.routes import Client
from tests.video.clips import numbered, write_clip

DATA = bytes(range(256)) * 20
ORDER = {"name": "a.mp4", "size_bytes": len(DATA), "fingerprint": "f"}


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> set[str]:
    alive = {"mine"}
    monkeypatch.setenv(HOME_ENV, str(tmp_path))
    monkeypatch.setattr(video_access, "TOKENS", AccessTokens(alive.__contains__))
    monkeypatch.setattr(video_uploads, "own_session", lambda: "mine")
    monkeypatch.setattr(video_uploads, "comes_from_own_page", lambda *_: True)
    return alive


@pytest.fixture
def place(sessions: set[str]) -> str:
    return f"/_videos/{upload_token()}/uploads"


@pytest.fixture
def client() -> Client:
    return Client(upload_routes())


def begun(client: Client, place: str, **other: Any) -> str:
    answer = client("POST", place, json.dumps({**ORDER, **other}).encode())
    assert answer.status == 201
    return f"{place}/{answer.json['id']}"


def test_a_video_arrives_whole_and_is_taken_in(client: Client, place: str, tmp_path: Path) -> None:
    data = write_clip(tmp_path / "clip.mp4", [numbered(i) for i in range(8)]).read_bytes()
    name = "../my <b>day.mp4"
    upload = begun(client, place, size_bytes=len(data), name=name)
    for start in range(0, len(data), 2000):
        answer = client("PATCH", upload, data[start : start + 2000], Upload_Offset=str(start))
        assert (answer.status, answer.json["offset"]) == (200, min(start + 2000, len(data)))
    (entry,) = VideoLibrary().list()
    assert (entry.id, entry.name, entry.state) == (answer.json["video"], "my <b>day.mp4", "new")
    assert entry.path is not None
    assert entry.path.read_bytes() == data
    assert entry.path.parent == entry.folder.media
    assert list(uploads().root.iterdir()) == []
    # The answer was lost, and the browser asks again.
    again = client("PATCH", upload, b"", Upload_Offset=str(len(data)))
    assert again.json == {"offset": len(data), "video": entry.id}
    assert len(VideoLibrary().list()) == 1


def test_what_is_no_video_is_refused_in_words_and_leaves_nothing(
    client: Client, place: str
) -> None:
    upload = begun(client, place)
    answer = client("PATCH", upload, DATA, Upload_Offset="0")
    assert answer.status == 422
    assert answer.json["error"].startswith("a.mp4: wanted")
    assert VideoLibrary().list() == ()
    assert list(uploads().root.iterdir()) == []


def test_a_broken_connection_keeps_what_came(client: Client, place: str) -> None:
    upload = begun(client, place)
    client("PATCH", upload, DATA[:3500], breaks=True, Upload_Offset="0")
    assert client("GET", upload).json["offset"] == 3500
    again = begun(client, place)
    assert again == upload
    late = client("PATCH", upload, DATA[:10], Upload_Offset="0")
    assert (late.status, late.json["offset"]) == (409, 3500)
    client("PATCH", upload, DATA[3500:5000], Upload_Offset="3500")
    (part,) = uploads().root.glob("*/data")
    assert part.read_bytes() == DATA[:5000]


def test_only_a_session_that_is_there_uploads(
    client: Client, place: str, sessions: set[str]
) -> None:
    upload = begun(client, place)
    for path in (place.replace("/uploads", "x/uploads"), "/_videos/x/uploads"):
        answer = client("POST", path, json.dumps(ORDER).encode())
        assert (answer.status, "Reload" in answer.json["error"]) == (401, True)
    # The token of a video opens no uploads.
    other = f"/_videos/{video_token('a')}/uploads"
    assert client("POST", other, json.dumps(ORDER).encode()).status == 401
    sessions.clear()
    assert client("PATCH", upload, DATA, Upload_Offset="0").status == 401
    assert client("GET", upload).status == 401
    assert client("DELETE", upload).status == 401


def test_a_page_elsewhere_cannot_upload(
    client: Client, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begun(client, place)
    monkeypatch.undo()
    monkeypatch.setattr(
        video_access, "TOKENS", AccessTokens(lambda _: True)
    )  # whatever the token: the header is missing
    for method, path in (("POST", place), ("PATCH", upload), ("DELETE", upload)):
        assert client(method, path, b"{}").status == 403


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{", b'{"name": "a"}', b'{"name": 1, "size_bytes": 2, "fingerprint": ""}',
        b'{"name": "a", "size_bytes": 0, "fingerprint": ""}',
        b'{"name": "a", "size_bytes": -5, "fingerprint": ""}',
        b'{"name": "a", "size_bytes": 5, "fingerprint": "", "path": "/etc/passwd"}',
        b'{"name": "a", "size_bytes": 1e99, "fingerprint": ""}',
        b'{"name": "' + b"a" * 30_000 + b'"}',
    ],
)  # fmt: skip
def test_a_request_that_is_none_is_refused_in_words(
    client: Client, place: str, body: bytes
) -> None:
    answer = client("POST", place, body)
    assert answer.status == 422
    assert answer.json["error"]
    assert not uploads().root.exists()


@pytest.mark.parametrize("offset", ["", "-1", "x", "1.5", "٣"])
def test_an_offset_is_a_number(client: Client, place: str, offset: str) -> None:
    upload = begun(client, place)
    answer = client("PATCH", upload, DATA, Upload_Offset=offset)
    assert (answer.status, "whole number" in answer.json["error"]) == (422, True)
    assert client("GET", upload).json["offset"] == 0


def test_too_large_and_too_much_are_refused(
    client: Client, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begun(client, place)
    assert client("PATCH", upload, DATA + b"x", Upload_Offset="0").status == 422
    large = client("PATCH", upload, DATA, Upload_Offset="0", Content_Length="99000000000")
    assert "at most" in large.json["error"]
    monkeypatch.setenv(MAX_VIDEO_ENV, "0.000001")
    answer = client("POST", place, json.dumps(ORDER).encode())
    assert (answer.status, "At most" in answer.json["error"]) == (422, True)


def test_a_full_disk_is_said_before(
    client: Client, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic_files, "_free_bytes", lambda _: 1000)
    answer = client("POST", place, json.dumps(ORDER).encode())
    assert (answer.status, answer.json["error"].split(":")[0]) == (507, "The disk is full")


def test_what_is_gone_is_said(client: Client, place: str) -> None:
    upload = begun(client, place)
    assert client("DELETE", upload).status == 200
    for method in ("GET", "PATCH", "DELETE"):
        answer = client(method, upload, DATA, Upload_Offset="0")
        assert (answer.status, "Choose the file again" in answer.json["error"]) == (404, True)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("2", 2_000_000_000), ("0.5", 500_000_000), ("", 20_000_000_000), ("-1", 20_000_000_000),
     ("nan", 20_000_000_000), ("inf", 20_000_000_000), ("many", 20_000_000_000)],
)  # fmt: skip
def test_the_limit_is_the_operators(
    monkeypatch: pytest.MonkeyPatch, text: str, wanted: int
) -> None:
    monkeypatch.setenv(MAX_VIDEO_ENV, text)
    assert max_video_bytes() == wanted
