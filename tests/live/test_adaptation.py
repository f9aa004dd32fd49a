"""A stream that is late does less, in steps, and more again when there is time."""

import random

import numpy as np
import pytest
from av import VideoFrame

from emotion_core.drawing import DrawOptions
from emotion_core.faces import build_detector
from emotion_core.html.live_figures import health_strip
from emotion_core.live.adaptation import LEVELS, LoadController
from emotion_core.live.health import Health
from emotion_core.live.session import DETECT_SIDE_PX, LiveSession
from emotion_core.live.view import LiveSettings
from emotion_core.stream import StreamOptions, StreamPipeline
from emotion_core.types import EmotionScores, Frame, UInt8Array
from tests.live.conftest import FixedClassifier


class Machine:
    """Reads 30 frames a second; what a frame costs depends on the level and on who else works."""

    COST_MS = (28.0, 20.0, 15.0, 12.0)

    def __init__(self) -> None:
        self.now = 0.0
        self.slower = 1.0
        self.controller = LoadController(lambda: self.now)
        self.levels: list[int] = []
        self._noise = random.Random(0)
        self._came_until = 0.0

    def run(self, seconds: float, fps: float = 30.0) -> None:
        end = self.now + seconds
        while self.now < end:
            cost = self.COST_MS[self.controller.load.level] * self.slower
            cost *= self._noise.uniform(0.9, 1.1)
            began = max(self.now, self._came_until + 1 / fps)  # waits for a new frame
            queued = max(1, int((began - self._came_until) * fps + 1e-6))
            self._came_until += queued / fps
            self.now = began + cost / 1000
            self.controller.count(queued=queued, frame_ms=cost)
            self.levels.append(self.controller.load.level)


def test_a_machine_that_keeps_up_gives_nothing_up() -> None:
    machine = Machine()
    machine.run(60)
    assert set(machine.levels) == {0}


def test_a_late_stream_steps_down_until_it_keeps_up_and_comes_back() -> None:
    machine = Machine()
    machine.run(10)
    machine.slower = 2.0  # somebody takes one of two cores
    machine.run(20)
    assert machine.controller.load.level == 2  # 30 ms a frame
    assert machine.levels.count(1)
    machine.slower = 1.0
    machine.run(60)
    assert machine.controller.load.level == 0


def test_the_last_step_is_the_last() -> None:
    machine = Machine()
    machine.slower = 20.0
    machine.run(120)
    assert machine.controller.load.level == len(LEVELS) - 1


def test_a_machine_at_the_edge_does_not_swing() -> None:
    """At one level it is late, at the next one there seems to be room."""
    machine = Machine()
    machine.slower = 1.4  # 39 ms at level 0, 28 ms at level 1
    machine.run(300)
    changes = sum(a != b for a, b in zip(machine.levels, machine.levels[1:], strict=False))
    assert changes <= 6
    assert machine.levels.count(1) > 0.8 * len(machine.levels)


def test_few_frames_because_few_come_are_no_load() -> None:
    machine = Machine()
    machine.run(60, fps=5)
    assert set(machine.levels) == {0}


def test_frames_that_come_in_bursts_are_no_load() -> None:
    """Where the network stutters, frames are skipped though each takes a moment."""
    now = [0.0]
    controller = LoadController(lambda: now[0])
    for _ in range(300):
        now[0] += 0.1
        controller.count(queued=3, frame_ms=5.0)
    assert controller.load.level == 0


def test_a_new_connection_begins_anew() -> None:
    machine = Machine()
    machine.slower = 20.0
    machine.run(30)
    machine.controller.begin()
    assert machine.controller.load.level == 0


class Counting(FixedClassifier):
    """Knows whether it was asked with or without the mirror image."""

    def __init__(self) -> None:
        super().__init__()
        self.quick = FixedClassifier()

    def predict_once(self, images: UInt8Array) -> EmotionScores:
        return self.quick.predict(images)


def test_what_each_step_leaves_out(portrait: UInt8Array) -> None:
    detector = build_detector(max_side_px=DETECT_SIDE_PX)
    classifier = Counting()
    stream = StreamPipeline(detector, classifier, StreamOptions(detect_every=2))
    stream.analyze(Frame(portrait, 0, 0.0))
    assert (classifier.calls, classifier.quick.calls) == (1, 0)
    stream.change(options=StreamOptions(detect_every=4, flip_tta=False, detect_side=0.7))
    for i in range(1, 5):
        result = stream.analyze(Frame(portrait, i, i / 30))
    assert (classifier.calls, classifier.quick.calls) == (1, 4)
    assert detector.max_side_px == round(0.7 * DETECT_SIDE_PX)
    assert result.track_ids.tolist() == [1]
    stream.change(options=StreamOptions(detect_every=1))
    stream.analyze(Frame(portrait, 5, 5 / 30))
    assert detector.max_side_px == DETECT_SIDE_PX


@pytest.mark.parametrize("blur", [False, True])
def test_a_session_steps_down_and_says_so(portrait: UInt8Array, blur: bool) -> None:
    """Faces that are to be hidden are looked for in every frame all the same."""
    settings = LiveSettings(drawing=DrawOptions(blur_faces=blur))
    live = LiveSession(build_detector(max_side_px=DETECT_SIDE_PX), Counting(), settings)
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(portrait), format="bgr24")
    live.process(frame)
    assert live.view().health.load == 0
    assert live._stream.options.flip_tta

    class Late(LoadController):
        """Goes to the last step at once."""

        def count(self, *, queued: int, frame_ms: float) -> bool:
            first, self._level = self._level == 0, 3
            return first

    live._controller = Late()
    live.process(frame)
    live.process(frame)
    assert live.view().health.load == 3
    options = live._stream.options
    assert options.detect_every == (1 if blur else 6)
    assert not options.flip_tta
    assert options.detect_side < 1
    # What the viewer changes meanwhile does not undo it, and a new connection begins anew.
    live.change(settings=LiveSettings(mirror=False, drawing=DrawOptions(blur_faces=blur)))
    live.process(frame)
    assert live._stream.options == options
    live._controller = LoadController()
    live.begin()
    live.process(frame)
    assert live._stream.options.flip_tta


def test_the_strip_says_what_is_left_out() -> None:
    assert "keeps up with the camera" in health_strip(Health(), 1, 2)
    words = health_strip(Health(load=2), 1, 2)
    assert "reduced" in words
    assert "no mirror average · faces searched less often" in words
    assert "smaller" not in words
