"""Takes the screenshots of the documentation from the running app: ``make screenshots``.

The app starts with an empty home folder on a free port of this machine, and ends with the script.
The photographs are in the public domain (scikit-image's astronaut and coffee, matplotlib's
grace_hopper); data set, training and evaluation are those of the synthetic data set. Needs Debian's
``chromium``, as the browser tests do.
"""

import argparse
import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import av
import matplotlib.cbook
import numpy as np
import skimage.data
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from emotion_core import Sampling, Store, analyze_video  # noqa: E402
from emotion_core.jobs import JobBoard  # noqa: E402
from emotion_core.video.library import VideoLibrary  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
Theme = Literal["light", "dark"]

WIDTH = 1440
_PATIENCE_MS = 120_000
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Video stays on the loopback interface, which WebRTC avoids unless both sides are told.
_LOOPBACK_ONLY = """
import aioice.ice
aioice.ice.get_host_addresses = lambda use_ipv4=True, use_ipv6=True: ["127.0.0.1"]
"""
_CAMERA = 'iframe[title*="webrtc_streamer"]'


def main() -> int:
    """Takes all pictures, or those that are named."""
    shots = {
        "home": _home,
        "photos": _photos,
        "live": _live,
        "videos": _videos,
        "sessions": _sessions,
        "datasets": _datasets,
        "training": _training,
        "history": _history,
        "evaluation": _evaluation,
    }
    parser = argparse.ArgumentParser(description="Takes the screenshots of the documentation.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(shots)}")
    names = parser.parse_args().names or list(shots)
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        _write_photos(folder)
        home = folder / "home"
        if {"datasets", "training", "history", "evaluation"} & set(names):
            _prepare(home)
        if {"videos", "sessions"} & set(names):
            _read_film(folder, home)
        with _server(folder, home) as address, _browser(folder) as browser:
            for name in names:
                for theme in ("light", "dark") if name in ("home", "photos") else ("light",):
                    _take(browser, address, name, theme, shots[name], folder)
    return 0


def _home(page: Page, _: Path) -> int:
    page.goto("/")
    expect(page.get_by_alt_text("Drawing: a picture with a box around a face")).to_be_visible()
    return 900


def _photos(page: Page, folder: Path) -> int:
    page.goto("/photos")
    names = ("astronaut.jpg", "both.jpg", "coffee.jpg")
    page.locator("input[type=file]").set_input_files([str(folder / name) for name in names])
    expect(page.get_by_text("3 photos · 3 faces")).to_be_visible()
    return 860


def _live(page: Page, _: Path) -> int:
    page.goto("/live")
    # A notice that has to be agreed to stands in the way of the camera at first.
    page.get_by_role("button", name="I understand").click()
    page.frame_locator(_CAMERA).get_by_role("button", name="Start the camera").click()
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(1)
    page.wait_for_timeout(40_000)  # so that there is something to see over time
    return 1240


def _videos(page: Page, _: Path) -> int:
    page.goto("/videos")
    _open_first(page)
    expect(page.locator(".who", has_text="Astronaut")).to_be_visible()
    return 1330


def _sessions(page: Page, _: Path) -> int:
    page.goto("/sessions")
    _open_first(page)
    expect(page.locator(".who", has_text="Astronaut")).to_be_visible()
    return 1390


def _open_first(page: Page) -> None:
    main = page.get_by_test_id("stMain")
    main.get_by_role("button", name="Open", exact=True).first.click()


def _datasets(page: Page, _: Path) -> int:
    page.goto("/datasets")
    expect(page.get_by_role("tab").first).to_be_visible()
    return 1000


def _training(page: Page, _: Path) -> int:
    page.goto("/training")
    expect(page.get_by_text("practice-2").first).to_be_visible()
    return 1000


def _history(page: Page, _: Path) -> int:
    page.goto("/history")
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    return 1000


def _evaluation(page: Page, _: Path) -> int:
    page.goto("/evaluation")
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    return 1000


def _take(browser: Browser, address: str, name: str, theme: Theme, shot: Any, folder: Path) -> None:
    """One picture of one page, as WebP. ``shot`` goes there and says how high the picture is."""
    context = browser.new_context(
        base_url=address,
        viewport={"width": WIDTH, "height": 900},
        color_scheme=theme,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    expect.set_options(timeout=_PATIENCE_MS)
    height = shot(page, folder)
    if name != "live":
        _settle(page)
    page.set_viewport_size({"width": WIDTH, "height": height})
    page.wait_for_timeout(1500)
    if name != "live":
        _settle(page)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    context.close()
    path = PICTURES / f"{name}{'-dark' if theme == 'dark' else ''}.webp"
    picture.save(path, "WEBP", quality=82, method=6)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")


def _settle(page: Page) -> None:
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


def _prepare(home: Path) -> None:
    """A synthetic data set, two short trainings on it and an evaluation of the default model."""
    data = home / "data" / "synthetic.parquet"
    train = ("train", "--dataset", str(data), "--preset", "smoke")
    for arguments in (
        ("dataset", "synthesize", "--output", str(data)),
        (*train, "--run-dir", str(home / "runs" / "practice-1")),
        (*train, "--run-dir", str(home / "runs" / "practice-2"), "--learning-rate", "0.001"),
        ("evaluate", "--dataset", str(data), "--split", "validation", "--json"),
    ):
        subprocess.run(
            [sys.executable, "-m", "emotion_core", *arguments],
            cwd=ROOT,
            env=_environment(home),
            check=True,
            stdout=subprocess.DEVNULL,
        )


def _read_film(folder: Path, home: Path) -> None:
    """A film of the photographs, read as a video, and kept as two sessions."""
    film = home / "interview.mp4"
    home.mkdir(exist_ok=True)
    _write_film(folder, film)
    entry = VideoLibrary(home / "videos", JobBoard(home / "jobs", start=False)).add_file(film)
    analyze_video(film, output=entry.folder.path, sampling=Sampling(every_s=0.2), strip=True)
    entry.folder.people.name(1, "Astronaut")
    entry.folder.people.name(2, "Admiral")
    entry.folder.markers.add(4.0, 7.0, "question")
    with Store(home=home) as store:
        for name, condition in (("Second interview", "loud"), ("First interview", "calm")):
            session = store.add_video(entry.folder.path, name=name)
            session.join_group("Noise", condition)
            session.add_tag("pilot")
            session.people.link(1, "Astronaut")


def _write_film(folder: Path, path: Path) -> None:
    """Twelve seconds in which two faces move, turn and grow dark, so that scores change."""
    astronaut = Image.open(folder / "astronaut.jpg").crop((110, 0, 350, 240))
    hopper = Image.open(folder / "both.jpg").crop((560, 60, 940, 440))
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 960, 540, "yuv420p"
        for index in range(120):
            turn = np.sin(2 * np.pi * index / 60)
            picture = Image.new("RGB", (960, 540), (150, 155, 160))
            for place, (face, phase) in enumerate(((astronaut, turn), (hopper, -turn))):
                small = face.resize((340, 340)).rotate(16 * phase, fillcolor=(150, 155, 160))
                light = 0.45 + 0.55 * abs(np.cos(np.pi * (index + 30 * place) / 60))
                shown = Image.fromarray((np.asarray(small) * light).astype(np.uint8))
                picture.paste(shown, (90 + 450 * place + int(20 * phase), 110))
            for packet in stream.encode(av.VideoFrame.from_image(picture)):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def _write_photos(folder: Path) -> None:
    """The photographs, and a film of them for the browser's camera."""
    astronaut = Image.fromarray(skimage.data.astronaut())
    portrait = matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    hopper = Image.open(str(portrait)).convert("RGB")
    astronaut.save(folder / "astronaut.jpg", quality=92)
    Image.fromarray(skimage.data.coffee()).save(folder / "coffee.jpg", quality=92)
    both = Image.new("RGB", (1000, 600), "lightgray")
    both.paste(astronaut.resize((480, 480)), (10, 60))
    both.paste(hopper.resize((480, 560)), (510, 20))
    both.save(folder / "both.jpg", quality=92)
    with (folder / "camera.mjpeg").open("wb") as film:
        for index in range(300):
            angle = 2 * np.pi * index / 300
            picture = Image.new("RGB", (640, 480), (150, 155, 160))
            face = astronaut.crop((100, 0, 360, 260)).resize((300, 300))
            picture.paste(face, (int(170 + 30 * np.sin(angle)), 90))
            picture.save(film, "JPEG", quality=85)


def _environment(home: Path) -> dict[str, str]:
    return {**os.environ, "EMOTION_LENS_HOME": str(home), "EMOTION_LENS_DATASET": ""}


@contextmanager
def _server(folder: Path, home: Path) -> Iterator[str]:
    """The app on a free port; its address."""
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(_LOOPBACK_ONLY, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
        cwd=ROOT,
        env={**_environment(home), "PYTHONPATH": str(folder / "site")},
        stdout=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not _answers(f"{address}/_stcore/health"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("The app did not start.")
            time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def _browser(folder: Path) -> Iterator[Browser]:
    path = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        raise SystemExit(f"Wanted one of {', '.join(_BROWSERS)}: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=[
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                "--allow-loopback-in-peer-connection",
                f"--use-file-for-fake-video-capture={folder / 'camera.mjpeg'}",
            ],
        )
        yield browser
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
