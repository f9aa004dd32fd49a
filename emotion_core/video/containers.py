"""Opens video files: only known containers, only the file itself, one sentence for what is wrong.

Files come from outside. FFmpeg also reads playlists, scripts and addresses that lead to other files
and machines; those are not tried, and nothing but the named file is opened.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import av
import av.container
from av.error import FFmpegError
from av.format import Flags
from av.stream import Disposition
from av.video.stream import VideoStream

from emotion_core.errors import VideoError
from emotion_core.files.atomic_files import readable
from emotion_core.files.outside_files import open_regular
from emotion_core.images.decoding import picture_form
from emotion_core.images.limits import MAX_PIXELS

# FFmpeg's demuxers that are tried, by their names; those of sound, to say that it is sound.
_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,asf,flv,ogg,mxf,mxf_opatom,dv,ivf,nut,"
    "mp3,wav,flac"
)
_WANTED = "MP4, MOV, MKV, WebM, AVI, MPEG or another usual video"

# Frames are decoded by so many threads at most: more than the cores of most machines would only
# hold more frames in memory.
_MAX_THREADS = 4

# For decoders, also while a file is opened and they only look.
_LIMITS = {"max_pixels": str(MAX_PIXELS)}

_COVERS = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image

# A text's first bytes: printable, or white space. Source: as file(1) tells text from data.
_TEXT_BYTES = frozenset({7, 8, 9, 10, 12, 13, 27}) | frozenset(range(0x20, 0x7F))
_HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class OpenVideo:
    """A video file that is open for reading.

    Attributes:
        path: of the file.
        container: its streams.
        stream: the one that is shown: not a cover picture.
        start_s: presentation time of the stream's first frame, on the file's clock; None where
            the file does not say.
    """

    path: Path
    container: av.container.InputContainer
    stream: VideoStream
    start_s: float | None

    @property
    def may_jump(self) -> bool:
        """Whether files of this kind may hold jumps of their clock (MPEG transport streams)."""
        return bool(Flags(self.container.format.flags) & Flags.ts_discont)

    @property
    def decoding_only(self) -> bool:
        """Whether the container stores the times of decoding only; a frame is shown later."""
        return self.container.format.name == "avi"

    @property
    def header_duration_s(self) -> float | None:
        """How long the stream, or else the file, says it is; None where neither says it."""
        stream = self.stream
        if stream.duration and stream.duration > 0 and stream.time_base:
            return float(stream.duration * stream.time_base)
        whole = self.container.duration
        if not whole or whole <= 0:
            return None
        # What Matroska calls the duration is counted from 0 on its clock by most writers.
        before_s = (self.start_s or 0.0) if "matroska" in self.container.format.name else 0.0
        return max(0.0, whole / 1e6 - before_s)

    def seconds(self, ticks: int) -> float:
        """A time stamp of the stream in seconds, on the file's clock."""
        return float(ticks * (self.stream.time_base or 0))


@contextlib.contextmanager
def open_video(path: Path | str) -> Iterator[OpenVideo]:
    """Opens a video file; closes it at the end of the ``with`` block.

    Raises:
        VideoError: not there, not readable, not a file, empty, no video, damaged, without a video
            stream, packed in a way that cannot be decoded here, or too large a picture.
    """
    path = Path(path)
    head = _head(path)
    name = readable(path.name)
    try:
        container = _open(path)
    except (FFmpegError, OSError, ValueError) as error:
        raise _unreadable(name, head) from error
    with container:
        stream = _shown_stream(container, name, head)
        codec = stream.codec_context
        pixels = codec.width * codec.height
        if pixels > MAX_PIXELS:
            raise VideoError(
                f"{name}: wanted at most {MAX_PIXELS / 1e6:g} million pixels a frame. Received "
                f"{codec.width} x {codec.height}. Make it smaller and try again."
            )
        codec.thread_type = "AUTO"
        codec.thread_count = min(_MAX_THREADS, max(1, codec.thread_count or _MAX_THREADS))
        # A frame may be larger than its header says.
        codec.options = dict(_LIMITS)
        base = stream.time_base
        known = stream.start_time is not None and base is not None
        start_s = float(stream.start_time * base) if known else None  # type: ignore[operator]
        video = OpenVideo(path, container, stream, start_s)
        yield replace(video, start_s=None) if video.decoding_only else video


def undecodable(path: Path) -> VideoError:
    """The error for a video of which not one frame can be decoded."""
    return VideoError(
        f"{readable(path.name)}: not one frame can be decoded: the file is cut off or damaged. "
        "Get it again, or convert it to H.264 in MP4."
    )


def _open(path: Path) -> av.container.InputContainer:
    options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
    # "file:" keeps FFmpeg from taking a name like "concat:a" for something else than a file.
    return av.open(
        f"file:{path}", "r", options=_LIMITS, container_options=options, metadata_errors="replace"
    )


def _head(path: Path) -> bytes:
    with open_regular(path, VideoError) as file:
        try:
            head = file.read(_HEAD_BYTES)
        except OSError as error:
            raise VideoError(f"{readable(path)}: cannot be read: {error.strerror}.") from error
    name = readable(path.name)
    if not head:
        raise VideoError(f"{name}: wanted a video. This file is empty (0 bytes).")
    if form := picture_form(head):
        raise VideoError(
            f"{name}: wanted a video. This is a {form} picture; pictures are read by Photos and by "
            "`analyze`."
        )
    return head


def _unreadable(name: str, head: bytes) -> VideoError:
    if all(byte in _TEXT_BYTES for byte in head):
        return VideoError(f"{name}: wanted a video. This is text.")
    if _looks_like_video(head):
        return VideoError(
            f"{name}: cut off or damaged: it begins as a video, but what tells where its frames "
            "are is missing or cannot be read. Copy or download it again; if a recording was "
            "interrupted, repair it first."
        )
    return VideoError(f"{name}: wanted {_WANTED}. This file is none that can be read.")


def _looks_like_video(head: bytes) -> bool:
    """Whether a file begins as one of the usual containers: MP4, Matroska, AVI, TS, FLV, ASF."""
    starts = (b"\x1aE\xdf\xa3", b"FLV\x01", b"\x30\x26\xb2\x75", b"OggS", b"\x00\x00\x01\xba")
    mp4 = head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
    avi = head[:4] == b"RIFF" and head[8:11] == b"AVI"
    ts = head[:1] == b"\x47" and head[188:189] in (b"\x47", b"")
    return head.startswith(starts) or mp4 or avi or ts


def _shown_stream(container: av.container.InputContainer, name: str, head: bytes) -> VideoStream:
    """The video stream that players show: no cover, first those by default, then the largest."""
    videos = [s for s in container.streams.video if not s.disposition & _COVERS]
    if not videos:
        if container.streams.audio:
            cover = ", and its cover is not one" if container.streams.video else ""
            raise VideoError(f"{name}: wanted a video. This file holds sound only{cover}.")
        if container.streams.video:
            raise VideoError(f"{name}: wanted a video. This file holds still pictures only.")
        if len(container.streams):
            raise VideoError(f"{name}: wanted a video. This file holds no video stream.")
        raise _unreadable(name, head)

    def rank(stream: VideoStream) -> tuple[bool, int, int]:
        codec = stream.codec_context
        pixels = codec.width * codec.height if codec is not None else 0
        return bool(stream.disposition & Disposition.default), pixels, -stream.index

    usable = [s for s in videos if s.codec_context is not None]
    if not usable:
        raise VideoError(
            f"{name}: its frames are packed in a way that cannot be decoded here. Convert it to "
            "H.264 in MP4."
        )
    best = max(usable, key=rank)
    if not best.codec_context.width or not best.codec_context.height:
        raise _unreadable(name, head)
    return best
