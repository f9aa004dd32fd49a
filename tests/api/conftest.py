"""The HTTP interface without a server: an event loop in a thread, and requests by hand."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from emotion_core.api.application import build_application
from emotion_core.api.service import AnalysisService
from emotion_core.api.settings import PATH, ApiSettings
from emotion_core.paths import HOME_ENV

BOUNDARY = "a-boundary-of-tests"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


@dataclass
class Answer:
    """What came back."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> dict[str, Any]:
        """The body of an error, which is a problem document."""
        assert self.headers["content-type"] == "application/problem+json"
        document = self.json
        assert document["status"] == self.status
        assert {"type", "title", "detail", "code"} <= document.keys()
        return document


def form(*files: tuple[str, bytes], field_name: str = "pictures") -> bytes:
    """A form with files."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field_name}"; '
        f'filename="{name}"\r\nContent-Type: image/jpeg\r\n\r\n'.encode()
        + data
        + b"\r\n"
        for name, data in files
    ]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


class Api:
    """Sends requests to an application, each piece by piece, as many at once as one likes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = Starlette(routes=[Mount(PATH, app=app)])
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def begin(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        client: str | None = "127.0.0.1",
        chunk: int = 65_536,
        silent: bool = False,
        **headers: str,
    ) -> "Future[Answer]":
        """A request whose answer comes later."""
        given = {"host": "127.0.0.1:8000", "content-length": str(len(body))}
        given |= {name.replace("_", "-").lower(): value for name, value in headers.items()}
        parts = [body[start : start + chunk] for start in range(0, len(body), chunk)] or [b""]
        waiting = [
            {"type": "http.request", "body": part, "more_body": silent or number < len(parts)}
            for number, part in enumerate(parts, start=1)
        ]
        answer = Answer()

        async def receive() -> Any:
            if waiting:
                return waiting.pop(0)
            return await asyncio.Future()

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {n.decode(): v.decode() for n, v in message["headers"]}
            else:
                answer.body += message.get("body", b"")

        scope = {
            "type": "http", "method": method, "path": PATH + path.partition("?")[0],
            "raw_path": b"", "query_string": path.partition("?")[2].encode(), "root_path": "",
            "headers": [(n.encode(), v.encode("latin-1")) for n, v in given.items() if v],
            "http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", 8000),
            "client": (client, 50_000) if client is not None else None, "extensions": {},
        }  # fmt: skip

        async def run() -> Answer:
            await self._app(scope, receive, send)
            return answer

        return asyncio.run_coroutine_threadsafe(run(), self._loop)

    def __call__(self, method: str, path: str, body: bytes = b"", **more: Any) -> Answer:
        return self.begin(method, path, body, **more).result(120)

    def analyze(self, *files: tuple[str, bytes], query: str = "", **more: Any) -> Answer:
        return self("POST", f"/analyze{query}", form(*files), content_type=FORM, **more)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_ENV, str(tmp_path / "home"))
    monkeypatch.delenv("EMOTION_LENS_MODELS", raising=False)
    return tmp_path / "home"


@pytest.fixture(scope="module")
def service() -> Iterator[AnalysisService]:
    """One for a file of tests: opening a model takes a moment."""
    found = AnalysisService(ApiSettings())
    yield found
    found.close()


@pytest.fixture
def make_api(service: AnalysisService) -> Iterator[Callable[..., Api]]:
    """Builds an interface with settings, by their names."""
    made: list[Api] = []

    def make(service: AnalysisService | None = service, **settings: Any) -> Api:
        made.append(Api(build_application(ApiSettings(**settings), service)))
        return made[-1]

    yield make
    for api in made:
        api.close()


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    return make_api()
