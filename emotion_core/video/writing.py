"""Writes videos that play in browsers: H.264 in MP4, at given times, with the sound of another."""

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import av.container
import cv2
import numpy as np
from av.audio.stream import AudioStream
from av.error import FFmpegError
from av.packet import Packet
from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
    Interpolation,
    VideoReformatter,
)
from av.video.stream import VideoStream

from emotion_core.files.atomic_files import atomic_path
from emotion_core.types import UInt8Array
from emotion_core.video.containers import OpenVideo
from emotion_core.video.timing import Timeline

if TYPE_CHECKING:
    _Timed = tuple[float, Packet[AudioStream]]

# Without exact rounding grey turns a little green.
_EXACT = Interpolation.BILINEAR | Interpolation.ACCURATE_RND
# Usual frame rates divide it, and so do milliseconds.
_TICKS = 90_000
# Constant quality: at 20 what is added by encoding anew is hard to see.
_OPTIONS = {"preset": "veryfast", "crf": "20"}
# Key frames at least so often, for seeking.
_KEY_EVERY = 100
# Encoders want a few pixels.
_SMALLEST_PX = 16
_BT709 = 1  # AVCOL_SPC_BT709
# What browsers play in MP4; other sound becomes AAC.
_KEPT_SOUND = frozenset({"aac", "mp3", "opus"})

#: What is said where a video's sound is damaged.
SOUND_NOTE = "Its sound could not be read to its end; the copy has what could be read."


class VideoWriter:
    """Writes one MP4. A context manager; the file appears whole at its end, or not at all.

    Args:
        path: of the file.
        sound: a video, open for this only, whose sound is kept; None: no sound.
        start_s: where the copy begins on the clock of that video.
        end_s: where it ends; None: with the sound.

    Raises:
        OutputError: it cannot be written there.
        DiskFullError: there is no room for it.
    """

    def __init__(
        self,
        path: Path,
        *,
        sound: OpenVideo | None = None,
        start_s: float = 0.0,
        end_s: float | None = None,
    ) -> None:
        self._path = path
        self._source = sound
        self._window_s = start_s, end_s
        self._closing = contextlib.ExitStack()
        self._size = (0, 0)
        self._last_ticks = -1
        self._reformatter = VideoReformatter()
        self._sound: Iterator[_Timed] = iter(())
        self._waiting: _Timed | None = None
        #: What went wrong with the sound, in sentences.
        self.notes: dict[str, None] = {}

    def __enter__(self) -> "VideoWriter":
        with contextlib.ExitStack() as stack:
            partial = stack.enter_context(atomic_path(self._path))
            self._output = stack.enter_context(
                av.open(f"file:{partial}", "w", "mp4", options={"movflags": "+faststart"})
            )
            self._stream: VideoStream = self._output.add_stream("libx264", rate=25)
            self._stream.options = dict(_OPTIONS)
            self._closing = stack.pop_all()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            try:
                self._finish()
            except BaseException as failed:
                if not self._closing.__exit__(type(failed), failed, failed.__traceback__):
                    raise
                return
        self._closing.__exit__(kind, error, trace)

    def write(self, image: UInt8Array, time_s: float) -> None:
        """Adds a frame.

        Args:
            image: (H, W, 3) uint8 BGR. Another size than the first one's is fitted into it.
            time_s: when it is shown, from the start of the copy; after the frame before.
        """
        if self._last_ticks < 0:
            self._begin(image)
        frame = av.VideoFrame.from_ndarray(self._fitted(image), format="bgr24")
        frame.color_range = ColorRange.JPEG
        plain = self._reformatter.reformat(
            frame,
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            interpolation=_EXACT,
            threads=1,
        )
        ticks = max(round(time_s * _TICKS), self._last_ticks + 1)
        plain.pts, plain.time_base = ticks, Fraction(1, _TICKS)
        self._last_ticks = ticks
        for packet in self._stream.encode(plain):
            self._mux_sound(time_s)
            self._output.mux(packet)

    def _begin(self, image: UInt8Array) -> None:
        height, width = image.shape[:2]
        self._size = max(_SMALLEST_PX, width + width % 2), max(_SMALLEST_PX, height + height % 2)
        stream, codec = self._stream, self._stream.codec_context
        stream.width, stream.height = self._size
        stream.pix_fmt = "yuv420p"
        codec.time_base = Fraction(1, _TICKS)
        codec.gop_size = _KEY_EVERY
        codec.colorspace, codec.color_range = _BT709, ColorRange.MPEG
        codec.color_primaries, codec.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        if self._source is not None:
            self._sound = self._sound_packets(self._source)
            self._waiting = next(self._sound, None)

    def _fitted(self, image: UInt8Array) -> UInt8Array:
        """A picture in the size of the video: odd sizes get a line more, others are shrunk."""
        width, height = self._size
        scale = min(width / image.shape[1], height / image.shape[0])
        if not 0 <= width - image.shape[1] <= _SMALLEST_PX or not (
            0 <= height - image.shape[0] <= _SMALLEST_PX
        ):
            size = (
                max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)),
            )  # fmt: skip
            image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        right, below = width - image.shape[1], height - image.shape[0]
        if right or below:
            image = np.asarray(
                cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE), np.uint8
            )
        return np.ascontiguousarray(image)

    def _finish(self) -> None:
        if self._last_ticks < 0:
            return
        self._output.mux(self._stream.encode())
        self._mux_sound(float("inf"))

    def _mux_sound(self, until_s: float) -> None:
        while self._waiting is not None and self._waiting[0] <= until_s:
            self._output.mux(self._waiting[1])
            self._waiting = next(self._sound, None)

    def _sound_packets(self, source: OpenVideo) -> "Iterator[_Timed]":
        """(time in the copy, packet) of the first sound of a video, as it is or as AAC."""
        stream = source.container.streams.best("audio")
        if not isinstance(stream, AudioStream) or stream.codec_context is None:
            return
        if stream.codec_context.name.removesuffix("float") in _KEPT_SOUND:
            packets = self._copied(source, stream)
        else:
            packets = self._encoded(source, stream)
        try:
            yield from packets
        except (FFmpegError, ValueError):
            self.notes[SOUND_NOTE] = None

    def _copied(self, source: OpenVideo, stream: AudioStream) -> "Iterator[_Timed]":
        copy = self._output.add_stream_from_template(stream)
        base = stream.time_base or Fraction(1, _TICKS)
        timeline = _SoundClock(*self._window_s, may_jump=source.may_jump)
        for packet in source.container.demux(stream):
            stamp = packet.pts if packet.pts is not None else packet.dts
            if stamp is None or packet.is_corrupt:
                continue
            time_s = timeline.time_of(float(stamp * base))
            if time_s is None:
                continue
            packet.pts = packet.dts = round(time_s / base)
            packet.stream = copy
            yield time_s, packet

    def _encoded(self, source: OpenVideo, stream: AudioStream) -> "Iterator[_Timed]":
        rate = min(48_000, stream.codec_context.sample_rate or 48_000)
        made: AudioStream = self._output.add_stream("aac", rate=rate)
        channels = min(2, stream.codec_context.channels or 2)
        made.codec_context.layout = "mono" if channels == 1 else "stereo"
        resampler = av.AudioResampler("fltp", made.codec_context.layout, rate)
        timeline = _SoundClock(*self._window_s, may_jump=source.may_jump)
        base = Fraction(1, rate)
        for packet in source.container.demux(stream):
            with contextlib.suppress(FFmpegError):
                for frame in packet.decode():
                    if frame.pts is None or frame.time_base is None:
                        continue
                    time_s = timeline.time_of(float(frame.pts * frame.time_base))
                    if time_s is None:
                        continue
                    frame.pts, frame.time_base = round(time_s * rate), base
                    for part in resampler.resample(frame):
                        yield from _timed(made.encode(part))
        for part in resampler.resample(None):
            yield from _timed(made.encode(part))
        yield from _timed(made.encode(None))


def _timed(packets: "list[Packet[AudioStream]]") -> "Iterator[_Timed]":
    for packet in packets:
        yield float((packet.pts or 0) * packet.time_base), packet


class _SoundClock:
    """Times of sound in the copy; None before its begin and after its end."""

    def __init__(self, start_s: float, end_s: float | None, *, may_jump: bool) -> None:
        self._start_s, self._end_s = start_s, end_s
        self._timeline = Timeline(0.0, may_jump=may_jump)
        self._may_jump = may_jump

    def time_of(self, stamp_s: float) -> float | None:
        clock_s = self._timeline.time_of(stamp_s) if self._may_jump else stamp_s
        if self._end_s is not None and clock_s >= self._end_s:
            return None
        # What encoders put before the first tone has times below 0.
        return clock_s - self._start_s if clock_s >= self._start_s - 0.05 else None
