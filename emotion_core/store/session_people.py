"""Who is in a session: people are named, merged, split, hidden, and known across sessions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from emotion_core.errors import StoreError
from emotion_core.store.database import Database, session_row, subject_names
from emotion_core.store.models import (
    BaselineRow,
    PersonRow,
    SessionRow,
    SubjectRow,
    TrackRow,
    new_id,
)
from emotion_core.store.session_info import Person, info_of, who_of
from emotion_core.store.texts import checked_interval, checked_name, checked_time
from emotion_core.store.who import TrackPiece, split_pieces
from emotion_core.video.people import others_to_join


@dataclass(frozen=True, slots=True)
class WhoIsWho:
    """Everything that is said of a session's people at one moment.

    Attributes:
        people: everybody.
        pieces: which face is whose from when on.
    """

    people: tuple[Person, ...]
    pieces: tuple[TrackPiece, ...]


class SessionPeople:
    """The people of one session.

    Args:
        database: of the store.
        session: id of the session.
    """

    def __init__(self, database: Database, session: str) -> None:
        self._database = database
        self._session = session

    def list(self) -> tuple[Person, ...]:
        """Everybody, by number.

        Raises:
            StoreError: the session is gone.
        """
        with self._database.reading() as db:
            row = session_row(db, self._session, deleted=True)
            return info_of(row, subject_names(db)).people

    def said(self) -> WhoIsWho:
        """Everything that is said of them now.

        Raises:
            StoreError: the session is gone.
        """
        with self._database.reading() as db:
            row = session_row(db, self._session, deleted=True)
            return WhoIsWho(info_of(row, subject_names(db)).people, who_of(row).pieces)

    def replace(self, said: WhoIsWho) -> None:
        """Puts what was said of them before in the place of what is said now.

        Raises:
            StoreError: the session is gone.
        """
        with self._database.writing() as db:
            row = session_row(db, self._session)
            before = {person.subject_id for person in row.people}
            row.people, row.baselines = [], []
            _set_pieces(db, row, said.pieces)
            row.people = [
                PersonRow(
                    number=p.number, name=p.name if p.is_named else "", hidden=p.hidden,
                    subject_id=_subject(db, p.subject) if p.subject else None,
                )
                for p in said.people
            ]  # fmt: skip
            row.baselines = [
                BaselineRow(person=p.number, start_s=p.baseline[0], end_s=p.baseline[1])
                for p in said.people
                if p.baseline is not None
            ]
            db.flush()
            for subject in before:
                forget_unused_subject(db, subject)

    def name(self, person: int, name: str) -> None:
        """Names somebody; an empty name takes the name away.

        Raises:
            StoreError: there is nobody of this number, or the name is too long.
        """
        name = checked_name(name, "Name of a person", empty=True)
        with self._database.writing() as db:
            _person(session_row(db, self._session), person).name = name

    def hide(self, person: int, hidden: bool = True) -> None:
        """Leaves somebody out of everything, or shows them again.

        Raises:
            StoreError: there is nobody of this number.
        """
        self.hide_all([person], hidden)

    def merge(self, person: int, into: int) -> None:
        """Makes one person of two; the second stays, and keeps what is said of them.

        Raises:
            StoreError: there is nobody of a number, or both are the same.
        """
        if person == into:
            raise StoreError("Wanted two people to merge. Received one and the same.")
        with self._database.writing() as db:
            _merge(session_row(db, self._session), person, into)

    def join(self, people: Sequence[int], into: int, name: str = "") -> None:
        """Makes one person of several, all of them or none.

        Args:
            people: who they are; ``into`` may be among them.
            into: who stays, and keeps what is said of them.
            name: of that person; empty keeps what there is.

        Raises:
            StoreError: there is nobody of a number, nobody to join, or the name is too long.
        """
        others = others_to_join(people, into, StoreError)
        name = checked_name(name, "Name of a person", empty=True)
        with self._database.writing() as db:
            row = session_row(db, self._session)
            for person in others:
                _merge(row, person, into)
            if name:
                _person(row, into).name = name

    def hide_all(self, people: Sequence[int], hidden: bool = True) -> None:
        """Leaves people out of everything, or shows them again: all of them or none.

        Raises:
            StoreError: there is nobody of a number.
        """
        with self._database.writing() as db:
            row = session_row(db, self._session)
            for person in people:
                _person(row, person).hidden = hidden

    def split(self, person: int, time_s: float) -> int:
        """Makes two people of one: from a time on it is somebody else.

        Returns:
            The number of the new person.

        Raises:
            StoreError: there is nobody of this number, or the time is none.
        """
        time_s = checked_time(time_s, "Split")
        with self._database.writing() as db:
            row = session_row(db, self._session)
            old = _person(row, person)
            new = max(known.number for known in row.people) + 1
            _set_pieces(db, row, split_pieces(who_of(row).pieces, person, new, time_s))
            row.people.append(PersonRow(number=new, name="", hidden=old.hidden))
        return new

    def assign(self, source: int, track: int, person: int | None = None) -> int:
        """Says who a track is: how the faces of photos get their people.

        Args:
            source: position of the photo or video.
            track: number of the face in it.
            person: who it is; None: somebody new.

        Returns:
            The person's number.

        Raises:
            StoreError: there is no such track or person.
        """
        with self._database.writing() as db:
            row = session_row(db, self._session)
            own = [p for p in row.tracks if (p.source, p.track) == (source, track)]
            if not own:
                raise StoreError(f"There is no face {track} in source {source} of this session.")
            if person is None:
                person = max((known.number for known in row.people), default=0) + 1
                row.people.append(PersonRow(number=person, name="", hidden=False))
            _person(row, person)
            others = [p for p in who_of(row).pieces if (p.source, p.track) != (source, track)]
            _set_pieces(db, row, [*others, TrackPiece(source, track, 0.0, person)])
        return person

    def set_baseline(self, person: int, start_s: float, end_s: float) -> None:
        """Says when a person's face is at rest; a second time replaces it.

        Raises:
            StoreError: there is nobody of this number, or the interval is none.
        """
        start_s, end_s = checked_interval(start_s, end_s, "Baseline")
        with self._database.writing() as db:
            row = session_row(db, self._session)
            _person(row, person)
            db.merge(BaselineRow(session_id=row.id, person=person, start_s=start_s, end_s=end_s))

    def remove_baseline(self, person: int) -> None:
        """Forgets when a person's face is at rest.

        Raises:
            StoreError: the session is gone.
        """
        with self._database.writing() as db:
            row = session_row(db, self._session)
            row.baselines = [line for line in row.baselines if line.person != person]

    def link(self, person: int, subject: str) -> None:
        """Says who somebody is across sessions; an empty name takes that back.

        Nothing is recognised: whoever has the same name is the same, because the user says so.

        Raises:
            StoreError: there is nobody of this number, or the name is too long.
        """
        name = checked_name(subject, "Name of a person", empty=True)
        with self._database.writing() as db:
            who = _person(session_row(db, self._session), person)
            before = who.subject_id
            who.subject_id = _subject(db, name) if name else None
            db.flush()
            forget_unused_subject(db, before)


def forget_unused_subject(db: Session, subject: str | None) -> None:
    """Deletes somebody across sessions who is in none any more."""
    if subject is None:
        return
    n = db.scalar(select(func.count()).where(PersonRow.subject_id == subject))
    row = db.get(SubjectRow, subject)
    if not n and row is not None:
        db.delete(row)


def _subject(db: Session, name: str) -> str:
    known = db.scalar(select(SubjectRow).where(SubjectRow.name == name))
    if known is None:
        known = SubjectRow(id=new_id(), name=name, notes="")
        db.add(known)
        db.flush()
    return known.id


def _person(row: SessionRow, number: int) -> PersonRow:
    for person in row.people:
        if person.number == number:
            return person
    raise StoreError(f"There is nobody with the number {number} in this session.")


def _merge(row: SessionRow, person: int, into: int) -> None:
    """Makes one person of two; the second stays, and keeps what is said of them."""
    gone, stays = _person(row, person), _person(row, into)
    stays.name = stays.name or gone.name
    stays.subject_id = stays.subject_id or gone.subject_id
    stays.hidden = False
    for piece in row.tracks:
        if piece.person == person:
            piece.person = into
    with_baseline = {line.person: line for line in row.baselines}
    if (line := with_baseline.get(person)) is not None:
        row.baselines.remove(line)
        if into not in with_baseline:
            row.baselines.append(BaselineRow(person=into, start_s=line.start_s, end_s=line.end_s))
    row.people.remove(gone)


def _set_pieces(db: Session, row: SessionRow, pieces: Iterable[TrackPiece]) -> None:
    """Replaces the pieces of the tracks."""
    row.tracks = []
    db.flush()  # old keys go before the same ones come again
    row.tracks = [
        TrackRow(source=p.source, track=p.track, from_s=p.from_s, person=p.person)
        for p in sorted(pieces)
    ]
