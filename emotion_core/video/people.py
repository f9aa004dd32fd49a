"""Who the tracks of a video are: people are named, merged, split and hidden, and that is undone."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from typing_extensions import TypedDict

from emotion_core.errors import EmotionLensError, VideoError
from emotion_core.schema.value_types import Number, OneOf, Text, WholeNumber, YesNo
from emotion_core.types import BoolArray, Int64Array
from emotion_core.video.edit_log import EditLog
from emotion_core.video.frame_table import person_name

#: Longest name of a person.
MAX_NAME = 100
# Longest name of changes that were made at once; nobody sees it.
_MAX_GROUP = 32

_PERSON = WholeNumber(1, 2**31 - 1)
_ACTIONS = ("name", "merge", "split", "hide")


class PeopleEdit(TypedDict, total=False):
    """One change: ``edit`` says which, ``person`` of whom; the others belong to one each.

    Changes that were made at once have one ``group``.
    """

    edit: Annotated[Literal["name", "merge", "split", "hide"], OneOf(_ACTIONS)]
    person: Annotated[int, _PERSON]
    name: Annotated[str, Text(MAX_NAME)]
    into: Annotated[int, _PERSON]
    time_s: Annotated[float, Number(0, 1e9)]
    hidden: Annotated[bool, YesNo()]
    group: Annotated[str, Text(_MAX_GROUP)]


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Who is who in a table of N rows.

    Attributes:
        ids: (N,) int64, the person of each row; 0 in a row without a face.
        hidden: (N,) bool, rows of people who are not to be seen.
        names: {person: name} of those who have one.
    """

    ids: Int64Array
    hidden: BoolArray
    names: Mapping[int, str] = field(default_factory=dict)

    def name(self, person: int) -> str:
        """What a person is called."""
        return self.names.get(person) or person_name(person)


def build_people(
    tracks: Int64Array, times_s: np.ndarray, edits: Sequence[PeopleEdit] = ()
) -> People:
    """Applies changes, in their order, to people of whom each is one track at first.

    Args:
        tracks: (N,) int64 from 1; 0 in a row without a face.
        times_s: (N,) float64.
        edits: a person that is not there is passed over.
    """
    ids = tracks.astype(np.int64, copy=True)
    hidden: set[int] = set()
    names: dict[int, str] = {}
    newest = int(ids.max(initial=0))
    for edit in edits:
        person = edit["person"]
        match edit["edit"]:
            case "name":
                names[person] = edit["name"].strip()
            case "hide":
                (hidden.add if edit["hidden"] else hidden.discard)(person)
            case "merge":
                into = edit["into"]
                ids[ids == person] = into
                names[into] = names.get(into) or names.pop(person, "")
                hidden.discard(person)
            case "split":
                newest += 1  # also where nothing is split, so that later changes keep their sense
                later = (ids == person) & (times_s >= edit["time_s"])
                ids[later] = newest
                if person in hidden:
                    hidden.add(newest)
    unseen = np.isin(ids, sorted(hidden)) & (ids > 0)
    return People(ids, unseen, {person: name for person, name in names.items() if name})


class PeopleFile:
    """``people.json`` beside a frame table.

    Args:
        path: of the file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._log: EditLog[PeopleEdit] = EditLog(path, PeopleEdit)

    def edits(self) -> tuple[PeopleEdit, ...]:
        """The changes, oldest first.

        Raises:
            VideoError: the file cannot be read, or a change lacks what belongs to it.
        """
        edits = self._log.load()
        for number, edit in enumerate(edits, start=1):
            _check_whole(edit, f"{self._log.path.name}, change {number}")
        return edits

    def name(self, person: int, name: str) -> None:
        """Names a person; an empty name takes the name away.

        Raises:
            VideoError: the name is too long, or nothing can be added.
            OutputError: it cannot be written.
        """
        self._log.add({"edit": "name", "person": person, "name": name})

    def merge(self, person: int, into: int) -> None:
        """Makes one person of two; the second stays.

        Raises:
            VideoError: both are the same, or nothing can be added.
            OutputError: it cannot be written.
        """
        if person == into:
            raise VideoError("Wanted two people to merge. Received one and the same.")
        self._log.add({"edit": "merge", "person": person, "into": into})

    def split(self, person: int, time_s: float) -> None:
        """Makes two people of one: from a time on it is somebody else, with the next free number.

        Raises:
            VideoError: the time is none, or nothing can be added.
            OutputError: it cannot be written.
        """
        self._log.add({"edit": "split", "person": person, "time_s": time_s})

    def hide(self, person: int, hidden: bool = True) -> None:
        """Leaves a person out of everything, or shows them again.

        Raises:
            VideoError: nothing can be added.
            OutputError: it cannot be written.
        """
        self._log.add({"edit": "hide", "person": person, "hidden": hidden})

    def join(self, people: Sequence[int], into: int, name: str = "") -> None:
        """Makes one person of several; taken back in one step.

        Args:
            people: who they are; ``into`` may be among them.
            into: who stays.
            name: of that person; empty keeps what there is.

        Raises:
            VideoError: there is nobody to join, the name is too long, or nothing can be added.
            OutputError: it cannot be written.
        """
        group = _new_group()
        others = others_to_join(people, into, VideoError)
        edits: list[PeopleEdit] = [
            {"edit": "merge", "person": person, "into": into, "group": group} for person in others
        ]
        if name.strip():
            edits.append({"edit": "name", "person": into, "name": name, "group": group})
        self._log.add(*edits)

    def hide_all(self, people: Sequence[int], hidden: bool = True) -> None:
        """Leaves people out of everything, or shows them again; taken back in one step.

        Raises:
            VideoError: nothing can be added.
            OutputError: it cannot be written.
        """
        group = _new_group()
        edits: list[PeopleEdit] = [
            {"edit": "hide", "person": person, "hidden": hidden, "group": group}
            for person in people
        ]
        self._log.add(*edits)

    def undo(self) -> PeopleEdit | None:
        """Takes the last change back, with what was made at once with it; None where there is none.

        Returns:
            The first change that was taken back.

        Raises:
            VideoError: the file cannot be read.
            OutputError: it cannot be written.
        """
        return self._log.undo()


def others_to_join(
    people: Sequence[int], into: int, error: type[EmotionLensError]
) -> tuple[int, ...]:
    """Those of some people who become somebody else, each once.

    Args:
        people: who are to be one person.
        into: who stays.
        error: raised where that is nobody else.
    """
    others = tuple(dict.fromkeys(person for person in people if person != into))
    if not others:
        raise error("Wanted at least two people to join. Received one.")
    return others


def _new_group() -> str:
    """A name for changes that are made at once."""
    return secrets.token_hex(6)


_WANTS = {"name": "name", "merge": "into", "split": "time_s", "hide": "hidden"}


def _check_whole(edit: PeopleEdit, source: str) -> None:
    for key in ("edit", "person", _WANTS.get(edit.get("edit", ""), "edit")):
        if key not in edit:
            raise VideoError(f"{source}: {key} is missing.")
