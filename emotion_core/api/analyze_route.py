"""``POST /analyze``: one or many pictures -> every face's expression."""

from asyncio import to_thread
from contextlib import ExitStack
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from emotion_core.api.analyze_examples import ANSWERS
from emotion_core.api.bodies import FORM
from emotion_core.api.held_bytes import HeldAnswer, Room
from emotion_core.api.options import PicturesQuery
from emotion_core.api.pictures import ZIPS, pictures_of
from emotion_core.api.schemas import Analysis
from emotion_core.api.service import AnalysisService, Pictures
from emotion_core.api.settings import ApiSettings
from emotion_core.tables import to_json_bytes

_FILE = {"type": "string", "format": "binary"}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "properties": {
                        "pictures": {
                            "type": "array",
                            "items": _FILE,
                            "description": "Pictures, and zips of pictures; the name of the field "
                            "does not matter.",
                        }
                    },
                }
            },
            "image/*": {"schema": _FILE},
            ZIPS[0]: {"schema": _FILE},
        },
    }
}


def router(settings: ApiSettings, service: AnalysisService) -> APIRouter:
    """The route.

    Args:
        settings: limits of size.
        service: reads the pictures.
    """
    routes = APIRouter(tags=["Pictures"])
    room = Room(settings.max_requests, settings.max_held_bytes)

    @routes.post(
        "/analyze",
        summary="Read the expressions in pictures",
        responses={200: {"model": Analysis, "content": {"application/json": ANSWERS}}},
        openapi_extra=_BODY,
    )
    async def analyze(request: Request, query: Annotated[PicturesQuery, Query()]) -> Response:
        """Send pictures, or zips of pictures, as files of a form; or one of these as the body.

        The answer is the document of the command `analyze`. Pictures that cannot be read stand in
        its `errors`; where none can be read, the answer is a problem (422). JPEG, PNG, WebP, GIF,
        BMP, TIFF, HEIC and AVIF are read; boxes are pixels of the upright picture.

        With `annotated=true` every result also has the picture with its faces drawn, a JPEG in
        base64; with `blur=true`, too, the faces in it are unrecognisable.

        Of a zip, the pictures are read, called `photos.zip/party.jpg`; folders and hidden files
        are passed over, other files, zips in zips and what has a password stand in `errors`.
        """
        with ExitStack() as stack:
            held = stack.enter_context(room.request())
            taken = await pictures_of(request, settings, held)
            wanted = Pictures(taken.pictures, taken.failures, query.drawing(), held.add)
            document = await service.analyze(wanted, query.reading(), request.is_disconnected)
            if not query.annotated:
                return Response(to_json_bytes(document), media_type="application/json")
            return HeldAnswer(
                await to_thread(to_json_bytes, document),
                stack.pop_all(),
                idle_s=settings.timeout_s,
                media_type="application/json",
            )

    return routes
