"""Which sessions of a list are wanted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from emotion_core.store.session_info import SessionInfo


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """What is asked of a session; what is empty or None asks nothing.

    Attributes:
        search: words that all stand in names, notes, tags, groups, files or people.
        kinds: one of these.
        tags: all of these.
        groups: in one of these.
        people: one of these is in it, by name or by who they are across sessions.
        since: begun on that day or later, on this machine's clock.
        until: begun on that day or earlier.
        least_s: as long, at least.
        most_s: as long, at most.
    """

    search: str = ""
    kinds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    least_s: float | None = None
    most_s: float | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked."""
        return self == SessionFilter()

    def apply(self, infos: Iterable[SessionInfo]) -> tuple[SessionInfo, ...]:
        """The sessions that are wanted, in their order."""
        return tuple(info for info in infos if self._takes(info))

    def _takes(self, info: SessionInfo) -> bool:
        day = info.created.astimezone().date()
        return (
            info.matches(self.search)
            and (not self.kinds or info.kind in self.kinds)
            and set(self.tags) <= set(info.tags)
            and (not self.groups or not set(self.groups).isdisjoint(info.groups))
            and (not self.people or not set(self.people).isdisjoint(names_in(info)))
            and (self.since is None or day >= self.since)
            and (self.until is None or day <= self.until)
            and (self.least_s is None or info.duration_s >= self.least_s)
            and (self.most_s is None or info.duration_s <= self.most_s)
        )


def names_in(info: SessionInfo) -> set[str]:
    """By what names the people of a session are found: those that somebody gave them."""
    given = {person.name for person in info.people if person.is_named}
    return given | {person.subject for person in info.people if person.subject}
