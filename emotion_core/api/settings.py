"""What whoever runs the server decided, from the environment."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass

from emotion_core.errors import ApiError
from emotion_core.paths import (
    API_ENV,
    API_MAX_MB_ENV,
    API_MAX_MEGAPIXELS_ENV,
    API_RATE_ENV,
    API_TIMEOUT_ENV,
    API_TOKEN_ENV,
)

#: Where the interface is mounted.
PATH = "/api/v1"
#: A token that can be guessed is none.
LEAST_TOKEN_CHARACTERS = 16
#: Written out, as decoders take time to load and the server starts at once. A test compares.
MAX_PIXELS = 50_000_000
_ON = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Who may ask, and for how much.

    Attributes:
        token: what clients have to send; empty: none, and only this machine may ask.
        rate: requests a minute of one client.
        max_bytes: of one request with pictures.
        max_pixels: of one picture.
        max_pictures: of one request.
        timeout_s: how long a request may take, and how long one may send nothing.
        max_requests: requests with pictures that are worked on or wait; more are refused.
        max_held_bytes: of all their pictures together.
        max_uploads: videos that come in at the same moment.
        threads: pictures that are read at the same moment.
    """

    token: str = ""
    rate: float = 600.0
    max_bytes: int = 100_000_000
    max_pixels: int = MAX_PIXELS
    max_pictures: int = 100
    timeout_s: float = 60.0
    max_requests: int = 64
    max_held_bytes: int = 500_000_000
    max_uploads: int = 4
    threads: int = 4

    @classmethod
    def from_environment(cls, given: Mapping[str, str] | None = None) -> "ApiSettings":
        """The settings of the environment variables; what is not set has its default.

        Args:
            given: the variables; None for those of this process.

        Raises:
            ApiError: a value cannot be used.
        """
        given = os.environ if given is None else given
        token = given.get(API_TOKEN_ENV, "")
        if token and (len(token) < LEAST_TOKEN_CHARACTERS or not _is_printable(token)):
            raise ApiError(
                f"{API_TOKEN_ENV}: wanted at least {LEAST_TOKEN_CHARACTERS} letters, digits and "
                "signs without blanks, e.g. the output of `openssl rand -hex 32`. Received "
                f"{len(token)} characters."
            )
        max_mb = _number(given, API_MAX_MB_ENV, 100, 0.001, 10_000)
        megapixels = _number(given, API_MAX_MEGAPIXELS_ENV, MAX_PIXELS / 1e6, 0.01, 50)
        return cls(
            token=token,
            rate=_number(given, API_RATE_ENV, 600, 1, 1e7),
            max_bytes=round(max_mb * 1e6),
            max_pixels=round(megapixels * 1e6),
            timeout_s=_number(given, API_TIMEOUT_ENV, 60, 0.1, 3600),
            max_held_bytes=max(500_000_000, round(2 * max_mb * 1e6)),
            # Twice the cores: some wait for the network while others look for faces.
            threads=max(4, 2 * (os.cpu_count() or 1)),
        )


def is_switched_on(given: Mapping[str, str] | None = None) -> bool:
    """Whether the environment asks for the HTTP interface."""
    given = os.environ if given is None else given
    return given.get(API_ENV, "").strip().lower() in _ON


def _is_printable(token: str) -> bool:
    return token.isascii() and all("!" <= character <= "~" for character in token)


def _number(
    given: Mapping[str, str], name: str, default: float, lowest: float, highest: float
) -> float:
    text = given.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not lowest <= value <= highest:
        raise ApiError(
            f"{name}: wanted a number from {lowest:g} to {highest:g}. Received: {text!r}"
        )
    return value
