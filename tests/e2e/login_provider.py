"""A provider of logins (OpenID Connect) on the loopback interface, where a click is enough.

Source: OpenID Connect Core 1.0, 3.1 (authorization code flow).
"""

import base64
import http.server
import json
import threading
import time
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

PEOPLE = {"anna": "Anna", "ben": "Ben"}
CLIENT = "lens"


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _packed(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class LoginProvider:
    """Answers until the end of ``with``."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        self._nonces: dict[str, str] = {}
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                place = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(place.query).items()}
                if place.path == "/authorize":
                    self._send("text/html", provider.choice(query))
                elif place.path == "/chosen":
                    self.send_response(302)
                    self.send_header("Location", provider.chosen(query))
                    self.end_headers()
                else:
                    self._send("application/json", json.dumps(provider.known(place.path)))

            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                code = parse_qs(text)["code"][0]
                self._send("application/json", json.dumps(provider.tokens(code)))

            def _send(self, kind: str, text: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "LoginProvider":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def known(self, path: str) -> dict[str, object]:
        """What it says of itself, and its keys."""
        if path == "/keys":
            public = self._key.public_key().public_numbers()
            key = {"kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256"}
            return {"keys": [{**key, "n": _number(public.n), "e": _number(public.e)}]}
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
        }

    def choice(self, query: dict[str, str]) -> str:
        """A page with a link for each person."""
        kept = {name: query[name] for name in ("redirect_uri", "state", "nonce")}
        links = [
            f'<a href="/chosen?{urlencode({**kept, "who": who})}">{name}</a>'
            for who, name in PEOPLE.items()
        ]
        return f"<title>Who are you?</title>{' '.join(links)}"

    def chosen(self, query: dict[str, str]) -> str:
        """Where the browser is sent then."""
        self._nonces[query["who"]] = query["nonce"]
        back = urlencode({"code": query["who"], "state": query["state"]})
        return f"{query['redirect_uri']}?{back}"

    def tokens(self, who: str) -> dict[str, object]:
        """What the app gets for the code."""
        now_s = int(time.time())
        claims = {
            "iss": self.issuer, "sub": who, "aud": CLIENT, "exp": now_s + 600, "iat": now_s,
            "nonce": self._nonces[who], "name": PEOPLE[who], "email": f"{who}@example.org",
        }  # fmt: skip
        head = {"alg": "RS256", "kid": "1", "typ": "JWT"}
        text = ".".join(_packed(json.dumps(part).encode()) for part in (head, claims))
        signature = self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        token = f"{text}.{_packed(signature)}"
        return {"access_token": "a", "token_type": "Bearer", "expires_in": 600, "id_token": token}
