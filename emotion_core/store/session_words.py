"""Sessions in words, for lists and headings."""

from datetime import datetime

from emotion_core.store.models import SessionKind, SessionState
from emotion_core.store.session_info import Person, SessionInfo
from emotion_core.wording import clock, count_of

#: What the kinds are called.
KIND_WORDS = {
    SessionKind.PHOTOS: "Photos",
    SessionKind.LIVE: "Live",
    SessionKind.VIDEO: "Video",
}
_UNTITLED = {
    SessionKind.PHOTOS: "Photos",
    SessionKind.LIVE: "Recording",
    SessionKind.VIDEO: "Video",
}
_STATES = {
    SessionState.RECORDING: "being recorded",
    SessionState.INTERRUPTED: "interrupted, what was read is kept",
}
_NAMES = 3


def title_of(info: SessionInfo) -> str:
    """What a session is called; one without a name by what it is and when it began."""
    return info.name or f"{_UNTITLED[info.kind]} of {moment(info.created)}"


def moment(when: datetime) -> str:
    """A point in time on this machine's clock, e.g. ``"2026-03-01 14:05"``."""
    return f"{when.astimezone():%Y-%m-%d %H:%M}"


def facts_of(info: SessionInfo) -> str:
    """Kind, time, length, people and state on one line."""
    parts = [KIND_WORDS[info.kind]]
    if info.name:
        parts.append(moment(info.created))
    if info.kind == SessionKind.PHOTOS:
        parts.append(count_of(len(info.sources), "photo"))
    else:
        parts.append(clock(info.duration_s))
    if info.people:
        parts.append(people_words(info.people))
    if state := _STATES.get(info.state):
        parts.append(state)
    return " · ".join(parts)


def people_words(people: tuple[Person, ...]) -> str:
    """How many there are, and the first names: ``"3 people: Anna, Ben"``."""
    names = list(dict.fromkeys(p.subject or p.name for p in people if p.subject or p.is_named))
    text = count_of(len(people), "person", "people")
    if not names:
        return text
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return f"{text}: {', '.join(names[:_NAMES])}{more}"
