"""Recordings: scores in, the same rows in every file, figures that add up."""

import csv
import io
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from emotion_core.emotions import FER2013
from emotion_core.live import exports, recorded
from emotion_core.live.recorded import Recorded, ScoreSource, file_rows, summarise
from emotion_core.live.session import LiveSession
from emotion_core.live.timeline import ExpressionTime, with_a_face
from emotion_core.live.trend import ScoreTrend
from emotion_core.store.recorder import Recorder
from emotion_core.types import FrameResult
from tests.live.recordings import SOURCE, begin
from tests.live.recordings import recorded as recorded_of

MakeResult = Callable[..., FrameResult]
#: The columns of the files since version 0.2; people's scripts read them.
COLUMNS = [
    "time_s", "frame", "width", "height", "face", "emotion", "uncertain", "x0", "y0", "x1", "y1",
    "detector_confidence", "confidence", *FER2013.names, *(f"smoothed_{n}" for n in FER2013.names),
    "model", "labels", "detector", "marker",
]  # fmt: skip


def fill(recording: Recorder, result: FrameResult, n: int, start_s: float = 50.0) -> None:
    for index in range(n):
        recording.add(replace(result, frame_index=index, timestamp_s=start_s + index / 10))


def read(left: Recorded) -> tuple[pd.DataFrame, list[dict[str, str]], dict[str, Any]]:
    """The Parquet, the CSV and the JSON of a recording."""
    return (
        pd.read_parquet(io.BytesIO(exports.to_parquet(left))),
        list(csv.DictReader(io.StringIO(exports.to_csv(left).decode("utf-8")))),
        json.loads(exports.to_json(left)),
    )


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are written a few rows at a time, so that what lies between two pieces is seen."""
    monkeypatch.setattr(recorded, "_FILE_ROWS", 3)


def test_every_file_holds_the_same_rows(make_result: MakeResult, tmp_path: Path) -> None:
    recording = begin(tmp_path)
    fill(recording, make_result(("happy", 0.8), ("sad", 0.6)), 25)
    left = recorded_of(recording, tmp_path)
    table, rows, document = read(left)
    assert len(rows) == len(table) == len(document["rows"]) == 50
    assert list(table.columns) == list(rows[0]) == document["columns"] == COLUMNS
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


def test_markers_stand_in_the_row_of_their_moment(make_result: MakeResult, tmp_path: Path) -> None:
    recording = begin(tmp_path)
    result = make_result(("happy", 0.8))
    fill(recording, result, 5)
    recording.mark("joke")
    recording.mark("")  # the same click once more
    fill(recording, result, 5, start_s=60.0)
    recording.mark("  ")
    left = recorded_of(recording, tmp_path)
    table, _, document = read(left)
    assert table["marker"].tolist() == [*[""] * 4, "joke", *[""] * 4, "marked"]
    assert [marker["note"] for marker in document["markers"]] == ["joke", ""]


def test_a_change_of_model_is_kept_row_by_row(make_result: MakeResult, tmp_path: Path) -> None:
    recording = begin(tmp_path)
    result = make_result(("happy", 0.8))
    fill(recording, result, 4)
    recording.use(*_used(SOURCE), labels=SOURCE.labels)
    other = ScoreSource("other", "fer2013", "haar")
    recording.use(*_used(other), labels=other.labels)
    fill(recording, result, 1, start_s=70.0)
    table, _, document = read(recorded_of(recording, tmp_path))
    assert table["model"].tolist() == ["compact"] * 4 + ["other"]
    assert table["labels"].tolist() == ["raters"] * 4 + ["fer2013"]
    assert table["detector"].tolist() == ["libfacedetection"] * 4 + ["haar"]
    assert document["models"] == ["compact", "other"]


def _used(source: ScoreSource) -> tuple[str, str]:
    return source.model, source.detector


def test_every_row_knows_the_size_of_its_frame(make_result: MakeResult, tmp_path: Path) -> None:
    recording = begin(tmp_path)
    sizes = [(640, 480), (480, 360), (320, 240), (480, 640)]
    for index, size_px in enumerate(sizes):
        tops = [("happy", 0.8)] * (index % 3)  # the first and the last frame are without a face
        fill(recording, make_result(*tops, size_px=size_px), 1, start_s=50.0 + index)
    wanted = [(640, 480), (480, 360), (320, 240), (320, 240), (480, 640)]
    table, rows, document = read(recorded_of(recording, tmp_path))
    assert list(zip(table["width"], table["height"], strict=True)) == wanted
    assert [(int(row["width"]), int(row["height"])) for row in rows] == wanted
    width, height = (document["columns"].index(name) for name in ("width", "height"))
    assert [(row[width], row[height]) for row in document["rows"]] == wanted


def test_a_frame_without_a_face_is_a_row_with_empty_columns(
    make_result: MakeResult, tmp_path: Path
) -> None:
    recording = begin(tmp_path)
    for index, tops in enumerate([(), (("happy", 0.8),), (), (), (("sad", 0.7),)]):
        fill(recording, make_result(*tops), 1, start_s=50.0 + index / 10)
    recording.mark("left")
    table, rows, document = read(recorded_of(recording, tmp_path))
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


def test_rows_without_a_face_are_no_faces_in_figures_and_charts(
    make_result: MakeResult, tmp_path: Path
) -> None:
    recording = begin(tmp_path)
    fill(recording, make_result(("happy", 0.8)), 11)
    fill(recording, make_result(), 40, start_s=51.1)
    fill(recording, make_result(("happy", 0.8)), 11, start_s=55.1)
    summary = summarise(recorded_of(recording, tmp_path))
    assert (summary.frames, summary.rows, summary.faces) == (62, 62, 1)
    assert summary.time == pytest.approx({"happy": 2.1, "no face": 4.0})
    assert with_a_face(summary.time) == pytest.approx(2.1)
    points = summary.trend.points()
    times = [time_s for time_s, _ in points]
    assert max(np.diff(times)) > summary.trend.gap_s  # the chart breaks there
    assert sorted(np.diff(times))[-2] < summary.trend.gap_s
    assert all(row[FER2013.index("happy")] == pytest.approx(0.8) for _, row in points)


def test_an_empty_room_is_rows_without_faces(make_result: MakeResult, tmp_path: Path) -> None:
    recording = begin(tmp_path)
    fill(recording, make_result(), 9)
    left = recorded_of(recording, tmp_path)
    assert summarise(left).faces == 0
    assert summarise(left).trend.points() == []
    table, rows, document = read(left)
    assert len(table) == len(rows) == len(document["rows"]) == 9
    assert table["face"].isna().all()


def test_nothing_recorded_makes_whole_files(tmp_path: Path) -> None:
    left = recorded_of(begin(tmp_path), tmp_path)
    table, rows, document = read(left)
    assert len(table) == len(rows) == len(document["rows"]) == 0
    assert list(table.columns) == COLUMNS
    assert document["seconds_per_expression"] == {}
    assert (document["seconds"], document["frames"]) == (0, 0)


def test_the_states_of_ten_seconds_with_a_gap_add_up_to_its_length(
    make_result: MakeResult, tmp_path: Path
) -> None:
    """10.1 s: happy, unclear, nobody, 1.2 s without a frame, then two at once."""
    recording, live = begin(tmp_path), ExpressionTime()
    happy, both = make_result(("happy", 0.9)), make_result(("happy", 0.9), ("sad", 0.6))
    unclear = happy.decided(0.95)
    for start_s, end_s, result in (
        (0.0, 3.0, happy), (3.0, 5.0, unclear), (5.0, 7.0, make_result()), (8.2, 10.1, both),
    ):  # fmt: skip
        # Each part in a file of its own, and what lies between two is not lost.
        recording._flush()
        for time_s in np.linspace(start_s, end_s, 31)[1 if start_s in (3.0, 5.0) else 0 :]:
            frame = replace(result, timestamp_s=40.0 + float(time_s))
            recording.add(frame)
            live.add(frame)
    left = recorded_of(recording, tmp_path)
    summary = summarise(left)
    assert summary.seconds == pytest.approx(10.1, abs=1e-6)
    assert summary.time == pytest.approx(
        {"happy": 3.95, "sad": 0.95, "uncertain": 2.0, "no face": 2.0, "no frame": 1.2}, abs=1e-6
    )
    # What the page counted while it passed.
    assert summary.time == pytest.approx(live.seconds(), abs=1e-6)
    document = json.loads(exports.to_json(left))
    times = document["seconds_per_expression"]
    assert sum(times.values()) == pytest.approx(document["seconds"], abs=1e-6)
    assert sum(times.values()) == pytest.approx(10.1, abs=1e-6)


def test_the_files_say_what_their_rows_are(make_result: MakeResult, tmp_path: Path) -> None:
    recording = begin(tmp_path)
    fill(recording, make_result(("happy", 0.8)), 2)
    left = recorded_of(recording, tmp_path)
    notes = "\n".join(json.loads(exports.to_json(left))["notes"])
    metadata = pq.read_schema(io.BytesIO(exports.to_parquet(left))).metadata
    assert metadata[b"notes"].decode("utf-8") == notes
    for word in ("without a face", "no frame", "width and height", "add up to the length"):
        assert word in notes


def test_a_confidence_that_no_detector_gave_is_empty_in_json(
    make_result: MakeResult, tmp_path: Path
) -> None:
    recording = begin(tmp_path)
    result = make_result(("happy", 0.8))
    unknown = replace(result.detections, confidences=np.full(1, np.nan, np.float32))
    fill(recording, replace(result, detections=unknown), 2)
    text = exports.to_json(recorded_of(recording, tmp_path)).decode("utf-8")
    assert "NaN" not in text
    assert json.loads(text)["rows"][0].count(None) == 1


def test_a_session_records_while_the_page_marks_and_stops(
    fixed_detector: Any, classifier: Any, camera: Callable[..., av.VideoFrame], tmp_path: Path
) -> None:
    live = LiveSession(fixed_detector, classifier, source=SOURCE)
    recording = begin(tmp_path)
    live.process(camera(0))
    live.record(recording)
    thread = threading.Thread(target=lambda: [live.process(camera(i)) for i in range(1, 26)])
    thread.start()
    for number in range(5):
        recording.mark(str(number))
    thread.join()
    live.record(None)
    live.process(camera(26))
    left = recorded_of(recording, tmp_path)
    times = np.concatenate([t["time_s"].to_numpy() for t in file_rows(left)])
    # Less than a second of the camera: further ahead of real time its clock is not believed.
    assert len(times) == 25
    assert times[0] == 0
    assert (np.diff(times) > 0).all()
    assert len(left.markers) == 5


def test_a_frame_goes_under_the_name_of_what_read_it(
    fixed_detector: Any, classifier: Any, camera: Callable[..., av.VideoFrame], tmp_path: Path
) -> None:
    live = LiveSession(fixed_detector, classifier, source=SOURCE)
    recording = begin(tmp_path)
    live.record(recording)
    predict = classifier.predict

    def slow(images: Any) -> Any:
        # The page asks for another model while the old one still reads this frame.
        live.change(classifier=classifier, source=ScoreSource("other", "fer2013", "haar"))
        classifier.predict = predict
        return predict(images)

    live.process(camera(0))
    classifier.predict = slow
    live.process(camera(1))
    live.process(camera(2))
    (left,) = (recorded_of(recording, tmp_path),)
    models = [name for table in file_rows(left) for name in table["model"].to_pylist()]
    assert models == ["compact", "compact", "other"]


def test_a_trend_of_hours_stays_small_and_keeps_its_mean() -> None:
    trend = ScoreTrend(FER2013)
    scores = np.full((1, 7), 0.2 / 6)
    scores[0, FER2013.index("happy")] = 0.8
    for second in range(0, 3 * 3600, 50):
        times = np.arange(second, second + 50, 5, dtype=np.float64)
        trend.add(times, np.repeat(scores, len(times), axis=0))
    points = trend.points()
    assert 100 <= len(points) <= 240
    assert points[-1][0] == pytest.approx(3 * 3600, rel=0.02)
    for _, shares in points:
        assert shares[FER2013.index("happy")] == pytest.approx(0.8)
