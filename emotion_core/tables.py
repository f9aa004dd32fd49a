"""Results -> rows, tables and files: the forms that the photos page and ``analyze`` hand out.

pandas and pyarrow are imported where they are used: the JSON forms do not need them.
"""

import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from emotion_core.emotions import FER2013, LabelSet
from emotion_core.files.csv_cells import csv_safe_frame as csv_safe_frame
from emotion_core.types import FrameResult

if TYPE_CHECKING:
    import pandas as pd

#: Columns of a table of faces before the scores, with the pandas type of each.
_BEFORE_SCORES = {
    "source": "str",
    "face": "int64",
    "x0": "float64",
    "y0": "float64",
    "x1": "float64",
    "y1": "float64",
    "detector_confidence": "float64",
    "emotion": "str",
    "confidence": "float64",
    "uncertain": "bool",
}
#: Columns after the scores: which model and detector gave the prediction, and whose labels the
#: model was asked for.
_AFTER_SCORES = {"model": "str", "labels": "str", "detector": "str"}

# Enough for a pixel's hundredth and for scores whose sum stays within 1e-5 of 1.
_PIXEL_DIGITS = 2
_SCORE_DIGITS = 6


def face_columns(label_set: LabelSet = FER2013) -> tuple[str, ...]:
    """The columns of a table of faces, in order: one row is one face."""
    return (*_BEFORE_SCORES, *label_set.names, *_AFTER_SCORES)


def face_column_types(label_set: LabelSet = FER2013) -> dict[str, str]:
    """{column: its pandas type} of a table of faces, in order."""
    return {**_BEFORE_SCORES, **dict.fromkeys(label_set.names, "float64"), **_AFTER_SCORES}


def results_to_records(
    source: str, result: FrameResult, model: str, detector: str, labels: str = ""
) -> list[dict[str, Any]]:
    """One row per face of a picture, with the columns of ``face_columns``.

    Args:
        source: the picture's name or path.
        result: what the pipeline found in it.
        model: name of the model that gave the scores.
        detector: name of the detector that gave the boxes.
        labels: whose labels the model predicts; empty where nobody knows.
    """
    records = []
    for face in _faces(result):
        x0, y0, x1, y1 = face["box"]
        records.append(
            {
                "source": source,
                "face": face["face"],
                "x0": x0,
                "y0": y0,
                "x1": x1,
                "y1": y1,
                "detector_confidence": face["detector_confidence"],
                "emotion": face["emotion"],
                "confidence": face["confidence"],
                "uncertain": face["uncertain"],
                **face["scores"],
                "model": model,
                "labels": labels,
                "detector": detector,
            }
        )
    return records


def records_to_frame(
    records: Sequence[Mapping[str, Any]], label_set: LabelSet = FER2013
) -> "pd.DataFrame":
    """A table of faces; without any face it still has its columns and their types."""
    import pandas as pd

    types = face_column_types(label_set)
    return pd.DataFrame(list(records), columns=list(types)).astype(types)


def to_csv_bytes(frame: "pd.DataFrame") -> bytes:
    """A table as UTF-8 CSV with a header, without the index and without formulas."""
    text = csv_safe_frame(frame).to_csv(index=False, lineterminator="\n")
    return str(text).encode("utf-8")


def to_parquet_bytes(frame: "pd.DataFrame") -> bytes:
    """A table as a Parquet file without the index."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False, engine="pyarrow")
    return buffer.getvalue()


def to_json_bytes(document: Mapping[str, Any]) -> bytes:
    """A document as indented UTF-8 JSON that ends with a line break."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8")


def result_entry(source: str, result: FrameResult) -> dict[str, Any]:
    """What the JSON forms say of one picture: its size and its faces."""
    width, height = result.size_px
    return {
        "source": source,
        "width": int(width),
        "height": int(height),
        "rotation_deg": int(result.rotation_deg),
        "faces": _faces(result),
    }


def error_entry(source: str, error: str) -> dict[str, str]:
    """What the JSON forms say of an input that failed."""
    return {"source": source, "error": error}


def analysis_document(
    model: str,
    detector: str,
    results: Iterable[tuple[str, FrameResult]],
    errors: Iterable[tuple[str, str]] = (),
    labels: str = "",
) -> dict[str, Any]:
    """The JSON document of ``analyze`` and of the photos page.

    Args:
        model: name of the model that gave the scores.
        detector: name of the detector that gave the boxes.
        results: (source, result) of each picture that could be read.
        errors: (source, what was wrong) of each input that could not.
        labels: whose labels the model predicts; empty where nobody knows.
    """
    return {
        "model": model,
        "labels": labels,
        "detector": detector,
        "results": [result_entry(source, result) for source, result in results],
        "errors": [error_entry(source, error) for source, error in errors],
    }


def _faces(result: FrameResult) -> list[dict[str, Any]]:
    """The faces of a picture as plain values, in the order of the result."""
    decisions = result.decisions
    return [
        {
            "face": int(result.track_ids[i]),
            "box": [round(float(v), _PIXEL_DIGITS) for v in result.detections.boxes[i]],
            "detector_confidence": _number(result.detections.confidences[i]),
            "emotion": decisions.emotion(i).value,
            "confidence": round(float(decisions.confidences[i]), _SCORE_DIGITS),
            "uncertain": bool(decisions.uncertain[i]),
            "scores": {
                name: round(p, _SCORE_DIGITS) for name, p in decisions.scores.as_dict(i).items()
            },
        }
        for i in result
    ]


def _number(value: float) -> float | None:
    """A rounded number, or None for one that JSON cannot hold."""
    return round(float(value), _SCORE_DIGITS) if math.isfinite(value) else None
