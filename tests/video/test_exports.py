"""What is handed out is what is seen, in forms that other programs read."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from emotion_core.video import exports
from emotion_core.video.events import find_events
from emotion_core.video.frame_table import FrameTable, read_frame_table
from emotion_core.video.markers import EXCLUDE, MARKER, Marker
from emotion_core.video.people import PeopleEdit
from emotion_core.video.view import VideoView, build_view
from tests.video.tables import happy, sad, write_table

MARKERS = (
    Marker("a", 0.1, None, '=HYPERLINK("x")', MARKER),
    Marker("b", 0.55, 0.7, "noise, loud", EXCLUDE),
)


@pytest.fixture
def table(tmp_path: Path) -> FrameTable:
    frames = [
        (0.0, []), (0.2, [happy(1), sad(2, x=100)]), (0.4, [happy(1)]), (0.6, [happy(1)]),
        (0.8, []),
    ]  # fmt: skip
    return write_table(tmp_path / "t.parquet", frames, source={"name": "a.mp4", "duration_s": 1.0})


@pytest.fixture
def view(table: FrameTable) -> VideoView:
    edits: list[PeopleEdit] = [
        {"edit": "name", "person": 1, "name": "=Anna <b>&"},
        {"edit": "name", "person": 2, "name": "Bo --> 1"},
    ]
    return build_view(table, people=edits, markers=MARKERS)


def test_csv(view: VideoView) -> None:
    rows = list(csv.DictReader(io.StringIO(exports.to_csv(view).decode())))
    assert [row["frame"] for row in rows] == ["0", "1", "1", "2", "3", "4"]
    assert rows[1]["track"] == "1"  # not 1.0
    assert rows[1]["person"] == "'=Anna <b>&"  # no formula
    assert rows[1]["happy"] == "0.9"
    assert rows[1]["uncertain"] == "False"
    assert rows[0]["x0"] == rows[0]["track"] == rows[0]["expression"] == ""
    assert [row["excluded"] for row in rows] == ["False"] * 4 + ["True", "False"]
    assert not {"counts", "seconds", "person_id"} & set(rows[0])


def test_parquet_is_a_frame_table(view: VideoView, table: FrameTable, tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    path.write_bytes(exports.to_parquet(view, table))
    found = read_frame_table(path)
    assert found.metadata["source"]["name"] == "a.mp4"
    assert found.frames["person"].dropna().unique().tolist() == ["=Anna <b>&", "Bo --> 1"]
    assert found.label_set == table.label_set
    plain = pq.read_table(path).to_pandas()
    pd.testing.assert_series_equal(plain["happy"], table.frames["happy"])


def test_json_lines(view: VideoView) -> None:
    frames = [json.loads(line) for line in exports.to_json_lines(view).splitlines()]
    assert [frame["time_s"] for frame in frames] == [0.0, 0.2, 0.4, 0.6, 0.8]
    assert [len(frame["faces"]) for frame in frames] == [0, 2, 1, 1, 0]
    face = frames[1]["faces"][1]
    assert (face["track"], face["person"], face["expression"]) == (2, "Bo --> 1", "sad")
    assert face["box"] == [100.0, 10.0, 140.0, 60.0]
    assert sum(face["scores"].values()) == pytest.approx(1, abs=1e-5)
    assert set(face["landmarks"]) == {"right_eye", "left_eye", "nose", "mouth_right", "mouth_left"}
    assert [frame["excluded"] for frame in frames] == [False, False, False, True, False]


def test_subtitles(view: VideoView) -> None:
    text = exports.to_webvtt(view).decode()
    blocks = text.strip().split("\n\n")
    assert blocks[0] == "WEBVTT"
    assert blocks[1].splitlines() == [
        "1",
        "00:00:00.200 --> 00:00:00.550",
        "<v =Anna &lt;b&gt;&amp;>=Anna &lt;b&gt;&amp;: happy (90 %)",
    ]
    # A name cannot end a cue.
    assert "Bo --&gt; 1: sad (80 %)" in blocks[2]
    assert text.count("-->") == 2


def test_subtitles_of_an_hour_and_of_nobody(tmp_path: Path) -> None:
    late = write_table(tmp_path / "l.parquet", [(3725.5, [happy()]), (3726.0, [])])
    assert (
        "01:02:05.500 --> 01:02:06.000\nhappy (90 %)"
        in exports.to_webvtt(build_view(late)).decode()
    )
    nobody = write_table(tmp_path / "n.parquet", [(0.0, []), (0.2, [])])
    assert exports.to_webvtt(build_view(nobody)) == b"WEBVTT\n\n"


@pytest.mark.parametrize(
    "export", [exports.to_csv, exports.to_json_lines, exports.to_webvtt], ids=lambda e: e.__name__
)
def test_a_table_without_rows(tmp_path: Path, export: Callable[[VideoView], bytes]) -> None:
    assert isinstance(export(build_view(write_table(tmp_path / "e.parquet", []))), bytes)


def test_markers_and_events(view: VideoView) -> None:
    rows = list(csv.reader(io.StringIO(exports.markers_to_csv(MARKERS).decode())))
    assert rows[0] == ["start_s", "end_s", "kind", "text"]
    assert rows[1] == ["0.1", "", "marker", '\'=HYPERLINK("x")']
    assert rows[2] == ["0.55", "0.7", "exclude", "noise, loud"]
    events = list(csv.DictReader(io.StringIO(exports.events_to_csv(find_events(view)).decode())))
    assert [(e["expression"], e["onset_s"]) for e in events] == [("happy", "0.2"), ("sad", "0.2")]


def test_figures_say_where_they_come_from(view: VideoView, table: FrameTable) -> None:
    found = json.loads(exports.summary_to_json(view, table, MARKERS))
    assert found["source"]["name"] == "a.mp4"
    assert found["people"] == 2
    assert len(found["events"]) == 2
    assert [marker["id"] for marker in found["markers"]] == ["a", "b"]
