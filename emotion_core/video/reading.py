"""Frames of a video file, one after the other, with the times that the file itself gives them."""

import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import av
from av.error import FFmpegError

from emotion_core.types import Frame
from emotion_core.video.containers import OpenVideo, open_video, undecodable
from emotion_core.video.pictures import PictureMaker
from emotion_core.video.probing import VideoInfo, probe_video
from emotion_core.video.sampling import EVERY_FRAME, Sampling
from emotion_core.video.timing import NO_TIMES_NOTE, StampGuesser, Timeline

# Frames that wait for their reader: enough that both sides work, little memory.
_WAITING = 4
# How often a decoder whose reader is slow looks whether it is still wanted.
_LOOK_S = 0.1
# A file that ends so much before its header says is cut off.
_MISSING_S = 1.0
_MISSING_SHARE = 0.02


def iter_frames(
    path: Path | str, sampling: Sampling = EVERY_FRAME, *, skip_to_frame: int = 0
) -> Iterator[Frame]:
    """Reads a video frame by frame; memory stays the same however long it is.

    Args:
        path: of the file.
        sampling: which frames are read.
        skip_to_frame: frames with a lower number are left out; the others are the same ones.

    Yields:
        Upright BGR frames. ``index`` counts all frames of the file from 0, whatever is sampled;
        ``timestamp_s`` is the presentation time from the start of the video.

    Raises:
        VideoError: the file cannot be read as a video. A damaged or missing end does not raise:
            what can be read is read; use `VideoReader` to be told.
    """
    with VideoReader(path, sampling, skip_to_frame=skip_to_frame) as reader:
        yield from reader


class VideoReader:
    """Reads a video once, from its first wanted frame to its last. A context manager.

    Decoding runs in a thread of its own, a few frames ahead.

    Args:
        path: of the file.
        sampling: which frames are read.
        skip_to_frame: frames with a lower number are left out.

    Attributes:
        info: what the file is.

    Raises:
        VideoError: the file cannot be read as a video.
    """

    def __init__(
        self, path: Path | str, sampling: Sampling = EVERY_FRAME, *, skip_to_frame: int = 0
    ) -> None:
        self.info: VideoInfo = probe_video(path)
        self._sampling = sampling
        self._skip_to_frame = skip_to_frame
        self._notes: dict[str, None] = dict.fromkeys(self.info.notes)
        self._queue: queue.Queue[Frame | BaseException | None] = queue.Queue(_WAITING)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "VideoReader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was odd about the file so far, in sentences; complete after the last frame."""
        return tuple(self._notes)

    def __iter__(self) -> Iterator[Frame]:
        if self._thread is not None:
            raise RuntimeError("VideoReader: wanted to be read once. Make another one.")
        self._thread = threading.Thread(target=self._run, name="video-decoder", daemon=True)
        self._thread.start()
        try:
            while (item := self._queue.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self.close()

    def close(self) -> None:
        """Ends the decoder and closes the file."""
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        try:
            with open_video(self.info.path) as video:
                for frame in self._frames(video):
                    if not self._hand_over(frame):
                        return
            self._hand_over(None)
        except BaseException as error:  # whatever it is, the reader must learn of it
            self._hand_over(error)

    def _hand_over(self, item: Frame | BaseException | None) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=_LOOK_S)
            except queue.Full:
                continue
            return True
        return False

    def _frames(self, video: OpenVideo) -> Iterator[Frame]:
        timeline = Timeline(video.start_s, may_jump=video.may_jump)
        guesser = StampGuesser(decoding_only=video.decoding_only)
        maker = PictureMaker(video.stream.sample_aspect_ratio)
        index, before_s, over = -1, None, False
        for index, raw in enumerate(self._decoded(video)):
            stamp = guesser.stamp(raw.pts, raw.dts)
            time_s = timeline.time_of(None if stamp is None else video.seconds(stamp))
            # That AVI ends in frames without a time is the way of AVI.
            self._notes |= {
                note: None
                for note in timeline.notes
                if note != NO_TIMES_NOTE or not video.decoding_only
            }
            if over := self._sampling.is_over(time_s):
                break
            wanted = self._sampling.takes(index, time_s, before_s)
            before_s = time_s
            if wanted and index >= self._skip_to_frame:
                yield Frame(maker.picture(raw), index, time_s)
        if index < 0:
            raise undecodable(video.path)
        if not over and before_s is not None:
            self._note_missing(video, before_s + timeline.step_s)

    def _decoded(self, video: OpenVideo) -> Iterator[av.VideoFrame]:
        """All frames that can be decoded, in the order in which they are shown."""
        damaged = 0
        packets = video.container.demux(video.stream)
        try:
            for packet in packets:
                if self._stop.is_set():
                    return
                try:
                    frames = packet.decode()
                except FFmpegError:
                    damaged += 1
                    continue
                yield from frames
        except (FFmpegError, OSError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self._notes[f"It cannot be read to its end ({reason})."] = None
        finally:
            if damaged:
                self._notes[f"{damaged:,} damaged pieces were left out."] = None

    def _note_missing(self, video: OpenVideo, end_s: float) -> None:
        wanted_s = video.header_duration_s
        if wanted_s is None or video.may_jump:
            return
        if wanted_s - end_s > max(_MISSING_S, _MISSING_SHARE * wanted_s):
            self._notes[
                f"It ends at {end_s:.1f} s, but its header says {wanted_s:.1f} s: the rest is "
                "missing or damaged."
            ] = None
