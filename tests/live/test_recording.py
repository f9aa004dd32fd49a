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
import pytest

from emotion_core.emotions import FER2013, Emotion, LabelSet
from emotion_core.types import FrameResult
from pages.shared.live import exports
from pages.shared.live.recording import Recording
from pages.shared.live.session import LiveSession
from pages.shared.live.trend import ScoreTrend

MakeResult = Callable[..., FrameResult]
SOURCE = ("compact", "libfacedetection")


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
    assert document["seconds_per_expression"]["happy"] == pytest.approx(2.4, abs=0.01)


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
    recording.use(("other", "haar"))
    fill(recording, result, 1, start_s=70.0)
    recording.stop()
    (table,) = recording.tables()
    assert table["model"].to_pylist() == ["compact", "compact", "other"]
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


def test_without_a_face_files_are_empty_and_whole(make_result: MakeResult) -> None:
    recording = Recording(FER2013, SOURCE)
    fill(recording, make_result(), 5)
    recording.stop()
    assert recording.summary().frames == 5
    assert "emotion" in exports.to_csv(recording).decode("utf-8")
    assert json.loads(exports.to_json(recording))["rows"] == []
    assert len(pd.read_parquet(io.BytesIO(exports.to_parquet(recording)))) == 0


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
