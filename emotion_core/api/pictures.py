"""The pictures of a request, in memory: files as they are, and those in zips."""

import asyncio
from dataclasses import dataclass, field

from starlette.requests import Request

from emotion_core.api.bodies import FileEnd, FileHead, files_in
from emotion_core.api.held_bytes import Held
from emotion_core.api.problems import not_usable, too_large
from emotion_core.api.service import Picture
from emotion_core.api.settings import ApiSettings
from emotion_core.photos.photo_files import (
    MAX_PHOTO_BYTES,
    MAX_ZIP_ENTRIES,
    Failure,
    Room,
    harmless_name,
    is_zip,
    take_in,
)

#: Types of a body that is one zip.
ZIPS = ("application/zip", "application/x-zip-compressed")
# What a zip without a name is called; its pictures are called "pictures.zip/party.jpg".
_UNNAMED_ZIP = "pictures.zip"


@dataclass(slots=True)
class Taken:
    """What came in.

    Attributes:
        pictures: not decoded yet.
        failures: what stood in zips and gave none, and zips that cannot be opened.
    """

    pictures: list[Picture] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


async def pictures_of(request: Request, settings: ApiSettings, held: Held) -> Taken:
    """The pictures of a request.

    Args:
        request: whose body has not been read.
        settings: limits of size and number.
        held: counts what is in the memory.

    Raises:
        Problem: too many, too large, or none; or as ``files_in``.
    """
    taken, room, n_files = Taken(), _RequestRoom(settings, held), 0
    name, data = "", bytearray()
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    pieces = files_in(
        request,
        max_bytes=settings.max_bytes,
        idle_s=settings.timeout_s,
        raw=_is_picture,
        name=_UNNAMED_ZIP if media_type in ZIPS else "",
    )
    async for piece in pieces:
        if isinstance(piece, FileHead):
            n_files += 1
            if room.photos < 1 or n_files > settings.max_pictures:
                raise too_large(room.too_many)
            name, data = harmless_name(piece.name) if piece.name else "", bytearray()
        elif isinstance(piece, FileEnd):
            content, data = bytes(data), bytearray()
            if is_zip(name, content):
                await _open_zip(taken, name or _UNNAMED_ZIP, content, room)
                held.give_back(len(content))
            else:
                room.photos -= 1
                taken.pictures.append(Picture(name or _number(taken), content))
        else:
            held.add(len(piece))
            data += piece
            if len(data) > MAX_PHOTO_BYTES and not is_zip(name, bytes(data[:4])):
                raise too_large(
                    f"{name or _number(taken)} is larger than {MAX_PHOTO_BYTES // 1_000_000} MB. "
                    "Save it smaller and try again."
                )
    if not taken.pictures and not taken.failures:
        raise not_usable("Wanted at least one picture. The form has none.", "no_file")
    return taken


class _RequestRoom(Room):
    """What one request may still bring; more of it is a problem, not a picture left out.

    Args:
        settings: limits of size and number.
        held: counts what is unpacked, before it is.
    """

    def __init__(self, settings: ApiSettings, held: Held) -> None:
        super().__init__(settings.max_pictures, settings.max_bytes)
        self._held = held
        self.too_many = (
            f"A request may have {settings.max_pictures} pictures. Send the others in another one."
        )
        self._too_large = (
            f"The pictures in the zips of a request may have {settings.max_bytes / 1e6:,.6g} MB "
            "unpacked. Send fewer at once; whoever runs the server can raise the limit."
        )

    def refusal(self, n_bytes: int) -> str:
        """As that of a session, for what is too large by itself.

        Raises:
            Problem: too many pictures or bytes together (413), or no room for them now (503).
        """
        if n_bytes <= MAX_PHOTO_BYTES:
            if self.photos < 1:
                raise too_large(self.too_many)
            if n_bytes > self.total_bytes:
                raise too_large(self._too_large)
            self._held.add(n_bytes)
        return super().refusal(n_bytes)


async def _open_zip(taken: Taken, name: str, data: bytes, room: Room) -> None:
    """Adds the pictures of a zip, opened beside the event loop.

    Raises:
        Problem: they are too many, too large together, or with too much beside them.
    """
    intake = await asyncio.to_thread(take_in, [(name, data)], room)
    taken.pictures += [Picture(photo.name, photo.data) for photo in intake.photos]
    taken.failures += intake.failures
    # Of one zip that is a limit already; many must not make an answer of nothing but errors.
    if len(taken.failures) > MAX_ZIP_ENTRIES:
        raise too_large(
            f"The zips of a request hold more than {MAX_ZIP_ENTRIES:,} files that are no "
            "pictures. Pack the pictures alone."
        )


def _number(taken: Taken) -> str:
    return f"picture {len(taken.pictures) + 1}"


def _is_picture(media_type: str) -> bool:
    return media_type.startswith("image/") or media_type in (*ZIPS, "application/octet-stream")
