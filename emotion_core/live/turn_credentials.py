"""Credentials for a TURN server that expire, made from a secret that both servers know.

Source: "A REST API For Access To TURN Services", draft-uberti-behave-turn-rest-00, section 2.2;
coturn calls it ``use-auth-secret``.
"""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

from emotion_core.errors import ConnectionSettingsError
from emotion_core.paths import TURN_TTL_ENV

#: A working day: a page may stand open for long before the camera is started.
DEFAULT_TTL_S = 8 * 3600
#: A browser needs some seconds from the page to its first allocation; coturn's clock may be off.
MIN_TTL_S = 60
#: Longer would be nothing but a password.
MAX_TTL_S = 30 * 86_400

# The colon parts the expiry from the label.
_NOT_IN_LABEL = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True, slots=True)
class TurnCredentials:
    """A user name and its password.

    Attributes:
        username: Unix time of the expiry, and whose they are: ``1767225600:3f9a1c``.
        credential: HMAC-SHA1 of the user name with the secret, in base 64.
    """

    username: str
    credential: str

    @property
    def expires_s(self) -> float:
        """Unix time from which they are of no use."""
        return float(self.username.partition(":")[0])


def turn_credentials(
    secret: str, ttl_s: int = DEFAULT_TTL_S, *, label: str = "", now_s: float | None = None
) -> TurnCredentials:
    """Makes credentials.

    Args:
        secret: ``static-auth-secret`` of the TURN server.
        ttl_s: for how long they are good.
        label: whose they are, in the TURN server's log; letters, digits, dots and dashes.
        now_s: Unix time from which they are good; None: now.
    """
    expires_s = int((time.time() if now_s is None else now_s) + ttl_s)
    username = f"{expires_s}:{_NOT_IN_LABEL.sub('', label)[:64]}".removesuffix(":")
    mac = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return TurnCredentials(username, base64.b64encode(mac).decode())


def ttl_from(environment: Mapping[str, str]) -> int:
    """For how many seconds credentials are good, by ``EMOTION_LENS_TURN_TTL``.

    Raises:
        ConnectionSettingsError: it is no whole number of seconds between a minute and 30 days.
    """
    text = environment.get(TURN_TTL_ENV, "").strip()
    if not text:
        return DEFAULT_TTL_S
    seconds = int(text) if text.isdecimal() and len(text) < 10 else 0
    if not MIN_TTL_S <= seconds <= MAX_TTL_S:
        raise ConnectionSettingsError(
            f"{TURN_TTL_ENV}: wanted a whole number of seconds from {MIN_TTL_S} to "
            f"{MAX_TTL_S:,}. Received: {text[:40]!r}"
        )
    return seconds
