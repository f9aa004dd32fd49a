"""The routes by which a page gets a video, by ranges, and what was read in it."""

import functools
import logging
import math
from asyncio import to_thread
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from emotion_core.errors import EmotionLensError, VideoError
from emotion_core.video.view_settings import ViewSettings
from pages.parts.common import video_access
from pages.parts.common.streamlit_internals import own_session

# The library and tables bring pandas and pyarrow, for which the server's start does not wait: they
# are imported by the functions below.
if TYPE_CHECKING:
    from emotion_core.video.library import VideoEntry
    from emotion_core.video.view_cache import ViewCache

#: A browser that keeps a video must ask whether it is still the one; it is nobody else's.
HEADERS = {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
# By what is inside rather than by name: what a client called a file decides nothing.
_MEDIA_TYPES = {
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/mp4", ".webm": "video/webm",
    ".mkv": "video/x-matroska", ".ogv": "video/ogg", ".avi": "video/x-msvideo",
    ".ts": "video/mp2t",
}  # fmt: skip

_VIDEO = "video/"

_logger = logging.getLogger(__name__)


def video_token(video: str) -> str:
    """For this session to play and fetch one video."""
    return video_access.TOKENS.issue(own_session(), f"{_VIDEO}{video}")


def _video_of(token: str) -> str | None:
    """The id of the video that a token opens; None where it opens none."""
    grant = video_access.TOKENS.resolve(token)
    if grant is None or not grant.subject.startswith(_VIDEO):
        return None
    return grant.subject.removeprefix(_VIDEO)


def serving_routes() -> list[BaseRoute]:
    """Where a video is fetched; the token says which one, and whose."""
    things: Mapping[str, _Handler] = {
        "media": _media, "copy": _copy, "faces": _faces, "times": _times,
    }  # fmt: skip
    return [
        Route(f"/_videos/{{token}}/{name}", _guarded(handler), methods=["GET"])
        for name, handler in things.items()
    ]


@functools.cache
def views() -> "ViewCache":
    """The tables that are looked at, shared by the routes and the sessions of this server."""
    from emotion_core.video.view_cache import ViewCache

    return ViewCache()


_Handler = Callable[[Request, "VideoEntry"], Awaitable[Response]]


def _guarded(handler: _Handler) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        video = _video_of(request.path_params["token"])
        if video is None or not is_from_here(request):
            return PlainTextResponse("Not found.\n", status_code=404)
        try:
            return await handler(request, await to_thread(_entry, video))
        except EmotionLensError as error:
            return PlainTextResponse(f"{error}\n", status_code=404)
        except Exception:
            _logger.exception("A video could not be served")
            return PlainTextResponse("The details are in the server's log.\n", status_code=500)

    return answer


def _entry(video: str) -> "VideoEntry":
    from emotion_core.video.library import VideoLibrary

    return VideoLibrary().entry(video)


def is_from_here(request: Request) -> bool:
    """False for a page elsewhere: it must not show a video, even one whose address it knows."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")


async def _media(_: Request, entry: "VideoEntry") -> Response:
    return _file(entry.path, "inline", entry.name)


async def _copy(request: Request, entry: "VideoEntry") -> Response:
    kind = "attachment" if request.query_params.get("save") else "inline"
    return _file(entry.folder.copy, kind, f"{Path(entry.name).stem}_annotated.mp4")


def _file(path: Path | None, kind: str, name: str) -> Response:
    if path is None or not path.is_file():
        raise VideoError("The video is not there any more.")
    media_type = _MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream")
    return FileResponse(
        path,
        media_type=media_type,
        filename=name,
        content_disposition_type=kind,
        headers=HEADERS,
    )


async def _faces(request: Request, entry: "VideoEntry") -> Response:
    query = request.query_params
    settings = ViewSettings(number_of(query.get("threshold")), number_of(query.get("half_life_s")))
    packed = await to_thread(_packed, entry, settings)
    return Response(packed, media_type="application/octet-stream", headers=HEADERS)


def _packed(entry: "VideoEntry", settings: ViewSettings) -> bytes:
    from emotion_core.video.player_data import player_data

    return player_data(views().view(entry.folder, settings))


async def _times(request: Request, entry: "VideoEntry") -> Response:
    path = entry.folder.copy if request.query_params.get("of") == "copy" else entry.path
    if path is None or not path.is_file():
        raise VideoError("The video is not there any more.")
    return Response(
        await to_thread(_packed_times, path),
        media_type="application/octet-stream",
        headers=HEADERS,
    )


def _packed_times(path: Path) -> bytes:
    from emotion_core.video.frame_times import frame_times

    return frame_times(path).astype("<f8").tobytes()


def number_of(text: str | None) -> float | None:
    """A number of a query parameter; what is none counts as not given."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
