"""Bodies of requests, piece by piece and within limits: forms with files, or one file as it is."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from emotion_core.api.problems import Problem, not_usable, too_large

FORM = "multipart/form-data"
# What stands before a part's content; names of files are in it.
_MOST_HEADER_BYTES = 16_000
# Of what is refused, so much is still read: most clients read an answer only once they have sent.
_MOST_DRAINED_BYTES, _DRAIN_S = 50_000_000, 5.0
#: Slower than this is a client that only wants to hold a place.
LEAST_BYTES_PER_S = 20_000


@dataclass(frozen=True, slots=True)
class FileHead:
    """The beginning of a file in a body.

    Attributes:
        name: what the client calls it; empty where it does not say.
    """

    name: str


@dataclass(frozen=True, slots=True)
class FileEnd:
    """The end of a file in a body."""


#: What a body is made of: for each file its head, its content in pieces, and its end.
Piece = FileHead | bytes | FileEnd


async def files_in(
    request: Request, *, max_bytes: int, idle_s: float, raw: Callable[[str], bool], name: str = ""
) -> AsyncIterator[Piece]:
    """The files of a request as they come in; nothing of them is kept here.

    Args:
        request: whose body has not been read.
        max_bytes: of the whole body.
        idle_s: how long the client may send nothing, and how much longer than a slow
            connection takes the whole may take.
        raw: whether a body of this media type is one file as it is.
        name: of such a file.

    Raises:
        Problem: the body is too large (413), of another type (415), not a form (400), came too
            slowly (408), or has fields that are no files (422).
        ClientDisconnect: nobody is there any more.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    media_type = kind.decode("latin-1")
    if media_type != FORM and not raw(media_type):
        raise Problem(
            415,
            "unsupported_media_type",
            f"Wanted {FORM} with files, or one file as the body. Received: "
            f"{media_type or 'no Content-Type'}",
            headers={"Accept-Post": f"{FORM}, application/octet-stream"},
        )
    body = _body(request, max_bytes, idle_s)
    if media_type != FORM:
        yield FileHead(name)
        async for chunk in body:
            yield chunk
        yield FileEnd()
        return
    form = _Form(options.get(b"boundary", b""))
    async for chunk in body:
        for piece in form.feed(chunk):
            yield piece
    form.end()


async def _body(request: Request, max_bytes: int, idle_s: float) -> AsyncIterator[bytes]:
    declared = request.headers.get("content-length", "")
    text = (
        f"A request may have {max_bytes / 1e6:,.6g} MB. Send less at once; whoever runs the server "
        "can raise the limit."
    )
    stream = request.stream()
    if declared.isdecimal() and int(declared) > max_bytes:
        if int(declared) <= _MOST_DRAINED_BYTES:
            await _drain(stream)
        raise too_large(f"{text} Received: {int(declared) / 1e6:,.6g} MB")
    received, began = 0, time.monotonic()
    while True:
        left_s = idle_s + received / LEAST_BYTES_PER_S - (time.monotonic() - began)
        try:
            async with asyncio.timeout(min(idle_s, left_s)):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Problem(
                408,
                "too_slow",
                f"The request came too slowly: nothing for {idle_s:g} s, or less than "
                f"{LEAST_BYTES_PER_S / 1000:g} kB a second. Send it again.",
            ) from None
        received += len(chunk)
        if received > max_bytes:
            raise too_large(text)
        if chunk:
            yield chunk


async def _drain(stream: AsyncIterator[bytes]) -> None:
    try:
        async with asyncio.timeout(_DRAIN_S):
            async for _ in stream:
                pass
    except TimeoutError:
        return


@dataclass(slots=True)
class _Form:
    """Turns the bytes of a form into pieces."""

    boundary: bytes
    _parser: MultipartParser = field(init=False)
    _pieces: list[Piece] = field(default_factory=list)
    _headers: dict[bytes, bytes] = field(default_factory=dict)
    _field: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _header_bytes: int = 0
    _ended: bool = False

    def __post_init__(self) -> None:
        if not self.boundary:
            raise _malformed("its Content-Type names no boundary")
        try:
            self._parser = MultipartParser(
                self.boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": lambda data, a, b: self._header(self._field, data[a:b]),
                    "on_header_value": lambda data, a, b: self._header(self._value, data[a:b]),
                    "on_header_end": self._end_of_header,
                    "on_headers_finished": self._end_of_headers,
                    "on_part_data": lambda data, a, b: self._pieces.append(data[a:b]),
                    "on_part_end": lambda: self._pieces.append(FileEnd()),
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise _malformed("its boundary cannot be used") from error

    def feed(self, chunk: bytes) -> list[Piece]:
        """What another piece of the body brings."""
        if self._ended:
            return []  # some clients end a form with a line break
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _malformed("a boundary is not where it should be") from error
        found, self._pieces = self._pieces, []
        return found

    def end(self) -> None:
        """Says that nothing more comes."""
        if not self._ended:
            raise _malformed("it breaks off before its last boundary")

    def _begin(self) -> None:
        self._headers, self._header_bytes = {}, 0

    def _header(self, part: bytearray, data: bytes) -> None:
        self._header_bytes += len(data)
        if self._header_bytes > _MOST_HEADER_BYTES:
            raise too_large("The headers of a file in the form are too long.")
        part += data

    def _end_of_header(self) -> None:
        self._headers[bytes(self._field).lower()] = bytes(self._value)
        self._field.clear()
        self._value.clear()

    def _end_of_headers(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if b"filename" not in options:
            field_name = options.get(b"name", b"").decode("utf-8", "replace")[:60]
            raise not_usable(
                f"The form has a field {field_name!r} that is no file. Options stand in the "
                "address: ?model=NAME",
                "no_file",
            )
        self._pieces.append(FileHead(options[b"filename"].decode("utf-8", "replace")))

    def _end(self) -> None:
        self._ended = True


def _malformed(why: str) -> Problem:
    return Problem(400, "malformed_form", f"The form cannot be read: {why}.")
