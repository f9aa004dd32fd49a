"""A place on a TURN server: asked for, tried, and given back."""

import socket
import struct
import time
from dataclasses import dataclass

from emotion_core.cli.doctor_network.stun import (
    ALLOCATE,
    BINDING,
    CREATE_PERMISSION,
    LIFETIME,
    MAPPED,
    NONCE,
    PAYLOAD,
    PEER,
    REALM,
    REFRESH,
    RELAYED,
    REQUESTED_TRANSPORT,
    USERNAME,
    Connection,
    Message,
    NoAnswerError,
    RefusedError,
    address_value,
    is_data,
    long_term_key,
)

_UNAUTHORIZED, _STALE_NONCE = 401, 438
_WORD = b"emotion-lens"
_WAIT_S = 3.0


def mapped_address(connection: Connection) -> tuple[str, int]:
    """How the server sees this machine.

    Raises:
        NoAnswerError: it does not answer.
        RefusedError: it will not say.
        OSError: nobody listens there.
    """
    answer = connection.ask(BINDING, [])
    if answer.error is not None:
        raise answer.error
    return answer.address(MAPPED)


@dataclass
class Allocation:
    """A place on the server.

    Attributes:
        connection: by which it was asked for.
        relayed: (address, port) at which others reach it.
        mapped: (address, port) at which the server sees this machine.
        is_open: whether the server asked for no password.
    """

    connection: Connection
    relayed: tuple[str, int]
    mapped: tuple[str, int]
    is_open: bool
    _key: bytes
    _signed: list[tuple[int, bytes]]

    def give_back(self) -> None:
        """Ends it; what goes wrong does not matter, as it ends by itself."""
        try:
            self._ask(REFRESH, [(LIFETIME, struct.pack("!I", 0))])
        except (NoAnswerError, RefusedError, OSError):
            return

    def carries_datagrams(self) -> bool:
        """Whether something that is sent to the relay comes back to this machine.

        Raises:
            NoAnswerError: the server no longer answers.
            RefusedError: it does not relay to this machine.
            OSError: nothing can be sent.
        """
        transaction = b"permission.."
        peer = address_value(self.mapped[0], 0, transaction)
        self._ask(CREATE_PERMISSION, [(PEER, peer)], transaction)
        family = socket.AF_INET6 if ":" in self.relayed[0] else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sender:
            for _ in range(3):
                sender.sendto(_WORD, self.relayed)
                end_s = time.monotonic() + _WAIT_S / 3
                while (message := self.connection.receive(end_s)) is not None:
                    if is_data(message) and message.attributes.get(PAYLOAD) == _WORD:
                        return True
        return False

    def _ask(
        self, method: int, attributes: list[tuple[int, bytes]], transaction: bytes = b""
    ) -> Message:
        answer = self.connection.ask(
            method, [*attributes, *self._signed], self._key, transaction=transaction
        )
        if answer.error is not None:
            raise answer.error
        return answer


def allocate(connection: Connection, username: str, password: str) -> Allocation:
    """Asks for a place.

    Args:
        connection: with the server.
        username: given to the browser.
        password: that goes with it.

    Raises:
        NoAnswerError: nothing came back.
        RefusedError: the server says no; 401 where it does not know the user or the password.
        OSError: nobody listens there.
    """
    wanted = [(REQUESTED_TRANSPORT, bytes([17, 0, 0, 0]))]  # UDP, by its protocol number
    answer = connection.ask(ALLOCATE, wanted)
    signed: list[tuple[int, bytes]] = []
    key = b""
    for _ in range(2):
        if answer.error is None or answer.error.code not in (_UNAUTHORIZED, _STALE_NONCE):
            break
        realm, nonce = answer.attributes.get(REALM), answer.attributes.get(NONCE)
        if realm is None or nonce is None or (signed and answer.error.code == _UNAUTHORIZED):
            break
        signed = [(USERNAME, username.encode()), (REALM, realm), (NONCE, nonce)]
        key = long_term_key(username, realm.decode(errors="replace"), password)
        answer = connection.ask(ALLOCATE, [*wanted, *signed], key)
    if answer.error is not None:
        raise answer.error
    return Allocation(
        connection, answer.address(RELAYED), answer.address(MAPPED), not signed, key, signed
    )
