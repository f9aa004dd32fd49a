"""Markers of a video: moments and intervals with a text, and intervals to exclude."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from typing_extensions import TypedDict

from emotion_core.errors import VideoError
from emotion_core.schema.value_types import Number, OneOf, Text
from emotion_core.video.edit_log import EditLog

MARKER, EXCLUDE = "marker", "exclude"
#: Longest text of a marker.
MAX_TEXT = 500

_TIME = Number(0, 1e9)


class StoredMarker(TypedDict, total=False):
    """A marker as JSON."""

    id: Annotated[str, Text(32)]
    start_s: Annotated[float, _TIME]
    end_s: Annotated[float | None, Number(0, 1e9, or_none=True)]
    text: Annotated[str, Text(MAX_TEXT)]
    kind: Annotated[str, OneOf((MARKER, EXCLUDE))]


class MarkerEdit(TypedDict, total=False):
    """One change: ``put`` adds a marker or replaces the one of its id, ``remove`` removes it."""

    edit: Annotated[Literal["put", "remove"], OneOf(("put", "remove"))]
    marker: StoredMarker


@dataclass(frozen=True, slots=True)
class Marker:
    """A moment or an interval of a video.

    Attributes:
        id: its own.
        start_s: seconds from the start of the video.
        end_s: of an interval; None for a moment.
        text: what it says.
        kind: ``marker``, or ``exclude`` for an interval that counts in no statistics.
    """

    id: str
    start_s: float
    end_s: float | None = None
    text: str = ""
    kind: str = MARKER

    def __post_init__(self) -> None:
        if self.end_s is not None and self.end_s <= self.start_s:
            raise VideoError(
                f"end_s: wanted a time after {self.start_s:g} s. Received: {self.end_s:g}"
            )
        if self.kind == EXCLUDE and self.end_s is None:
            raise VideoError("Wanted an interval to exclude. Received a moment: it has no end.")

    def to_dict(self) -> dict[str, Any]:
        """The marker as JSON."""
        return asdict(self)


class MarkersFile:
    """``markers.json`` beside a frame table.

    Args:
        path: of the file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._log: EditLog[MarkerEdit] = EditLog(path, MarkerEdit)

    def load(self) -> tuple[Marker, ...]:
        """The markers in the order of time.

        Raises:
            VideoError: the file cannot be read, or something in it cannot be used.
        """
        found: dict[str, Marker] = {}
        for number, edit in enumerate(self._log.load(), start=1):
            try:
                stored = edit["marker"]
                if edit["edit"] == "remove":
                    found.pop(stored["id"], None)
                else:
                    found[stored["id"]] = Marker(**stored)
            except (KeyError, TypeError) as error:
                raise VideoError(
                    f"{self._log.path.name}, change {number}: {error} is missing."
                ) from error
        return tuple(sorted(found.values(), key=lambda marker: (marker.start_s, marker.id)))

    def add(
        self, start_s: float, end_s: float | None = None, text: str = "", kind: str = MARKER
    ) -> Marker:
        """Sets a marker.

        Raises:
            VideoError: times or text do not fit, or nothing can be added.
            OutputError: it cannot be written.
        """
        return self._put(Marker(secrets.token_hex(6), start_s, end_s, text.strip(), kind))

    def change(self, marker: str, **values: Any) -> Marker:
        """Changes some of a marker's ``start_s``, ``end_s``, ``text`` and ``kind``.

        Raises:
            VideoError: there is no such marker, or it cannot be changed so.
            OutputError: it cannot be written.
        """
        return self._put(replace(self._get(marker), **values))

    def remove(self, marker: str) -> None:
        """Removes a marker.

        Raises:
            VideoError: there is no such marker.
            OutputError: it cannot be written.
        """
        self._log.add({"edit": "remove", "marker": {"id": self._get(marker).id}})

    def undo(self) -> bool:
        """Takes the last change back; says whether there was one.

        Raises:
            VideoError: the file cannot be read.
            OutputError: it cannot be written.
        """
        return self._log.undo() is not None

    def _get(self, marker: str) -> Marker:
        for known in self.load():
            if known.id == marker:
                return known
        raise VideoError("There is no such marker any more.")

    def _put(self, marker: Marker) -> Marker:
        stored: StoredMarker = {
            "id": marker.id,
            "start_s": marker.start_s,
            "end_s": marker.end_s,
            "text": marker.text,
            "kind": marker.kind,
        }
        self._log.add({"edit": "put", "marker": stored})
        return marker


def excluded_intervals(markers: Iterable[Marker]) -> tuple[tuple[float, float], ...]:
    """What is excluded, as (start, end) in seconds: in order, and no two meet."""
    return joined(
        [(m.start_s, m.end_s) for m in markers if m.kind == EXCLUDE and m.end_s is not None]
    )


def joined(intervals: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """The same times as intervals in order of which no two meet."""
    found: list[tuple[float, float]] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)
