"""The route by which the player gets the rows of a session, and the rows that a server keeps."""

import functools
import logging
from asyncio import to_thread
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from emotion_core.errors import EmotionLensError
from emotion_core.video.view_settings import ViewSettings
from pages.parts.common import video_access
from pages.parts.common.session_store import session_store
from pages.parts.common.streamlit_internals import own_session
from pages.parts.common.video_serving import HEADERS, is_from_here, number_of

# Tables bring pandas and pyarrow, for which the server's start does not wait.
if TYPE_CHECKING:
    from emotion_core.store.session_view import SessionRowsCache

_SESSION = "session/"

_logger = logging.getLogger(__name__)


def session_token(session: str) -> str:
    """For this visitor to fetch the rows of one session."""
    return video_access.TOKENS.issue(own_session(), f"{_SESSION}{session}")


def session_routes() -> list[BaseRoute]:
    """Where rows are fetched; the token says of which session, and for whom."""
    return [Route("/_sessions/{token}/faces", _answer, methods=["GET"])]


@functools.cache
def session_rows() -> "SessionRowsCache":
    """The rows that are looked at, shared by the route and the visitors of this server."""
    from emotion_core.store.session_view import SessionRowsCache

    return SessionRowsCache()


async def _answer(request: Request) -> Response:
    grant = video_access.TOKENS.resolve(request.path_params["token"])
    if grant is None or not grant.subject.startswith(_SESSION) or not is_from_here(request):
        return PlainTextResponse("Not found.\n", status_code=404)
    query = request.query_params
    settings = ViewSettings(number_of(query.get("threshold")), number_of(query.get("half_life_s")))
    try:
        packed = await to_thread(_packed, grant.subject.removeprefix(_SESSION), settings)
    except EmotionLensError as error:
        return PlainTextResponse(f"{error}\n", status_code=404)
    except Exception:
        _logger.exception("The rows of a session could not be served")
        return PlainTextResponse("The details are in the server's log.\n", status_code=500)
    return Response(packed, media_type="application/octet-stream", headers=HEADERS)


def _packed(session: str, settings: ViewSettings) -> bytes:
    from emotion_core.video.player_data import player_data

    return player_data(session_rows().view(session_store().session(session), settings))
