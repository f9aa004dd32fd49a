"""The live page without a browser: consent, controls, places, snapshot, recording."""

import io
import json
import re
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest import mock

import av
import numpy as np
import pyarrow as pa
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest
from streamlit_webrtc import WebRtcStreamerContext, WebRtcStreamerState

from emotion_core.errors import StoreError
from emotion_core.live import exports
from emotion_core.live.recorded import file_rows
from emotion_core.live.turn_credentials import turn_credentials
from emotion_core.store import recorder as recorder_module
from emotion_core.store import waiting
from emotion_core.store.store import Store
from emotion_core.types import FrameResult
from pages.parts.common.recordings import RUNNING
from pages.parts.common.settings import BLUR_KEY, LABELS_KEY, MODEL_KEY
from pages.parts.live import left_recordings, recording_panel
from pages.parts.live.state import CAMERA_KEY, viewer_gate
from tests.two_heads import HEADS
from tests.video.tables import happy, result

ROOT = Path(__file__).resolve().parents[2]
_FACES = '<div class="el-faces-now'


@pytest.fixture(autouse=True)
def _no_media() -> Iterator[None]:
    """streamlit-webrtc asks for the server's session, which a test has not."""
    with mock.patch("streamlit_webrtc.component.get_this_session_info", return_value=None):
        yield
    RUNNING.interrupt_all()
    st.cache_resource.clear()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where recordings go."""
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("EMOTION_LENS_DATABASE_URL", raising=False)
    return tmp_path / "home"


@pytest.fixture
def arrived() -> Iterator[AppTest]:
    """The page as a visitor first sees it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page("pages/live.py").run()
    assert not app.exception
    yield app
    assert not app.exception


@pytest.fixture
def app(arrived: AppTest) -> AppTest:
    """After the notice was agreed to."""
    _button(arrived, "I understand").click().run()
    return arrived


@pytest.fixture
def playing(app: AppTest) -> AppTest:
    """With a camera that plays; frames are handed in by the tests."""
    app.session_state[CAMERA_KEY] = WebRtcStreamerContext(
        worker=None, state=WebRtcStreamerState(True, False)
    )
    return app.run()


def _button(app: AppTest, label: str) -> Any:
    return next(button for button in app.button if button.label.startswith(label))


def _texts(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.error, app.info, app.warning)
    parts = [element.value for kind in kinds for element in kind]
    parts += [element.proto.body for element in app.get("html")]
    return "\n".join(parts)


def _has_camera(app: AppTest) -> bool:
    return bool(app.get("component_instance"))


def _frame(jpeg: bytes, index: int) -> av.VideoFrame:
    image = np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"))
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
    frame.pts, frame.time_base = index * 3000, Fraction(1, 90_000)
    return frame


def test_nothing_starts_before_the_notice_is_agreed_to(arrived: AppTest) -> None:
    texts = _texts(arrived)
    for words in ("Article 5(1)(f)", "Article 50(3)", "not feelings", "discarded at once"):
        assert words in texts
    assert not _has_camera(arrived)
    _button(arrived, "I understand").click().run()
    assert _has_camera(arrived)


def test_the_camera_asks_no_stranger_and_no_microphone(app: AppTest) -> None:
    arguments = app.get("component_instance")[0].proto.json_args
    assert '"iceServers": []' in arguments
    assert '"audio": false' in arguments
    assert '"width": 640' in arguments


def _ice_servers(app: AppTest) -> list[dict[str, Any]]:
    told = json.loads(app.get("component_instance")[0].proto.json_args)
    return list(told["rtc_configuration"]["iceServers"])


def test_every_session_has_turn_credentials_of_its_own_that_expire(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_LENS_TURN_URLS", "turn:turn.example.org")
    monkeypatch.setenv("EMOTION_LENS_TURN_SECRET", "north")
    monkeypatch.setenv("EMOTION_LENS_TURN_TTL", "600")
    app.session_state["_live_rtc_configuration"] = (0.0, None)
    (server,) = _ice_servers(app.run())
    expires, _, whose = server["username"].partition(":")
    assert 500 < int(expires) - time.time() <= 600
    assert whose == app.session_state["_live_viewer"]
    assert (
        server["credential"]
        == turn_credentials("north", 0, label=whose, now_s=int(expires)).credential
    )
    # The same at every run, until half of their time is over.
    assert _ice_servers(app.run()) == [server]
    made_s, kept = app.session_state["_live_rtc_configuration"]
    app.session_state["_live_rtc_configuration"] = (made_s - 301, kept)
    monkeypatch.setenv("EMOTION_LENS_TURN_TTL", "601")
    (renewed,) = _ice_servers(app.run())
    assert renewed["username"] != server["username"]


def test_settings_of_turn_that_cannot_be_used_are_told(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_LENS_TURN_TTL", "1h")
    assert "EMOTION_LENS_TURN_TTL: wanted a whole number" in _texts(app.run())


def test_cloudflare_gives_the_servers_where_it_is_configured(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDFLARE_TURN_KEY_ID", "key")
    monkeypatch.setenv("CLOUDFLARE_TURN_KEY_API_TOKEN", "token")
    asked = mock.Mock(side_effect=ValueError("Cloudflare refused"))
    with mock.patch("pages.parts.live.ice_servers.get_cloudflare_ice_servers", asked):
        assert _ice_servers(app.run()) == []
        assert "Cloudflare refused. Video can only travel directly." in _texts(app.run())
        asked.assert_called_once_with("key", "token")  # not at every click
        given = {"urls": ["turn:turn.cloudflare.com"], "username": "u", "credential": "c"}
        asked.side_effect, asked.return_value = None, [given]
        del app.session_state["_live_cloudflare_failed"]
        assert _ice_servers(app.run()) == [given]


def test_controls_reach_the_running_stream(app: AppTest) -> None:
    live = app.session_state["_live"]
    app.slider(key="live_half_life").set_value(1.5)
    app.slider(key="live_detect_every").set_value(7)
    app.toggle(key="live_mirror").set_value(False)
    app.toggle(key="live_landmarks").set_value(True)
    app.toggle(key=BLUR_KEY).set_value(True)
    app.run()
    settings = app.session_state["_live"].settings
    assert app.session_state["_live"] is live
    assert (settings.stream.half_life_s, settings.stream.detect_every) == (1.5, 7)
    assert (settings.mirror, settings.drawing.landmarks) == (False, True)
    assert settings.drawing.blur_faces


def test_faces_of_the_stream_stand_beside_the_video(playing: AppTest, astronaut: bytes) -> None:
    live = playing.session_state["_live"]
    for index in range(3):
        live.process(_frame(astronaut, index))
    playing.run()
    texts = _texts(playing)
    assert "el-bars" in texts
    assert "Frames a second" in texts
    assert len(playing.get("vega_lite_chart")) == 1


def _stop(app: AppTest) -> None:
    app.session_state[CAMERA_KEY] = WebRtcStreamerContext(
        worker=None, state=WebRtcStreamerState(False, False)
    )
    app.run()


def test_what_is_over_is_never_said_to_be_of_now(playing: AppTest, astronaut: bytes) -> None:
    live = playing.session_state["_live"]
    live.process(_frame(astronaut, 0))
    _button(playing, "Record scores").click().run()
    live.process(_frame(astronaut, 1))
    playing.run()
    assert _lines(playing) == ["In the picture now", "Up to now", "Recording"]
    assert f"{_FACES} el-old" not in _texts(playing)
    _stop(playing)
    seen, until, recording = _lines(playing)
    assert re.fullmatch(r"Last seen \d\d:\d\d:\d\d", seen)
    assert re.fullmatch(r"Up to \d\d:\d\d:\d\d", until)
    assert recording == "Recording paused: no video"
    assert f"{_FACES} el-old" in _texts(playing)


def test_a_camera_that_gives_no_more_frames_is_not_of_now(
    playing: AppTest, astronaut: bytes
) -> None:
    live = playing.session_state["_live"]
    live.process(_frame(astronaut, 0))
    live._now = lambda: time.monotonic() + 10
    playing.run()
    assert all("now" not in line for line in _lines(playing))
    assert "No new picture" in _texts(playing)


def test_another_model_does_not_get_the_faces_of_the_one_before(
    app: AppTest, astronaut: bytes
) -> None:
    live = app.session_state["_live"]
    live.process(_frame(astronaut, 0))
    app.run()
    assert _FACES in _texts(app)
    models = app.selectbox(key=MODEL_KEY)
    models.set_value(next(name for name in models.options if name != models.value)).run()
    assert _FACES not in _texts(app)
    assert not live.view().moments


def test_the_other_head_answers_from_the_next_frame_on(
    two_headed_models: Path, monkeypatch: pytest.MonkeyPatch, astronaut: bytes
) -> None:
    monkeypatch.setenv("EMOTION_LENS_MODELS", str(two_headed_models))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page("pages/live.py").run()
    _button(app, "I understand").click().run()
    app.session_state[CAMERA_KEY] = WebRtcStreamerContext(
        worker=None, state=WebRtcStreamerState(True, False)
    )
    app.run()
    live = app.session_state["_live"]
    live.process(_frame(astronaut, 0))
    _button(app, "Record scores").click().run()
    live.process(_frame(astronaut, 1))
    first = live.view().result
    app.radio(key=LABELS_KEY).set_value("fer2013").run()
    assert _FACES not in _texts(app)  # of the head before
    live.process(_frame(astronaut, 2))
    second = live.view().result
    assert first is not None
    assert second is not None
    assert np.abs(first.scores.probabilities - second.scores.probabilities).max() > 0.01
    assert second.track_ids.tolist() == first.track_ids.tolist()
    assert second.decisions.threshold == HEADS["fer2013"].threshold
    _button(app, "Stop recording").click().run()
    left = app.session_state["_live_finished"].recorded
    rows = pa.concat_tables(file_rows(left))
    assert rows["labels"].to_pylist() == ["raters", "fer2013"]
    assert json.loads(exports.to_json(left))["labels"] == ["raters", "fer2013"]
    assert not app.exception


def _lines(app: AppTest) -> list[str]:
    """What the page says of when its figures are, as it is seen."""
    found = re.findall(r'<p class="(el-when[^"]*)">(.*?)</p>', _texts(app))
    return [
        re.sub("<.*?>", "", line.split('<span class="el-past">')["el-over" in kind]).split(" · ")[0]
        for kind, line in found
    ]


def test_the_words_for_a_camera_that_does_not_open_are_ours(app: AppTest) -> None:
    """They are in the browser before anything is tried, because the server may be gone then."""
    data = json.loads(app.get("bidi_component")[0].proto.json)
    assert data["camera"]["NotAllowedError"][0] == "The browser is not allowed to use the camera."
    assert {"NotFoundError", "NotReadableError", "insecure"} <= set(data["camera"])
    assert data["words"]["lost"][0] == "Connection lost"


def test_who_leaves_a_recording_is_told_on_every_page(playing: AppTest, astronaut: bytes) -> None:
    live = playing.session_state["_live"]
    live.process(_frame(astronaut, 0))
    _button(playing, "Record scores").click().run()
    live.process(_frame(astronaut, 1))
    assert "Recording paused." not in _texts(playing)
    playing.switch_page("pages/home.py").run()
    assert "Recording paused." in _texts(playing)
    playing.switch_page("pages/live.py").run()
    _button(playing, "Stop recording").click().run()
    playing.switch_page("pages/home.py").run()
    assert "Recording paused." not in _texts(playing)


def test_the_hint_for_a_camera_that_does_not_start_goes_when_it_plays(
    app: AppTest, request: pytest.FixtureRequest
) -> None:
    assert "Does the video not start?" in _texts(app)
    assert "Does the video not start?" not in _texts(request.getfixturevalue("playing"))


def test_an_error_of_the_stream_is_told(playing: AppTest) -> None:
    broken: Any = object()
    playing.session_state["_live"].process(broken)
    playing.run()
    assert "server's log" in _texts(playing)


def test_a_recording_from_start_to_files_and_back(playing: AppTest, astronaut: bytes) -> None:
    live = playing.session_state["_live"]
    live.process(_frame(astronaut, 0))
    _button(playing, "Record scores").click().run()
    assert live.recording is not None
    live.process(_frame(astronaut, 1))
    playing.text_input(key="live_marker_note").set_value("joke").run()
    _button(playing, "Mark").click().run()
    with Store() as store:
        (info,) = store.sessions()
        assert (info.kind, info.state) == ("live", "recording")
        assert info.options["threshold"] == live.settings.stream.threshold
        assert info.versions["emotion-lens"]
    _button(playing, "Stop recording").click().run()
    assert live.recording is None
    labels = [element.proto.label for element in playing.get("download_button")]
    assert labels == ["CSV", "JSON", "Parquet"]
    assert "Recorded" in _texts(playing)
    assert "a frame without a face has one row" in _texts(playing)
    left = playing.session_state["_live_finished"].recorded
    assert pa.concat_tables(file_rows(left))["marker"].to_pylist() == ["joke"]

    playing.text_input(key=f"recording_name_{info.id}").set_value(" Anna ").run()
    with Store() as store:
        (found,) = store.sessions()
        assert (found.name, found.state, found.rows) == ("Anna", "done", 1)
        assert [person.name for person in found.people] == ["Person 1"]
    # After a visit elsewhere it is still there.
    playing.switch_page("pages/home.py").run()
    playing.switch_page("pages/live.py").run()
    assert playing.text_input(key=f"recording_name_{info.id}").value == "Anna"

    _button(playing, "Discard").click().run()
    assert not playing.get("download_button")
    with Store() as store:
        assert store.sessions() == ()
        assert len(store.sessions(deleted=True)) == 1
    _button(playing, "Undo").click().run()
    assert len(playing.get("download_button")) == 3
    assert "Recording discarded" not in _texts(playing)
    with Store() as store:
        assert len(store.sessions()) == 1


def test_a_click_that_comes_twice_makes_one_recording(
    playing: AppTest, astronaut: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = playing.session_state["_live"]
    live.process(_frame(astronaut, 0))
    start, finish = recording_panel._start, recording_panel._finish
    for name, click in (("_start", start), ("_finish", finish)):
        monkeypatch.setattr(recording_panel, name, lambda *a, c=click: (c(*a), c(*a)))
    playing.run()
    _button(playing, "Record scores").click().run()
    live.process(_frame(astronaut, 1))
    playing.run()
    _button(playing, "Stop recording").click().run()
    assert "could not" not in _texts(playing)
    with Store() as store:
        (info,) = store.sessions()
        assert (info.state, info.rows) == ("done", 1)


def test_frames_with_other_expressions_end_the_recording_with_a_reason(
    playing: AppTest, make_result: Callable[..., FrameResult], astronaut: bytes
) -> None:
    live = playing.session_state["_live"]
    live.process(_frame(astronaut, 0))
    _button(playing, "Record scores").click().run()
    live.process(_frame(astronaut, 1))
    RUNNING.of(own_session_of(playing)).problem = "The new model knows other expressions."
    playing.run()
    assert live.recording is None
    assert "knows other expressions" in _texts(playing)
    assert len(playing.get("download_button")) == 3
    assert not _button(playing, "Record scores").disabled


def own_session_of(_: AppTest) -> str:
    """The one identity of all sessions under Streamlit's test runner."""
    return "test session id"


def _left(seconds: int = 3) -> str:
    """A recording that a tab left, and its server has interrupted; its id."""
    with Store() as store:
        recorder = store.record(model="compact", detector="haar", flush_s=3600)
        for index in range(seconds + 1):
            recorder.add(result(index, float(index), [happy(1)]))
        recorder.interrupt()
    return recorder.id


def test_an_interrupted_recording_can_be_continued(playing: AppTest, astronaut: bytes) -> None:
    session = _left()
    playing.run()
    texts = _texts(playing).replace("\u2060", "")  # which keeps times from being read as icons
    assert re.search(r"The recording of \d\d:\d\d:\d\d \(0:03\) was interrupted", texts)
    live = playing.session_state["_live"]
    live.process(_frame(astronaut, 0))
    recorder = RUNNING.of(own_session_of(playing))
    assert recorder is None
    _button(playing, "Go on with it").click().run()
    recorder = RUNNING.of(own_session_of(playing))
    assert recorder is not None
    assert recorder.id == session
    recorder._clock._begin_s += 10  # as if the tab had been closed for so long
    live.process(_frame(astronaut, 1))
    assert "was interrupted" not in _texts(playing)
    _button(playing, "Stop recording").click().run()
    with Store() as store:
        stored = store.session(session)
        assert stored.info().state == "done"
        # Whoever is in the picture now may be somebody else.
        assert stored.frames()["person"].tolist() == ["Person 1"] * 4 + ["Person 2"]
        kinds = [marker.kind for marker in stored.markers.list()]
        assert "gap" in kinds
        # Another model reads on; that stands in the session.
        assert len(stored.info().details["read_by"]) == 2


def test_an_interrupted_recording_can_be_ended(playing: AppTest) -> None:
    session = _left()
    playing.run()
    _button(playing, "End it").click().run()
    assert "was interrupted" not in _texts(playing)
    assert len(playing.get("download_button")) == 3  # and it is shown as any other
    with Store() as store:
        assert store.session(session).info().state == "done"


def test_without_video_a_recording_can_be_ended_and_waits_to_be_continued(app: AppTest) -> None:
    _left()
    older = _left()
    app.run()
    assert "1 older one besides" in _texts(app)
    assert _button(app, "Go on with it").disabled
    assert "start the camera first" in _texts(app)
    _button(app, "End it").click().run()
    assert "was interrupted" in _texts(app)  # the other one
    with Store() as store:
        assert store.session(older).info().state == "done"


def test_what_is_older_than_a_day_is_not_offered(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    with monkeypatch.context() as patch:
        patch.setattr(waiting.time, "time", lambda: now - 90_000)
        _left()
    app.run()
    assert "was interrupted" not in _texts(app)


def test_a_recording_that_another_tab_left_is_taken_over(
    playing: AppTest, astronaut: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store() as store:
        theirs = store.record(model="compact", detector="haar", flush_s=3600)
    theirs.add(result(0, 0.0, [happy(1)]))
    RUNNING.begin("another tab", theirs)
    monkeypatch.setattr(RUNNING, "_is_watched", lambda viewer: True)
    playing.run()
    assert "was interrupted" not in _texts(playing)  # somebody looks at it
    monkeypatch.setattr(RUNNING, "_is_watched", lambda viewer: False)
    with monkeypatch.context() as patch:
        patch.setattr(left_recordings, "owner", lambda: "somebody else")
        playing.run()
        assert "was interrupted" not in _texts(playing)
    playing.run()
    assert "was interrupted" in _texts(playing)
    _button(playing, "Go on with it").click().run()
    assert theirs.stopped
    mine = RUNNING.of(own_session_of(playing))
    assert mine is not None
    assert mine.id == theirs.id
    playing.session_state["_live"].process(_frame(astronaut, 0))
    _button(playing, "Stop recording").click().run()
    with Store() as store:
        assert store.session(theirs.id).info().frames == 2
        assert store.check() == []


def test_a_recording_that_went_on_elsewhere_is_said(playing: AppTest, astronaut: bytes) -> None:
    live = playing.session_state["_live"]
    live.process(_frame(astronaut, 0))
    _button(playing, "Record scores").click().run()
    recorder = RUNNING.of(own_session_of(playing))
    assert recorder is not None
    recorder.interrupt()
    playing.run()
    assert "continued or ended in another tab" in _texts(playing)
    assert live.recording is None
    live.process(_frame(astronaut, 1))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"SQLite format 3\0" + b"\xff" * 5000, "another program|damaged"),
        (b"no database at all", "damaged or no database"),
    ],
)
def test_a_store_that_cannot_be_opened_is_said_and_the_video_goes_on(
    playing: AppTest, astronaut: bytes, home: Path, content: bytes, words: str
) -> None:
    home.mkdir(exist_ok=True)
    (home / "store.sqlite").write_bytes(content)
    live = playing.session_state["_live"]
    live.process(_frame(astronaut, 0))
    _button(playing, "Record scores").click().run()
    assert "Nothing is recorded, and the video goes on" in _texts(playing)
    assert re.search(words, _texts(playing))
    live.process(_frame(astronaut, 1))
    assert live.view().health.errors == 0
    assert (home / "store.sqlite").read_bytes() == content
    # Once the file is away, the next try works.
    (home / "store.sqlite").rename(home / "theirs")
    _button(playing, "Record scores").click().run()
    assert "Nothing is recorded" not in _texts(playing)
    assert live.recording is not None


def test_a_database_that_stops_to_answer_is_said_while_rows_wait(
    playing: AppTest, astronaut: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: Any) -> None:
        raise StoreError("The store cannot be used: another program holds it.")

    live = playing.session_state["_live"]
    live.process(_frame(astronaut, 0))
    _button(playing, "Record scores").click().run()
    recorder = RUNNING.of(own_session_of(playing))
    assert recorder is not None
    monkeypatch.setattr(recorder_module, "bring_in", locked)
    live.process(_frame(astronaut, 1))
    recorder.mark("now")
    while not recorder.note:
        time.sleep(0.01)
    playing.run()
    assert "another program holds it. The recording goes on" in _texts(playing)
    _button(playing, "Stop recording").click().run()
    assert "another program holds it" in _texts(playing)
    assert len(playing.get("download_button")) == 3  # read from the disk
    monkeypatch.undo()


def test_the_baseline_can_be_started_and_taken_back(playing: AppTest) -> None:
    live = playing.session_state["_live"]
    _button(playing, "Learn my resting face").click().run()
    assert live.view().baseline.progress == 0
    _button(playing, "Cancel").click().run()
    assert live.view().baseline.progress is None


def test_without_a_playing_camera_nothing_can_be_recorded(app: AppTest) -> None:
    assert _button(app, "Record scores").disabled
    assert _button(app, "Learn my resting face").disabled


def test_a_third_viewer_is_told_to_wait(app: AppTest) -> None:
    gate = viewer_gate()
    assert gate.enter("somebody")
    assert gate.enter("somebody else")
    app.run()
    assert "Please wait: 2 viewers are" in _texts(app)
    assert not _has_camera(app)
    gate.leave("somebody")
    app.run()
    assert _has_camera(app)


def test_snapshots_are_offered_without_video(app: AppTest) -> None:
    app.segmented_control(key="live_mode").set_value("Snapshot").run()
    assert not _has_camera(app)
    assert app.get("camera_input")


def test_a_connection_that_fails_can_be_tried_again(app: AppTest) -> None:
    with mock.patch("pages.parts.live.camera.webrtc_streamer", side_effect=TimeoutError("late")):
        app.run()
    assert "could not connect" in _texts(app)
    app.run()
    assert "could not connect" in _texts(app)  # and not asked again by itself
    _button(app, "Try again").click().run()
    assert _has_camera(app)
    assert "could not connect" not in _texts(app)
    assert app.session_state[f"{CAMERA_KEY}_1"] is not None


def test_after_a_failed_connection_snapshots_are_one_click_away(app: AppTest) -> None:
    with mock.patch("pages.parts.live.camera.webrtc_streamer", side_effect=OSError("no way")):
        app.run()
    _button(app, "Use snapshots").click().run()
    assert app.get("camera_input")
