"""A real server and a real browser. Both belong to the tests and end with them."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import psutil
import pytest
from playwright.sync_api import Browser, BrowserType, Page, Response, expect

from emotion_core.paths import HOME_ENV
from tests.e2e.driver import chromium_type

ROOT = Path(__file__).resolve().parents[2]

#: Generous, because the machine may be busy; a test that passes never waits this long.
_PATIENCE_MS = 30_000

# A place on a TURN server that has gone cannot be given back; the library that tries says so.
_NO_FAULT = re.compile(
    r"Traceback \(most recent call last\):\n"
    r' +File "[^"]*aioice[^"]*turn\.py", line \d+, in _close\n'
)

# The first draws no window of its own, which is a third of what a page costs.
_BROWSERS = (
    "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome",
    "google-chrome-stable",
)  # fmt: skip
_BROWSER_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _cannot(why: str) -> NoReturn:
    """Skips the browser tests, or fails where they must run (.ci/run says so)."""
    if os.environ.get("EMOTION_LENS_BROWSER_TESTS"):
        pytest.fail(why)
    pytest.skip(why)


def _browser_path() -> str:
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        _cannot(
            "No browser found for the browser tests. Wanted one of "
            f"{', '.join(_BROWSERS)}: install it, for example with `apt-get install chromium`."
        )
    return found


def is_healthy(address: str) -> bool:
    """Whether a dashboard answers at an address."""
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this module's server keeps what it keeps; nothing is there at first."""
    folder: Path = tmp_path_factory.mktemp("home")
    return folder


@pytest.fixture(scope="module")
def server_environment(home: Path) -> dict[str, str]:
    """Environment variables of the server beside the usual ones; a module may have its own."""
    return {HOME_ENV: str(home)}


@pytest.fixture(scope="module")
def browser_flags() -> tuple[str, ...]:
    """Flags of the browser beside the usual ones; a module may have its own."""
    return ()


@pytest.fixture(scope="module")
def server(
    browser_path: str,
    tmp_path_factory: pytest.TempPathFactory,
    server_environment: dict[str, str],
) -> Iterator[str]:
    """Address of a dashboard that this module has for itself; none without a browser."""
    log = tmp_path_factory.mktemp("server") / "server.log"
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **server_environment},
        )
        try:
            deadline = time.monotonic() + 60
            while not is_healthy(address):
                if process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"The server did not start:\n{log.read_text(errors='replace')}")
                time.sleep(0.1)
            yield address
            # Before it ends: what asyncio says of tasks that the end cut off is no fault.
            said = _NO_FAULT.sub("", log.read_text(errors="replace"))
        finally:
            process.terminate()
            process.wait(timeout=20)
    assert "Traceback" not in said, said


@pytest.fixture
def server_process(server: str) -> psutil.Process:
    port = server.rsplit(":", 1)[1]
    for child in psutil.Process().children(recursive=True):
        # A process of an earlier test may end just now.
        with contextlib.suppress(psutil.Error):
            if port in child.cmdline():
                return child
    pytest.fail(f"No process serves {server}.")


@pytest.fixture(scope="session")
def browser_path() -> str:
    """A browser, and a driver for it that can be started. Both or no browser test."""
    found, driver = _browser_path(), [sys.executable, "-m", "playwright", "--version"]
    if subprocess.run(driver, capture_output=True, check=False).returncode:
        _cannot("The driver of the browser does not start: `apt-get install libatomic1` may help.")
    return found


@pytest.fixture(scope="session")
def chromium(browser_path: str) -> BrowserType:
    return chromium_type()


@pytest.fixture(scope="module")
def browser(
    chromium: BrowserType, browser_path: str, browser_flags: tuple[str, ...]
) -> Iterator[Browser]:
    browser = chromium.launch(
        executable_path=browser_path, headless=True, args=[*_BROWSER_FLAGS, *browser_flags]
    )
    yield browser
    browser.close()


@pytest.fixture
def page(browser: Browser, server: str) -> Iterator[Page]:
    """A fresh visitor, who must not cause a request to anywhere else or an error in the browser."""
    context = browser.new_context(
        base_url=server, viewport={"width": 1280, "height": 900}, accept_downloads=True
    )
    page = context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    expect.set_options(timeout=_PATIENCE_MS)
    strangers: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: _note_stranger(request.url, server, strangers))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("response", lambda answer: _note_failure(answer, errors))
    yield page
    context.close()
    assert strangers == []
    assert errors == []


def _note_failure(answer: Response, errors: list[str]) -> None:
    """The browser's console shows these in red."""
    if answer.status >= 400:
        errors.append(f"{answer.status} {answer.url}")


def _note_stranger(url: str, server: str, strangers: list[str]) -> None:
    if not url.startswith((server, server.replace("http", "ws", 1), "data:", "blob:")):
        strangers.append(url)
