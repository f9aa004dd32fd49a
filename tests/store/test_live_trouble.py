"""A camera that is recorded while disk or database refuse: the video goes on, and rows wait."""

import subprocess
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from emotion_core.errors import EmotionLensError
from emotion_core.live.recorded import ScoreSource
from emotion_core.live.session import LiveSession
from emotion_core.store import recorder as recorder_module
from emotion_core.store.models import SessionState
from emotion_core.store.store import Store
from tests.files.conftest import SmallDisk, real_disk  # noqa: F401
from tests.live.conftest import FixedClassifier, FixedDetector
from tests.store.postgres import PostgresServer

AT_ONCE = 0.02
SOURCE = ScoreSource("compact", "raters", "fixed")


class Camera:
    """Gives a live session frame after frame."""

    def __init__(self) -> None:
        self.live = LiveSession(FixedDetector(), FixedClassifier(), source=SOURCE)
        self.frames = 0

    def play(self, n: int) -> None:
        """So many frames are read and drawn."""
        for _ in range(n):
            picture = av.VideoFrame.from_ndarray(np.full((240, 320, 3), 128, np.uint8), "bgr24")
            picture.pts, picture.time_base = self.frames * 3000, Fraction(1, 90_000)
            self.live.process(picture)
            self.frames += 1
        health = self.live.view().health
        assert (health.errors, health.frames) == (0, self.frames)


def wait_for(happened: Callable[[], Any]) -> None:
    while not happened():
        time.sleep(0.01)


def test_a_server_that_goes_away_costs_no_frame(
    own_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "RETRY_S", 0.05)
    url = own_server.new_database("store")
    with Store(url, home=tmp_path) as store:
        recorder = store.record(model="compact", detector="fixed", labels="raters", flush_s=AT_ONCE)
        camera = Camera()
        camera.live.record(recorder)
        camera.play(5)
        wait_for(lambda: store.sessions()[0].people)
        own_server.stop()
        camera.play(5)
        recorder.mark("while it is away")
        wait_for(lambda: recorder.note)
        assert "waits on this machine's disk" in recorder.note
        camera.play(5)
        camera.live.record(None)
        recorder.stop()
        assert recorder.problem == ""
    own_server.start()
    with Store(url, home=tmp_path) as store:
        (info,) = store.sessions()
        assert (info.state, info.frames) == (SessionState.DONE, 15)
        session = store.session(info.id)
        assert session.frames()["frame"].tolist() == list(range(15))
        texts = [marker.text for marker in session.markers.list() if marker.kind == "marker"]
        assert texts == ["while it is away"]


def test_a_full_disk_is_told_and_what_waited_is_written_once_there_is_room(
    real_disk: SmallDisk,  # noqa: F811
) -> None:
    with Store(home=real_disk.path) as store:
        recorder = store.record(model="compact", detector="fixed", labels="raters", flush_s=AT_ONCE)
        camera = Camera()
        camera.live.record(recorder)
        camera.play(5)
        wait_for(lambda: recorder.known["rows"] == 5)
        real_disk.fill()
        camera.play(5)
        wait_for(lambda: recorder.note)
        assert "The disk is full" in recorder.note
        assert recorder.problem == ""
        (real_disk.path / "filler").unlink()
        camera.play(5)
        wait_for(lambda: recorder.known["rows"] == 15)
        recorder.stop()
        (info,) = store.sessions()
        assert (info.state, info.frames) == (SessionState.DONE, 15)
        assert store.check() == []


def test_a_home_that_may_only_be_read_is_told_when_a_recording_begins(
    real_disk: SmallDisk,  # noqa: F811
) -> None:
    Store(home=real_disk.path).close()
    line = ["mount", "-o", "remount,ro", str(real_disk.path)]
    if subprocess.run(line, capture_output=True).returncode:
        pytest.skip("this system does not let root mount read-only")
    camera = Camera()
    with pytest.raises(EmotionLensError, match=r"may only be read|[Rr]ead-only|cannot be") as told:
        Store(home=real_disk.path).record(model="compact", detector="fixed")
    assert str(real_disk.path) in str(told.value)
    camera.play(3)
