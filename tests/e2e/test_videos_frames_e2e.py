"""The frame that is seen is the one whose time the player tells, whatever the container does."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from emotion_core.jobs import JobBoard
from emotion_core.video.library import VideoLibrary
from tests.video.clips import number_in, numbered, write_clip
from tests.video.special_clips import TURNS, turn_by_header

pytestmark = pytest.mark.e2e

_N = 50
_SIZE = (320, 180)


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that carries its frames' numbers, and when each frame is shown."""

    write: Callable[[Path], Path]
    name: str
    times_s: tuple[float, ...]


def _images() -> list[np.ndarray]:
    return [numbered(i, _SIZE) for i in range(_N)]


_STEADY = tuple(i / 25 for i in range(_N))
# Gaps of 20 to 260 ms: no frame rate gives these times.
_UNEVEN_MS = np.cumsum([0] + [(20, 40, 260, 35)[i % 4] for i in range(_N - 1)]).tolist()
_UNEVEN = tuple(ms / 1000 for ms in _UNEVEN_MS)
_B_FRAMES = {"bf": "3", "g": "100", "preset": "medium"}


def _turned(path: Path, degrees: int) -> Path:
    """Stored lying or upside down, with a header that says so, as phones write it."""
    stored = [np.ascontiguousarray(np.rot90(image, degrees // 90)) for image in _images()]
    return turn_by_header(write_clip(path, stored), TURNS[degrees])


CLIPS = {
    "B-frames, sparse key frames, sound": Clip(
        lambda path: write_clip(path, _images(), options=_B_FRAMES, audio="aac"),
        "b-frames.mp4", _STEADY,
    ),
    "uneven times": Clip(
        lambda path: write_clip(path, _images(), times_ms=_UNEVEN_MS, options=_B_FRAMES),
        "uneven.mp4", _UNEVEN,
    ),
    "starts at 5 s": Clip(
        lambda path: write_clip(path, _images(), start_ms=5000, audio="aac"), "late.mp4", _STEADY
    ),
    "turned by 90": Clip(lambda path: _turned(path, 90), "lying.mp4", _STEADY),
    "turned by 180": Clip(lambda path: _turned(path, 180), "upside-down.mp4", _STEADY),
    "VP9 in WebM, uneven": Clip(
        lambda path: write_clip(
            path, _images(), times_ms=_UNEVEN_MS, codec="libvpx-vp9",
            options={"deadline": "realtime", "cpu-used": "8"}, audio="libopus",
        ),
        "uneven.webm", _UNEVEN,
    ),
    "live WebM without a duration": Clip(
        lambda path: write_clip(
            path, _images(), codec="libvpx", options={"deadline": "realtime", "cpu-used": "8"},
            format="webm", container_options={"live": "1"},
        ),
        "live.webm", _STEADY,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def library(home: Path) -> VideoLibrary:
    return VideoLibrary(home / "videos", JobBoard(home / "jobs", start=False))


def _seen(page: Page) -> int:
    """The number of the frame that is on the screen."""
    url = page.locator("canvas.picture").evaluate("canvas => canvas.toDataURL('image/png')")
    data = np.frombuffer(base64.b64decode(url.split(",")[1]), np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return number_in(cv2.resize(image, _SIZE, interpolation=cv2.INTER_AREA))


def _shows(page: Page, number: int, clip: Clip) -> None:
    picture = page.locator("canvas.picture")
    expect(picture).to_have_attribute("data-time", f"{clip.times_s[number]:.3f}")
    assert _seen(page) == number
    seconds = f"0:{int(clip.times_s[number] * 100 + 1e-6) / 100:05.2f}"
    expect(page.locator(".player .time")).to_have_text(re.compile(f"^{re.escape(seconds)} /"))


@pytest.mark.parametrize("clip", CLIPS.values(), ids=CLIPS.keys())
def test_the_frame_is_that_of_its_time(
    page: Page, library: VideoLibrary, tmp_path: Path, clip: Clip
) -> None:
    entry = library.add_file(clip.write(tmp_path / clip.name))
    page.goto(f"/videos?video={entry.id}")
    # The first visitor of a server waits until it has loaded what the page needs.
    expect(page.locator("canvas.picture")).to_be_attached(timeout=120_000)
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    _shows(page, 0, clip)
    for number in (1, 2, 3):
        page.keyboard.press("ArrowRight")
        _shows(page, number, clip)
    page.keyboard.press("ArrowLeft")
    _shows(page, 2, clip)
    page.keyboard.press("End")
    _shows(page, _N - 1, clip)
    over = page.locator(".over")
    box = over.bounding_box()
    assert box is not None
    for wanted in (37, 11, 24):
        middle = (clip.times_s[wanted] + clip.times_s[wanted + 1]) / 2
        length = float(over.get_attribute("aria-valuemax") or 0)
        over.click(position={"x": box["width"] * middle / length, "y": 25})
        _shows(page, wanted, clip)
    page.keyboard.press("Home")
    _shows(page, 0, clip)
