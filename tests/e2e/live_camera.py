"""What the browser tests of the live page share: a camera with two faces, and loopback media.

Video stays on the loopback interface, which WebRTC otherwise avoids on both sides: a flag makes
the browser use it, and a sitecustomize of its own the server.
"""

import io
from collections.abc import Iterator
from pathlib import Path

import matplotlib.cbook
import numpy as np
import skimage.data
from PIL import Image
from playwright.sync_api import FrameLocator, Page

PATIENCE_MS = 120_000
COMPONENT = 'iframe[title*="webrtc_streamer"]'
LOOPBACK_FLAG = "--allow-loopback-in-peer-connection"
_LOOPBACK_ONLY = """
import aioice.ice
aioice.ice.get_host_addresses = lambda use_ipv4=True, use_ipv6=True: ["127.0.0.1"]
"""


def loopback_environment(folder: Path) -> dict[str, str]:
    """Environment of a server whose video stays on this machine; writes into the folder."""
    (folder / "sitecustomize.py").write_text(_LOOPBACK_ONLY, encoding="utf-8")
    # Recordings go to a home of the test's own.
    return {"PYTHONPATH": str(folder), "EMOTION_LENS_HOME": str(folder / "home")}


def film_flag(folder: Path) -> str:
    """The flag that gives the browser a camera with two faces; writes into the folder."""
    film = folder / "two_faces.mjpeg"
    film.write_bytes(b"".join(_frames()))
    return f"--use-file-for-fake-video-capture={film}"


def component(page: Page) -> FrameLocator:
    """The inside of the video component."""
    return page.frame_locator(COMPONENT)


def start(page: Page) -> None:
    """Agrees to the notice, if it is there, and starts the camera."""
    agree = page.get_by_role("button", name="I understand")
    button = component(page).get_by_role("button", name="Start the camera")
    agree.or_(page.locator(COMPONENT)).first.wait_for()
    if agree.is_visible():
        agree.click()
    button.click()


def _frames() -> Iterator[bytes]:
    """Ten seconds of two people who sway a little, without dark pixels."""
    astronaut = Image.fromarray(skimage.data.astronaut()).crop((100, 0, 360, 260))
    with matplotlib.cbook.get_sample_data("grace_hopper.jpg") as file:
        hopper = Image.open(file).convert("RGB").crop((80, 20, 420, 420))
    for index in range(300):
        angle = 2 * np.pi * index / 300
        picture = Image.new("RGB", (640, 480), (150, 155, 160))
        picture.paste(astronaut.resize((230, 230)), (int(60 + 25 * np.sin(angle)), 120))
        picture.paste(hopper.resize((220, 259)), (370, int(110 + 20 * np.cos(angle))))
        lifted = picture.point(lambda value: 70 + value * 185 // 255)
        buffer = io.BytesIO()
        lifted.save(buffer, "JPEG", quality=85)
        yield buffer.getvalue()
