"""Forgets a person: every row and picture of them goes, for good, and it is said what went."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from sqlalchemy import select

from emotion_core.errors import StoreError
from emotion_core.store.database import Database, own_people, session_row
from emotion_core.store.models import SessionRow, SubjectRow
from emotion_core.store.places import SessionPlace, person_picture, source_picture
from emotion_core.store.row_parts import read_part
from emotion_core.store.session_info import who_of
from emotion_core.store.session_people import forget_unused_subject
from emotion_core.store.stored_frames import person_ids, without
from emotion_core.store.who import Who


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went.

    Attributes:
        name: of the person.
        sessions: ids of the sessions that they were in.
        rows: how many rows went.
        frames: how many frames those were in; a frame that shows nobody else stays without a face.
        pictures: how many pictures went.
        notes: where something of them may still be, one sentence each.
    """

    name: str
    sessions: tuple[str, ...]
    rows: int
    frames: int
    pictures: int
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = (
            f"Forgot {self.name}: {self.rows:,} rows in {self.frames:,} frames and "
            f"{self.pictures:,} pictures, in {len(self.sessions):,} sessions."
        )
        return " ".join((said, *self.notes))


def forget_person(
    database: Database, root: Path, backups: Path, session: str, number: int
) -> Forgotten:
    """See ``Store.forget_person``."""
    with database.reading() as db:
        row = session_row(db, session, deleted=True)
        if number not in {person.number for person in row.people}:
            raise StoreError(f"There is nobody with the number {number} in this session.")
        name = who_of(row).name(number)
    return _forget(database, root, backups, name, [(session, number)])


def forget_subject(database: Database, root: Path, backups: Path, name: str) -> Forgotten:
    """See ``Store.forget_subject``."""
    with database.reading() as db:
        subject = db.scalar(select(SubjectRow).where(SubjectRow.name == name.strip()))
        if subject is None:
            raise StoreError(f"There is nobody of the name {name} across sessions.")
        places, key = own_people(db, subject.id), subject.id
        if not places and database.owner is not None:
            raise StoreError(f"There is nobody of the name {name} across sessions.")
    found = _forget(database, root, backups, name.strip(), places)
    with database.writing() as db:
        # Somebody else's sessions may hold one of the same name.
        forget_unused_subject(db, key)
    return found


def _forget(
    database: Database,
    root: Path,
    backups: Path,
    name: str,
    places: Sequence[tuple[str, int]],
) -> Forgotten:
    rows = frames = pictures = 0
    notes: list[str] = []
    for session, number in places:
        place = SessionPlace(root, session)
        with place.writing("changed"):
            with database.reading() as db:
                row = session_row(db, session, deleted=True)
                who = who_of(row)
                notes += [
                    f"The video {source.name} itself is not touched ({source.path})."
                    for source in row.sources
                    if source.path
                ]
            # In this order, so that what is left after an interruption still says what to remove.
            pictures += _forget_pictures(place, who, number)
            n_rows, n_frames = _forget_rows(place, who, number)
            rows, frames = rows + n_rows, frames + n_frames
            # The database last: if this is interrupted, it still knows whom to forget.
            with database.writing() as db:
                _forget_in_database(session_row(db, session, deleted=True), number, place)
    if backups.is_dir() and (kept := sorted(path.name for path in backups.iterdir())):
        notes.append(f"Copies in {backups} that were made before may hold them: {', '.join(kept)}.")
    sessions = tuple(dict.fromkeys(session for session, _ in places))
    return Forgotten(name, sessions, rows, frames, pictures, tuple(dict.fromkeys(notes)))


def _forget_rows(place: SessionPlace, who: Who, number: int) -> tuple[int, int]:
    """How many rows went, and in how many frames."""
    rows = frames = 0
    place.parts.clean()
    for part in place.parts.parts():
        table = read_part(part.path)
        gone = person_ids(table, who) == number
        if not gone.any():
            continue
        theirs = table.filter(pa.array(gone)).select(["source", "frame"])
        rows += len(theirs)
        frames += theirs.group_by(["source", "frame"]).aggregate([]).num_rows
        metadata = place.parts.metadata(part)
        place.parts.write(without(table, gone)[1], part.first, metadata, last=part.last)
    return rows, frames


def _forget_pictures(place: SessionPlace, who: Who, number: int) -> int:
    """Their own picture, and those of photos that show them."""
    sources = {piece.source for piece in who.pieces if piece.person == number}
    n = 0
    for name in (person_picture(number), *(source_picture(source) for source in sources)):
        path = place.pictures / name
        if path.exists():
            path.unlink()
            n += 1
    return n


def _forget_in_database(row: SessionRow, number: int, place: SessionPlace) -> None:
    row.people = [person for person in row.people if person.number != number]
    row.baselines = [line for line in row.baselines if line.person != number]
    # A track that is theirs in part keeps the others' pieces, and says nobody for theirs.
    theirs = {(t.source, t.track) for t in row.tracks if t.person == number}
    others = {(t.source, t.track) for t in row.tracks if t.person != number}
    row.tracks = [t for t in row.tracks if (t.source, t.track) not in theirs - others]
    for piece in row.tracks:
        if piece.person == number:
            piece.person = 0
    row.rows = place.parts.n_rows()
