"""A real process is killed again and again; what it comes to is what an uninterrupted one does."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.video.killed import CHUNK

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes"),
]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def whole(faces_mp4: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an uninterrupted run."""
    folder = tmp_path_factory.mktemp("whole")
    runs(faces_mp4, folder, "never")
    return folder


def runs(clip: Path, folder: Path, *moments: str) -> list[int]:
    """Runs that end in these moments, one after the other; how many chunks each left."""
    line = [sys.executable, "-m", "tests.video.killed", str(clip), str(folder), *moments]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr + done.stdout
    return [int(line.split()[-1]) for line in done.stdout.splitlines()]


def assert_same(folder: Path, whole: Path) -> None:
    ours, theirs = (pq.read_table(place / "frames.parquet") for place in (folder, whole))
    assert ours.schema.equals(theirs.schema, check_metadata=True)
    pd.testing.assert_frame_equal(ours.to_pandas(), theirs.to_pandas(), check_exact=True)
    for name in ("summary.json", "strip.jpg"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes(), name
    left = {path.name for path in folder.iterdir()} - {".lock"}
    assert left == {"frames.parquet", "summary.json", "analysis.json", "strip.jpg"}


def test_killed_at_every_kind_of_moment(faces_mp4: Path, whole: Path, tmp_path: Path) -> None:
    moments = [
        "before analysis", "frame 3", "before part", "after part", f"frame {CHUNK + 2}",
        "before part", "after part", "frame 1", f"frame {3 * CHUNK}", "before strip.jpg",
        "before frames.parquet", "after frames.parquet", "before summary", "after summary",
        "clearing", "never",
    ]  # fmt: skip
    chunks = runs(faces_mp4, tmp_path, *moments)
    # What was finished stays, and nothing else counts. 50 samples are 8 chunks and a rest.
    assert chunks[:9] == [0, 0, 0, 1, 2, 2, 3, 3, 5]
    assert chunks[9:14] == [9] * 5
    assert chunks[-1] == 0
    assert_same(tmp_path, whole)
    table = pq.read_table(whole / "frames.parquet").to_pandas()
    assert table["frame"].nunique() == 50
    # Somebody comes back under the same number; after the cut somebody else stands there.
    assert set(table.loc[table["shot"] == 1, "track"].dropna()) == {1}
    assert set(table.loc[table["shot"] == 2, "track"].dropna()) == {2}
    assert (table["shot"].diff() > 0).sum() == 1


def test_killed_from_outside(faces_mp4: Path, whole: Path, tmp_path: Path) -> None:
    line = [sys.executable, "-m", "tests.video.killed", str(faces_mp4), str(tmp_path), "never"]
    process = subprocess.Popen(line, cwd=ROOT, start_new_session=True)
    end = time.monotonic() + 100
    while not (tmp_path / "parts" / "part-000001.parquet").exists():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "frames.parquet").exists()
    runs(faces_mp4, tmp_path, "never")
    assert_same(tmp_path, whole)
