"""The videos page without a browser: the list, an opened video, and what is wrong with either."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from emotion_core.errors import VideoError
from emotion_core.files.atomic_files import write_json
from emotion_core.jobs import JobBoard
from emotion_core.paths import HOME_ENV, VIDEO_FOLDER_ENV
from emotion_core.video.frame_table import read_frame_table
from emotion_core.video.library import VideoEntry, VideoLibrary
from emotion_core.video.people import PeopleFile
from emotion_core.video.people_list import list_people
from emotion_core.video.summary import summarize
from emotion_core.video.view import build_view
from pages.parts.common.settings import BLUR_KEY
from tests.pages.places import place_of_component
from tests.video.clips import numbered, write_clip
from tests.video.player_tables import TABLE, write_table

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv(HOME_ENV, str(tmp_path / "home"))
    monkeypatch.delenv(VIDEO_FOLDER_ENV, raising=False)
    st.cache_resource.clear()
    yield tmp_path / "home"
    st.cache_resource.clear()


@pytest.fixture
def library(home: Path) -> VideoLibrary:
    return VideoLibrary(home / "videos", JobBoard(home / "jobs", start=False))


@pytest.fixture
def new(library: VideoLibrary, tmp_path: Path) -> VideoEntry:
    path = write_clip(tmp_path / "in *the* lab.mp4", [numbered(i) for i in range(10)])
    return library.add_file(path)


@pytest.fixture
def read(library: VideoLibrary, new: VideoEntry) -> VideoEntry:
    """A video with a table made by hand: two people in two seconds."""
    read_video(new)
    return library.entry(new.id)


def read_video(new: VideoEntry) -> None:
    """Puts a table beside a video, as reading it does."""
    summary = summarize(build_view(TABLE))
    source = {"duration_s": 2.0, "codec": "h264", "format": "mp4", "width": 200, "height": 100}
    options = {"threshold": 0.4, "half_life_s": 0.4}
    whole = {**summary, "source": source, "options": options, "notes": ["Its clock *jumps*."]}
    write_json(new.folder.summary, whole)
    write_table(TABLE, new.folder.frames)


def opened(video: str = "") -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page("pages/videos.py")
    if video:
        app.query_params["video"] = video
    app.run()
    assert not app.exception
    return app


def texts(app: AppTest) -> str:
    parts = [*app.caption, *app.markdown, *app.error, *app.info, *app.header, *app.title]
    return "\n".join(str(part.value) for part in parts)


def test_without_videos_it_says_what_will_be_here() -> None:
    app = opened()
    assert app.title[0].value == "Videos"
    assert "Your videos will appear here" in texts(app)
    assert VIDEO_FOLDER_ENV in texts(app)
    assert not app.error


def test_a_new_video_is_listed_and_read_when_asked(
    new: VideoEntry, library: VideoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JobBoard, "ensure_supervisor", lambda _: False)
    app = opened()
    assert app.header[0].value == "1 video"
    app.button(key=f"video_read_{new.id}").click().run()
    assert not app.exception
    (job,) = library.board.jobs()
    assert (job.kind, job.title) == ("video-analysis", "in *the* lab.mp4")
    options = json.loads(new.folder.options.read_text())
    assert (options["every_s"], options["model"]) == (0.2, "flagship")


@pytest.mark.slow
def test_an_opened_video_shows_everything_it_knows(read: VideoEntry) -> None:
    app = opened(read.id)
    assert app.title[0].value == r"in \*the\* lab.mp4"
    assert r"Its clock \*jumps\*." in texts(app)
    for section in ("Summary", "People", "Markers", "Events", "Take home"):
        app.session_state["video_section"] = section
        app.run()
        assert not app.exception
        assert not app.error
    assert app.button(key="video_make_copy").disabled is False


def test_another_threshold_changes_the_figures_at_once(read: VideoEntry) -> None:
    app = opened(read.id)
    before = app.dataframe[0].value
    app.slider(key=f"video_threshold_{read.id}").set_value(0.85).run()
    assert not app.exception
    after = app.dataframe[0].value
    assert "sad" in set(before["expression"])
    assert "sad" not in set(after["expression"])


def test_a_video_that_is_not_there_is_said() -> None:
    app = opened("0123456789abcdef")
    assert "not there any more" in texts(app)
    app.button[0].click().run()
    assert app.title[0].value == "Videos"


@pytest.mark.parametrize("file", ["summary.json", "source.json", "frames.parquet"])
def test_a_damaged_file_is_one_sentence(read: VideoEntry, file: str) -> None:
    (read.folder.path / file).write_bytes(b"{")
    listed = opened()
    assert not listed.exception
    app = opened(read.id)
    assert len(app.error) >= 1


def test_damaged_markers_are_one_sentence(read: VideoEntry) -> None:
    (read.folder.path / "markers.json").write_text('{"edits": [{"edit": "jump"}]}')
    app = opened(read.id)
    assert "markers.json" in app.error[0].value


def test_files_of_the_named_folder_are_opened_where_they_are(
    library: VideoLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JobBoard, "ensure_supervisor", lambda _: False)
    folder = tmp_path / "films"
    folder.mkdir()
    path = write_clip(folder / "a.mp4", [numbered(i) for i in range(5)])
    (folder / "b.mp4").write_text("no video")
    monkeypatch.setenv(VIDEO_FOLDER_ENV, str(folder))
    app = opened()
    app.multiselect(key="videos_folder_choice").set_value(["a.mp4", "b.mp4"]).run()
    app.button(key="videos_folder_open").click().run()
    assert not app.exception
    assert r"b.mp4" in app.error[0].value
    (entry,) = library.list()
    assert entry.path == path.resolve()


def test_a_named_folder_that_is_not_there_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VIDEO_FOLDER_ENV, str(tmp_path / "nothing"))
    assert "wanted a folder of videos" in opened().error[0].value


def test_the_player_keeps_its_place_whatever_comes_and_goes(
    library: VideoLibrary, new: VideoEntry
) -> None:
    before = place_of_component(opened(new.id))  # nothing was read
    read_video(new)
    app = opened(new.id)
    assert place_of_component(app) == before
    # A copy is being made, and something went wrong.
    library.make_copy(new.id)
    app.session_state["_review_problem"] = "No."
    app.run()
    assert "No." in [error.value for error in app.error]
    assert place_of_component(app) == before


def test_people_are_picked_by_their_pictures_and_joined(read: VideoEntry) -> None:
    app = opened(read.id)
    app.session_state["video_section"] = "People"
    app.run()
    app.session_state["review_people_form"] = "Pictures"
    app.run()
    assert "**No people picked**" in [one.value for one in app.markdown]
    assert app.button(key="people_join").disabled
    picked = f"_review_picked_video_{read.id}"
    app.session_state[picked] = frozenset({1, 2})
    app.run()
    assert "**2 people picked**" in [one.value for one in app.markdown]
    app.text_input(key=f"people_name_video_{read.id}").set_value("Anna")
    app.button(key="people_join").click().run()
    assert not app.exception
    people = list_people(read_frame_table(read.folder.frames), read.folder.people.edits())
    assert [(one.id, one.name) for one in people] == [(1, "Anna")]
    # One person is no crowd: the table again.
    assert not [b for b in app.button if b.key == "people_join"]
    app.button(key="people_undo").click().run()
    app.session_state[picked] = frozenset({2})
    app.run()
    app.button(key="people_hide").click().run()
    assert [one.hidden for one in list_people(
        read_frame_table(read.folder.frames), read.folder.people.edits()
    )] == [False, True]  # fmt: skip


def test_what_cannot_be_joined_stays_picked(
    read: VideoEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise VideoError("No room.")

    app = opened(read.id)
    app.session_state["video_section"] = "People"
    app.session_state["review_people_form"] = "Pictures"
    app.session_state[f"_review_picked_video_{read.id}"] = frozenset({1, 2})
    app.run()
    monkeypatch.setattr(PeopleFile, "join", full)
    app.text_input(key=f"people_name_video_{read.id}").set_value("Anna")
    app.button(key="people_join").click().run()
    assert "No room." in texts(app)
    assert "**2 people picked**" in texts(app)
    assert app.text_input(key=f"people_name_video_{read.id}").value == "Anna"


def test_blurred_faces_leave_the_table_alone(read: VideoEntry) -> None:
    app = opened(read.id)
    app.session_state["video_section"] = "People"
    app.session_state["review_people_form"] = "Pictures"
    app.session_state[BLUR_KEY] = True
    app.run()
    assert not [b for b in app.button if b.key == "people_join"]
