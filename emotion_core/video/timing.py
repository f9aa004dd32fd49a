"""Time stamps of a file to times that start at 0 and only go on."""

#: A clock that goes back by more than this begins anew: two recordings were joined.
_BACK_S = 0.25
# Source: FFmpeg's own tool takes a step of more than 10 seconds in a transport stream for a jump
# of the clock (option dts_delta_threshold).
_FORTH_S = 10.0
# Of a frame whose time stamp is not after the one before.
_SMALLEST_STEP_S = 0.001
_USUAL_STEP_S = 0.04

#: What is said of a video whose clock was mended.
JUMP_NOTE = "Its clock jumps, as where recordings were joined; times were made to go on."
CLAMP_NOTE = "Some frames carry a time before that of the frame before; they were moved after it."
NO_TIMES_NOTE = "Some frames carry no time; they follow the frame before at its pace."


def is_jump(step_s: float, may_jump: bool) -> bool:
    """Whether the clock of a file was set anew between two frames.

    Args:
        step_s: from one time stamp to the next.
        may_jump: whether steps of many seconds forward are jumps, too.
    """
    return step_s < -_BACK_S or (may_jump and step_s > _FORTH_S)


class StampGuesser:
    """Chooses between the two time stamps of a decoded frame.

    Some containers store the times of decoding only; they come back in the wrong order on the
    frames that are shown. Which of the two goes backwards more rarely is taken.

    Source: ``guess_correct_pts`` in FFmpeg's libavcodec/decode.c, which PyAV does not hand out.

    Args:
        decoding_only: the container is known to store the times of decoding only (AVI).
    """

    def __init__(self, *, decoding_only: bool = False) -> None:
        self._decoding_only = decoding_only
        self._last_pts = self._last_dts = -(2**63)
        self._faulty_pts = self._faulty_dts = 0

    def stamp(self, pts: int | None, dts: int | None) -> int | None:
        """The time stamp of the next frame; None if it has none."""
        if self._decoding_only:
            return dts
        if dts is not None:
            self._faulty_dts += dts <= self._last_dts
            self._last_dts = dts
        if pts is not None:
            self._faulty_pts += pts <= self._last_pts
            self._last_pts = pts
        if pts is not None and (dts is None or self._faulty_pts <= self._faulty_dts):
            return pts
        return dts


class Timeline:
    """Turns the time stamps of frames, in the order in which they are shown, into times.

    Args:
        start_s: time stamp of the video's start; None: that of the first frame.
        may_jump: whether steps of many seconds forward are jumps of the clock, too.
    """

    def __init__(self, start_s: float | None, *, may_jump: bool) -> None:
        self._start_s = start_s
        self._may_jump = may_jump
        self._last_s: float | None = None
        self._step_s = _USUAL_STEP_S
        self.notes: dict[str, None] = {}

    @property
    def step_s(self) -> float:
        """Seconds from one frame to the next, lately."""
        return self._step_s

    def time_of(self, stamp_s: float | None) -> float:
        """The time of the next frame.

        Args:
            stamp_s: its time stamp on the file's clock; None if it has none.

        Returns:
            Seconds from the start of the video, after that of the frame before.
        """
        last_s = self._last_s
        if stamp_s is None:
            time_s = 0.0 if last_s is None else last_s + self._step_s
            self.notes[NO_TIMES_NOTE] = None
        else:
            if self._start_s is None:
                self._start_s = stamp_s
            time_s = stamp_s - self._start_s
            if last_s is None:
                time_s = max(0.0, time_s)
            elif is_jump(time_s - last_s, self._may_jump):
                self._start_s = stamp_s - (last_s + self._step_s)
                time_s = last_s + self._step_s
                self.notes[JUMP_NOTE] = None
            elif time_s <= last_s:
                time_s = last_s + _SMALLEST_STEP_S
                self.notes[CLAMP_NOTE] = None
            elif time_s - last_s < 1.0:
                self._step_s = time_s - last_s
        self._last_s = time_s
        return time_s
