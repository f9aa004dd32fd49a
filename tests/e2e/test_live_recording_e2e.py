"""A recording on the live page: reloads, closed tabs and a killed server take nothing of it."""

import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from emotion_core.store.models import SessionState
from emotion_core.store.session import StoredSession
from emotion_core.store.session_info import SessionInfo
from emotion_core.store.store import Store
from tests.e2e.conftest import ROOT, free_port, is_healthy
from tests.e2e.live_camera import (
    LOOPBACK_FLAG,
    PATIENCE_MS,
    component,
    film_flag,
    loopback_environment,
    start,
)
from tests.e2e.session_steps import compare, saved, until_named, write_first_name
from tests.video.tables import happy, sad, write_table

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]

_INTERRUPTED = re.compile("The recording .* was interrupted")


class OwnServer:
    """A dashboard that the test may kill and start again, at the same address."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._environment = {**os.environ, **environment}
        self._log = log
        self.home = Path(environment["EMOTION_LENS_HOME"])
        self._port = free_port()
        self.address = f"http://127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        """Starts it and waits until it answers."""
        line = [sys.executable, "-m", "streamlit", "run", "app.py"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*line, "--server.port", str(self._port)],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 120
        while not is_healthy(self.address):
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"The server did not start:\n{self._log.read_text(errors='replace')}")
            time.sleep(0.1)

    def end(self, how: signal.Signals) -> None:
        """Ends it by a signal."""
        if self._process.poll() is None:
            self._process.send_signal(how)
        self._process.wait(timeout=60)

    def session(self) -> tuple[SessionInfo, StoredSession]:
        """The only session, as another program sees it."""
        with Store(home=self.home) as store:
            (info,) = store.sessions()
            return info, store.session(info.id)


@pytest.fixture(scope="module")
def browser_flags(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    return LOOPBACK_FLAG, film_flag(tmp_path_factory.mktemp("camera"))


@pytest.fixture
def own_server(tmp_path: Path, browser_path: str) -> Iterator[OwnServer]:
    server = OwnServer(loopback_environment(tmp_path), tmp_path / "server.log")
    yield server
    server.end(signal.SIGTERM)


@pytest.fixture
def live(browser: Browser, own_server: OwnServer) -> Iterator[Page]:
    context = browser.new_context(base_url=own_server.address, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page.goto("/live")
    yield page
    context.close()


def _record(page: Page, rows: int = 40) -> None:
    """Starts the camera and records until there are so many rows."""
    start(page)
    expect(page.locator(".el-faces-now .el-chip")).to_have_count(2)
    page.get_by_role("button", name="Record scores").click()
    _await_rows(page, rows)


def _await_rows(page: Page, rows: int) -> None:
    deadline = time.monotonic() + PATIENCE_MS / 1000
    line = page.locator(".el-recording")
    line.wait_for()
    while True:
        found = re.search(r"([\d,]+) rows", line.inner_text())
        if found and int(found[1].replace(",", "")) >= rows:
            return
        assert time.monotonic() < deadline, line.inner_text()
        page.wait_for_timeout(200)


def _go_on(page: Page) -> None:
    start(page)
    expect(page.get_by_text(_INTERRUPTED)).to_be_visible()
    button = page.get_by_role("button", name="Go on with it")
    expect(button).to_be_enabled()
    button.click()
    expect(page.get_by_text(_INTERRUPTED)).to_have_count(0)


def test_a_recording_goes_on_after_a_reload(live: Page, own_server: OwnServer) -> None:
    _record(live)
    info, _ = own_server.session()
    assert info.state == SessionState.RECORDING
    live.get_by_role("textbox", name="Note").fill("before")
    live.get_by_role("textbox", name="Note").press("Enter")
    live.get_by_role("button", name="Mark", exact=True).click()
    expect(live.get_by_text("1 marker")).to_be_visible()

    live.reload()  # nothing asks, because nothing is lost
    _go_on(live)
    before = own_server.session()[0].rows
    _await_rows(live, before + 40)
    live.get_by_role("button", name="Stop recording").click()

    # Named, downloaded, thrown away and brought back.
    live.get_by_role("textbox", name="Name of the recording").fill("Anna")
    live.get_by_role("textbox", name="Name of the recording").press("Enter")
    with live.expect_download() as started:
        live.get_by_role("button", name="CSV").click()
    text = started.value.path().read_text(encoding="utf-8")
    live.get_by_role("button", name="Discard").click()
    expect(live.get_by_text("Recording discarded.")).to_be_visible()
    live.get_by_role("button", name="Undo").click()
    expect(live.get_by_role("textbox", name="Name of the recording")).to_have_value("Anna")

    info, session = own_server.session()
    assert (info.name, info.state) == ("Anna", SessionState.DONE)
    frames = session.frames()
    assert len(text.splitlines()) == len(frames) + 1 == info.rows + 1
    assert frames["frame"].diff().dropna().isin([0, 1]).all()  # no frame is missing
    kinds = [marker.kind for marker in session.markers.list()]
    assert kinds.count("gap") >= 1
    assert "before" in text
    # Two people before, and two whom nobody can know to be the same.
    assert len(info.people) >= 4


def test_a_recording_is_found_named_compared_and_taken_home(
    live: Page, own_server: OwnServer, tmp_path: Path
) -> None:
    """From the camera to what another tool reads."""
    (tmp_path / "film").mkdir()
    with Store(home=own_server.home) as store:
        write_table(
            tmp_path / "film" / "frames.parquet",
            [(i * 0.5, [happy(1) if i < 20 else sad(1)]) for i in range(40)],
            source={"name": "film.mp4", "duration_s": 20.0, "sha256": "ab" * 32},
            model={"name": "flagship", "sha256": "0" * 64, "labels": "raters"},
            options={"every_s": 0.5, "threshold": 0.4, "half_life_s": 0.0},
        )
        store.add_video(tmp_path / "film").rename("The film")
    _record(live)
    live.reload()
    _go_on(live)
    live.get_by_role("button", name="Stop recording").click()
    live.get_by_role("textbox", name="Name of the recording").fill("The webcam")
    live.get_by_role("textbox", name="Name of the recording").press("Enter")
    live.get_by_text("Open in Sessions").click()
    expect(live.get_by_role("heading", name="The webcam")).to_be_visible()
    with Store(home=own_server.home) as store:
        (info,) = store.sessions(kind="live")
        session = store.session(info.id)

    live.get_by_role("button", name="All sessions").click()
    expect(live.get_by_role("heading", name="2 sessions")).to_be_visible()
    search = live.get_by_placeholder("Names, notes, tags")
    search.fill("webcam")
    search.press("Enter")
    expect(live.get_by_role("heading", name="1 session of 2")).to_be_visible()
    live.get_by_test_id("stBaseButton-secondary").get_by_text("Open", exact=True).click()
    live.get_by_role("radio", name="People").click()
    expect(live.get_by_role("button", name="Resting face")).to_be_visible()
    write_first_name(live, "Dana")
    until_named(session, "Dana")

    compare(live, "The film", "The webcam")
    expect(live.get_by_role("heading", name="Share of time of each")).to_be_visible()
    live.goto(f"/sessions?session={info.id}")
    live.get_by_role("radio", name="Take home").click()
    with zipfile.ZipFile(saved(live, "BIDS", tmp_path)) as archive:
        names = archive.namelist()
        events = next(n for n in names if n.startswith("sub-Dana/") and n.endswith("_events.tsv"))
        lines = archive.read(events).decode().splitlines()
    assert lines[0].startswith("onset\tduration\ttrial_type")
    assert len(lines) > 1


def test_a_killed_server_takes_at_most_the_last_second(live: Page, own_server: OwnServer) -> None:
    _record(live)
    seen_s, seen_at = _elapsed_s(live), time.time()
    own_server.end(signal.SIGKILL)
    killed_at = time.time()
    _, session = own_server.session()
    last_s = float(session.frames()["time_s"].max())
    # The page shows whole seconds of a moment ago; a second may be missing at the end.
    assert last_s >= seen_s - 1
    begun_s = session.info().created.timestamp()
    assert last_s >= killed_at - begun_s - (killed_at - seen_at) - 4

    own_server.start()
    live.reload()
    _go_on(live)
    before = session.info().rows
    _await_rows(live, before + 40)
    live.get_by_role("button", name="Stop recording").click()
    expect(live.get_by_role("button", name="CSV")).to_be_visible()
    info, session = own_server.session()
    assert info.state == SessionState.DONE
    gaps = [m for m in session.markers.list() if m.kind == "gap"]
    assert any(m.start_s == last_s for m in gaps)
    times = session.frames()["time_s"]
    assert times.is_monotonic_increasing


def test_a_recording_of_a_closed_tab_is_ended_by_a_server_that_stops(
    live: Page, own_server: OwnServer, browser: Browser
) -> None:
    _record(live)
    live.close()
    # Another tab finds it at once, without waiting until the first is given up.
    context = browser.new_context(base_url=own_server.address)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto("/live")
    page.get_by_role("button", name="I understand").click()
    expect(page.get_by_text(_INTERRUPTED)).to_be_visible()
    own_server.end(signal.SIGTERM)
    context.close()
    info, session = own_server.session()
    assert info.state == SessionState.INTERRUPTED
    assert len(session.frames()) == info.rows > 0


def _elapsed_s(page: Page) -> float:
    found = re.search(r"(\d+):(\d\d)", page.locator(".el-recording").inner_text())
    assert found is not None
    return 60 * int(found[1]) + int(found[2])


def test_the_camera_stops_and_the_recording_waits(live: Page, own_server: OwnServer) -> None:
    _record(live)
    component(live).get_by_role("button", name="Stop").click()
    expect(live.get_by_text("Recording paused: no video")).to_be_visible()
    live.get_by_test_id("stSidebarNavLink").filter(has_text="Home").click()
    expect(live.get_by_text("Recording paused.")).to_be_visible()
    live.get_by_test_id("stSidebarNavLink").filter(has_text="Live").click()
    live.get_by_role("button", name="Stop recording").click()
    expect(live.get_by_role("button", name="CSV")).to_be_visible()
    assert own_server.session()[0].state == SessionState.DONE
