"""Whose recording is whose, and what becomes of those that are left behind."""

from dataclasses import dataclass

from emotion_core.live.running_recordings import RunningRecordings


@dataclass
class _Recording:
    id: str
    stopped: bool = False

    def interrupt(self) -> None:
        self.stopped = True


def test_a_recording_is_left_behind_without_a_browser_and_interrupted_without_a_session() -> None:
    there, watched = {"a", "b"}, {"a", "b"}
    running = RunningRecordings[_Recording](there.__contains__, watched.__contains__)
    first, second = _Recording("1"), _Recording("2")
    running.begin("a", first)
    running.begin("b", second)
    assert (running.of("a"), running.of("b"), running.of("c")) == (first, second, None)
    assert running.left_behind("a") == []
    watched.remove("b")
    # Not for the tab itself: its own recording goes on when its browser is back.
    assert running.left_behind("b") == []
    assert running.left_behind("a") == [second]
    running.interrupt_gone()
    assert not second.stopped
    there.remove("b")
    running.interrupt_gone()
    assert second.stopped
    assert not first.stopped
    assert running.left_behind("a") == []
    assert running.of("b") is None


def test_a_second_recording_of_a_tab_interrupts_the_first() -> None:
    running = RunningRecordings[_Recording](lambda _: True, lambda _: True)
    first, second = _Recording("1"), _Recording("2")
    running.begin("a", first)
    running.begin("a", second)
    assert first.stopped
    assert running.of("a") is second
    running.forget("a")
    running.forget("a")
    assert running.of("a") is None
    assert not second.stopped


def test_the_end_of_the_server_interrupts_all() -> None:
    running = RunningRecordings[_Recording](lambda _: True, lambda _: True)
    both = [_Recording("1"), _Recording("2")]
    for viewer, recording in zip("ab", both, strict=True):
        running.begin(viewer, recording)
    running.interrupt_all()
    assert all(recording.stopped for recording in both)
    assert running.of("a") is None


def test_what_was_taken_up_elsewhere_is_not_left_behind() -> None:
    running = RunningRecordings[_Recording](lambda _: True, lambda _: False)
    recording = _Recording("1")
    running.begin("a", recording)
    recording.interrupt()
    assert running.left_behind("b") == []
