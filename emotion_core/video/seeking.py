"""Single frames of a video by their times, also between far key frames and among B-frames."""

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path

import av
from av.error import FFmpegError

from emotion_core.types import Frame
from emotion_core.video.containers import OpenVideo, open_video, undecodable
from emotion_core.video.pictures import PictureMaker
from emotion_core.video.probing import probe_video
from emotion_core.video.reading import iter_frames
from emotion_core.video.sampling import Sampling
from emotion_core.video.timing import JUMP_NOTE, StampGuesser

# How far before the wanted time a key frame is looked for, in seconds; in the end from the start.
_BACK_S = (0.0, 2.0, 20.0, math.inf)
# Where all has to be read, pictures are made of the last frames alone.
_PASSED_OVER_S = 2.0
# Times are stored in ticks; what a table rounds must still be the same frame.
_ROUNDING_S = 0.0005


class FrameSeeker(contextlib.AbstractContextManager["FrameSeeker"]):
    """Finds frames of one video by their times, in any order. A context manager.

    Args:
        path: of the file.

    Raises:
        VideoError: the file cannot be read as a video.
    """

    def __init__(self, path: Path | str) -> None:
        self._info = probe_video(path)
        self._closing = contextlib.ExitStack()
        self._video: OpenVideo = self._closing.enter_context(open_video(path))
        # Where the clock jumps, it tells nothing of the place. Times in MPEG program streams depend
        # on where reading begins.
        self._sequential = JUMP_NOTE in self._info.notes or (
            self._video.container.format.name == "mpeg"
        )
        self._maker = PictureMaker(self._video.stream.sample_aspect_ratio)

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._closing.close()

    def frame_at(self, time_s: float) -> Frame:
        """The frame that is shown at a time.

        Args:
            time_s: seconds from the start of the video, as ``Frame.timestamp_s``.

        Returns:
            The last frame that is not after this time; the first one for times before it. Its
            ``index`` is -1: how many frames came before is not known without reading them.

        Raises:
            VideoError: not one frame can be decoded.
        """
        if self._sequential:
            return self._read_up_to(time_s)
        wanted_s = self._info.start_s + time_s + _ROUNDING_S
        for back_s in _BACK_S:
            found = self._look(wanted_s, back_s)
            if found is not None:
                frame, stamp_s = found
                shown_s = max(0.0, stamp_s - self._info.start_s)
                return Frame(self._maker.picture(frame), -1, shown_s)
        raise undecodable(self._info.path)

    def _read_up_to(self, time_s: float) -> Frame:
        """By reading all of what comes before."""
        for begin_s in (max(0.0, time_s - _PASSED_OVER_S), 0.0):
            found = None
            for frame in iter_frames(self._info.path, Sampling(from_s=begin_s)):
                if frame.timestamp_s > time_s + _ROUNDING_S and (found or begin_s == 0.0):
                    return found or frame
                if frame.timestamp_s > time_s + _ROUNDING_S:
                    break  # what is shown at this time began earlier
                found = frame
            if found is not None:
                return found
        raise undecodable(self._info.path)

    def _look(self, wanted_s: float, back_s: float) -> tuple[av.VideoFrame, float] | None:
        """The wanted frame and its time stamp, from the key frame before a time a little earlier.

        None where the file leads to a place after the wanted frame.
        """
        stream, start_s = self._video.stream, self._info.start_s
        begin_s = wanted_s - back_s
        from_start = begin_s <= start_s
        ticks = math.floor(max(begin_s, min(start_s, 0.0)) / (stream.time_base or 1))
        try:
            self._video.container.seek(0 if from_start else ticks, stream=stream)
        except (FFmpegError, OSError):
            if not from_start:
                return None
        found = None
        for frame, stamp_s in self._decoded(wanted_s, whole=from_start):
            if stamp_s > wanted_s and (found is not None or from_start):
                return found or (frame, stamp_s)
            if stamp_s > wanted_s:
                return None
            found = frame, stamp_s
        return found

    def _decoded(self, wanted_s: float, *, whole: bool) -> Iterator[tuple[av.VideoFrame, float]]:
        """Frames with their time stamps from the next key frame on.

        Frames that are shown before that key frame are left out: they may need others, which have
        not been decoded. Nothing comes if the key frame is after the wanted time.
        """
        key_s: float | None = None
        stamp_s, step_s = -math.inf, 0.0
        guesser = StampGuesser(decoding_only=self._video.decoding_only)
        with contextlib.suppress(FFmpegError, OSError):
            for packet in self._video.container.demux(self._video.stream):
                if key_s is None and packet.size:
                    stamp = packet.pts if packet.pts is not None else packet.dts
                    if not whole and (stamp is None or not packet.is_keyframe):
                        continue
                    key_s = -math.inf if whole or stamp is None else self._video.seconds(stamp)
                    if key_s > wanted_s:
                        return
                with contextlib.suppress(FFmpegError):
                    for frame in packet.decode():
                        stamp = guesser.stamp(frame.pts, frame.dts)
                        if stamp is not None:
                            new_s = self._video.seconds(stamp)
                            step_s = max(0.0, new_s - stamp_s) if stamp_s > -math.inf else 0.0
                            stamp_s = new_s
                        else:  # at the end of an AVI
                            stamp_s += step_s
                        if key_s is not None and stamp_s >= key_s:
                            yield frame, stamp_s


def frame_at(path: Path | str, time_s: float) -> Frame:
    """The frame of a video that is shown at a time; see `FrameSeeker.frame_at`.

    Raises:
        VideoError: the file cannot be read as a video.
    """
    with FrameSeeker(path) as seeker:
        return seeker.frame_at(time_s)
