"""A frame table as the player in the browser reads it: a header in JSON, then arrays of bytes.

An hour with two faces at five frames a second is 36,000 rows: as JSON that would be 20 MB, and
seconds of parsing for every change of a threshold.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from emotion_core.emotions import Emotion
from emotion_core.video.view import VideoView

_ALIGN = 8


def player_data(view: VideoView) -> bytes:
    """Packs a table.

    Four bytes say how long the header is (little-endian); it is JSON in UTF-8, padded with blanks
    to a multiple of 8, and names each array with its type, where it begins after the header, and
    its length. The arrays are little-endian:

    - ``time`` (F,) float64, seconds of the sampled frames; ``shot`` (F,) int32
    - ``first`` (F + 1,) int32: the faces of frame i are rows ``first[i]`` to ``first[i + 1]``
    - ``box`` (R, 4) float32, x0, y0, x1, y1 as shares of the picture's width and height
    - ``person``, ``track`` (R,) int32; ``label``, ``uncertain``, ``counts`` (R,) uint8
    - ``confidence`` (R,) float32
    - ``raw``, ``smoothed`` (R, C) uint8, probabilities times 255

    Args:
        view: the table; people who are hidden are not in it.

    Returns:
        The bytes.
    """
    rows = view.frames
    frames = rows.drop_duplicates("frame")
    faces = rows[rows["person_id"].to_numpy(np.int64) > 0]
    times = frames["time_s"].to_numpy(np.float64)
    names = list(view.label_set.names)
    labels = faces["expression"].map({name: i for i, name in enumerate(names)})
    size = faces[["width", "height"]].to_numpy(np.float64)
    boxes = faces[["x0", "y0", "x1", "y1"]].to_numpy(np.float64) / np.tile(size, (1, 2))
    arrays: dict[str, npt.NDArray[Any]] = {
        "time": times.astype("<f8"),
        "shot": frames["shot"].to_numpy("<i4"),
        "first": np.searchsorted(
            faces["time_s"].to_numpy(np.float64), np.append(times, np.inf)
        ).astype("<i4"),
        "box": boxes.astype("<f4"),
        "person": faces["person_id"].to_numpy("<i4"),
        "track": faces["track"].to_numpy("<i4", na_value=0),
        "confidence": faces["confidence"].to_numpy("<f4"),
        "label": labels.to_numpy(np.uint8),
        "uncertain": faces["uncertain"].to_numpy(np.uint8, na_value=0),
        "counts": faces["counts"].to_numpy(np.uint8),
        "raw": _shares(faces[names].to_numpy(np.float64)),
        "smoothed": _shares(faces[[f"smoothed_{name}" for name in names]].to_numpy(np.float64)),
    }
    head = {
        "people": [{"id": number, "name": name} for number, name in view.names.items()],
        "emotions": [{"name": name, "colour": Emotion(name).colour} for name in names],
        "window": list(view.window),
    }
    return packed(head, arrays)


def packed(head: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """A header and arrays as bytes; see `player_data`."""
    places, blocks, at = {}, [], 0
    for name, array in arrays.items():
        block = np.ascontiguousarray(array).tobytes()
        places[name] = {"type": array.dtype.str.lstrip("<|"), "at": at, "n": array.size}
        blocks.append(block + bytes(-len(block) % _ALIGN))
        at += len(blocks[-1])
    text = json.dumps({**head, "arrays": places}, ensure_ascii=False).encode("utf-8")
    text += b" " * (-(len(text) + 4) % _ALIGN)
    return b"".join([len(text).to_bytes(4, "little"), text, *blocks])


def _shares(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    shares: npt.NDArray[np.uint8] = np.rint(probabilities * 255).clip(0, 255).astype(np.uint8)
    return shares
