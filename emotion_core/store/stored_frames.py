"""Rows of a session for pandas, with people by name."""

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from emotion_core.store.who import Who
from emotion_core.video.frame_table import to_pandas

if TYPE_CHECKING:
    import pandas as pd

# What a row without a face has all the same.
_OF_FRAME = frozenset({"frame", "time_s", "width", "height", "shot", "source", "until_s"})


def person_ids(rows: pa.Table, who: Who) -> np.ndarray:
    """The person of each row, (N,) int64; see ``Who.ids``."""
    tracks = rows["track"].fill_null(0).to_numpy().astype(np.int64)
    return who.ids(rows["source"].to_numpy().astype(np.int64), tracks, rows["time_s"].to_numpy())


def build_frames(rows: pa.Table, who: Who, *, hidden: bool) -> "pd.DataFrame":
    """See ``StoredSession.frames``."""
    ids = person_ids(rows, who)
    if who.hidden and not hidden:
        keep_rows, emptied = without(rows, np.isin(ids, sorted(who.hidden)))
        rows, ids = emptied, np.where(keep_rows[1], 0, ids)[keep_rows[0]]
    frame = to_pandas(rows)
    names = np.array([who.name(person) or None for person in ids.tolist()], object)
    frame["person"] = names
    frame.insert(list(frame.columns).index("person"), "person_id", ids)
    return frame


def without(rows: pa.Table, gone: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], pa.Table]:
    """Takes rows away; a frame that loses its last face by it keeps a row without a face.

    Args:
        rows: N rows.
        gone: (N,) bool, those that go.

    Returns:
        (which rows stay, which of all rows are emptied), both (N,) bool, and the rows that stay.
    """
    keys = np.stack([rows["source"].to_numpy(), rows["frame"].to_numpy()], axis=1)
    _, frame_of = np.unique(keys, axis=0, return_inverse=True)
    frame_of = frame_of.reshape(-1)
    left = np.bincount(frame_of, weights=~gone) > 0 if len(rows) else np.zeros(0, bool)
    lost = gone & ~left[frame_of]
    emptied = np.zeros(len(rows), bool)
    places = np.flatnonzero(lost)
    emptied[places[np.unique(frame_of[places], return_index=True)[1]]] = True
    keep = ~gone | emptied
    mask = pa.array(emptied[keep])
    kept = rows.filter(pa.array(keep))
    columns = []
    for name in kept.column_names:
        column = kept[name].combine_chunks()
        if name not in _OF_FRAME:
            if isinstance(column, pa.ChunkedArray):
                column = column.combine_chunks()
            empty = pa.nulls(len(column), column.type)
            column = pa.compute.if_else(mask, empty, column)
        columns.append(column)
    return (keep, emptied), pa.table(columns, schema=kept.schema)
