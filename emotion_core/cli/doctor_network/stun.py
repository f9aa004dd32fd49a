"""A small STUN and TURN client: enough to ask for an address and for a relay.

Sources: RFC 8489 (STUN), RFC 8656 (TURN), RFC 7065 (addresses of TURN servers).
"""

import hashlib
import hmac
import ipaddress
import os
import re
import socket
import ssl
import struct
import time
from dataclasses import dataclass, field
from types import TracebackType

BINDING, ALLOCATE, REFRESH, CREATE_PERMISSION, DATA = 0x001, 0x003, 0x004, 0x008, 0x007
_SUCCESS, _ERROR, _INDICATION = 0x100, 0x110, 0x010

USERNAME, MESSAGE_INTEGRITY, ERROR_CODE = 0x0006, 0x0008, 0x0009
LIFETIME, PEER, PAYLOAD, REALM, NONCE = 0x000D, 0x0012, 0x0013, 0x0014, 0x0015
RELAYED, REQUESTED_TRANSPORT, MAPPED = 0x0016, 0x0019, 0x0020

_COOKIE = 0x2112A442
_HEADER = struct.Struct("!HHI12s")
_UDP = 17
#: When a request is sent again where nothing comes back, and when it is given up. Source: RFC 8489,
#: 6.2.1, with a shorter end: nobody waits 40 s for a video to begin.
_SEND_AGAIN_S = (0.5, 1.0, 2.0, 2.5)

_ADDRESS = re.compile(
    r"(?P<scheme>stuns?|turns?):(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:?/\s]+)(?::(?P<port>\d{1,5}))?"
    r"(?:\?transport=(?P<transport>udp|tcp))?"
)


class NoAnswerError(Exception):
    """Nothing came back, or nothing that can be used."""


class RefusedError(Exception):
    """The server said no.

    Args:
        code: its error code.
        reason: its words.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code = code


@dataclass(frozen=True, slots=True)
class IceServer:
    """Where a STUN or TURN server listens.

    Attributes:
        url: as it was given.
        host: name or address.
        port: number.
        transport: ``udp``, ``tcp`` or ``tls``.
        is_turn: whether it relays.
    """

    url: str
    host: str
    port: int
    transport: str
    is_turn: bool

    @classmethod
    def from_url(cls, url: str) -> "IceServer":
        """Reads an address such as ``turn:turn.example.org:3478?transport=udp``.

        Raises:
            ValueError: it is none.
        """
        found = _ADDRESS.fullmatch(url)
        port = int(found["port"] or 0) if found else 0
        if not found or port > 65_535:
            raise ValueError(
                "wanted an address such as turn:turn.example.org:3478?transport=udp, received "
                f"{url[:100]!r}"
            )
        secure = found["scheme"].endswith("s")
        transport = "tls" if secure else found["transport"] or "udp"
        host = found["host"].strip("[]")
        return cls(
            url, host, port or (5349 if secure else 3478), transport,
            found["scheme"].startswith("turn"),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Message:
    """An answer.

    Attributes:
        kind: method and class.
        transaction: repeated from the request.
        attributes: {type: value}; of several of a type, the first.
    """

    kind: int
    transaction: bytes
    attributes: dict[int, bytes]

    def address(self, attribute: int) -> tuple[str, int]:
        """An address in it.

        Raises:
            NoAnswerError: it has none.
        """
        value = self.attributes.get(attribute, b"")
        if len(value) not in (8, 20):
            raise NoAnswerError("it answers without an address")
        port = struct.unpack("!H", value[2:4])[0] ^ (_COOKIE >> 16)
        mask = struct.pack("!I", _COOKIE) + self.transaction
        raw = bytes(a ^ b for a, b in zip(value[4:], mask, strict=False))
        return str(ipaddress.ip_address(raw)), port

    @property
    def error(self) -> RefusedError | None:
        """Why the server says no; None where it does not."""
        if self.kind & _ERROR != _ERROR:
            return None
        value = self.attributes.get(ERROR_CODE, b"\0\0\0\0")
        return RefusedError(value[2] * 100 + value[3], value[4:].decode(errors="replace"))


def address_value(host: str, port: int, transaction: bytes) -> bytes:
    """An address as it stands in a request.

    Args:
        host: an IP address.
        port: number.
        transaction: of the request.
    """
    address = ipaddress.ip_address(host)
    mask = struct.pack("!I", _COOKIE) + transaction
    raw = bytes(a ^ b for a, b in zip(address.packed, mask, strict=False))
    family = 1 if address.version == 4 else 2
    return struct.pack("!BBH", 0, family, port ^ (_COOKIE >> 16)) + raw


def encode(
    kind: int, transaction: bytes, attributes: list[tuple[int, bytes]], key: bytes = b""
) -> bytes:
    """A message; with a key, signed.

    Args:
        kind: method and class.
        transaction: 12 bytes.
        attributes: (type, value) each.
        key: see ``long_term_key``.
    """
    body = b"".join(
        struct.pack("!HH", own, len(value)) + value + b"\0" * (-len(value) % 4)
        for own, value in attributes
    )
    if key:
        # The signature's own length counts, as if it stood there already.
        head = _HEADER.pack(kind, len(body) + 24, _COOKIE, transaction)
        mac = hmac.new(key, head + body, hashlib.sha1).digest()
        body += struct.pack("!HH", MESSAGE_INTEGRITY, len(mac)) + mac
    return _HEADER.pack(kind, len(body), _COOKIE, transaction) + body


def decode(data: bytes) -> Message:
    """Reads a message.

    Raises:
        NoAnswerError: it is none.
    """
    if len(data) < _HEADER.size:
        raise NoAnswerError("something else than a STUN server answers")
    kind, length, cookie, transaction = _HEADER.unpack_from(data)
    if kind >> 14 or cookie != _COOKIE or length > len(data) - _HEADER.size:
        raise NoAnswerError("something else than a STUN server answers")
    attributes: dict[int, bytes] = {}
    place, end = _HEADER.size, _HEADER.size + length
    while place + 4 <= end:
        own, size = struct.unpack_from("!HH", data, place)
        attributes.setdefault(own, data[place + 4 : place + 4 + size])
        place += 4 + size + -size % 4
    return Message(kind, transaction, attributes)


def long_term_key(username: str, realm: str, password: str) -> bytes:
    """What requests are signed with. Source: RFC 8489, 9.2.2."""
    return hashlib.md5(f"{username}:{realm}:{password}".encode(), usedforsecurity=False).digest()


@dataclass
class Connection:
    """One end of a conversation with a server; to be used in ``with``.

    Args:
        server: with whom.
        timeout_s: how long a connection over TCP may take.

    Raises:
        OSError: its name is not known, or nothing listens there.
    """

    server: IceServer
    timeout_s: float = 5.0
    _socket: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        server = self.server
        where = (server.host, server.port)
        if server.transport == "udp":
            family, _, _, _, address = socket.getaddrinfo(*where, type=socket.SOCK_DGRAM)[0]
            self._socket = socket.socket(family, socket.SOCK_DGRAM)
            # Connected, so that the machine tells when nobody listens at the other's port.
            self._socket.connect(address)
        else:
            self._socket = socket.create_connection(where, timeout=self.timeout_s)
            if server.transport == "tls":
                context = ssl.create_default_context()
                self._socket = context.wrap_socket(self._socket, server_hostname=server.host)

    def __enter__(self) -> "Connection":
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._socket.close()

    @property
    def server_ip(self) -> str:
        """The address that the server's name stands for."""
        return str(self._socket.getpeername()[0])

    def ask(
        self, method: int, attributes: list[tuple[int, bytes]], key: bytes = b"",
        transaction: bytes = b"",
    ) -> Message:  # fmt: skip
        """Sends a request and waits for what comes back, be it a refusal.

        Raises:
            NoAnswerError: nothing came.
            OSError: nobody listens there.
        """
        transaction = transaction or os.urandom(12)
        request = encode(method, transaction, attributes, key)
        waits = _SEND_AGAIN_S if self.server.transport == "udp" else (sum(_SEND_AGAIN_S),)
        for wait_s in waits:
            self._socket.sendall(request)
            end_s = time.monotonic() + wait_s
            while (answer := self.receive(end_s)) is not None:
                if answer.transaction == transaction:
                    return answer
        raise NoAnswerError("nothing answers")

    def receive(self, end_s: float) -> Message | None:
        """The next message; None where none comes until a time of ``time.monotonic``."""
        try:
            if self.server.transport == "udp":
                self._socket.settimeout(max(0.001, end_s - time.monotonic()))
                return decode(self._socket.recv(65_535))
            head = self._exactly(_HEADER.size, end_s)
            return decode(head + self._exactly(_HEADER.unpack(head)[1], end_s))
        except TimeoutError:
            return None

    def _exactly(self, n: int, end_s: float) -> bytes:
        data = b""
        while len(data) < n:
            self._socket.settimeout(max(0.001, end_s - time.monotonic()))
            piece = self._socket.recv(n - len(data))
            if not piece:
                raise NoAnswerError("the connection is closed at once")
            data += piece
        return data


def is_data(message: Message) -> bool:
    """Whether it carries what a peer sent to the relay."""
    return message.kind == DATA | _INDICATION
