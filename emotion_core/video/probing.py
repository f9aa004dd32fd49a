"""What a video file is, without reading its frames."""

import contextlib
import itertools
from dataclasses import dataclass
from pathlib import Path

from av.error import FFmpegError

from emotion_core.video.containers import OpenVideo, open_video, undecodable
from emotion_core.video.pictures import PictureMaker, turn_of
from emotion_core.video.timing import JUMP_NOTE, is_jump

# All packets are read of files up to so many bytes (about a second each): of any, and of those
# whose header does not say how long they are, or cannot know.
_CHEAP_BYTES = 50_000_000
_WORTH_BYTES = 500_000_000
# So many packets tell whether the header's frame rate can be true.
_FIRST_PACKETS = 128
# Sound that begins by less than this before the picture is what encoders put before the first
# tone; players do not count it.
_PRIMING_S = 0.05


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a video file is.

    Attributes:
        path: of the file.
        size_bytes: of the file.
        format: of the container, e.g. ``"mp4"``.
        codec: of the video stream, e.g. ``"h264"``.
        width: of the upright picture in square pixels, of the first frame.
        height: the same.
        rotation_deg: by how much players turn the stored picture clockwise.
        start_s: time of the video's first frame on the file's own clock.
        duration_s: from the first frame to the end of the last; None where the container does not
            say and finding out would take long.
        average_fps: frames a second on the average; None where unknown. Never used for times.
        has_audio: whether it has sound.
        notes: what was odd about it, in sentences.
        sound_lead_s: by how much the sound begins before the picture; what encoders put before
            the first tone does not count.
    """

    path: Path
    size_bytes: int
    format: str
    codec: str
    width: int
    height: int
    rotation_deg: int
    start_s: float
    duration_s: float | None
    average_fps: float | None
    has_audio: bool
    notes: tuple[str, ...]
    sound_lead_s: float = 0.0

    @property
    def player_offset_s(self) -> float:
        """To be added to a frame's time to get a browser's ``currentTime``.

        Measured with Chromium: its zero is that of the file's own clock.
        """
        return max(0.0, self.start_s)


def probe_video(path: Path | str) -> VideoInfo:
    """Looks at a video file: its header, its first frame, and the times of its packets.

    Raises:
        VideoError: it cannot be read as a video; the sentence says why.
    """
    path = Path(path)
    with open_video(path) as video:
        width, height, rotation_deg, stamp_s = _first_frame(video)
        start_s = stamp_s if video.start_s is None else video.start_s
        header = video.stream
        has_audio = bool(video.container.streams.audio)
        name = _container_name(video.container.format.name, path)
        duration_s = video.header_duration_s
        average = header.average_rate
        earliest = video.container.start_time
        codec = header.codec_context.name
        may_jump = video.may_jump
    size_bytes = path.stat().st_size
    unknown = duration_s is None or may_jump
    whole = size_bytes <= (_WORTH_BYTES if unknown else _CHEAP_BYTES)
    with open_video(path) as video:
        timed = _time_packets(video, None if whole else _FIRST_PACKETS)
    notes: list[str] = []
    if timed.jumps:
        notes.append(JUMP_NOTE)
    if whole and timed.duration_s > 0:
        duration_s = timed.duration_s
    fps = float(average) if average else None
    if timed.fps is not None and (whole or fps is None or not 1 / 3 < timed.fps / fps < 3):
        if fps is not None and not 1 / 3 < timed.fps / fps < 3:
            notes.append(
                f"Its header says {fps:,.4g} frames a second, its time stamps {timed.fps:,.4g}; "
                "the time stamps are used."
            )
        fps = timed.fps
    lead_s = start_s - earliest / 1e6 if earliest is not None and has_audio else 0.0
    return VideoInfo(
        path, size_bytes, name, codec, width, height, rotation_deg, start_s,
        duration_s, fps, has_audio, tuple(notes),
        lead_s if lead_s > _PRIMING_S else 0.0,
    )  # fmt: skip


def _first_frame(video: OpenVideo) -> tuple[int, int, int, float]:
    """(width, height, rotation, time stamp) of the first frame that can be decoded."""
    maker = PictureMaker(video.stream.sample_aspect_ratio)
    packets = iter(video.container.demux(video.stream))
    while True:
        try:
            packet = next(packets, None)
            frames = [] if packet is None else packet.decode()
        except (FFmpegError, OSError):
            continue
        if packet is None:
            raise undecodable(video.path)
        for frame in frames:
            degrees, _ = turn_of(frame)
            width, height = maker.square_size(frame.width, frame.height)
            if degrees in (90, 270):
                width, height = height, width
            stamp = frame.dts if video.decoding_only else frame.pts
            stamp = frame.dts if stamp is None else stamp
            return width, height, degrees, 0.0 if stamp is None else video.seconds(stamp)


@dataclass(frozen=True, slots=True)
class _PacketTimes:
    """Times of packets, without decoding any.

    Attributes:
        duration_s: from the first frame to the end of the last one.
        fps: frames a second on the average; None for a single one.
        jumps: whether the file's clock jumps.
    """

    duration_s: float
    fps: float | None
    jumps: bool


def _time_packets(video: OpenVideo, limit: int | None) -> _PacketTimes:
    """Reads the time stamps of the first packets, or of all.

    They come in the order of decoding, so the times of decoding tell where the clock jumps.
    """
    parts: list[list[float]] = [[]]
    before_s: float | None = None
    length_s = 0.0
    packets = video.container.demux(video.stream)
    with contextlib.suppress(FFmpegError, OSError):  # a damaged end is told when frames are read
        for packet in itertools.islice(packets, limit):
            stamp = packet.pts if packet.pts is not None else packet.dts
            if stamp is None or packet.is_discard:
                continue
            if packet.dts is not None:
                clock_s = video.seconds(packet.dts)
                if before_s is not None and is_jump(clock_s - before_s, video.may_jump):
                    parts.append([])
                before_s = clock_s
            parts[-1].append(video.seconds(stamp))
            length_s = video.seconds(packet.duration or 0)
    spans_s = sum(max(part) - min(part) for part in parts if part)
    steps = sum(len(part) - 1 for part in parts if part)
    pace_s = spans_s / steps if steps else 0.0
    last_s = sorted(parts[-1])[-2:]
    # A last frame whose length is not known is taken for as long as the one before.
    end_s = length_s or (last_s[-1] - last_s[0] if len(last_s) > 1 else 0.0)
    duration_s = spans_s + end_s + pace_s * (len(parts) - 1)
    return _PacketTimes(duration_s, 1 / pace_s if pace_s > 0 else None, len(parts) > 1)


def _container_name(demuxer: str, path: Path) -> str:
    """FFmpeg's name of the demuxer stands for a family; the file's ending may tell which one."""
    family = demuxer.split(",")
    ending = path.suffix.lower().lstrip(".")
    return ending if ending in family else family[0]
