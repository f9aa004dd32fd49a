"""The routes by which a video comes in: piece by piece to the disk, never into the memory."""

import asyncio
import logging
from asyncio import to_thread
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from emotion_core.errors import DiskFullError, EmotionLensError, VideoError
from emotion_core.files.atomic_files import full_disk_in_words
from emotion_core.files.outside_files import parse_json
from emotion_core.files.publishing import remove_folder
from emotion_core.paths import videos_folder
from emotion_core.schema.validation import validated
from emotion_core.video.uploads import (
    BusyUploadError,
    OffsetError,
    UnknownUploadError,
    Upload,
    UploadError,
    UploadFolder,
    UploadOrder,
    max_video_bytes,
)
from pages.parts.common import video_access
from pages.parts.common.streamlit_internals import comes_from_own_page, own_session

#: Bytes of a piece that the browser sends; a broken connection loses at most this much.
PIECE_BYTES = 8_000_000
#: A piece may be larger, within reason.
_MOST_PIECE_BYTES = 64_000_000
_MOST_ORDER_BYTES = 20_000
# Bytes that are collected before a thread writes them.
_BLOCK_BYTES = 1_000_000
_OFFSET = "Upload-Offset"
# What the token for uploads opens.
_UPLOADS = "uploads"

_logger = logging.getLogger(__name__)


def upload_routes() -> list[BaseRoute]:
    """Where uploads go; the token is of the session, the id of the upload."""
    return [
        Route("/_videos/{token}/uploads", _guarded(_begin), methods=["POST"]),
        Route("/_videos/{token}/uploads/{upload}", _guarded(_status), methods=["GET"]),
        Route("/_videos/{token}/uploads/{upload}", _guarded(_append), methods=["PATCH"]),
        Route("/_videos/{token}/uploads/{upload}", _guarded(_discard), methods=["DELETE"]),
    ]


def upload_token() -> str:
    """For this session's uploads."""
    return video_access.TOKENS.issue(own_session(), _UPLOADS)


def _may_upload(token: str) -> bool:
    grant = video_access.TOKENS.resolve(token)
    return grant is not None and grant.subject == _UPLOADS


_folder: UploadFolder | None = None
#: {upload: video} of those that this server has taken in.
_taken: dict[str, str] = {}


def uploads() -> UploadFolder:
    """The unfinished uploads of this server."""
    global _folder
    root = videos_folder() / ".uploads"
    if _folder is None or (_folder.root, _folder.max_bytes) != (root, max_video_bytes()):
        _folder = UploadFolder(root, max_bytes=max_video_bytes())
    return _folder


_Handler = Callable[[Request], Awaitable[Response]]


def _guarded(handler: _Handler) -> _Handler:
    """Lets in who may, and puts what goes wrong into words that the page shows."""

    async def answer(request: Request) -> Response:
        if not comes_from_own_page(request.headers, request.cookies):
            return _refusal("This request does not come from a page of this dashboard.", 403)
        if not _may_upload(request.path_params["token"]):
            return _refusal("This page is out of date. Reload it, then choose the file again.", 401)
        try:
            return await handler(request)
        except EmotionLensError as error:
            more = {"offset": error.offset} if isinstance(error, OffsetError) else {}
            return _refusal(str(error), _code(error), **more)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        except Exception as error:
            _logger.exception("An upload failed")
            words = full_disk_in_words(error) or (
                "Something went wrong while the file was written. The details are in the "
                "server's log."
            )
            return _refusal(words, 500)

    return answer


def _code(error: EmotionLensError) -> int:
    codes: tuple[tuple[type[EmotionLensError], int], ...] = (
        (UnknownUploadError, 404),
        (OffsetError, 409),
        (BusyUploadError, 423),
        (DiskFullError, 507),
        (VideoError, 422),
    )
    return next((code for kind, code in codes if isinstance(error, kind)), 500)


def _refusal(text: str, code: int, **more: Any) -> Response:
    return JSONResponse({"error": text, **more}, status_code=code)


def _known(upload: Upload) -> dict[str, Any]:
    return {"id": upload.id, "offset": upload.offset}


async def _begin(request: Request) -> Response:
    body = b""
    async for data in request.stream():
        body += data
        if len(body) > _MOST_ORDER_BYTES:
            raise UploadError("The name of the file is too long.")
    order = validated(
        UploadOrder, parse_json(body, "The request", UploadError), "The request", UploadError
    )
    return JSONResponse(_known(await to_thread(uploads().begin, order)), status_code=201)


async def _status(request: Request) -> Response:
    return JSONResponse(_known(await to_thread(uploads().get, request.path_params["upload"])))


async def _discard(request: Request) -> Response:
    await to_thread(uploads().discard, request.path_params["upload"])
    return JSONResponse({})


async def _append(request: Request) -> Response:
    if video := _taken.get(request.path_params["upload"]):
        # The answer to the last piece was lost, and the browser asks again.
        return JSONResponse({"offset": int(request.headers.get(_OFFSET, "0")), "video": video})
    offset = request.headers.get(_OFFSET, "")
    if not (offset.isascii() and offset.isdecimal()):
        raise UploadError(f"{_OFFSET}: wanted a whole number. Received: {offset[:40]!r}")
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > _MOST_PIECE_BYTES:
        raise UploadError(f"A part has at most {_MOST_PIECE_BYTES:,} bytes. Received: {length}")
    upload = request.path_params["upload"]
    folder = uploads()
    piece = await to_thread(folder.piece, upload, int(offset))
    try:
        block = bytearray()
        try:
            async for data in request.stream():
                block += data
                if len(block) >= _BLOCK_BYTES:
                    await to_thread(piece.write, bytes(block))
                    block.clear()
        finally:
            # What came before the connection broke need not come again.
            if block:
                await asyncio.shield(to_thread(piece.write, bytes(block)))
    finally:
        await asyncio.shield(to_thread(piece.close))
    now = await to_thread(folder.get, upload)
    if not now.is_complete:
        return JSONResponse(_known(now))
    return JSONResponse({**_known(now), "video": await to_thread(_take, now)})


def _take(upload: Upload) -> str:
    """Takes a complete file into the library; afterwards the upload is over."""
    from emotion_core.video.library import VideoLibrary  # brings pyarrow: not at the start

    try:
        entry = VideoLibrary().take_file(upload.path, upload.order.name)
    except VideoError:
        remove_folder(upload.path.parent)
        raise
    _taken[upload.id] = entry.id
    remove_folder(upload.path.parent)
    return entry.id
