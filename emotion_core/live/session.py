"""One viewer's stream: frames in on the media thread, pictures and figures out.

The page reads what the media thread left and leaves what it wants changed. The lock between them
is held for moments only, never while a frame is read, so neither waits for the other.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import av

from emotion_core.classifiers.runtime import Classifier
from emotion_core.drawing import blur_faces, draw_badge, draw_result
from emotion_core.errors import EmotionLensError
from emotion_core.faces import FaceDetector
from emotion_core.live import frames
from emotion_core.live.adaptation import Load, LoadController
from emotion_core.live.clock import FrameClock
from emotion_core.live.health import HealthMeter
from emotion_core.live.hidden_faces import HiddenFaces
from emotion_core.live.recorded import ScoreSource
from emotion_core.live.resting_face import RestingFaces
from emotion_core.live.timeline import ExpressionTime, Timeline
from emotion_core.live.view import LiveSettings, LiveView
from emotion_core.stream import StreamOptions, StreamPipeline
from emotion_core.types import Frame, FrameResult

_logger = logging.getLogger(__name__)

#: Detection on pictures of this long side; 640 would take four times as long.
DETECT_SIDE_PX = 320

_UNKNOWN_ERROR = "A frame could not be analysed. The details are in the server's log."
# One trace says what is wrong; thirty a second would only fill the disk.
_LOG_EVERY_S = 10.0


class Recording(Protocol):
    """What takes the scores of frames in; ``emotion_core.store.recorder.Recorder`` does.

    On the media thread, so it neither waits nor raises.
    """

    def add(self, result: FrameResult) -> None:
        """Takes a frame in, as it is displayed; its raw scores are kept beside."""

    def use(self, model: str, detector: str, *, labels: str = "", model_sha256: str = "") -> None:
        """Says what gives the scores of the frames to come."""


class LiveSession:
    """Reads one viewer's camera. ``process`` is for the media thread, the rest for the page.

    Args:
        detector: the session's own.
        classifier: may be shared.
        settings: how to begin.
        source: what detector and classifier are called, for recordings.
        crop_size_px: side of the crops that the classifier takes.
        now: the clock in seconds.
    """

    def __init__(
        self,
        detector: FaceDetector,
        classifier: Classifier,
        settings: LiveSettings | None = None,
        *,
        source: ScoreSource | None = None,
        crop_size_px: int = 48,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        settings = settings or LiveSettings()
        self._now = now
        # Media threads of two connections may overlap for a moment; the page never takes this one.
        self._reading = threading.Lock()
        self._stream = StreamPipeline(
            detector, classifier, _options(settings, Load()), crop_size_px=crop_size_px
        )
        self._hidden_faces = HiddenFaces()
        self._converter = frames.FrameConverter()
        self._clock = FrameClock(now)
        self._index = 0
        self._source = source  # of the frame that is being read
        self._mirrored = settings.mirror
        self._logged_at = float("-inf")
        # What both sides touch.
        self._lock = threading.Lock()
        self._settings = settings
        self._changes: dict[str, Any] = {}
        self._meter = HealthMeter(now)
        self._controller = LoadController(now)
        self._timeline = Timeline()
        self._time = ExpressionTime()
        self._resting = RestingFaces()
        self._recording: Recording | None = None
        self._result: FrameResult | None = None
        self._message = ""
        self._frame_at: float | None = None

    # For the page.

    @property
    def settings(self) -> LiveSettings:
        """What the page asked for last."""
        return self._settings

    @property
    def recording(self) -> Recording | None:
        """The recording, None before there is one."""
        return self._recording

    def change(
        self,
        *,
        settings: LiveSettings | None = None,
        detector: FaceDetector | None = None,
        classifier: Classifier | None = None,
        crop_size_px: int | None = None,
        source: ScoreSource | None = None,
    ) -> None:
        """Changes what is given, from the next frame on; faces keep their numbers."""
        with self._lock:
            if detector is not None:
                self._result = None
            if settings is not None:
                self._settings = settings
                self._changes["options"] = _options(settings, self._controller.load)
            if detector is not None:
                self._changes["detector"] = detector
            if classifier is not None:
                self._changes["classifier"] = classifier
                self._forget_shown()
                # Another model rests differently.
                self._resting.forget()
            if crop_size_px is not None:
                self._changes["crop_size_px"] = crop_size_px
            if source is not None:
                self._changes["source"] = source

    def begin(self) -> None:
        """A new connection: figures and timeline start anew; a recording goes on."""
        with self._lock:
            self._meter = HealthMeter(self._now)
            self._controller.begin()
            self._changes["options"] = _options(self._settings, self._controller.load)
            self._forget_shown()
            self._frame_at = None

    def view(self) -> LiveView:
        """What can be shown now."""
        with self._lock:
            return LiveView(
                result=self._result,
                health=replace(self._meter.read(), load=self._controller.load.level),
                moments=self._timeline.moments(),
                seconds=self._time.seconds(),
                baseline=self._resting.state(),
                message=self._message,
                idle_s=None if self._frame_at is None else self._now() - self._frame_at,
            )

    def learn_baseline(self) -> None:
        """Takes the next ten seconds as the faces at rest."""
        with self._lock:
            self._resting.learn()

    def forget_baseline(self) -> None:
        """Back to plain scores."""
        with self._lock:
            self._resting.forget()

    def record(self, recording: Recording | None) -> None:
        """Writes the scores of all frames to come into a recording, or stops doing so."""
        with self._lock:
            self._recording = recording

    # For the media thread.

    def process(self, frame: av.VideoFrame, *, queued: int = 1) -> av.VideoFrame:
        """Reads a frame and draws what was found. Never raises.

        Args:
            frame: the newest one, of any size and pixel format.
            queued: frames that came since the one before, this one included.

        Returns:
            The picture to show; if the frame could not be read, the picture as it came with a
            notice on it.
        """
        with self._reading:
            try:
                return self._process(frame, queued)
            except Exception as error:
                self._fail(error, queued)
                return self._noticed(frame, "Not read: see the message on the page")

    def refuse(self, frame: av.VideoFrame) -> av.VideoFrame:
        """The picture for a viewer who has to wait: nothing is read. Never raises."""
        with self._reading:
            return self._noticed(frame, "All places are taken: waiting")

    def _process(self, frame: av.VideoFrame, queued: int) -> av.VideoFrame:
        began = time.perf_counter()
        settings = self._take_changes()
        image = self._converter.picture(frame, mirror=settings.mirror)
        time_s = self._clock.read(frame.pts, frame.time_base)
        converted = time.perf_counter()
        result = self._stream.analyze(Frame(image, self._index, time_s))
        self._index += 1
        calm = self._relative(result, settings)
        shown = _raw(result) if settings.raw else calm
        read = time.perf_counter()
        missed = self._hidden_faces.missed(result)
        if settings.drawing.blur_faces and len(missed):
            image = blur_faces(image, missed)
        drawn = self._converter.frame(draw_result(image, shown, settings.drawing), frame)
        stage_ms = {
            **result.stage_ms,
            "convert": (converted - began) * 1000,
            "draw": (time.perf_counter() - read) * 1000,
        }
        with self._lock:
            self._result, self._message, self._frame_at = shown, "", self._now()
            self._timeline.add(shown)
            self._time.add(shown)
            self._meter.count(queued=queued, stage_ms=stage_ms, faces=len(shown), failed=False)
            if self._controller.count(queued=queued, frame_ms=sum(stage_ms.values())):
                self._changes["options"] = _options(self._settings, self._controller.load)
            recording = self._recording
        if recording is not None:
            if self._source is not None:
                model, labels, detector, sha256 = self._source
                recording.use(model, detector, labels=labels, model_sha256=sha256)
            recording.add(calm)
        return drawn

    def _take_changes(self) -> LiveSettings:
        with self._lock:
            changes, self._changes = self._changes, {}
            settings = self._settings
            if "classifier" in changes:
                self._forget_shown()  # of the frame that the old one still read
        # Here, so that no frame goes under the name of what did not read it.
        self._source = changes.pop("source", self._source)
        if changes:
            self._stream.change(**changes)
        if settings.mirror != self._mirrored:
            self._mirrored = settings.mirror
            self._stream.mirror()
            self._hidden_faces.mirror()
        return settings

    def _forget_shown(self) -> None:
        """What one model said is never shown under another's name."""
        self._timeline, self._time = Timeline(), ExpressionTime()
        self._result, self._message = None, ""

    def _relative(self, result: FrameResult, settings: LiveSettings) -> FrameResult:
        """Relative to the faces at rest, if they are known."""
        with self._lock:
            return self._resting.apply(result, settings.stream.half_life_s)

    def _fail(self, error: Exception, queued: int) -> None:
        deliberate = isinstance(error, EmotionLensError)
        now = self._now()
        if not deliberate and now - self._logged_at > _LOG_EVERY_S:
            self._logged_at = now
            _logger.error("A live frame could not be read", exc_info=error)
        with self._lock:
            self._result, self._frame_at = None, now
            self._message = str(error) if deliberate else _UNKNOWN_ERROR
            self._meter.count(queued=queued, stage_ms={}, faces=0, failed=True)

    def _noticed(self, frame: av.VideoFrame, text: str) -> av.VideoFrame:
        """The picture as it came with a notice, or hidden where faces are to be hidden."""
        settings = self._settings
        try:
            image = self._converter.picture(frame, mirror=settings.mirror)
            if settings.drawing.blur_faces:
                image = frames.hidden(image)
            return self._converter.frame(draw_badge(image, text), frame)
        except Exception:  # a frame so broken that it cannot even be converted
            return (
                self._converter.frame(frames.GREY, frame) if settings.drawing.blur_faces else frame
            )


def _options(settings: LiveSettings, load: Load) -> StreamOptions:
    """As chosen and as far as there is time for it.

    But faces that are to be hidden are looked for in every frame.
    """
    hide, chosen = settings.drawing.blur_faces, settings.stream
    return replace(
        chosen,
        detect_every=1 if hide else chosen.detect_every * load.detect_every,
        flip_tta=chosen.flip_tta and load.flip_tta,
        detect_side=load.detect_side,
    )


def _raw(result: FrameResult) -> FrameResult:
    return result.decided(raw=True)
