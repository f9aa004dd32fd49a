"""Changes of a session that can be taken back one after the other, as long as nobody else made any.

What was before is kept by whoever holds this, in memory: the store itself knows only what is now.
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from emotion_core.errors import StoreError
from emotion_core.store.session import StoredSession
from emotion_core.video.markers import MARKER, Marker

_State = TypeVar("_State")
_Made = TypeVar("_Made")
#: As many changes can be taken back.
MAX_KEPT = 50


class ChangeLog(Generic[_State]):
    """What something was before and after each change.

    Args:
        read: what it is now.
        write: makes it what it was.
    """

    def __init__(self, read: Callable[[], _State], write: Callable[[_State], None]) -> None:
        self._read = read
        self._write = write
        self._changes: list[tuple[_State, _State]] = []

    def __len__(self) -> int:
        return len(self._changes)

    def make(self, change: Callable[[], _Made]) -> _Made:
        """Makes a change that can be taken back.

        Raises:
            StoreError: the change cannot be made.
        """
        before = self._read()
        made = change()
        self._changes = [*self._changes, (before, self._read())][-MAX_KEPT:]
        return made

    def undo(self) -> bool:
        """Takes the last change back; False where there is none.

        Raises:
            StoreError: it was changed elsewhere meanwhile, which would be lost.
        """
        if not self._changes:
            return False
        before, after = self._changes[-1]
        if self._read() != after:
            self._changes.clear()
            raise StoreError(
                "This session was changed elsewhere meanwhile, so that nothing was undone. Look at "
                "it as it is now, and change it by hand."
            )
        self._write(before)
        self._changes.pop()
        return True


class UndoableMarkers:
    """Markers of a session, each change of which can be taken back.

    Args:
        session: whose.
    """

    def __init__(self, session: StoredSession) -> None:
        self._markers = session.markers
        self.log = ChangeLog(self._markers.list, self._markers.replace)

    def add(
        self, start_s: float, end_s: float | None = None, text: str = "", kind: str = MARKER
    ) -> Marker:
        """See ``SessionMarkers.add``."""
        return self.log.make(lambda: self._markers.add(start_s, end_s, text, kind))

    def change(self, marker: str, **values: Any) -> Marker:
        """Changes some of a marker's ``start_s``, ``end_s``, ``text`` and ``kind``.

        Raises:
            StoreError: there is no such marker, or it cannot be changed so.
        """
        known = {one.id: one for one in self._markers.list()}.get(marker)
        if known is None:
            raise StoreError("There is no such marker any more.")
        wanted = {**known.to_dict(), **values}
        return self.log.make(
            lambda: self._markers.change(
                marker, wanted["start_s"], wanted["end_s"], wanted["text"], wanted["kind"]
            )
        )

    def remove(self, marker: str) -> None:
        """See ``SessionMarkers.remove``."""
        self.log.make(lambda: self._markers.remove(marker))

    def undo(self) -> bool:
        """See ``ChangeLog.undo``."""
        return self.log.undo()


class UndoablePeople:
    """People of a session, each change of whom can be taken back.

    Args:
        session: whose.
    """

    def __init__(self, session: StoredSession) -> None:
        self._people = session.people
        self.log = ChangeLog(self._people.said, self._people.replace)

    def name(self, person: int, name: str) -> None:
        """See ``SessionPeople.name``."""
        self.log.make(lambda: self._people.name(person, name))

    def merge(self, person: int, into: int) -> None:
        """See ``SessionPeople.merge``."""
        self.log.make(lambda: self._people.merge(person, into))

    def join(self, people: Sequence[int], into: int, name: str = "") -> None:
        """See ``SessionPeople.join``."""
        self.log.make(lambda: self._people.join(people, into, name))

    def split(self, person: int, time_s: float) -> int:
        """See ``SessionPeople.split``."""
        return self.log.make(lambda: self._people.split(person, time_s))

    def hide(self, person: int, hidden: bool = True) -> None:
        """See ``SessionPeople.hide``."""
        self.log.make(lambda: self._people.hide(person, hidden))

    def hide_all(self, people: Sequence[int], hidden: bool = True) -> None:
        """See ``SessionPeople.hide_all``."""
        self.log.make(lambda: self._people.hide_all(people, hidden))

    def assign(self, source: int, track: int, person: int | None = None) -> int:
        """See ``SessionPeople.assign``."""
        return self.log.make(lambda: self._people.assign(source, track, person))

    def link(self, person: int, subject: str) -> None:
        """See ``SessionPeople.link``."""
        self.log.make(lambda: self._people.link(person, subject))

    def set_baseline(self, person: int, start_s: float, end_s: float) -> None:
        """See ``SessionPeople.set_baseline``."""
        self.log.make(lambda: self._people.set_baseline(person, start_s, end_s))

    def remove_baseline(self, person: int) -> None:
        """See ``SessionPeople.remove_baseline``."""
        self.log.make(lambda: self._people.remove_baseline(person))

    def undo(self) -> bool:
        """See ``ChangeLog.undo``."""
        return self.log.undo()


class UndoableEdits:
    """What a user changes of a session.

    Args:
        session: which one.
    """

    def __init__(self, session: StoredSession) -> None:
        self.markers = UndoableMarkers(session)
        self.people = UndoablePeople(session)
