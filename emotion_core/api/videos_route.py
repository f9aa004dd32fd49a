"""``POST /videos``: a video comes in piece by piece, and a job reads it."""

from asyncio import to_thread
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO, Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from emotion_core.api.bodies import FORM, FileEnd, FileHead, files_in
from emotion_core.api.held_bytes import Room
from emotion_core.api.options import VideoQuery
from emotion_core.api.problems import Problem, not_usable
from emotion_core.api.schemas import VideoTaken
from emotion_core.api.settings import ApiSettings
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.errors import DetectorError, VideoError
from emotion_core.faces import detector_info
from emotion_core.files.atomic_files import check_room, make_folder, writing
from emotion_core.files.publishing import scratch_folder
from emotion_core.paths import videos_folder
from emotion_core.photos.photo_files import harmless_name
from emotion_core.video.library import VideoEntry, VideoLibrary
from emotion_core.video.options import AnalysisOptions
from emotion_core.video.uploads import ROOM_BYTES, max_video_bytes

# Bytes that are collected before a thread writes them.
_BLOCK_BYTES = 1_000_000
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "properties": {"video": {"type": "string", "format": "binary"}},
                }
            },
            "video/*": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


def router(settings: ApiSettings) -> APIRouter:
    """The routes.

    Args:
        settings: how many uploads there may be, and how long one may be silent.
    """
    routes = APIRouter(tags=["Videos"])
    room = Room(settings.max_uploads)

    @routes.post(
        "/videos",
        summary="Read the expressions in a video",
        status_code=202,
        responses={202: {"model": VideoTaken}},
        openapi_extra=_BODY,
    )
    async def take_video(request: Request, query: Annotated[VideoQuery, Query()]) -> Response:
        """Send one video as a file of a form, or as the body; it goes to the disk as it comes in.

        The answer names the job that reads it: ask `/jobs/{job}` how far it is, then
        `/jobs/{job}/result` and `/jobs/{job}/frames` for what came of it. The video stays in the
        library of the page Videos until somebody removes it.
        """
        options = query.analysis_options()
        await to_thread(_check_names, options)
        with room.request():
            entry = await _taken(request, settings, query.name)
        job = await to_thread(_begin, entry, options)
        return JSONResponse(
            {"video": entry.id, "name": entry.name, "job": job},
            status_code=202,
            headers={"Location": f"{request.scope.get('root_path', '')}/jobs/{job['id']}"},
        )

    @routes.delete("/videos/{video}", summary="Remove a video", status_code=204)
    def remove_video(video: str) -> Response:
        """Removes a video of the library and everything that was read in it."""
        library = VideoLibrary()
        try:
            library.entry(video)
        except VideoError as error:
            raise Problem(404, "no_such_video", str(error)) from error
        try:
            library.remove(video)
        except VideoError as error:
            raise Problem(409, "in_use", str(error)) from error
        return Response(status_code=204)

    return routes


def _check_names(options: AnalysisOptions) -> None:
    """Says before anything is sent that there is no such model or detector."""
    registry = ModelRegistry()
    registry.card(options.model or registry.default_name()).head(options.labels)
    if options.detector is not None:
        info = detector_info(options.detector)
        if not info.available:
            raise DetectorError(f"The detector {info.name} cannot be used here: {info.reason}")


def _begin(entry: VideoEntry, options: AnalysisOptions) -> dict[str, Any]:
    library = VideoLibrary()
    try:
        return library.analyse(entry.id, options.to_dict()).to_dict()
    except BaseException:
        with suppress(Exception):  # what went wrong first is told
            library.remove(entry.id)
        raise


async def _taken(request: Request, settings: ApiSettings, name: str) -> VideoEntry:
    """The video of a request, in the library."""
    declared = request.headers.get("content-length", "")
    need = int(declared) if declared.isdecimal() else 0
    pieces = files_in(
        request,
        max_bytes=max_video_bytes(),
        idle_s=settings.timeout_s,
        raw=_is_video,
        name=name,
    )
    async with _scratch() as folder:
        path = folder / "video"
        file = await to_thread(_opened, path, need)
        try:
            found = await _written(pieces, file)
        finally:
            await to_thread(file.close)
        return await to_thread(VideoLibrary().take_file, path, found)


async def _written(pieces: AsyncIterator[Any], file: IO[bytes]) -> str:
    """Writes the one file of a body; gives its name.

    Raises:
        Problem: there is none, it is empty, or there are more.
    """
    name, n_files, written, block = "", 0, 0, bytearray()
    async for piece in pieces:
        if isinstance(piece, FileHead):
            n_files += 1
            if n_files > 1:
                raise not_usable("Wanted one video. The form has more files.", "several_files")
            name = harmless_name(piece.name) if piece.name else "video"
        elif not isinstance(piece, FileEnd):
            block += piece
            if len(block) >= _BLOCK_BYTES:
                written += await to_thread(_write, file, bytes(block))
                block.clear()
    written += await to_thread(_write, file, bytes(block))
    if not written:
        raise not_usable("Wanted a video. Received: no file, or an empty one", "no_file")
    return name


def _opened(path: Path, need_bytes: int) -> IO[bytes]:
    check_room(path, need_bytes + ROOM_BYTES, kept="Nothing was taken in.")
    return path.open("wb")


def _write(file: IO[bytes], data: bytes) -> int:
    with writing(Path(file.name), kept="Nothing was taken in."):
        return file.write(data)


@asynccontextmanager
async def _scratch() -> AsyncIterator[Path]:
    """A folder on the library's disk, so that the video is moved and not copied."""

    def enter() -> tuple[Any, Path]:
        make_folder(videos_folder())
        context = scratch_folder(videos_folder(), "api")
        return context, context.__enter__()

    context, folder = await to_thread(enter)
    try:
        yield folder
    finally:
        await to_thread(context.__exit__, None, None, None)


def _is_video(media_type: str) -> bool:
    return media_type.startswith("video/") or media_type == "application/octet-stream"
