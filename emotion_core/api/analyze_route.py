"""``POST /analyze``: one or many pictures -> every face's expression."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from emotion_core.api.bodies import FORM, FileEnd, FileHead, files_in
from emotion_core.api.held_bytes import Held, Room
from emotion_core.api.options import ReadingOptions
from emotion_core.api.problems import not_usable, too_large
from emotion_core.api.schemas import Analysis
from emotion_core.api.service import AnalysisService, Picture
from emotion_core.api.settings import ApiSettings
from emotion_core.photos.photo_files import MAX_PHOTO_BYTES, harmless_name
from emotion_core.tables import to_json_bytes

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
                            "items": {"type": "string", "format": "binary"},
                            "description": "Files; the name of the field does not matter.",
                        }
                    },
                }
            },
            "image/*": {"schema": {"type": "string", "format": "binary"}},
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
        responses={200: {"model": Analysis}},
        openapi_extra=_BODY,
    )
    async def analyze(request: Request, options: Annotated[ReadingOptions, Query()]) -> Response:
        """Send pictures as files of a form, or one picture as the body.

        The answer is the document of the command `analyze`. Pictures that cannot be read stand in
        its `errors`; where none can be read, the answer is a problem (422). JPEG, PNG, WebP, GIF,
        BMP, TIFF, HEIC and AVIF are read; boxes are pixels of the upright picture.
        """
        with room.request() as held:
            pictures = await _pictures(request, settings, held)
            document = await service.analyze(pictures, options, request.is_disconnected)
        return Response(to_json_bytes(document), media_type="application/json")

    return routes


async def _pictures(request: Request, settings: ApiSettings, held: Held) -> list[Picture]:
    """The pictures of a request, in memory.

    Raises:
        Problem: too many, too large, or none; or as ``files_in``.
    """
    pictures: list[Picture] = []
    name, data = "", bytearray()
    pieces = files_in(
        request, max_bytes=settings.max_bytes, idle_s=settings.timeout_s, raw=_is_picture
    )
    async for piece in pieces:
        if isinstance(piece, FileHead):
            if len(pictures) >= settings.max_pictures:
                raise too_large(
                    f"A request may have {settings.max_pictures} pictures. Send the others in "
                    "another one."
                )
            number = f"picture {len(pictures) + 1}"
            name, data = harmless_name(piece.name) if piece.name else number, bytearray()
        elif isinstance(piece, FileEnd):
            pictures.append(Picture(name, bytes(data)))
        else:
            held.add(len(piece))
            data += piece
            if len(data) > MAX_PHOTO_BYTES:
                raise too_large(
                    f"{name} is larger than {MAX_PHOTO_BYTES // 1_000_000} MB. Save it smaller "
                    "and try again."
                )
    if not pictures:
        raise not_usable("Wanted at least one picture. The form has none.", "no_file")
    return pictures


def _is_picture(media_type: str) -> bool:
    return media_type.startswith("image/") or media_type == "application/octet-stream"
