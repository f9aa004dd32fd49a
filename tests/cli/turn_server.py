"""A TURN server on the loopback interface, made of aioice's messages, with faults on request."""

import hmac
import os
import socket
import threading
from base64 import b64encode
from hashlib import sha1

from aioice import stun
from aioice.turn import make_integrity_key

SECRET = "north"
_REALM = "test"


class TurnServer:
    """Answers until the end of ``with``.

    Args:
        relays_at: the address that it gives out; its own unless given.
        refuses: the code with which it refuses every allocation.
        drops: whether what comes to the relay is lost.
        is_open: whether it asks for no password.
        forbids: whether it relays to nobody.
    """

    def __init__(
        self, *, relays_at: str = "127.0.0.1", refuses: int = 0, drops: bool = False,
        is_open: bool = False, forbids: bool = False,
    ) -> None:  # fmt: skip
        self.relays_at, self.refuses, self.drops = relays_at, refuses, drops
        self.is_open, self.forbids = is_open, forbids
        self.methods: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._relay = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._relay.bind(("127.0.0.1", 0))
        self._client: tuple[str, int] = ("", 0)
        self._ends = threading.Event()
        self._threads = [threading.Thread(target=self._serve), threading.Thread(target=self._carry)]

    @property
    def url(self) -> str:
        return f"turn:127.0.0.1:{self._socket.getsockname()[1]}?transport=udp"

    def __enter__(self) -> "TurnServer":
        for own in (self._socket, self._relay):
            own.settimeout(0.05)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        for thread in self._threads:
            thread.join()
        self._socket.close()
        self._relay.close()

    def _serve(self) -> None:
        while not self._ends.is_set():
            try:
                data, self._client = self._socket.recvfrom(65_535)
            except TimeoutError:
                continue
            request = stun.parse_message(data)
            self.methods.append(request.message_method.name)
            answer, key = self._answer(request)
            if key:
                answer.add_message_integrity(key)
            self._socket.sendto(bytes(answer), self._client)

    def _answer(self, request: stun.Message) -> tuple[stun.Message, bytes]:
        answer = stun.Message(
            request.message_method, stun.Class.RESPONSE, transaction_id=request.transaction_id
        )
        key = b""
        if request.message_method == stun.Method.BINDING:
            answer.attributes["XOR-MAPPED-ADDRESS"] = self._client
            return answer, key
        username = request.attributes.get("USERNAME", "")
        if not self.is_open:
            password = hmac.digest(SECRET.encode(), username.encode(), sha1)
            key = _key(username, password)
            if not username or not request.check_message_integrity(key):
                return _refused(answer, 401, "Unauthorized"), b""
        if self.refuses:
            return _refused(answer, self.refuses, "No"), key
        if request.message_method == stun.Method.CREATE_PERMISSION and self.forbids:
            return _refused(answer, 403, "Forbidden"), key
        if request.message_method == stun.Method.ALLOCATE:
            place = (self.relays_at, self._relay.getsockname()[1])
            answer.attributes["XOR-RELAYED-ADDRESS"] = place
            answer.attributes["XOR-MAPPED-ADDRESS"] = self._client
            answer.attributes["LIFETIME"] = 600
        return answer, key

    def _carry(self) -> None:
        while not self._ends.is_set():
            try:
                data, peer = self._relay.recvfrom(65_535)
            except TimeoutError:
                continue
            if not self.drops:
                told = stun.Message(stun.Method.DATA, stun.Class.INDICATION, os.urandom(12))
                told.attributes["XOR-PEER-ADDRESS"] = peer
                told.attributes["DATA"] = data
                self._socket.sendto(bytes(told), self._client)


def _refused(answer: stun.Message, code: int, words: str) -> stun.Message:
    answer.message_class = stun.Class.ERROR
    answer.attributes["ERROR-CODE"] = (code, words)
    answer.attributes["REALM"] = _REALM
    answer.attributes["NONCE"] = b"nonce"
    return answer


def _key(username: str, password: bytes) -> bytes:
    key: bytes = make_integrity_key(username, _REALM, b64encode(password).decode())
    return key
