"""What a browser meets at an address: an app, a proxy, something else; faults on request."""

import base64
import datetime
import hashlib
import http.server
import itertools
import ssl
import threading
from pathlib import Path

from emotion_core.live.connection import INSTANCE_HEADER, UNKNOWN_NAME

_WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class WebServer:
    """Answers until the end of ``with``.

    Args:
        health: status of the health check.
        websocket: status of the WebSocket's handshake.
        instances: names of the processes behind it, which answer in turn.
        sticky: whether a cookie brings a visitor back.
        certificate: (file with key and certificate) for HTTPS.
    """

    def __init__(
        self, *, health: int = 200, websocket: int = 101, instances: tuple[str, ...] = ("a",),
        sticky: bool = False, certificate: Path | None = None,
    ) -> None:  # fmt: skip
        turns = itertools.cycle(instances)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.endswith("/_stcore/stream"):
                    self._stream()
                    return
                texts = {200: "ok", 400: UNKNOWN_NAME}
                self.send_response(health)
                cookie = self.headers.get("Cookie", "").partition("=")[2]
                name = cookie if sticky and cookie else next(turns)
                if name:
                    self.send_header(INSTANCE_HEADER, name)
                if sticky:
                    self.send_header("Set-Cookie", f"lb={name}; Path=/")
                if health == 308:
                    self.send_header("Location", "https://elsewhere.example.org/")
                self.end_headers()
                self.wfile.write(texts.get(health, "?").encode())

            def _stream(self) -> None:
                asked = self.headers["Sec-WebSocket-Key"] + _WEBSOCKET
                accept = base64.b64encode(hashlib.sha1(asked.encode()).digest()).decode()
                self.send_response(websocket)
                if websocket == 101:
                    self.send_header("Sec-WebSocket-Accept", accept)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.scheme = "http"
        if certificate is not None:
            self.scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}"

    def __enter__(self) -> "WebServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def write_certificate(path: Path, name: str, *, days: float = 30.0) -> Path:
    """A certificate that signs itself, with its key, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=60))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(pem)
    )  # fmt: skip
    return path
