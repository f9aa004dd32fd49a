"""Recordings: scores in, bounded memory, the same rows in every file."""

import csv
import io
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import av
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from emotion_core.emotions import FER2013, Emotion, LabelSet
from emotion_core.live import exports
from emotion_core.live.recording import Recording, ScoreSource
from emotion_core.live.session import LiveSession
from emotion_core.live.timeline import with_a_face
from emotion_core.live.trend import ScoreTrend
from emotion_core.types import FrameResult

MakeResult = Callable[..., FrameResult]
SOURCE = ScoreSource("compact", "raters", "libfacedetection")


def fill(recording: Recording, result: FrameResult, n: int, start_s: float = 50.0) -> None:
    for index in range(n):
        frame = replace(result, frame_index=index, timestamp_s=start_s + index / 10)
        recording.add(frame)


def finished(make_result: MakeResult, n: int = 25, block_rows: int = 8) -> Recording:
    recording = Recording(FER2013, SOURCE, block_rows=block_rows)
    result = make_result(("happy", 0.8), ("sad", 0.6))
    fill(recording, result, n)
    recording.stop()
    return recording


def test_every_file_holds_the_same_rows(make_result: MakeResult) -> None:
    recording = finished(make_result)
    rows = list(csv.DictReader(io.StringIO(exports.to_csv(recording).decode("utf-8"))))
    table = pd.read_parquet(io.BytesIO(exports.to_parquet(recording)))
    document = json.loads(exports.to_json(recording))
    assert len(rows) == len(table) == len(document["rows"]) == 50
    assert list(table.columns) == list(rows[0]) == document["columns"]
    assert list(table["emotion"]) == [row["emotion"] for row in rows] == ["happy", "sad"] * 25
    assert list(table["face"]) == [1, 2] * 25
    assert table["time_s"].iloc[-1] == pytest.approx(2.4)
    assert table[list(FER2013.names)].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-4)
    assert float(rows[0]["happy"]) == pytest.approx(0.8)
    assert set(table["model"]) == {"compact"}
    place = document["columns"].index("smoothed_sad")
    assert document["rows"][1][place] == pytest.approx(0.6)
    # The two share the time in which both are there, so that it adds up to the length.
    assert document["seconds_per_expression"] == pytest.approx({"happy": 1.2, "sad": 1.2})
    assert document["seconds"] == pytest.approx(2.4)


def test_memory_holds_one_block_and_the_rest_is_in_the_file(make_result: MakeResult) -> None:
    recording = Recording(FER2013, SOURCE, block_rows=16)
    fill(recording, make_result(("happy", 0.8)), 200)
    assert recording._block._time.nbytes == 16 * 8
    assert recording._file.seek(0, 2) > 0  # blocks were written before the end
    recording.stop()
    assert sum(len(table) for table in recording.tables()) == 200


def test_markers_stand_in_the_row_of_their_moment(make_result: MakeResult) -> None:
    recording = Recording(FER2013, SOURCE, block_rows=4)
    result = make_result(("happy", 0.8))
    fill(recording, result, 5)
    recording.mark("joke")
    recording.mark("")  # the same click once more
    fill(recording, result, 5, start_s=60.0)
    recording.mark("  ")
    recording.stop()
    table = pd.read_parquet(io.BytesIO(exports.to_parquet(recording)))
    assert table["marker"].tolist() == [*[""] * 4, "joke", *[""] * 4, "marked"]
    assert [marker.note for marker in recording.markers] == ["joke", ""]


def test_a_change_of_model_is_kept_row_by_row(make_result: MakeResult) -> None:
    recording = Recording(FER2013, SOURCE)
    result = make_result(("happy", 0.8))
    fill(recording, result, 2)
    recording.use(SOURCE)
    recording.use(ScoreSource("other", "fer2013", "haar"))
    fill(recording, result, 1, start_s=70.0)
    recording.stop()
    (table,) = recording.tables()
    assert table["model"].to_pylist() == ["compact", "compact", "other"]
    assert table["labels"].to_pylist() == ["raters", "raters", "fer2013"]
    assert table["detector"].to_pylist() == ["libfacedetection"] * 2 + ["haar"]


def test_other_labels_end_the_recording_with_a_reason(make_result: MakeResult) -> None:
    recording = Recording(LabelSet((Emotion.HAPPY, Emotion.SAD)), SOURCE)
    recording.add(make_result(("happy", 0.8)))
    assert "other expressions" in recording.problem
    assert recording.summary().rows == 0


def test_a_full_recording_says_so_and_keeps_what_it_has(make_result: MakeResult) -> None:
    recording = Recording(FER2013, SOURCE, max_rows=10)
    fill(recording, make_result(("happy", 0.8)), 30)
    recording.stop()
    assert "holds 10 rows" in recording.problem
    assert sum(len(table) for table in recording.tables()) == 10


def test_a_full_disk_never_reaches_the_video(
    make_result: MakeResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = Recording(FER2013, SOURCE, block_rows=2)

    def full(table: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recording._writer, "write_table", full)
    fill(recording, make_result(("happy", 0.8)), 9)
    assert "disk full" in recording.problem


def test_every_row_knows_the_size_of_its_frame(make_result: MakeResult) -> None:
    recording = Recording(FER2013, SOURCE, block_rows=2)
    sizes = [(640, 480), (480, 360), (320, 240), (480, 640)]
    for index, size_px in enumerate(sizes):
        tops = [("happy", 0.8)] * (index % 3)  # the first and the last frame are without a face
        fill(recording, make_result(*tops, size_px=size_px), 1, start_s=50.0 + index)
    recording.stop()
    wanted = [(640, 480), (480, 360), (320, 240), (320, 240), (480, 640)]
    table, rows, document = read(recording)
    assert list(zip(table["width"], table["height"], strict=True)) == wanted
    assert [(int(row["width"]), int(row["height"])) for row in rows] == wanted
    width, height = (document["columns"].index(name) for name in ("width", "height"))
    assert [(row[width], row[height]) for row in document["rows"]] == wanted


def read(recording: Recording) -> tuple[pd.DataFrame, list[dict[str, str]], dict[str, Any]]:
    """The Parquet, the CSV and the JSON of a recording."""
    return (
        pd.read_parquet(io.BytesIO(exports.to_parquet(recording))),
        list(csv.DictReader(io.StringIO(exports.to_csv(recording).decode("utf-8")))),
        json.loads(exports.to_json(recording)),
    )


def test_a_frame_without_a_face_is_a_row_with_empty_columns(make_result: MakeResult) -> None:
    recording = Recording(FER2013, SOURCE, block_rows=3)
    for index, tops in enumerate([(), (("happy", 0.8),), (), (), (("sad", 0.7),)]):
        fill(recording, make_result(*tops), 1, start_s=50.0 + index / 10)
    recording.mark("left")
    recording.stop()
    table, rows, document = read(recording)
    kept = {"time_s", "frame", "width", "height", "model", "labels", "detector", "marker"}
    of_faces = [name for name in table.columns if name not in kept]
    assert {"face", "emotion", "uncertain", "x0", "happy", "smoothed_sad"} <= set(of_faces)
    empty = [True, False, True, True, False]
    for name in of_faces:
        assert table[name].isna().tolist() == empty, name
        assert [row[name] == "" for row in rows] == empty, name
        place = document["columns"].index(name)
        assert [row[place] is None for row in document["rows"]] == empty, name
    assert table[list(kept)].notna().all(axis=None)
    assert all(row[name] for row in rows for name in kept - {"marker"})
    # Whole numbers stay whole, and the words are those of files without such rows.
    assert [row["face"] for row in rows] == ["", "1", "", "", "1"]
    assert [row["uncertain"] for row in rows] == ["", "False", "", "", "False"]
    assert table["emotion"].dropna().tolist() == ["happy", "sad"]
    assert rows[4]["marker"] == "left"


def test_rows_without_a_face_are_no_faces_in_figures_and_charts(make_result: MakeResult) -> None:
    recording = Recording(FER2013, SOURCE)
    fill(recording, make_result(("happy", 0.8)), 11)
    fill(recording, make_result(), 40, start_s=51.1)
    fill(recording, make_result(("happy", 0.8)), 11, start_s=55.1)
    summary = recording.summary()
    assert (summary.frames, summary.rows, summary.faces) == (62, 62, 1)
    assert summary.time == pytest.approx({"happy": 2.1, "no face": 4.0})
    assert with_a_face(summary.time) == pytest.approx(2.1)
    points = recording.trend.points()
    times = [time_s for time_s, _ in points]
    assert max(np.diff(times)) > recording.trend.gap_s  # the chart breaks there
    assert sorted(np.diff(times))[-2] < recording.trend.gap_s
    assert all(row[FER2013.index("happy")] == pytest.approx(0.8) for _, row in points)


def test_an_empty_room_is_rows_without_faces(make_result: MakeResult) -> None:
    recording = Recording(FER2013, SOURCE, max_rows=7)
    fill(recording, make_result(), 9)
    recording.stop()
    assert "holds 7 rows" in recording.problem
    assert recording.summary().faces == 0
    table, rows, document = read(recording)
    assert len(table) == len(rows) == len(document["rows"]) == 7
    assert table["face"].isna().all()


def test_nothing_recorded_makes_whole_files(make_result: MakeResult) -> None:
    recording = Recording(FER2013, SOURCE)
    recording.stop()
    table, rows, document = read(recording)
    assert len(table) == len(rows) == len(document["rows"]) == 0
    assert "emotion" in table.columns
    assert document["seconds_per_expression"] == {}


def test_the_states_of_ten_seconds_with_a_gap_add_up_to_its_length(
    make_result: MakeResult,
) -> None:
    """10.1 s: happy, unclear, nobody, 1.2 s without a frame, then two at once."""
    recording = Recording(FER2013, SOURCE)
    happy, both = make_result(("happy", 0.9)), make_result(("happy", 0.9), ("sad", 0.6))
    unclear = happy.decided(0.95)
    for start_s, end_s, result in (
        (0.0, 3.0, happy), (3.0, 5.0, unclear), (5.0, 7.0, make_result()), (8.2, 10.1, both),
    ):  # fmt: skip
        for time_s in np.linspace(start_s, end_s, 31):
            recording.add(replace(result, timestamp_s=40.0 + float(time_s)))
    recording.stop()
    summary = recording.summary()
    assert summary.seconds == pytest.approx(10.1, abs=1e-6)
    assert summary.time == pytest.approx(
        {"happy": 3.95, "sad": 0.95, "uncertain": 2.0, "no face": 2.0, "no frame": 1.2}, abs=1e-6
    )
    document = json.loads(exports.to_json(recording))
    times = document["seconds_per_expression"]
    assert sum(times.values()) == pytest.approx(document["seconds"], abs=1e-6)
    assert sum(times.values()) == pytest.approx(10.1, abs=1e-6)


def test_the_files_say_what_their_rows_are(make_result: MakeResult) -> None:
    recording = finished(make_result)
    notes = "\n".join(json.loads(exports.to_json(recording))["notes"])
    metadata = pq.read_schema(io.BytesIO(exports.to_parquet(recording))).metadata
    assert metadata[b"notes"].decode("utf-8") == notes
    for word in ("without a face", "no frame", "width and height", "add up to the length"):
        assert word in notes


def test_a_confidence_that_no_detector_gave_is_empty_in_json(make_result: MakeResult) -> None:
    recording = Recording(FER2013, SOURCE)
    result = make_result(("happy", 0.8))
    unknown = replace(result.detections, confidences=np.full(1, np.nan, np.float32))
    fill(recording, replace(result, detections=unknown), 2)
    recording.stop()
    text = exports.to_json(recording).decode("utf-8")
    assert "NaN" not in text
    assert json.loads(text)["rows"][0].count(None) == 1


def test_a_running_recording_cannot_be_read() -> None:
    with pytest.raises(RuntimeError, match="Stop it first"):
        next(Recording(FER2013, SOURCE).tables())


def test_a_session_records_while_the_page_marks_and_stops(
    fixed_detector: Any, classifier: Any, camera: Callable[..., av.VideoFrame]
) -> None:
    live = LiveSession(fixed_detector, classifier)
    recording = Recording(FER2013, SOURCE, block_rows=8)
    live.process(camera(0))
    live.record(recording)
    thread = threading.Thread(target=lambda: [live.process(camera(i)) for i in range(1, 26)])
    thread.start()
    for number in range(5):
        recording.mark(str(number))
    thread.join()
    live.record(None)
    live.process(camera(26))
    recording.stop()
    recording.stop()
    (times,) = (np.concatenate([t["time_s"].to_numpy() for t in recording.tables()]),)
    # Less than a second of the camera: further ahead of real time its clock is not believed.
    assert len(times) == 25
    assert times[0] == 0
    assert (np.diff(times) > 0).all()
    assert len(recording.markers) == 5


def test_a_trend_of_hours_stays_small_and_keeps_its_mean(make_result: MakeResult) -> None:
    trend = ScoreTrend(FER2013)
    result = make_result(("happy", 0.8))
    for second in range(0, 3 * 3600, 5):
        trend.add(float(second), result)
    points = trend.points()
    assert 100 <= len(points) <= 240
    assert points[-1][0] == pytest.approx(3 * 3600, rel=0.02)
    for _, shares in points:
        assert shares[FER2013.index("happy")] == pytest.approx(0.8)
