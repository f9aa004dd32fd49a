"""What can be taken along of a video: table, events, markers, subtitles, figures."""

import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from emotion_core.emotions import Emotion
from emotion_core.tables import to_csv_bytes, to_json_bytes
from emotion_core.video.events import ExpressionEvent, find_events
from emotion_core.video.frame_table import FORMAT, LANDMARKS, METADATA_KEY, FrameTable
from emotion_core.video.markers import Marker
from emotion_core.video.summary import summarize
from emotion_core.video.view import VideoView
from emotion_core.wording import percent

if TYPE_CHECKING:
    import pandas as pd

# Columns of a view that only its statistics need.
_INNER = ("person_id", "start_s", "end_s", "seconds", "counts")
_BOX = ("x0", "y0", "x1", "y1")
_PIXEL_DIGITS, _SCORE_DIGITS, _TIME_DIGITS = 2, 6, 6
_EVENT_COLUMNS = (
    "person_id", "person", "expression", "onset_s", "offset_s", "apex_s", "peak", "mean",
    "duration_s",
)  # fmt: skip
_MARKER_COLUMNS = ("start_s", "end_s", "kind", "text")


def exported_frames(view: VideoView) -> "pd.DataFrame":
    """The rows as they are handed out: people by name, and whether their time is excluded.

    Hidden people are not in them; a frame that shows nobody else has one row without a face.
    """
    return view.frames.drop(columns=list(_INNER))


def to_csv(view: VideoView) -> bytes:
    """The rows as CSV; numbers keep what their precision is worth."""
    frames = exported_frames(view)
    for column in frames.columns:
        if frames[column].dtype == np.float32:
            digits = _PIXEL_DIGITS if column in (*_BOX, *_points()) else _SCORE_DIGITS
            frames[column] = frames[column].astype(np.float64).round(digits)
        elif frames[column].dtype == np.float64:
            frames[column] = frames[column].round(_TIME_DIGITS)
    return to_csv_bytes(frames)


def to_parquet(view: VideoView, table: FrameTable) -> bytes:
    """The rows as Parquet, with the metadata of the table that they come from."""
    rows = pa.Table.from_pandas(exported_frames(view), preserve_index=False)
    text = json.dumps({**table.metadata, "format": FORMAT}, ensure_ascii=False, sort_keys=True)
    buffer = io.BytesIO()
    pq.write_table(rows.replace_schema_metadata({METADATA_KEY: text}), buffer, compression="zstd")
    return buffer.getvalue()


def to_json_lines(view: VideoView) -> bytes:
    """A line of JSON per sampled frame, with its faces."""
    lines = (json.dumps(frame, ensure_ascii=False, allow_nan=False) for frame in _frames(view))
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def to_webvtt(view: VideoView, *, least_s: float = 0.0) -> bytes:
    """Subtitles: who shows which expression, from its onset to its offset.

    Args:
        view: the table.
        least_s: shorter events are left out.

    Source: https://www.w3.org/TR/webvtt1/
    """
    several = len(view.names) > 1
    cues = ["WEBVTT\n\n"]
    for number, event in enumerate(find_events(view, least_s=least_s), start=1):
        if _clock(event.onset_s) == _clock(event.offset_s):
            continue  # a cue that ends when it begins is none
        who = f"<v {_vtt(event.person)}>" if several else ""
        words = f"{_vtt(event.expression)} ({percent(event.mean)})"
        shown = f"{_vtt(event.person)}: {words}" if several else words
        times = f"{_clock(event.onset_s)} --> {_clock(event.offset_s)}"
        cues.append(f"{number}\n{times}\n{who}{shown}\n\n")
    return "".join(cues).encode("utf-8")


def events_to_csv(events: Sequence[ExpressionEvent]) -> bytes:
    """Onsets and offsets, a row per event."""
    return to_csv_bytes(_table([event.to_dict() for event in events], _EVENT_COLUMNS))


def markers_to_csv(markers: Sequence[Marker]) -> bytes:
    """Markers and excluded intervals, a row each; a moment has no end."""
    return to_csv_bytes(_table([marker.to_dict() for marker in markers], _MARKER_COLUMNS))


def summary_to_json(view: VideoView, table: FrameTable, markers: Sequence[Marker] = ()) -> bytes:
    """The figures of a view, its events and markers, and where all of it comes from."""
    return to_json_bytes(
        {
            **{key: value for key, value in table.metadata.items() if key != "format"},
            **summarize(view),
            "events": [event.to_dict() for event in find_events(view)],
            "markers": [marker.to_dict() for marker in markers],
        }
    )


def _points() -> tuple[str, ...]:
    return tuple(f"{name}_{axis}" for name in LANDMARKS for axis in "xy")


def _table(records: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(list(records), columns=list(columns))


def _frames(view: VideoView) -> Iterator[dict[str, Any]]:
    """The sampled frames with their faces as plain values."""
    rows = exported_frames(view)
    columns = {name: rows[name].tolist() for name in rows.columns}
    frame: dict[str, Any] = {}
    for i, number in enumerate(columns["frame"]):
        if frame and frame["frame"] != number:
            yield frame
            frame = {}
        if not frame:
            frame = {
                "frame": number,
                "time_s": round(columns["time_s"][i], _TIME_DIGITS),
                "width": columns["width"][i],
                "height": columns["height"][i],
                "shot": columns["shot"][i],
                "excluded": bool(columns["excluded"][i]),
                "faces": [],
            }
        if isinstance(columns["track"][i], int):
            frame["faces"].append(_face(view, columns, i))
    if frame:
        yield frame


def _face(view: VideoView, columns: Mapping[str, list[Any]], i: int) -> dict[str, Any]:
    names = view.label_set.names
    points = {
        name: [round(columns[f"{name}_{axis}"][i], _PIXEL_DIGITS) for axis in "xy"]
        for name in LANDMARKS
        if math.isfinite(columns[f"{name}_x"][i])
    }
    return {
        "face": columns["face"][i],
        "track": columns["track"][i],
        "person": columns["person"][i],
        "box": [round(columns[name][i], _PIXEL_DIGITS) for name in _BOX],
        "detector_confidence": round(columns["detector_confidence"][i], _SCORE_DIGITS),
        "landmarks": points,
        "expression": columns["expression"][i],
        "confidence": round(columns["confidence"][i], _SCORE_DIGITS),
        "uncertain": bool(columns["uncertain"][i]),
        "scores": {name: round(columns[name][i], _SCORE_DIGITS) for name in names},
        "smoothed": {name: round(columns[f"smoothed_{name}"][i], _SCORE_DIGITS) for name in names},
    }


def _clock(seconds: float) -> str:
    """``00:01:02.500``."""
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"


def _vtt(text: str | Emotion) -> str:
    """Text that is neither a tag nor the end of a cue."""
    plain = " ".join(str(text).split())
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
