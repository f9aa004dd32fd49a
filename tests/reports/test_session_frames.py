"""Tables become sessions: of videos, live recordings and photos, with names and with gaps."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from emotion_core.errors import ReportError
from emotion_core.live import timeline
from emotion_core.reports.session_frames import MAX_GAP_S, build_session, complete_frames
from emotion_core.video.markers import EXCLUDE, Marker
from emotion_core.video.summary import summarize
from tests.reports.sessions import session, two_people
from tests.video.tables import happy, sad, write_table


def test_a_session_takes_its_name_and_people_from_the_table(tmp_path: Path) -> None:
    found = session(tmp_path, two_people(), names=["Ann"])
    assert found.name == "s1.mp4"
    assert found.view.names == {1: "Ann", 2: "Person 2"}
    assert found.view.window == (0.0, 10.0)


@pytest.mark.parametrize("form", [pd.DataFrame, pa.Table])
def test_rows_come_in_as_pandas_or_arrow(tmp_path: Path, form: type) -> None:
    frames = session(tmp_path, two_people()).view.frames
    table = frames if form is pd.DataFrame else pa.Table.from_pandas(frames, preserve_index=False)
    found = build_session(table, id="x", metadata={"source": {"duration_s": 10.0}})
    assert summarize(found.view) == summarize(session(tmp_path, two_people()).view)


def test_names_in_the_rows_are_people_whatever_their_tracks(tmp_path: Path) -> None:
    frames = session(tmp_path, two_people()).view.frames.copy()
    late = frames["time_s"] >= 5
    frames.loc[late & (frames["track"] == 1), "person"] = "Ann"
    frames.loc[frames["track"] == 2, "person"] = "Ben"
    found = build_session(frames, id="x")
    people = {p["name"]: p for p in summarize(found.view)["per_person"]}
    assert set(people) == {"Person 1", "Ann", "Ben"}
    assert people["Person 1"]["share"]["happy"] == 1.0
    assert people["Ann"]["share"]["sad"] == 1.0
    assert people["Ben"]["tracks"] == [2]


def test_people_of_one_name_are_one(tmp_path: Path) -> None:
    found = session(tmp_path, two_people(), names=["Ann", "Ann"])
    assert list(found.view.names.values()) == ["Ann"]


def test_columns_that_nothing_needs_may_be_missing(tmp_path: Path) -> None:
    frames = session(tmp_path, two_people()).view.frames
    lean = frames.drop(columns=["shot", "nose_x", "nose_y", "width", "person", "face"])
    found = build_session(lean.sample(frac=1, random_state=0), id="x")
    assert summarize(found.view)["per_person"][0]["share"]["happy"] == 0.5
    assert complete_frames(lean)["time_s"].is_monotonic_increasing


def test_a_table_without_scores_is_refused(tmp_path: Path) -> None:
    frames = session(tmp_path, two_people()).view.frames.drop(
        columns=["smoothed_sad", "confidence"]
    )
    with pytest.raises(ReportError, match=r"Missing: confidence$"):
        build_session(frames, id="x")
    with pytest.raises(ReportError, match="Missing: frame"):
        build_session(pd.DataFrame({"a": [1]}), id="x")
    with pytest.raises(ReportError, match="Columns of smoothed scores: Unknown emotion"):
        build_session(pd.DataFrame({"smoothed_bored": [1]}), id="x")


def test_an_unknown_kind_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"wanted one of photos, live, video\. Received: 'film'"):
        session(tmp_path, two_people(), kind="film")


def test_what_was_not_seen_in_a_gap_of_a_live_recording_does_not_count(tmp_path: Path) -> None:
    frames = [(i * 0.1, [happy()]) for i in range(10)] + [
        (60 + i * 0.1, [sad()]) for i in range(10)
    ]
    table = write_table(tmp_path / "f.parquet", frames)
    video = summarize(build_session(table, id="x").view)["per_person"][0]
    live = summarize(build_session(table, id="x", kind="live").view)["per_person"][0]
    assert video["time"]["happy"] == pytest.approx(60)
    assert timeline.MAX_GAP_S == MAX_GAP_S
    assert live["time"]["happy"] == pytest.approx(1)
    assert live["share"]["sad"] == pytest.approx(0.5)


def test_photos_count_one_each_whatever_their_times(tmp_path: Path) -> None:
    table = write_table(tmp_path / "f.parquet", [(0.0, [happy()]), (1e-3, [sad()]), (99.0, [])])
    photos = build_session(table, id="x", kind="photos")
    figures = summarize(photos.view)
    assert photos.unit == "photos"
    assert (figures["seconds"], figures["per_person"][1:]) == (3.0, [])
    assert figures["per_person"][0]["time"]["happy"] == 1.0


def test_an_interval_outside_is_refused_and_exclusions_stay(tmp_path: Path) -> None:
    found = session(tmp_path, two_people(), markers=[Marker("a", 0, 2.5, "", EXCLUDE)])
    part = found.within(0, 5)
    assert summarize(part.view)["seconds"] == 2.5
    for start, end in ((11, 12), (5, 5), (6, 5), (float("nan"), 5)):
        with pytest.raises(ReportError, match="wanted an interval within 0 to 10 s"):
            found.within(start, end)


def test_an_empty_table_is_a_session_of_nobody(tmp_path: Path) -> None:
    for kind in ("video", "live", "photos"):
        assert session(tmp_path, [], kind=kind).view.names == {}
