"""A server that records is killed: what is missing is at most the last second."""

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emotion_core.store.models import SessionState
from emotion_core.store.row_times import gaps
from emotion_core.store.store import Store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes"),
]
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(600)
def test_a_kill_takes_at_most_the_last_second(tmp_path: Path) -> None:
    kills = 20
    chance = random.Random(kills)
    seconds = [f"{chance.uniform(0.6, 2.4):.2f}" for _ in range(kills)]
    line = [sys.executable, "-m", "tests.store.killed", str(tmp_path), *seconds]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=560)
    assert done.returncode == 0, done.stderr + done.stdout
    runs = [tuple(map(float, line.split())) for line in done.stdout.splitlines()]
    assert len(runs) == kills
    # The time before a run's first frame is a gap, which nobody recorded.
    lost = [newest - max(on_disk, first) for first, newest, on_disk in runs]
    print("seconds lost:", [round(value, 2) for value in lost])
    # Beside other tests the thread that writes may come late; of many kills most tell the truth.
    assert np.median(lost) <= 1.0
    assert max(lost) <= (1.0 if kills > 3 else 3.0)
    with Store(home=tmp_path) as store:
        assert store.notes == ()
        (info,) = store.sessions()
        assert info.state == SessionState.INTERRUPTED
        session = store.session(info.id)
        frames = session.frames()
        # Nothing before the end of a run is missing or there twice.
        assert frames["frame"].tolist() == list(range(len(frames)))
        times = frames["time_s"].to_numpy()
        assert (np.diff(times) > 0).all()
        assert runs[-1][-1] == times[-1]
        found = [(m.start_s, m.end_s) for m in session.markers.list() if m.kind == "gap"]
        assert found == gaps(times)
        # A run that was killed before it wrote anything leaves no gap of its own.
        wrote = [first for first, _, on_disk in runs if on_disk >= first]
        assert [end_s for _, end_s in found] == wrote[1:]
        assert info.rows == len(frames)
