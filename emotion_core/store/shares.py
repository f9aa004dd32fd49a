"""How long each person showed each expression: counted by DuckDB, however many rows there are."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import duckdb

from emotion_core.errors import StoreError
from emotion_core.store.row_parts import RowParts
from emotion_core.store.texts import checked_interval
from emotion_core.store.who import Who
from emotion_core.video.durations import left_over
from emotion_core.video.summary import UNCERTAIN

if TYPE_CHECKING:
    import pandas as pd

#: (start, end) in seconds.
Interval: TypeAlias = tuple[float, float]
#: What the whole of a session is called among intervals.
WHOLE = "all"
_COLUMNS = ("interval", "person_id", "person", "expression", "seconds", "share")
_END_S = 1e12
# Files of a recording may be joined between looking and reading.
_TRIES = 5


class ExpressionShares:
    """Counts seconds in the rows of one session.

    Args:
        parts: the rows.
        who: who is who in them.
        excluded: intervals that do not count; no two meet.
    """

    def __init__(self, parts: RowParts, who: Who, excluded: Sequence[Interval] = ()) -> None:
        self._parts = parts
        self._who = who
        self._excluded = tuple(excluded)

    def compute(
        self, intervals: Mapping[str, Interval] | None = None, *, hidden: bool = False
    ) -> "pd.DataFrame":
        """Seconds and shares.

        Of two faces of one person in one frame the larger counts. Rows of whom nobody said who
        they are count as one, with the number 0.

        Args:
            intervals: {name: (start, end) in seconds}; None: the whole session as ``"all"``.
            hidden: whether people who are hidden are in it.

        Returns:
            ``interval``, ``person_id``, ``person``, ``expression`` (``"uncertain"`` where the
            model is not sure), ``seconds`` and ``share``: of the person's seconds in the interval.

        Raises:
            StoreError: rows cannot be read, or an interval is none.
        """
        import pandas as pd

        named = {WHOLE: (0.0, _END_S)} if intervals is None else dict(intervals)
        for name, (start_s, end_s) in named.items():
            checked_interval(start_s, min(end_s, 1e9), f"Interval {name}")
        seconds = self._seconds(named)
        found = [
            (name, person, self._who.name(person), expression, value)
            for place, name in enumerate(named)
            for (person, expression), values in sorted(seconds.items())
            if (value := values[place]) > 0 and (hidden or person not in self._who.hidden)
        ]
        frame = pd.DataFrame(found, columns=list(_COLUMNS[:-1]))
        totals = frame.groupby(["interval", "person_id"])["seconds"].transform("sum")
        return frame.assign(share=frame["seconds"] / totals)

    def _seconds(self, named: Mapping[str, Interval]) -> dict[tuple[int, str], list[float]]:
        """{(person, expression): seconds in each interval}."""
        files = [str(part.path) for part in self._parts.parts()]
        if not files:
            return {}
        query = self._query([self._counted(interval) for interval in named.values()])
        for attempt in range(_TRIES):
            try:
                with duckdb.connect() as connection:
                    rows = connection.execute(query, [files]).fetchall()
                break
            except duckdb.Error as error:
                files = [str(part.path) for part in self._parts.parts()]
                if attempt == _TRIES - 1 or not isinstance(error, duckdb.IOException):
                    raise StoreError(
                        f"The rows in {self._parts.folder} cannot be read: "
                        f"{str(error).splitlines()[0]}. `store check` looks through all."
                    ) from error
        first = self._who.first_person()
        found: dict[tuple[int, str], list[float]] = {}
        for source, track, person, expression, *values in rows:
            who = first.get((source, track), 0) if person is None else person
            known = found.setdefault((who, expression), [0.0] * len(values))
            for place, value in enumerate(values):
                known[place] = math.fsum((known[place], value))
        return found

    def _query(self, sums: Sequence[str]) -> str:
        """SQL that adds up the rows by track, and by person where a track is not one person's."""
        columns = ", ".join(f"{text} AS i{place}" for place, text in enumerate(sums))
        person = _person_case(self._who)
        several = self._of_several_tracks()
        rows = f"""
            SELECT source, track, {person} AS person, frame, time_s, until_s,
                CASE WHEN uncertain THEN '{UNCERTAIN}' ELSE expression END AS state,
                (x1 - x0) * (y1 - y0) AS area
            FROM read_parquet(?) WHERE track IS NOT NULL"""
        if several:
            # Only these can be twice in one frame; ordering every row would take long.
            cases = " ".join(
                f"WHEN source = {source} AND track = {track} THEN {who}"
                for (source, track), who in several.items()
            )
            rows = f"""
                SELECT * FROM (
                    SELECT *, nullif(coalesce(person, CASE {cases} END), 0) AS one FROM ({rows})
                ) QUALIFY one IS NULL OR
                    row_number() OVER (PARTITION BY source, frame, one,
                        CASE WHEN one IS NULL THEN track END ORDER BY area DESC, track) = 1"""
        return f"SELECT source, track, person, state, {columns} FROM ({rows}) GROUP BY ALL"

    def _of_several_tracks(self) -> dict[tuple[int, int], int]:
        """{(source, track): who it is in the beginning} where somebody has several tracks."""
        own: dict[tuple[int, int], set[int]] = {}
        for piece in self._who.pieces:
            if piece.person:
                own.setdefault((piece.source, piece.person), set()).add(piece.track)
        first = self._who.first_person()
        return {
            (piece.source, piece.track): first[piece.source, piece.track]
            for piece in self._who.pieces
            if piece.person and len(own[piece.source, piece.person]) > 1
        }

    def _counted(self, interval: Interval) -> str:
        """SQL: how much of a row's time lies in an interval and is not excluded."""
        pieces = left_over(interval, self._excluded)
        if not pieces:
            return "0.0"
        if pieces == ((0.0, _END_S),):
            return "sum(until_s - time_s)"
        inside = " + ".join(
            f"greatest(0, least(until_s, {end!r}) - greatest(time_s, {start!r}))"
            for start, end in pieces
        )
        return f"sum({inside})"


def _person_case(who: Who) -> str:
    """SQL: who a row is, NULL where it is the first person of its track."""
    splits = sorted(who.splits, key=lambda piece: -piece.from_s)
    if not splits:
        return "NULL::INTEGER"
    cases = " ".join(
        f"WHEN source = {p.source} AND track = {p.track} AND time_s >= {p.from_s!r} THEN {p.person}"
        for p in splits
    )
    return f"CASE {cases} END"
