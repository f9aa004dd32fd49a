"""What the player in the browser is given: the same values as in the table, as arrays."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from emotion_core.emotions import FER2013
from emotion_core.errors import VideoError
from emotion_core.video.frame_table import FrameTable
from emotion_core.video.frame_times import frame_times
from emotion_core.video.people_list import list_people
from emotion_core.video.player_data import player_data
from emotion_core.video.reading import iter_frames
from emotion_core.video.timeline_moments import timeline_moments
from emotion_core.video.video_folder import VideoFolder
from emotion_core.video.view import build_view
from emotion_core.video.view_cache import ViewCache
from emotion_core.video.view_settings import ViewSettings
from tests.video.clips import numbered, write_clip
from tests.video.player_tables import TABLE, rows, write_table

NAMES = FER2013.names


def unpacked(data: bytes) -> dict[str, Any]:
    """As pages/parts/common/review/player_table.js reads it."""
    length = int.from_bytes(data[:4], "little")
    head = json.loads(data[4 : 4 + length])
    found: dict[str, Any] = {key: head[key] for key in ("people", "emotions", "window")}
    for name, place in head["arrays"].items():
        start = 4 + length + place["at"]
        assert start % 8 == 0  # a browser reads arrays at multiples of their items' size only
        found[name] = np.frombuffer(data, np.dtype(f"<{place['type']}"), place["n"], start)
    return found


def test_the_player_gets_the_table() -> None:
    found = unpacked(player_data(build_view(TABLE)))
    assert found["people"] == [{"id": 1, "name": "Person 1"}, {"id": 2, "name": "Person 2"}]
    assert [e["name"] for e in found["emotions"]] == list(NAMES)
    assert found["emotions"][3]["colour"] == "#E69F00"
    assert found["time"].tolist() == [0.0, 0.5, 1.0, 1.5]
    assert found["first"].tolist() == [0, 1, 1, 3, 4]
    assert found["person"].tolist() == [1, 1, 2, 2]
    np.testing.assert_allclose(found["box"].reshape(-1, 4)[2], [0.4, 0.1, 0.5, 0.3], atol=1e-6)
    assert [NAMES[label] for label in found["label"]] == ["happy", "happy", "sad", "sad"]
    assert found["uncertain"].tolist() == [0, 1, 0, 0]
    assert found["counts"].tolist() == [1, 1, 1, 1]
    np.testing.assert_allclose(found["confidence"], [0.9, 0.3, 0.8, 0.7], atol=1e-6)
    happy = found["raw"].reshape(-1, 7)[:, NAMES.index("happy")]
    np.testing.assert_allclose(happy / 255, [0.9, 0.3, 0.2 / 6, 0.3 / 6], atol=0.5 / 255)
    assert found["smoothed"].shape == (28,)


def test_hidden_people_do_not_reach_the_browser() -> None:
    view = build_view(TABLE, people=[{"edit": "hide", "person": 1, "hidden": True}])
    found = unpacked(player_data(view))
    assert [person["id"] for person in found["people"]] == [2]
    assert found["person"].tolist() == [2, 2]
    assert found["time"].tolist() == [0.0, 0.5, 1.0, 1.5]
    assert found["first"].tolist() == [0, 0, 0, 1, 2]


@pytest.mark.parametrize("frames", [[], [(0.0, []), (1.0, [])]])
def test_a_video_without_a_face_can_be_played(frames: Any) -> None:
    found = unpacked(player_data(build_view(rows(*frames))))
    assert found["people"] == []
    assert len(found["time"]) == len(frames)
    assert found["box"].size == 0


def test_names_in_any_script_arrive() -> None:
    view = build_view(TABLE, people=[{"edit": "name", "person": 1, "name": "Žofie 李 <b>"}])
    assert unpacked(player_data(view))["people"][0]["name"] == "Žofie 李 <b>"


def test_everybody_is_listed_also_who_is_hidden() -> None:
    people = list_people(
        TABLE,
        [
            {"edit": "name", "person": 2, "name": "Ada"},
            {"edit": "hide", "person": 1, "hidden": True},
        ],
    )
    assert [(p.id, p.name, p.hidden) for p in people] == [(1, "Person 1", True), (2, "Ada", False)]
    assert people[0].seconds == pytest.approx(1.0)
    assert (people[1].first_s, people[1].last_s) == (1.0, 2.0)
    assert people[0].best_box.tolist() == [40.0, 10.0, 60.0, 30.0]
    assert list_people(rows((0.0, []))) == ()


def test_a_chart_has_as_many_moments_as_it_has_room_for() -> None:
    long = rows(*((i * 0.1, [(1, "happy", 0.9 if i < 500 else 0.5)]) for i in range(1000)))
    view = build_view(FrameTable(long.frames, {"source": {"duration_s": 100.0}}))
    moments, gap_s = timeline_moments(view, 50)
    assert len(moments) == 50
    assert gap_s == pytest.approx(5.0)
    happy = [scores[1][NAMES.index("happy")] for _, scores in moments]
    assert happy[0] == pytest.approx(0.9, abs=1e-5)
    assert happy[-1] == pytest.approx(0.5, abs=1e-5)
    few, _ = timeline_moments(build_view(TABLE), 480)
    assert [(time_s, sorted(scores)) for time_s, scores in few] == [
        (0.0, [1]), (1.0, [1, 2]), (1.5, [2]),
    ]  # fmt: skip
    assert timeline_moments(build_view(rows()))[0] == []


@pytest.fixture
def folder(tmp_path: Path) -> VideoFolder:
    found = VideoFolder(tmp_path / "video")
    found.path.mkdir()
    write_table(TABLE, found.frames)
    return found


def test_a_view_is_kept_until_something_changes(folder: VideoFolder) -> None:
    cache = ViewCache()
    first = cache.view(folder)
    assert cache.view(folder) is first
    assert cache.table(folder) is cache.table(folder)
    folder.people.name(1, "Ada")
    assert cache.view(folder).names == {1: "Ada", 2: "Person 2"}
    folder.markers.add(0.0, 1.0, kind="exclude")
    assert cache.view(folder).excluded == ((0.0, 1.0),)
    strict = cache.view(folder, ViewSettings(threshold=0.85))
    assert strict.frames["uncertain"].sum() == 3
    assert cache.view(folder, ViewSettings(threshold=0.85)) is strict
    with pytest.raises(VideoError, match="threshold: wanted a number from 0 to 1"):
        cache.view(folder, ViewSettings(threshold=7.0))


def test_only_some_views_are_kept(folder: VideoFolder) -> None:
    cache = ViewCache(max_kept=3)
    first = cache.view(folder)
    for threshold in (0.1, 0.2, 0.3):
        cache.view(folder, ViewSettings(threshold=threshold))
    assert cache.view(folder) is not first
    pd.testing.assert_frame_equal(cache.view(folder).frames, first.frames)


def test_without_a_table_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(VideoError):
        ViewCache().view(VideoFolder(tmp_path / "nothing"))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("b.mp4", {"options": {"bf": "3", "preset": "medium"}}),
        ("late.mp4", {"start_ms": 5000, "audio": "aac"}),
        ("uneven.mkv", {"times_ms": [0, 20, 30, 300, 301, 600, 640, 641, 700, 900, 1000, 1200]}),
        ("live.webm", {"codec": "libvpx", "format": "webm", "container_options": {"live": "1"}}),
        ("stream.ts", {"start_ms": 1400, "format": "mpegts"}),
    ],
)
def test_times_without_decoding_are_those_of_the_frames(
    tmp_path: Path, name: str, options: dict[str, Any]
) -> None:
    path = write_clip(tmp_path / name, [numbered(i) for i in range(12)], **options)
    decoded = [frame.timestamp_s for frame in iter_frames(path)]
    np.testing.assert_allclose(frame_times(path), decoded, atol=1e-9)
