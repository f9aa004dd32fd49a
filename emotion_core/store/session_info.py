"""What is known of a session at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from emotion_core.emotions import FER2013, LabelSet
from emotion_core.store.models import SessionKind, SessionRow, SessionState
from emotion_core.store.who import TrackPiece, Who


@dataclass(frozen=True, slots=True)
class Source:
    """What rows of a session come from.

    Attributes:
        position: ``source`` of its rows.
        name: of a file or a camera.
        path: where it stands, if it is kept by reference; empty otherwise.
        sha256: of its bytes; empty where nobody knows.
        size_bytes: of a file.
        details: duration, codec and so on.
    """

    position: int
    name: str
    path: str = ""
    sha256: str = ""
    size_bytes: int = 0
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a session.

    Attributes:
        number: ``person_id`` of their rows.
        name: what they are called.
        is_named: whether somebody named them.
        hidden: whether they are not to be seen.
        subject: who they are across sessions; empty where nobody said.
        baseline: (start, end) in seconds in which their face is at rest; None without one.
    """

    number: int
    name: str
    is_named: bool = False
    hidden: bool = False
    subject: str = ""
    baseline: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session at one moment.

    Attributes:
        id: its own, for good.
        kind: what it was read from.
        state: whether it is whole.
        name: given by its user.
        notes: given by its user.
        created: when it began.
        duration_s: from its first frame to its last.
        frames: how many were read.
        rows: one per face and frame, and one per frame without a face.
        model: name of the model that read it.
        model_sha256: of the model.
        detector: name of the face detector.
        label_set: the emotions.
        versions: of what read it.
        options: of the reading.
        details: everything else that is known of the reading.
        sources: what its rows come from.
        people: who is in it.
        tags: words by which it is found.
        groups: {group: condition}.
        deleted: when it was thrown away; None if it was not.
        keep_until: when retention throws it away; None: as the store's own rule says.
        owner: whose it is, where people log in; empty otherwise.
    """

    id: str
    kind: SessionKind
    state: SessionState
    name: str
    notes: str
    created: datetime
    duration_s: float
    frames: int
    rows: int
    model: str
    model_sha256: str
    detector: str
    label_set: LabelSet
    versions: Mapping[str, Any]
    options: Mapping[str, Any]
    details: Mapping[str, Any]
    sources: tuple[Source, ...]
    people: tuple[Person, ...]
    tags: tuple[str, ...]
    groups: Mapping[str, str]
    deleted: datetime | None
    keep_until: datetime | None
    owner: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The session as JSON."""
        return {
            "id": self.id,
            "kind": self.kind.value,
            "state": self.state.value,
            "name": self.name,
            "notes": self.notes,
            "created": self.created.isoformat(timespec="seconds"),
            "duration_s": round(self.duration_s, 6),
            "frames": self.frames,
            "rows": self.rows,
            "model": self.model,
            "model_sha256": self.model_sha256,
            "detector": self.detector,
            "emotions": list(self.label_set.names),
            "versions": dict(self.versions),
            "options": dict(self.options),
            "sources": [
                {"name": s.name, "path": s.path, "sha256": s.sha256, "size_bytes": s.size_bytes}
                for s in self.sources
            ],
            "people": [
                {
                    "number": p.number, "name": p.name, "hidden": p.hidden, "subject": p.subject,
                    "baseline": None if p.baseline is None else list(p.baseline),
                }
                for p in self.people
            ],
            "tags": list(self.tags),
            "groups": dict(self.groups),
            "owner": self.owner,
            "deleted": None if self.deleted is None else self.deleted.isoformat(timespec="seconds"),
        }  # fmt: skip

    def matches(self, search: str) -> bool:
        """Whether every word of a search stands somewhere in what people gave it."""
        texts = [
            self.id, self.name, self.notes, *self.tags, *self.groups, *self.groups.values(),
            *(source.name for source in self.sources), *(person.name for person in self.people),
            *(person.subject for person in self.people),
        ]  # fmt: skip
        text = "\n".join(texts).casefold()
        return all(word in text for word in search.casefold().split())


def who_of(row: SessionRow) -> Who:
    """Who is who in a session."""
    pieces = [TrackPiece(t.source, t.track, t.from_s, t.person) for t in row.tracks]
    return Who(
        tuple(sorted(pieces)),
        {person.number: person.name for person in row.people if person.name},
        frozenset(person.number for person in row.people if person.hidden),
    )


def info_of(row: SessionRow, subjects: Mapping[str, str]) -> SessionInfo:
    """A session as it stands in the database.

    Args:
        row: its row, within the transaction that it was read in.
        subjects: {id: name} of people across sessions.
    """
    names = Who(names={person.number: person.name for person in row.people})
    resting = {line.person: (line.start_s, line.end_s) for line in row.baselines}
    return SessionInfo(
        id=row.id,
        kind=SessionKind(row.kind),
        state=SessionState(row.state),
        name=row.name,
        notes=row.notes,
        created=row.created,
        duration_s=row.duration_s,
        frames=row.frames,
        rows=row.rows,
        model=row.model,
        model_sha256=row.model_sha256,
        detector=row.detector,
        label_set=LabelSet.from_names(row.emotions) if row.emotions else FER2013,
        versions=row.versions,
        options=row.options,
        details=row.details,
        sources=tuple(
            Source(s.position, s.name, s.path, s.sha256, s.size_bytes, s.details)
            for s in row.sources
        ),
        people=tuple(
            Person(
                p.number, names.name(p.number), bool(p.name), p.hidden,
                subjects.get(p.subject_id or "", ""), resting.get(p.number),
            )
            for p in row.people
        ),
        tags=tuple(tag.name for tag in row.tags),
        groups={member.group.name: member.condition for member in row.memberships},
        deleted=row.deleted,
        keep_until=row.keep_until,
        owner=row.owner,
    )  # fmt: skip
