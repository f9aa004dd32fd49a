"""The page Sessions without a browser: the list, an opened session, and what is wrong with them."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from emotion_core.files.atomic_files import write_json
from emotion_core.jobs import JobBoard
from emotion_core.paths import DATABASE_URL_ENV, HOME_ENV
from emotion_core.store.adding import AnalysedPhoto
from emotion_core.store.session import StoredSession
from emotion_core.store.store import Store
from emotion_core.video.library import VideoLibrary
from emotion_core.video.markers import EXCLUDE
from emotion_core.video.summary import summarize
from emotion_core.video.view import build_view
from pages.parts.common.session_serving import session_rows
from tests.pages.places import place_of_component
from tests.store.test_sessions import add_video
from tests.video.clips import numbered, write_clip
from tests.video.player_tables import TABLE
from tests.video.player_tables import write_table as write_player_table
from tests.video.tables import happy, result, sad

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv(HOME_ENV, str(tmp_path / "home"))
    monkeypatch.delenv(DATABASE_URL_ENV, raising=False)
    st.cache_resource.clear()
    st.cache_data.clear()
    session_rows.cache_clear()
    # AppTest takes the folder "pages" for Streamlit's older kind of app in every run; the second
    # run that this means would not know of a pressed button any more.
    monkeypatch.setattr("pages.parts.common.page_frame.enter_through_app", lambda: None)
    yield tmp_path / "home"
    st.cache_resource.clear()


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store() as opened:
        yield opened


@pytest.fixture
def video(store: Store, tmp_path: Path) -> StoredSession:
    session = add_video(store, tmp_path / "in")
    session.rename("in *the* lab")
    return session


@pytest.fixture
def photos(store: Store) -> StoredSession:
    return store.add_photos(
        [
            AnalysedPhoto("a *b*.jpg", result(0, 0.0, [happy(1), sad(2)]), "aa" * 32, b"jpeg"),
            AnalysedPhoto("c.jpg", result(0, 0.0, [])),
        ],
        metadata={"model": {"name": "compact"}},
        name="Portraits",
    )


def opened(session: str = "") -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page("pages/sessions.py")
    if session:
        app.query_params["session"] = session
    app.run()
    assert not app.exception
    return app


def texts(app: AppTest) -> str:
    kinds = (
        app.caption, app.markdown, app.error, app.info, app.header, app.title, app.warning,
        app.success,
    )  # fmt: skip
    return "\n".join(str(part.value) for kind in kinds for part in kind)


def html(app: AppTest) -> str:
    return "\n".join(str(part.proto.body) for part in app.get("html"))


def section(app: AppTest, name: str) -> None:
    app.session_state["session_section"] = name
    app.run()
    assert not app.exception
    assert not app.error


# -- the list


def test_without_sessions_it_says_what_will_be_here_and_leads_there() -> None:
    app = opened()
    assert app.title[0].value == "Sessions"
    assert "What you keep will appear here" in texts(app)
    labels = {button.label for button in app.button}
    assert {"Read photos", "Start the camera", "Read a video"} <= labels
    assert not app.error


def test_sessions_are_listed_with_what_they_show(
    video: StoredSession, photos: StoredSession
) -> None:
    video.add_tag("pilot")
    video.join_group("Study", "calm")
    app = opened()
    assert app.header[0].value == "2 sessions"
    listed = html(app)
    assert listed.index("Portraits") < listed.index("in *the* lab")  # newest first
    assert "0:04 · 2 people" in listed
    assert "pilot" in listed
    assert "Study: calm" in listed
    assert "happy 50 % · sad 50 %" in listed  # of two faces


def test_words_and_kinds_narrow_the_list(video: StoredSession, photos: StoredSession) -> None:
    app = opened()
    app.text_input(key="sessions_search").set_value("portr").run()
    assert app.header[0].value == "1 session of 2"
    app.text_input(key="sessions_search").set_value("nothing").run()
    assert "No session is like that" in texts(app)
    app.button(key="sessions_show_all").click().run()
    assert app.header[0].value == "2 sessions"


def test_a_hundred_sessions_stand_on_several_pages(store: Store) -> None:
    for number in range(21):
        store.add_photos(
            [AnalysedPhoto("a.jpg", result(0, 0.0, [happy()]))], metadata={}, name=f"n{number}"
        )
    app = opened()
    assert app.header[0].value == "21 sessions"
    rows = [b for b in app.button if (b.key or "").startswith("session_open_")]
    assert len(rows) == 20
    assert len(app.get("pagination")) == 1


def test_delete_and_undo(store: Store, video: StoredSession) -> None:
    app = opened()
    app.button(key=f"session_delete_{video.id}").click().run()
    assert not app.exception
    assert r"Deleted in \*the\* lab." in texts(app)
    assert store.sessions() == ()
    app.button(key="sessions_undo").click().run()
    assert [info.id for info in store.sessions()] == [video.id]
    assert "Deleted" not in texts(app)


def test_what_was_deleted_before_can_be_restored_or_removed_for_good(
    store: Store, video: StoredSession, photos: StoredSession
) -> None:
    store.delete(video.id)
    store.delete(photos.id)
    app = opened()
    app.button(key=f"session_restore_{video.id}").click().run()
    assert [info.id for info in store.sessions()] == [video.id]
    app.button(key=f"session_purge_{photos.id}").click().run()
    assert store.sessions(deleted=True) == ()
    assert not photos.place.folder.exists()


def test_several_sessions_are_tagged_grouped_and_deleted_at_once(
    store: Store, video: StoredSession, photos: StoredSession
) -> None:
    photos.add_tag("pilot")
    app = opened()
    app.button(key="sessions_choose_all").click().run()
    assert "2 sessions chosen" in texts(app)
    app.selectbox(key="sessions_tag").set_value("pilot")
    next(b for b in app.button if b.label == "Add").click().run()
    assert not app.exception
    assert [info.tags for info in store.sessions()] == [("pilot",), ("pilot",)]
    app.button(key="sessions_delete_chosen").click().run()
    assert store.sessions() == ()
    app.button(key="sessions_undo").click().run()
    assert len(store.sessions()) == 2


def test_how_long_sessions_are_kept(store: Store, video: StoredSession) -> None:
    app = opened()
    app.number_input(key="sessions_days_kept").set_value(30)
    next(b for b in app.button if b.label == "Save").click().run()
    assert not app.exception
    assert store.retention.days() == 30


def test_a_recording_that_runs_is_shown_as_such(store: Store) -> None:
    recorder = store.record(model="compact", detector="yunet", name="Now", flush_s=3600)
    try:
        recorder.add(result(0, 0.0, [happy()]))
        app = opened()
        assert "Recording now" in texts(app)
        assert app.button(key=f"session_delete_{recorder.id}").disabled
        app = opened(recorder.id)
        assert "is being recorded" in texts(app)
        assert app.button(key="session_edit").disabled
        assert app.button(key="session_delete").disabled
    finally:
        recorder.stop()


# -- one session


def test_an_opened_session_shows_everything_it_knows(video: StoredSession) -> None:
    video.people.set_baseline(1, 0.0, 1.0)
    video.markers.add(0.5, 1.5, "joke")
    video.markers.add(2.0, 3.0, "noise", EXCLUDE)
    app = opened(video.id)
    assert app.title[0].value == r"in \*the\* lab"
    assert "A note." in texts(app)
    assert "read by compact" in html(app)
    for name in ("Summary", "People", "Markers", "Events", "Rows"):
        section(app, name)


def test_a_session_that_is_not_there_is_said(store: Store) -> None:
    app = opened("0123456789abcdef")
    assert "There is no session" in texts(app)
    app.button(key="sessions_back").click().run()
    assert app.title[0].value == "Sessions"
    assert not app.error


def dialog(body: str, session: str) -> AppTest:
    """What stands in a dialog, alone: AppTest does not keep a dialog from one run to the next."""

    def draw(body: str, session: str) -> None:
        import importlib

        from pages.parts.common.session_store import session_store

        module, _, name = body.rpartition(".")
        getattr(importlib.import_module(f"pages.parts.sessions.{module}"), name)(
            session_store(), session
        )

    app = AppTest.from_function(draw, args=(body, session), default_timeout=120).run()
    assert not app.exception
    return app


def test_name_notes_tags_and_groups_are_written(video: StoredSession) -> None:
    video.add_tag("old")
    video.add_tag("stays")
    video.join_group("Study", "calm")
    assert not opened(video.id).button(key="session_edit").click().run().exception
    app = dialog("details.edit_form", video.id)
    app.text_input(key=f"session_name_{video.id}").set_value("Class 4b")
    app.text_area(key=f"session_notes_{video.id}").set_value("first\nsecond")
    app.multiselect(key=f"session_tags_{video.id}").set_value(["stays"])
    next(b for b in app.button if b.label == "Save").click().run()
    assert not app.exception
    info = video.info()
    assert (info.name, info.notes, info.tags) == ("Class 4b", "first\nsecond", ("stays",))
    assert info.groups == {"Study": "calm"}


def test_a_session_is_deleted_where_it_is_open(store: Store, video: StoredSession) -> None:
    app = opened(video.id)
    app.button(key="session_delete").click().run()
    assert app.title[0].value == "Sessions"
    assert r"Deleted in \*the\* lab." in texts(app)


def test_forgetting_asks_and_says_what_went(store: Store, video: StoredSession) -> None:
    app = opened(video.id)
    app.button(key="session_forget").click().run()
    assert "cannot be undone" in texts(app)
    app = dialog("forgetting.forget_question", video.id)
    assert app.button(key="forget_now").disabled
    app.checkbox(key=f"forget_sure_{video.id}_1").check().run()
    app.button(key="forget_now").click().run()
    assert not app.exception
    assert "Person 1 is forgotten: 3 rows in 3 frames" in texts(app)
    assert [person.number for person in video.people.list()] == [2]


def test_forgetting_everywhere(store: Store, video: StoredSession, photos: StoredSession) -> None:
    video.people.link(1, "Anna B.")
    photos.people.link(photos.people.assign(0, 1), "Anna B.")
    app = dialog("forgetting.forget_question", video.id)
    app.radio(key=f"forget_where_{video.id}").set_value("In all sessions").run()
    assert "Anna B. is in 2 sessions" in texts(app)
    app.checkbox(key=f"forget_sure_{video.id}_1").check().run()
    app.button(key="forget_now").click().run()
    assert "Anna B. is forgotten" in texts(app)
    assert photos.pictures() == []
    assert [len(info.people) for info in store.sessions()] == [0, 1]


def test_a_resting_face_is_set_and_taken_back(video: StoredSession) -> None:
    app = opened(video.id)
    section(app, "People")
    app.number_input(key="rest_from_1_").set_value(1.0)
    app.number_input(key="rest_to_1_").set_value(2.0)
    next(b for b in app.button if b.label == "Set").click().run()
    assert video.people.list()[0].baseline == (1.0, 2.0)
    app.button(key="people_undo").click().run()
    assert video.people.list()[0].baseline is None


def test_photos_show_their_pictures_only_where_these_were_kept(
    store: Store, photos: StoredSession
) -> None:
    app = opened(photos.id)
    assert "data:image/jpeg" in html(app)
    assert "a *b*.jpg" in html(app)
    without = store.add_photos(
        [AnalysedPhoto("a.jpg", result(0, 0.0, [happy()]))], metadata={}, name="x"
    )
    assert "data:image/jpeg" not in html(opened(without.id))


def test_blurred_faces_hide_kept_pictures(photos: StoredSession) -> None:
    app = opened(photos.id)
    app.toggle(key="blur_faces").set_value(True).run()
    assert "data:image/jpeg" not in html(app)
    assert "not shown while faces are to be blurred" in texts(app)


# -- what is wrong


def newer(path: Path) -> None:
    with Store():
        pass
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE emotion_lens_version SET version_num = '9999'")


def foreign(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE customers (id INTEGER)")


def damaged(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"no database" * 1000)


@pytest.mark.parametrize("spoil", [newer, foreign, damaged])
def test_a_store_that_cannot_be_opened_is_one_sentence(
    home: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(home / "store.sqlite")
    app = opened()
    assert len(app.error) == 1
    assert "store" in app.error[0].value
    assert app.title[0].value == "Sessions"
    (home / "store.sqlite").unlink()
    app.button(key="sessions_again").click().run()
    assert not app.error


def test_a_server_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psycopg")
    monkeypatch.setenv(DATABASE_URL_ENV, "postgresql://u:secret@127.0.0.1:1/none")
    app = opened()
    assert "does not answer" in app.error[0].value
    assert "secret" not in app.error[0].value


def test_damaged_rows_are_said_and_hide_no_other_session(
    video: StoredSession, photos: StoredSession
) -> None:
    (part,) = video.place.parts.parts()
    part.path.write_bytes(b"no rows")
    app = opened()
    assert len(app.error) == 1
    assert "Portraits" in html(app)
    assert len(opened(video.id).error) == 1


# -- from the page Videos


def test_a_video_is_kept_as_a_session(store: Store, home: Path, tmp_path: Path) -> None:
    library = VideoLibrary(home / "videos", JobBoard(home / "jobs", start=False))
    entry = library.add_file(write_clip(tmp_path / "a.mp4", [numbered(i) for i in range(10)]))
    source = {"duration_s": 2.0, "codec": "h264", "format": "mp4", "width": 200, "height": 100}
    write_json(entry.folder.summary, {**summarize(build_view(TABLE)), "source": source})
    write_player_table(TABLE, entry.folder.frames)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page("pages/videos.py")
    app.query_params["video"] = entry.id
    app.run()
    app.text_input(key=f"video_keep_name_{entry.id}").set_value("My talk")
    next(b for b in app.button if b.label == "Keep").click().run()
    assert not app.exception
    (info,) = store.sessions()
    assert info.name == "My talk"
    assert info.sources[0].path == str(entry.path)
    assert "Kept." in texts(app)


def test_the_timeline_keeps_its_place_whatever_is_said_of_a_session(
    video: StoredSession,
) -> None:
    before = place_of_component(opened(video.id))
    video.add_tag("pilot")
    video.set_notes("Loud.")
    app = opened(video.id)
    assert "pilot" in html(app)
    app.session_state["_review_problem"] = "No."
    app.run()
    assert "No." in texts(app)
    assert place_of_component(app) == before
