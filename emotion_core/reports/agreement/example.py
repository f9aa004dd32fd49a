"""A coding of a session to begin with: its people, its length, and the columns that are read."""

import itertools
from typing import TYPE_CHECKING

from emotion_core.reports.session_frames import SessionFrames
from emotion_core.tables import to_csv_bytes

if TYPE_CHECKING:
    import pandas as pd

_SPANS = (("neutral", 0.0, 0.4), ("happy", 0.4, 0.55), ("neutral", 0.55, 0.9), ("sad", 0.9, 1.0))
_PEOPLE = 3


def example_coding(session: SessionFrames) -> bytes:
    """A CSV that can be read as a coding of this session; what it says is made up.

    Returns:
        ``start_s``, ``end_s``, ``expression``, ``person``, ``coder``.
    """
    return to_csv_bytes(_table(session))


def _table(session: SessionFrames) -> "pd.DataFrame":
    import pandas as pd

    begin, end = session.view.window
    people = list(session.view.names.values())[:_PEOPLE] or ["Person 1"]
    rows = [
        {
            "start_s": round(begin + low * (end - begin), 2),
            "end_s": round(begin + high * (end - begin), 2),
            "expression": expression, "person": person, "coder": "Coder 1",
        }
        for person, (expression, low, high) in itertools.product(people, _SPANS)
    ]  # fmt: skip
    return pd.DataFrame(rows)
