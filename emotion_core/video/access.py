"""Who may fetch what: unguessable words for addresses, each of one session and one thing."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token opens.

    Attributes:
        session: whose it is; with the session it ends.
        subject: what it opens, for whoever asked for it; a client never sees it.
    """

    session: str
    subject: str


class AccessTokens:
    """The tokens of a server. Callable from any thread.

    Args:
        is_alive: whether a session is still there. Asked with every use, so that nobody has to
            tell of the end of a session.
    """

    def __init__(self, is_alive: Callable[[str], bool]) -> None:
        self._is_alive = is_alive
        self._lock = threading.Lock()
        self._grants: dict[str, Grant] = {}
        self._tokens: dict[Grant, str] = {}

    def issue(self, session: str, subject: str) -> str:
        """A token for a URL; the same one again for the same session and subject."""
        grant = Grant(session, subject)
        with self._lock:
            token = self._tokens.get(grant)
            if token is None:
                self._forget_gone()
                token = secrets.token_urlsafe(32)
                self._tokens[grant], self._grants[token] = token, grant
            return token

    def resolve(self, token: str) -> Grant | None:
        """What a token opens; None for one that is unknown or whose session has ended."""
        with self._lock:
            grant = self._grants.get(token)
        return grant if grant is not None and self._is_alive(grant.session) else None

    def _forget_gone(self) -> None:
        gone = {one.session for one in self._tokens if not self._is_alive(one.session)}
        for grant in [one for one in self._tokens if one.session in gone]:
            del self._grants[self._tokens.pop(grant)]
