"""A video from the disk to the table and back: uploaded, read, watched, marked, taken home."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skimage.data
from playwright.sync_api import Page, Route, expect

from emotion_core.files.atomic_files import write_json
from emotion_core.images import decode_image
from emotion_core.jobs import JobBoard
from emotion_core.video.library import VideoLibrary
from emotion_core.video.reading import iter_frames
from emotion_core.video.summary import summarize
from emotion_core.video.view import build_view
from tests.video.clips import numbered, write_clip
from tests.video.tables import happy, write_table

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

_FPS, _SECONDS, _SIZE, _SIDE = 25, 6, (480, 270), 170
_GROUND = (110, 100, 90)

# While it plays: where the photo is on the canvas and where the lines of the box are, frame by
# frame, both read from the same pixels. Happy's colour is on the canvas in the box alone.
_WATCH = """async (canvas) => {
  const found = [];
  const until = performance.now() + 8000;
  while (performance.now() < until && found.length < 14) {
    await new Promise((done) => setTimeout(done, 80));
    const [w, h] = [canvas.width, canvas.height];
    const data = canvas.getContext('2d').getImageData(0, 0, w, h).data;
    const photo = new Int32Array(w), line = new Int32Array(w);
    for (let y = 0; y < h; y += 2) for (let x = 0; x < w; x += 1) {
      const at = 4 * (y * w + x);
      const [r, g, b] = [data[at], data[at + 1], data[at + 2]];
      if (Math.abs(r - 90) + Math.abs(g - 100) + Math.abs(b - 110) > 90) photo[x] += 1;
      if (Math.abs(r - 230) + Math.abs(g - 159) + b < 12) line[x] += 1;
    }
    const first = (counts, least) => counts.findIndex((count) => count > least);
    const last = (counts, least) => counts.length - 1 - [...counts].reverse().findIndex((count) => count > least);
    const least = Math.max(...line) * 0.6;
    found.push({
      time_s: Number(canvas.dataset.time), width: w,
      photo: [first(photo, h / 12), last(photo, h / 12)],
      box: least > 12 ? [first(line, least), last(line, least)] : null,
    });
  }
  return found;
}"""  # noqa: E501


def _left(time_s: float) -> int:
    """Where the photo is at a time, in pixels of the clip."""
    return int(20 + 270 * (0.5 + 0.5 * math.sin(2.4 * time_s)))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A smiling person's photo that moves from side to side, with sound."""
    photo = np.asarray(skimage.data.astronaut())[0:270, 100:370, ::-1]
    small = photo[:: 270 // _SIDE + 1, :: 270 // _SIDE + 1]
    images = []
    for i in range(_FPS * _SECONDS):
        image = np.full((_SIZE[1], _SIZE[0], 3), _GROUND, np.uint8)
        left = _left(i / _FPS)
        image[50 : 50 + len(small), left : left + small.shape[1]] = small
        images.append(image)
    path = tmp_path_factory.mktemp("clip") / "smile & <b>wave.mp4"
    return write_clip(path, images, audio="aac", options={"bf": "2", "preset": "veryfast"})


def _seconds(page: Page) -> float:
    return float(page.locator("canvas.picture").get_attribute("data-time") or "nan")


def test_a_video_from_the_disk_to_the_table_and_back(
    page: Page, home: Path, clip: Path, tmp_path: Path
) -> None:
    page.goto("/videos")
    page.locator("input[type=file]").set_input_files(str(clip))
    # Uploaded, and read by a job without a further word.
    expect(page.get_by_text("1 person · 30 sampled frames")).to_be_visible(timeout=120_000)
    (folder,) = (home / "videos").glob("[0-9a-f]*")
    (stored,) = (folder / "media").iterdir()
    assert stored.read_bytes() == clip.read_bytes()

    page.get_by_test_id("stBaseButton-primary").get_by_text("Open").click()
    canvas = page.locator("canvas.picture")
    expect(canvas).to_have_attribute("data-time", "0.000", timeout=120_000)

    # The box stays on the face while it plays: its place in the photo is always the same one.
    page.keyboard.press("Space")
    seen = [one for one in canvas.evaluate(_WATCH) if one["box"]]
    if page.get_by_role("button", name="Pause").is_visible():  # the clip may have ended
        page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert len({one["time_s"] for one in seen}) >= 5
    shares = []
    for one in seen:
        scale = one["width"] / _SIZE[0]
        # The picture is that of the time that it is said to be of.
        assert abs(one["photo"][0] / scale - _left(one["time_s"])) <= 3
        middle = sum(one["box"]) / 2 / scale
        shares.append(middle - one["photo"][0] / scale)
    moved = [one["photo"][0] / one["width"] for one in seen]
    assert max(moved) - min(moved) > 0.15
    assert max(shares) - min(shares) < 12  # of 480 pixels, between samples 200 ms apart, too

    # The timeline leads to a moment, and hovering shows whose face is there.
    over = page.locator(".over")
    box = over.bounding_box()
    assert box is not None
    over.click(position={"x": box["width"] * 4.5 / _SECONDS, "y": 70})
    page.wait_for_function(
        "(canvas) => Math.abs(Number(canvas.dataset.time) - 4.5) < 0.05",
        arg=canvas.element_handle(),
    )
    over.hover(position={"x": box["width"] * 2.01 / _SECONDS, "y": 70})
    expect(page.locator(".hint")).to_contain_text("Person 1")
    expect(page.locator(".hint canvas")).to_have_attribute("data-at", "2.02")
    page.mouse.move(5, 5)

    # A marker, an excluded interval, and one step back.
    page.keyboard.press("m")
    page.keyboard.press("[")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".time")).to_have_text("0:05.48 / 0:06.00")
    page.keyboard.press("]")
    page.keyboard.press("x")
    expect(page.locator(".said")).to_contain_text("Excluded")
    page.get_by_role("radio", name="Markers").click()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    markers = _edits(folder / "markers.json", 2)
    assert [m["kind"] for m in markers] == ["marker", "exclude"]
    assert markers[0]["start_s"] == pytest.approx(_seconds(page) - 1.0, abs=0.03)
    page.get_by_role("button", name="Undo").last.click()
    _edits(folder / "markers.json", 1)

    page.get_by_role("radio", name="Take home").click()
    table = pd.read_csv(_saved(page, "CSV", tmp_path))
    whole = pd.read_parquet(_saved(page, "Parquet", tmp_path))
    assert len(table) == len(whole) == 30
    assert table["time_s"].tolist() == pytest.approx([i / 5 for i in range(30)], abs=1e-6)
    assert set(table["person"]) == {"Person 1"}
    assert (table["expression"] == "happy").mean() > 0.8
    saved_markers = pd.read_csv(_saved(page, "Markers", tmp_path))
    assert len(saved_markers) == 1
    assert json.loads(_saved(page, "Summary", tmp_path).read_text())["people"] == 1
    assert _saved(page, "Subtitles", tmp_path).read_text().startswith("WEBVTT")
    assert b"happy" in _saved(page, "SVG", tmp_path).read_bytes()
    assert decode_image(_saved(page, "PNG", tmp_path).read_bytes()).shape[1] > 900

    # The progress of the copy comes and goes above the player, which stays where it was.
    shown = _seconds(page)
    page.get_by_role("button", name="Make the copy").click()
    with page.expect_download(timeout=120_000) as download:
        page.get_by_text("Save the copy").click(timeout=120_000)
    assert _seconds(page) == shown > 5
    copy = tmp_path / "copy.mp4"
    download.value.save_as(copy)
    frames = list(iter_frames(copy))
    assert [frame.timestamp_s for frame in frames] == pytest.approx(
        [i / _FPS for i in range(_FPS * _SECONDS)], abs=0.001
    )
    # Happy's orange, which the clip has nowhere else.
    orange = np.abs(frames[40].image.astype(int) - (0, 159, 230)).sum(axis=2) < 60
    assert orange.sum() > 100


def test_an_upload_goes_on_where_the_connection_broke(
    page: Page, home: Path, clip: Path, tmp_path: Path
) -> None:
    data = clip.read_bytes()
    free = np.random.default_rng(0).bytes(20_000_000)
    # A box that readers pass over makes it large: three pieces.
    large = tmp_path / "large.mp4"
    large.write_bytes(data + (len(free) + 8).to_bytes(4, "big") + b"free" + free)
    sent: list[str] = []

    def watch(route: Route) -> None:
        if route.request.method == "PATCH":
            sent.append(route.request.headers["upload-offset"])
            if len(sent) == 2:
                route.abort()
                return
        route.continue_()

    page.route("**/_videos/**", watch)
    page.goto("/videos")
    page.get_by_text("Read new videos at once").click()
    page.locator("input[type=file]").set_input_files(str(large))
    expect(page.get_by_text("20.1 MB · Not read yet")).to_be_visible(timeout=120_000)
    assert sent == ["0", "8000000", "8000000", "16000000"]
    (stored,) = (home / "videos").glob("*/media/large.mp4")
    assert stored.read_bytes() == large.read_bytes()


def test_every_upload_is_read_also_when_another_page_is_open(
    page: Page, home: Path, tmp_path: Path
) -> None:
    names = [f"{name}.mp4" for name in ("one", "two", "three", "late")]
    for number, name in enumerate(names):
        write_clip(tmp_path / name, [numbered(number + i) for i in range(6)])
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "PATCH" and not held and is_late:
            held.append(route)
        else:
            route.continue_()

    is_late = False
    page.route("**/_videos/**", hold)
    page.goto("/videos")
    choose = page.locator("input[type=file]")
    choose.set_input_files([str(tmp_path / name) for name in names[:3]])
    for name in names[:3]:
        expect(page.get_by_text(name).first).to_be_visible()
    is_late = True
    choose.set_input_files(str(tmp_path / "late.mp4"))
    _until(page, lambda: bool(held))
    page.get_by_test_id("stSidebarNavLink").get_by_text("Photos").click()
    expect(page.get_by_role("heading", name="Photos", exact=True)).to_be_visible()
    held[0].continue_()
    library = VideoLibrary(home / "videos", JobBoard(home / "jobs", start=False))
    _until(page, lambda: "late.mp4" in {one.name for one in library.list()})
    page.get_by_test_id("stSidebarNavLink").get_by_text("Videos").click()
    _until(page, lambda: set(names) <= {one.name for one in library.list() if one.job is not None})


def test_what_no_browser_plays_is_said_and_can_be_read(
    page: Page, home: Path, tmp_path: Path
) -> None:
    path = write_clip(tmp_path / "old.mp4", [numbered(i) for i in range(10)], codec="mpeg4")
    library = VideoLibrary(home / "videos", JobBoard(home / "jobs", start=False))
    entry = library.add_file(path)
    page.goto(f"/videos?video={entry.id}")
    expect(page.get_by_text("This browser cannot play the video")).to_be_visible(timeout=120_000)
    expect(page.get_by_role("button", name="Read", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_disabled()


def test_people_are_picked_by_their_pictures_and_joined(page: Page, home: Path, clip: Path) -> None:
    entry = VideoLibrary(home / "videos", JobBoard(home / "jobs", start=False)).add_file(clip)
    # As after four cuts: in each shot the same face has another number.
    frames = [(i / 5, [happy(1 + i // 6, x=20 + i)]) for i in range(30)]
    table = write_table(entry.folder.frames, frames, source={"duration_s": 6.0})
    write_json(entry.folder.summary, summarize(build_view(table)))
    page.goto(f"/videos?video={entry.id}")
    page.get_by_role("radio", name="People").click()
    page.get_by_role("radio", name="Pictures").click()
    faces = page.locator(".grid").get_by_role("button")
    expect(faces).to_have_count(5)
    faces.nth(1).click()
    expect(page.get_by_text("1 person picked")).to_be_visible()
    faces.nth(4).click(modifiers=["Shift"])
    expect(page.get_by_text("4 people picked")).to_be_visible()
    page.get_by_placeholder("Name, if you like").fill("Eileen")
    page.get_by_role("button", name="Join").click()
    expect(faces).to_have_count(2)
    expect(page.locator(".who", has_text="Eileen")).to_be_visible()
    page.locator(".st-key-people_undo button").click()
    expect(faces).to_have_count(5)
    # Quicker than the page answers.
    for place in range(5):
        faces.nth(place).click()
        page.wait_for_timeout(70)
    expect(page.get_by_text("5 people picked")).to_be_visible()
    expect(page.locator('.grid button[aria-pressed="true"]')).to_have_count(5)
    page.get_by_role("button", name="Pick none").click()
    expect(page.locator('.grid button[aria-pressed="true"]')).to_have_count(0)


def test_no_mark_is_lost_while_the_page_works(page: Page, home: Path, clip: Path) -> None:
    entry = VideoLibrary(home / "videos", JobBoard(home / "jobs", start=False)).add_file(clip)
    page.goto(f"/videos?video={entry.id}")
    expect(page.locator("canvas.picture")).to_have_attribute("data-time", "0.000")
    for _ in range(8):
        page.keyboard.press("m")
    _edits(entry.folder.path / "markers.json", 8)
    page.wait_for_timeout(500)
    _edits(entry.folder.path / "markers.json", 8)


def _until(page: Page, is_so: Callable[[], bool]) -> None:
    """Waits, while the page goes on; fails where it does not come."""
    for _ in range(300):
        if is_so():
            return
        page.wait_for_timeout(100)
    pytest.fail("waited for 30 s in vain")


def _edits(path: Path, n: int) -> list[dict[str, Any]]:
    """The markers on the disk, once there are so many changes."""
    import time

    for _ in range(200):
        if path.is_file():
            edits = json.loads(path.read_text())["edits"]
            if len(edits) == n:
                return [edit["marker"] for edit in edits]
        time.sleep(0.1)
    pytest.fail(f"wanted {n} changes of markers")


def _saved(page: Page, label: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=label, exact=True).last.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path
