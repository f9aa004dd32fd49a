"""Requests to routes without a server."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.applications import Starlette
from starlette.routing import BaseRoute


class Answer:
    """What came back."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.status: int = messages[0]["status"] if messages else 0
        pairs = messages[0]["headers"] if messages else []
        self.headers = {name.decode(): value.decode() for name, value in pairs}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.body)
        return value


class Client:
    """Sends requests to the routes as a server would, piece by piece."""

    def __init__(self, routes: list[BaseRoute]) -> None:
        self._app = Starlette(routes=routes)

    def __call__(
        self, method: str, path: str, body: bytes = b"", *, breaks: bool = False, **headers: str
    ) -> Answer:
        given = [
            (name.replace("_", "-").lower().encode(), value.encode())
            for name, value in headers.items()
        ]
        parts = [body[start : start + 1000] for start in range(0, len(body), 1000)] or [b""]
        received: list[dict[str, Any]] = [
            {"type": "http.request", "body": part, "more_body": breaks or part is not parts[-1]}
            for part in parts
        ]
        if breaks:
            received.append({"type": "http.disconnect"})
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if received:
                return received.pop(0)
            return await asyncio.Future()  # a browser that stays

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http", "method": method, "path": path.partition("?")[0],
            "query_string": path.partition("?")[2].encode(),
            "headers": given, "root_path": "", "http_version": "1.1", "scheme": "http",
        }  # fmt: skip

        async def run() -> None:
            await self._app(scope, receive, send)

        # In a thread of its own: browser tests leave an event loop in this one.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, run()).result()
        return Answer(sent)
