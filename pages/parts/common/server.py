"""What the server does around the pages: their addresses, and the end of abandoned sessions."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator

import streamlit as st
from starlette import websockets
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emotion_core.api.late import LateApplication
from emotion_core.api.settings import PATH, is_switched_on
from emotion_core.errors import EmotionLensError
from emotion_core.files.unfinished import clean_below
from emotion_core.listening_sockets import send_at_once
from emotion_core.live.connection import INSTANCE_HEADER, UNKNOWN_NAME
from emotion_core.paths import data_folder, runs_folder, videos_folder
from pages.parts.common.abandoned_sessions import close_abandoned_sessions
from pages.parts.common.page_list import PAGES
from pages.parts.common.recordings import RUNNING
from pages.parts.common.session_serving import session_routes
from pages.parts.common.streamlit_internals import index_page, is_host_allowed
from pages.parts.common.video_serving import serving_routes
from pages.parts.common.video_uploads import upload_routes, uploads

_logger = logging.getLogger(__name__)

# Older versions of Starlette have only the second one.
_LEFT = getattr(websockets, "WebSocketDisconnected", websockets.WebSocketDisconnect)


def routes() -> list[BaseRoute]:
    """The addresses of the pages, those by which videos come and go, and those for programs."""
    pages = [Route(f"/{name}", _page, methods=["GET"]) for name in PAGES]
    return [*pages, *upload_routes(), *serving_routes(), *session_routes(), *_api_routes()]


def _api_routes() -> list[BaseRoute]:
    """The HTTP interface, where the environment asks for it.

    One that cannot be served is said in the log, and the pages are served all the same.
    """
    if not is_switched_on():
        return []
    try:
        return [Mount(PATH, app=LateApplication())]
    except EmotionLensError as error:
        _logger.error("The HTTP interface is off. %s", error)
        return []


async def _page(_: Request) -> Response:
    return HTMLResponse(index_page(tuple(PAGES)), headers={"Cache-Control": "no-cache"})


class KnownHosts:
    """Answers only to the names in ``server.allowedHosts``.

    Streamlit itself checks them for its WebSocket alone; uploads and pictures are checked here.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers 400 to a request for another name, and hands every other one on."""
        if scope["type"] == "http" and not is_host_allowed(Headers(scope=scope).get("host")):
            answer = PlainTextResponse(
                f"{UNKNOWN_NAME} Whoever runs it can add the name to server.allowedHosts.\n",
                status_code=400,
            )
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)


class Instance:
    """Says in every answer which process it comes from, for ``doctor --network``.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._name = secrets.token_hex(4)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands the request on, and adds a header to its answer."""

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[INSTANCE_HEADER] = self._name
            await send(message)

        await self._app(scope, receive, named if scope["type"] == "http" else send)


class LeftBrowsers:
    """Takes it for no fault that a browser left while it was sent something.

    Streamlit goes on to read from such a connection, and what Starlette then raises would stand in
    the log as an exception of the application.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands the request on."""
        try:
            await self._app(scope, receive, send)
        except _LEFT:
            if scope["type"] != "websocket":
                raise
            _logger.debug("A browser left while it was sent something.")


def middleware() -> list[Middleware]:
    """What stands before every answer."""
    return [Middleware(LeftBrowsers), Middleware(Instance), Middleware(KnownHosts)]


@contextlib.asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Runs beside the server from its start to its end."""
    send_at_once()
    tasks = (
        asyncio.create_task(close_abandoned_sessions()),
        asyncio.create_task(_tidy_up()),
    )
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await asyncio.to_thread(RUNNING.interrupt_all)


async def _tidy_up() -> None:
    """Beside the first page; a fault there is no reason for the server to end."""
    try:
        await asyncio.to_thread(adopt_recordings)
        await asyncio.to_thread(clean_own_folders)
    except Exception:
        _logger.exception("What killed processes left could not be cleaned up")


def adopt_recordings() -> None:
    """Brings into the store what killed processes recorded, so that it can be found and resumed."""
    from emotion_core.store.places import sessions_root, unfinished

    if not unfinished(sessions_root()):
        return
    from emotion_core.store.store import Store

    try:
        Store().close()
    except EmotionLensError as error:  # the pages say it, too
        _logger.warning("%s", error)


def clean_own_folders() -> None:
    """Deletes what killed processes left, and uploads that nobody continued."""
    # Here: it brings networks and detectors, for which the server's start does not wait.
    from emotion_core.classifiers.registry import ModelRegistry

    for folder in (runs_folder(), ModelRegistry().root, data_folder(), videos_folder()):
        clean_below(folder)
    uploads().clean()
