"""Who each row of a session is: tracks belong to people, each from some time on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from emotion_core.types import Int64Array
from emotion_core.video.frame_table import person_name


@dataclass(frozen=True, slots=True, order=True)
class TrackPiece:
    """From ``from_s`` on a track of a source is ``person``, until its next piece."""

    source: int
    track: int
    from_s: float
    person: int


@dataclass(frozen=True, slots=True)
class Who:
    """The people of a session.

    Attributes:
        pieces: in order; the first of every track is from its beginning.
        names: {person: name} of those who were named.
        hidden: people who are not to be seen.
    """

    pieces: tuple[TrackPiece, ...] = ()
    names: Mapping[int, str] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()

    def name(self, person: int) -> str:
        """What a person is called; empty for nobody (0)."""
        if person < 1:
            return ""
        return self.names.get(person) or person_name(person)

    @property
    def splits(self) -> tuple[TrackPiece, ...]:
        """The pieces with which somebody else begins within a track."""
        firsts = {(piece.source, piece.track) for piece in self.pieces}
        found = []
        for piece in self.pieces:
            if (piece.source, piece.track) in firsts:
                firsts.discard((piece.source, piece.track))
            else:
                found.append(piece)
        return tuple(found)

    def first_person(self) -> dict[tuple[int, int], int]:
        """{(source, track): who it is in the beginning}."""
        found: dict[tuple[int, int], int] = {}
        for piece in self.pieces:
            found.setdefault((piece.source, piece.track), piece.person)
        return found

    def ids(
        self, sources: Int64Array, tracks: Int64Array, times_s: npt.NDArray[np.float64]
    ) -> Int64Array:
        """The person of each row.

        Args:
            sources: (N,) int64.
            tracks: (N,) int64; 0 in a row without a face.
            times_s: (N,) float64.

        Returns:
            (N,) int64; 0 where there is no face, or nobody said who it is.
        """
        keys = (sources << 32) | tracks
        different, inverse = np.unique(keys, return_inverse=True)
        first = self.first_person()
        people = np.array(
            [first.get((int(key) >> 32, int(key) & 0xFFFF_FFFF), 0) for key in different], np.int64
        )
        ids: Int64Array = people[inverse] if len(different) else np.zeros(0, np.int64)
        for piece in self.splits:
            mine = keys == ((piece.source << 32) | piece.track)
            ids[mine & (times_s >= piece.from_s)] = piece.person
        return ids


def pieces_of(
    source: int, tracks: Int64Array, times_s: npt.NDArray[np.float64], ids: Int64Array
) -> list[TrackPiece]:
    """The pieces that say for every row of a table who it is.

    Args:
        source: position of the table's source.
        tracks: (N,) int64, 0 in rows without a face.
        times_s: (N,) float64, ascending.
        ids: (N,) int64, who each row is.
    """
    found: list[TrackPiece] = []
    for track in np.unique(tracks[tracks > 0]).tolist():
        mine = tracks == track
        who, when = ids[mine], times_s[mine]
        changes = np.flatnonzero(np.append(True, who[1:] != who[:-1]))
        for number, place in enumerate(changes.tolist()):
            from_s = 0.0 if number == 0 else float(when[place])
            found.append(TrackPiece(source, track, from_s, int(who[place])))
    return found


def split_pieces(
    pieces: Iterable[TrackPiece], person: int, new: int, time_s: float
) -> list[TrackPiece]:
    """The pieces after somebody was split: what was ``person`` is ``new`` from a time on."""
    by_track: dict[tuple[int, int], list[TrackPiece]] = {}
    for piece in sorted(pieces):
        by_track.setdefault((piece.source, piece.track), []).append(piece)
    found: list[TrackPiece] = []
    for own in by_track.values():
        found += _split_track(own, person, new, time_s)
    return found


def _split_track(
    own: Sequence[TrackPiece], person: int, new: int, time_s: float
) -> list[TrackPiece]:
    found: list[TrackPiece] = []
    for place, piece in enumerate(own):
        until_s = own[place + 1].from_s if place + 1 < len(own) else float("inf")
        if piece.person != person or until_s <= time_s:
            found.append(piece)
        elif piece.from_s >= time_s:
            found.append(TrackPiece(piece.source, piece.track, piece.from_s, new))
        else:
            found += [piece, TrackPiece(piece.source, piece.track, time_s, new)]
    return found
