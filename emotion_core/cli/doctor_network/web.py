"""What ``doctor --network`` says of the app's address: HTTPS, the app, its WebSocket, backends."""

import base64
import hashlib
import http.client
import os
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from emotion_core.cli.doctor_report import NOTE, OK, PROBLEM, Check
from emotion_core.live.connection import INSTANCE_HEADER, UNKNOWN_NAME

_HEALTH, _STREAM = "_stcore/health", "_stcore/stream"
_TIMEOUT_S = 10.0
_ASKED = 8
# Source: RFC 6455, 1.3.
_WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
# Source: OpenSSL, x509_vfy.h.
_EXPIRED, _NOT_YET, _OTHER_NAME = 10, 9, 62
_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the app, or of whatever stands before it."""

    status: int
    headers: http.client.HTTPMessage
    text: str


class Address:
    """The app's address, and how it is spoken to.

    Args:
        url: beginning with ``http://`` or ``https://``.
    """

    def __init__(self, url: str) -> None:
        self.url: SplitResult = urlsplit(url)
        self.host = self.url.hostname or ""
        self.is_secure = self.url.scheme == "https"
        self.port = self.url.port or (443 if self.is_secure else 80)
        # The rest is looked at even where the certificate is at fault.
        self.context = ssl.create_default_context()

    @property
    def is_local(self) -> bool:
        """Whether it is this machine, by a name that browsers trust."""
        return self.host in _LOCAL or self.host.endswith(".localhost")

    @property
    def origin(self) -> str:
        """What a browser calls it."""
        return f"{self.url.scheme}://{self.url.netloc.rpartition('@')[2]}"

    def path(self, name: str) -> str:
        """A path of the app."""
        return f"{self.url.path.rstrip('/')}/{name}"

    def trust_anything(self) -> None:
        """From now on, certificates are not checked."""
        self.context = ssl._create_unverified_context()

    def connect(self) -> socket.socket:
        """A connection.

        Raises:
            OSError: none is made.
        """
        plain = socket.create_connection((self.host, self.port), timeout=_TIMEOUT_S)
        if not self.is_secure:
            return plain
        try:
            return self.context.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise

    def get(self, name: str, cookies: str = "") -> Answer:
        """Asks for something.

        Raises:
            OSError: nothing answers.
            http.client.HTTPException: something that is no web server answers.
        """
        if self.is_secure:
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                self.host, self.port, timeout=_TIMEOUT_S, context=self.context
            )
        else:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=_TIMEOUT_S)
        try:
            connection.request(
                "GET", self.path(name), headers={"Cookie": cookies} if cookies else {}
            )
            answer = connection.getresponse()
            text = answer.read(10_000).decode(errors="replace")
            return Answer(answer.status, answer.headers, text)
        finally:
            connection.close()


def web_checks(address: Address) -> Iterator[Check]:
    """The address, from the outside in; ends where nothing further can be seen."""
    try:
        first = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
    except OSError:
        yield Check(
            "Address", PROBLEM, f"{address.host} is no known name.",
            "make an entry for it in the DNS, or correct the address.",
        )  # fmt: skip
        return
    yield Check("Address", OK, f"{address.host} is {first[4][0]}")
    try:
        if address.is_secure:
            yield _https(address)
        yield _secure_context(address)
        health = address.get(_HEALTH)
    except (OSError, http.client.HTTPException) as error:
        yield _unreachable(address, error)
        return
    check = _app(address, health)
    yield check
    if check.status == OK:
        yield _websocket(address)
        yield _backends(address, health)


def _https(address: Address) -> Check:
    try:
        with address.connect() as connection:
            certificate = connection.getpeercert() if isinstance(connection, ssl.SSLSocket) else {}
    except ssl.SSLCertVerificationError as error:
        address.trust_anything()
        return Check("HTTPS", PROBLEM, *_distrust(address, error))
    except ssl.SSLError as error:
        return Check(
            "HTTPS",
            PROBLEM,
            f"{address.host}:{address.port} does not speak HTTPS ({error.reason}).",
            "put a proxy that does before the app, such as the Caddy of deploy/; give its port.",
        )
    begin_s, end_s = (
        ssl.cert_time_to_seconds(str((certificate or {}).get(name)))
        for name in ("notBefore", "notAfter")
    )
    left_s = end_s - time.time()
    left = f"{left_s / 86_400:.0f} days" if left_s > 172_800 else f"{left_s / 3600:.0f} hours"
    if left_s < (end_s - begin_s) / 10:
        return Check(
            "HTTPS", NOTE, f"The certificate is good for {left} only.",
            "see why it is not renewed: Caddy's log.",
        )  # fmt: skip
    return Check("HTTPS", OK, f"The certificate is trusted, and good for {left}")


def _distrust(address: Address, error: ssl.SSLCertVerificationError) -> tuple[str, str]:
    if error.verify_code == _OTHER_NAME:
        return (
            f"The certificate is for another name than {address.host}.",
            "use the name that it is for, or set EMOTION_LENS_DOMAIN to this one.",
        )
    if error.verify_code in (_EXPIRED, _NOT_YET):
        return (
            f"The certificate cannot be used now ({error.verify_message}).",
            "renew it, and check the clocks of both machines.",
        )
    return (
        f"This machine does not trust the certificate ({error.verify_message}); browsers warn, and "
        "refuse the camera until it is trusted.",
        "get one for a public name (EMOTION_LENS_TLS: an e-mail address), or add the authority's "
        "root certificate to each browser; to this check with SSL_CERT_FILE.",
    )


def _secure_context(address: Address) -> Check:
    if address.is_secure or address.is_local:
        return Check("Camera", OK, "Browsers give this address the camera, if its user agrees")
    return Check(
        "Camera",
        PROBLEM,
        "Plain HTTP: browsers give no camera to an address like this.",
        "put HTTPS before the app, such as the Caddy of deploy/, and open https:// instead.",
    )


def _unreachable(address: Address, error: Exception) -> Check:
    where = f"{address.host}:{address.port}"
    if isinstance(error, ConnectionRefusedError):
        said = "nothing listens there"
    elif isinstance(error, TimeoutError):
        said = "nothing answers"
    elif isinstance(error, OSError):
        said = error.strerror or str(error) or "it cannot be reached"
    else:
        said = "what answers is no web server"
    return Check(
        "App", PROBLEM, f"{where}: {said}.",
        f"start app and proxy, and let TCP to port {address.port} through the firewall.",
    )  # fmt: skip


def _app(address: Address, health: Answer) -> Check:
    if health.status == 200 and health.text.strip() == "ok":
        return Check(
            "App", OK, f"Emotion Lens or another Streamlit app answers at {address.origin}"
        )
    if health.status == 400 and UNKNOWN_NAME in health.text:
        return Check(
            "App",
            PROBLEM,
            f"The app does not answer to the name {address.host}.",
            f"add {address.host} to STREAMLIT_SERVER_ALLOWED_HOSTS where the app is started.",
        )
    if 300 <= health.status < 400:
        where = health.headers.get("Location", "nowhere")[:200]
        return Check(
            "App", PROBLEM, f"The address only leads on, to {where}.", "check that address instead."
        )
    if health.status in (502, 503, 504):
        return Check(
            "App",
            PROBLEM,
            f"A proxy answers, but does not reach the app ({health.status}).",
            "start the app, and check the address that the proxy has of it.",
        )
    if health.status in (401, 403):
        return Check(
            "App", NOTE, f"Something before the app asks who is there ({health.status}).",
            "the rest cannot be seen from here; it has to let WebSockets through.",
        )  # fmt: skip
    return Check(
        "App",
        PROBLEM,
        f"Something else answers at {address.origin}{address.path(_HEALTH)} ({health.status}).",
        "check address and path; a path of its own needs STREAMLIT_SERVER_BASE_URL_PATH.",
    )


def _websocket(address: Address) -> Check:
    """The page lives on it: without, it stays empty."""
    key = base64.b64encode(os.urandom(16)).decode()
    request = (
        f"GET {address.path(_STREAM)} HTTP/1.1\r\nHost: {address.url.netloc}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: streamlit\r\n"
        f"Origin: {address.origin}\r\n\r\n"
    )
    try:
        with address.connect() as connection:
            connection.sendall(request.encode())
            answer = http.client.HTTPResponse(connection, method="GET")
            answer.begin()
            status, accepted = answer.status, answer.headers.get("Sec-WebSocket-Accept", "")
    except (OSError, http.client.HTTPException) as error:
        status, accepted = 0, str(error)
    wanted = base64.b64encode(hashlib.sha1((key + _WEBSOCKET).encode()).digest()).decode()
    if status == 101 and accepted == wanted:
        return Check("WebSocket", OK, "It opens")
    if status == 403:
        return Check(
            "WebSocket",
            PROBLEM,
            f"The app refuses it for pages of {address.origin} (403).",
            "the proxy has to hand on the Host header; otherwise set "
            f"STREAMLIT_BROWSER_SERVER_ADDRESS={address.host} where the app is started.",
        )
    said = f"the answer is {status}" if status else f"the connection ends: {accepted}"
    return Check(
        "WebSocket",
        PROBLEM,
        f"A proxy before the app does not let it through ({said}); the page would stay empty.",
        "let it pass on the headers Upgrade and Connection (nginx: proxy_http_version 1.1 and "
        "proxy_set_header; Caddy does by itself), and end no connection that is quiet.",
    )


def _backends(address: Address, first: Answer) -> Check:
    """Whether a visitor always comes back to the same process."""
    if not first.headers.get(INSTANCE_HEADER):
        return Check("Backends", NOTE, "The app does not say how many of it there are.")
    try:
        seen = {_instance(address.get(_HEALTH)) for _ in range(_ASKED - 1)}
        seen.add(_instance(first))
        if len(seen) == 1:
            return Check("Backends", OK, f"One process answered {_ASKED} requests")
        cookies = _cookies(first)
        kept = (
            {_instance(address.get(_HEALTH, cookies)) for _ in range(_ASKED)} if cookies else seen
        )
    except (OSError, http.client.HTTPException) as error:
        return Check(
            "Backends", PROBLEM, f"Not every request is answered: {error}.", "see the log."
        )
    if len(kept) == 1:
        return Check("Backends", OK, f"{len(seen)} processes; who returns comes to the same one")
    return Check(
        "Backends",
        PROBLEM,
        f"{len(seen)} processes answer in turn; sessions, uploads and video live in one of them.",
        "let the load balancer send each visitor to the same one (Caddy: lb_policy cookie; "
        "Kubernetes: cookie affinity of the ingress), or run one.",
    )


def _instance(answer: Answer) -> str:
    return answer.headers.get(INSTANCE_HEADER, "")


def _cookies(answer: Answer) -> str:
    given = answer.headers.get_all("Set-Cookie") or []
    return "; ".join(line.partition(";")[0] for line in given)
