"""What ``doctor --network`` says of STUN and TURN servers."""

import ipaddress
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Any

from emotion_core.cli.doctor_network.stun import (
    Connection,
    IceServer,
    NoAnswerError,
    RefusedError,
)
from emotion_core.cli.doctor_network.turn import Allocation, allocate, mapped_address
from emotion_core.cli.doctor_report import NOTE, OK, PROBLEM, Check
from emotion_core.errors import ConnectionSettingsError
from emotion_core.live.connection import cloudflare_key, rtc_configuration
from emotion_core.paths import (
    CLOUDFLARE_KEY_ENV,
    TURN_CREDENTIAL_ENV,
    TURN_SECRET_ENV,
    TURN_URLS_ENV,
    TURN_USERNAME_ENV,
)

_UNAUTHORIZED, _FORBIDDEN, _NO_ROOM = 401, 403, (486, 508)
_LABEL = "doctor"


def relay_checks(*, is_elsewhere: bool, environment: Mapping[str, str]) -> Iterator[Check]:
    """STUN, TURN and UDP, by the servers of the environment.

    Args:
        is_elsewhere: whether browsers on other machines are to be served.
        environment: with the variables of the app.
    """
    try:
        configured = rtc_configuration(environment, label=_LABEL)["iceServers"]
        cloudflare = cloudflare_key(environment)
    except ConnectionSettingsError as error:
        yield Check("TURN", PROBLEM, str(error), "correct the variable where the app is started.")
        return
    if cloudflare is not None:
        yield Check(
            "TURN",
            NOTE,
            f"Cloudflare's servers are used ({CLOUDFLARE_KEY_ENV}); the app asks for credentials "
            "when the Live page is opened.",
            "test them there: Connection, at the bottom of the page.",
        )
        return
    if not configured:
        yield _none(is_elsewhere)
        return
    (given,) = configured
    servers = []
    for url in given["urls"]:
        try:
            servers.append(IceServer.from_url(url))
        except ValueError as error:
            yield Check("TURN", PROBLEM, f"{TURN_URLS_ENV}: {error}.", f"correct {TURN_URLS_ENV}.")
    yield from _stun(servers)
    relays = [server for server in servers if server.is_turn]
    if not relays and is_elsewhere:
        yield _none(is_elsewhere)
    for server in relays:
        yield from _turn(server, given, secret=bool(environment.get(TURN_SECRET_ENV, "").strip()))


def _none(is_elsewhere: bool) -> Check:
    return Check(
        "TURN",
        PROBLEM if is_elsewhere else NOTE,
        "No TURN server is configured: video starts only where the browser's network lets UDP "
        "through to the app.",
        f"run one (docs/server.md) and start the app with {TURN_URLS_ENV} and {TURN_SECRET_ENV}."
        if is_elsewhere
        else "",
    )


def _stun(servers: list[IceServer]) -> Iterator[Check]:
    """Whether UDP gets through, and back."""
    server = next((server for server in servers if server.transport == "udp"), None)
    if server is None:
        return
    where = f"{server.host}:{server.port}"
    try:
        with Connection(server) as connection:
            address, _ = mapped_address(connection)
    except (NoAnswerError, RefusedError, OSError) as error:
        yield Check(
            "STUN",
            PROBLEM,
            f"{where} over UDP: {_said(error)}.",
            f"start it, and let UDP to port {server.port} through every firewall on the way; a "
            "network that blocks UDP altogether needs an address with ?transport=tcp.",
        )
        return
    yield Check("STUN", OK, f"{where} answers over UDP and sees this machine as {address}")


def _turn(server: IceServer, given: Mapping[str, Any], *, secret: bool) -> Iterator[Check]:
    try:
        with Connection(server) as connection:
            place = allocate(connection, given.get("username", ""), given.get("credential", ""))
            try:
                yield _allocated(server, place, connection.server_ip, secret=secret)
                yield _udp(place)
            finally:
                place.give_back()
    except RefusedError as error:
        yield Check("TURN", PROBLEM, f"{server.url}: {_refusal(error)}.", _mend(error, secret))
    except ssl.SSLError as error:
        yield Check(
            "TURN", PROBLEM, f"{server.url}: its certificate is not trusted ({error.reason}).",
            "give it one that browsers trust, or use turn: instead of turns:.",
        )  # fmt: skip
    except (NoAnswerError, OSError) as error:
        kind = "UDP" if server.transport == "udp" else "TCP"
        yield Check(
            "TURN",
            PROBLEM,
            f"{server.url}: {_said(error)}.",
            f"check that coturn runs there, {TURN_URLS_ENV}, and that firewalls let {kind} to port "
            f"{server.port} through.",
        )


def _allocated(server: IceServer, place: Allocation, server_ip: str, *, secret: bool) -> Check:
    address, port = place.relayed
    if _is_private(address) and not _is_private(server_ip):
        return Check(
            "TURN",
            PROBLEM,
            f"{server.url} relays at {address}, which nobody reaches from elsewhere.",
            f"set external-ip of coturn to {server_ip} (EMOTION_LENS_TURN_EXTERNAL_IP).",
        )
    if place.is_open:
        return Check(
            "TURN",
            PROBLEM,
            f"{server.url} relays for anybody, without a password.",
            f"set use-auth-secret and static-auth-secret of coturn, and {TURN_SECRET_ENV}.",
        )
    kind = "time-limited" if secret else "fixed"
    return Check("TURN", OK, f"{server.url} relays at {address}:{port}, with {kind} credentials")


def _udp(place: Allocation) -> Check:
    address, port = place.relayed
    try:
        came = place.carries_datagrams()
    except RefusedError as error:
        if error.code != _FORBIDDEN:
            return Check("UDP", PROBLEM, f"The relay does not work: {error}.", "see coturn's log.")
        return Check(
            "UDP",
            NOTE,
            f"Not tried: the server does not relay to {place.mapped[0]}, an address that is not "
            "public. For others this says nothing.",
        )
    except (NoAnswerError, OSError) as error:
        return Check("UDP", PROBLEM, f"The relay does not work: {_said(error)}.", "see its log.")
    if came:
        return Check("UDP", OK, f"A datagram to {address}:{port} came back through the relay")
    return Check(
        "UDP",
        PROBLEM,
        f"No datagram gets through to {address}:{port}, a port of the relay.",
        "let UDP to coturn's relay ports through (min-port to max-port: 49160 to 49200), and set "
        "external-ip to the address by which others reach it.",
    )


def _refusal(error: RefusedError) -> str:
    if error.code == _UNAUTHORIZED:
        return "it refuses the credentials"
    if error.code in _NO_ROOM:
        return f"it has no place left ({error})"
    return f"it refuses ({error})"


def _mend(error: RefusedError, secret: bool) -> str:
    if error.code in _NO_ROOM:
        return "raise total-quota, user-quota or the range of relay ports of coturn."
    if error.code != _UNAUTHORIZED:
        return "see the TURN server's log."
    if secret:
        return (
            f"{TURN_SECRET_ENV} must be the same as static-auth-secret of coturn, and both "
            "machines' clocks must be right."
        )
    return (
        f"check {TURN_USERNAME_ENV} and {TURN_CREDENTIAL_ENV}, or share a secret: "
        f"{TURN_SECRET_ENV} and coturn's use-auth-secret."
    )


def _said(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, TimeoutError):
        return "nothing answers"
    if isinstance(error, OSError):
        return error.strerror or "it cannot be reached"
    return str(error)


def _is_private(address: str) -> bool:
    """Whether an address means something only within its own network."""
    ip = ipaddress.ip_address(address)
    return any(ip in network for network in _PRIVATE if network.version == ip.version)


# Not Python's is_private, which counts addresses for tests and documents in.
_PRIVATE = [
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.168.0.0/16", "::1/128", "fc00::/7", "fe80::/10",
    )
]  # fmt: skip
