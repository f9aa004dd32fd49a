"""Drives the live page in a real browser and measures it from outside.

    python benchmarks/live.py --seconds 60 [--viewers 2] [--faces 1] [--page-changes 20] [--json]

The fake camera plays a film whose frames carry their number, so that repeated frames are told
from new ones and the delay from camera to screen is read off one clock. Frames a second are
measured in the first half of the time; in the second half the browser also reads the camera
itself, for the delay, which costs a few frames. Video stays on the loopback interface.

--busy lets another program take one core all the time. Beside ours then stands a page that draws
the frames as they come and reads no faces, taking turns with it in the same run: what it reaches
is what the browser and the way of the video leave.
Needs requirements-dev.txt and a chromium.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, Frame, Page, TimeoutError, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from live_film import (  # noqa: E402
    delays_ms,
    film,
    growth_per_minute,
    summary,
    unique_frames,
    worst,
)
from startup import free_port, wait_for_port  # noqa: E402

from emotion_core.cli.benchmark.machine import machine_facts  # noqa: E402

_PATIENCE_MS = 120_000
# The first draws no window of its own.
_CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
)  # fmt: skip
# The page that only draws: frames are converted and shown, nothing is read.
_DRAWS_ONLY = """
import importlib.abc, importlib.util, sys

class Patch(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "emotion_core.live.session":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            module.LiveSession._process = plain

        spec.loader.exec_module = exec_module
        return spec

def plain(self, frame, queued):
    image = self._converter.picture(frame, mirror=self._take_changes().mirror)
    return self._converter.frame(image, frame)

sys.meta_path.insert(0, Patch())
"""
# WebRTC avoids the loopback interface on both sides; this is the server's part.
_LOOPBACK_ONLY = """
import aioice.ice
aioice.ice.get_host_addresses = lambda use_ipv4=True, use_ipv6=True: ["127.0.0.1"]
"""
_KEEP_PEERS = """
window.lensPeers = [];
const Peer = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Peer {
  constructor(...args) { super(...args); window.lensPeers.push(this); }
};
"""
_HOME = "h2:has-text('The model in use')"
_COMPONENT = 'iframe[title*="webrtc_streamer"]'
_PROBE = (ROOT / "benchmarks" / "live_probe.js").read_text(encoding="utf-8")
#: Memory is compared from here on, after caches have filled.
_WARM_UP_S = 45.0
_LOOK_AT_MEMORY_EVERY_S = 5.0


class Viewer:
    """One visitor who watches the live page."""

    def __init__(self, browser: Browser, address: str) -> None:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.add_init_script(_KEEP_PEERS)
        self.page: Page = context.new_page()
        self.page.set_default_timeout(_PATIENCE_MS)
        self.page.goto(f"{address}/live")
        self.page.get_by_role("button", name="I understand").click()
        self.page.locator(_COMPONENT).wait_for()
        # Mirrored, the numbers in the film could not be read.
        self.page.get_by_test_id("stSidebar").get_by_text("Mirror", exact=True).click()

    def play(self, *, wait_for_faces: bool = True) -> Frame:
        """Starts the camera and returns the component's frame once faces are read."""
        component = self.page.frame_locator(_COMPONENT)
        component.get_by_role("button", name="Start the camera").click()
        if wait_for_faces:
            self.page.locator(".el-faces-now .el-bars").first.wait_for()
        # The faces of the video before may still stand there; the picture is the proof.
        component.locator("video").wait_for()
        handle = self.page.locator(_COMPONENT).element_handle()
        frame = handle.content_frame() if handle else None
        if frame is None:
            raise SystemExit("The video component has no frame of its own.")
        frame.evaluate(_PROBE)
        return frame

    def stage_ms(self) -> dict[str, float]:
        """What the page itself tells about its stages."""
        text = self.page.locator(".el-figures > div").nth(1).locator("small").inner_text()
        return {name: float(ms) for name, ms in re.findall(r"(\w+) ([\d.]+)", text)}

    def effort(self) -> str:
        """What the page says it leaves out."""
        return self.page.locator(".el-figures > div").nth(5).inner_text().replace("\n", " ")

    def visit(self, title: str, landmark: str) -> None:
        """Changes the page; a click while the page is being redrawn can get lost."""
        link = self.page.get_by_test_id("stSidebarNavLink").filter(has_text=title)
        there = self.page.locator(landmark).first
        for _ in range(10):
            link.click()
            try:
                there.wait_for(timeout=_PATIENCE_MS / 10)
            except TimeoutError:
                continue
            return
        raise SystemExit(f"The page {title} did not open.")


class Memory:
    """The server's memory over time."""

    def __init__(self, server: psutil.Process) -> None:
        self._server = server
        #: (seconds, megabytes), oldest first.
        self.seen: list[tuple[float, float]] = []

    def look(self) -> None:
        """Notes what the server uses now."""
        self.seen.append((time.monotonic(), self._server.memory_info().rss / 1e6))


def measure(
    frames: list[Frame], seconds: float, memory: Memory, *, camera: bool
) -> list[dict[str, Any]]:
    """Watches all viewers at once for some seconds."""
    before = [frame.evaluate("lensProbe.decoded()") for frame in frames]
    for frame in frames:
        frame.evaluate(f"lensProbe.start({str(camera).lower()})")
    begun = time.monotonic()
    while (left := begun + seconds - time.monotonic()) > 0:
        memory.look()
        # Through the driver, so that it keeps answering the browsers meanwhile.
        frames[0].wait_for_timeout(min(left, _LOOK_AT_MEMORY_EVERY_S) * 1000)
    seen = [frame.evaluate("lensProbe.stop()") for frame in frames]
    passed = time.monotonic() - begun
    return [
        {**one, "decoded": one["decoded"] - start, "seconds": passed}
        for one, start in zip(seen, before, strict=True)
    ]


def run(address: str, server: psutil.Process, film_path: Path, options: argparse.Namespace) -> Any:
    """Everything that is measured, in the fields of the report."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_CHROMIUM,
            headless=True,
            args=[*_FLAGS, f"--use-file-for-fake-video-capture={film_path}"],
        )
        viewers = [Viewer(browser, address) for _ in range(options.viewers)]
        threads_before = server.num_threads()
        frames = [viewer.play() for viewer in viewers]
        warm_up_s = min(_WARM_UP_S, options.seconds / 4)
        frames[0].wait_for_timeout(warm_up_s * 1000)
        memory, cpu_start = Memory(server), sum(server.cpu_times()[:2])
        plain = measure(frames, options.seconds / 2, memory, camera=False)
        cpu_s = sum(server.cpu_times()[:2]) - cpu_start
        stage_ms = viewers[0].stage_ms()
        probed = measure(frames, options.seconds / 2, memory, camera=True)
        memory.look()
        waits = waits_to_be_told(browser, address) if options.viewers > 1 else None
        for viewer in viewers[1:]:
            viewer.page.context.close()
        for _ in range(options.page_changes):
            viewers[0].visit("Home", _HOME)
            viewers[0].visit("Live", _COMPONENT)
            viewers[0].play()
        viewers[0].visit("Home", _HOME)
        # The library looks once a second whether a page was left.
        viewers[0].page.wait_for_timeout(5000)
        threads_after = server.num_threads()
        browser.close()
    each = [
        {
            "unique_fps": round(unique_frames(one["shown"]) / one["seconds"], 1),
            "delivered_fps": round(one["decoded"] / one["seconds"], 1),
            "delay_ms": summary(delays_ms(two["shown"], two["camera"])),
        }
        for one, two in zip(plain, probed, strict=True)
    ]
    drawn = sum(unique_frames(one["shown"]) for one in plain)
    return {
        **worst(each),
        "stage_ms": stage_ms,
        "server_cpu_ms_per_frame": round(1000 * cpu_s / max(1, drawn), 1),
        "rss_mb": {
            "start": round(memory.seen[0][1], 1),
            "end": round(memory.seen[-1][1], 1),
            "growth_per_minute": growth_per_minute(memory.seen),
        },
        "threads": {"before": threads_before, "after": threads_after},
        "page_changes": options.page_changes,
        "faces": options.faces,
        "seconds": options.seconds,
        "viewers": each,
        "one_more_is_told_to_wait": waits,
    }


def run_beside_plain(
    address: str, plain_address: str, film_path: Path, options: argparse.Namespace
) -> dict[str, Any]:
    """Our page and one that only draws, in turns, while another program takes a core."""
    figures: dict[str, list[dict[str, Any]]] = {"ours": [], "draws_only": []}
    loads: list[str] = []
    spinner = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=_CHROMIUM,
                headless=True,
                args=[*_FLAGS, f"--use-file-for-fake-video-capture={film_path}"],
            )
            for _ in range(options.rounds):
                for name, where in (("ours", address), ("draws_only", plain_address)):
                    viewer = Viewer(browser, where)
                    frame = viewer.play(wait_for_faces=name == "ours")
                    frame.wait_for_timeout(1000 * options.seconds / 3)
                    figures[name].append(watched(frame, options.seconds))
                    if name == "ours":
                        loads.append(viewer.effort())
                    viewer.page.context.close()
                    time.sleep(2)
            browser.close()
    finally:
        spinner.kill()
        spinner.wait()
    sums = {name: medians(rounds) for name, rounds in figures.items()}
    return {
        **sums,
        "effort": loads,
        "fps_ratio": round(sums["ours"]["unique_fps"] / sums["draws_only"]["unique_fps"], 3),
        "more_delay_ms": round(
            sums["ours"]["delay_p50_ms"] - sums["draws_only"]["delay_p50_ms"], 1
        ),
        "rounds": figures,
    }


def watched(frame: Frame, seconds: float) -> dict[str, Any]:
    """Frames a second, then the delay, of one viewer."""
    found: dict[str, Any] = {}
    for camera in (False, True):
        frame.evaluate(f"lensProbe.start({str(camera).lower()})")
        begun = time.monotonic()
        frame.wait_for_timeout(1000 * seconds / 2)
        seen = frame.evaluate("lensProbe.stop()")
        passed = time.monotonic() - begun
        if camera:
            found["delay_ms"] = summary(delays_ms(seen["shown"], seen["camera"]))
        else:
            found["unique_fps"] = round(unique_frames(seen["shown"]) / passed, 1)
    return found


def medians(rounds: list[dict[str, Any]]) -> dict[str, float]:
    """Medians over the rounds of one page."""
    delays = [one["delay_ms"]["p50"] for one in rounds if one["delay_ms"]["p50"] is not None]
    return {
        "unique_fps": round(statistics.median(one["unique_fps"] for one in rounds), 1),
        "delay_p50_ms": round(statistics.median(delays), 1) if delays else float("nan"),
    }


def waits_to_be_told(browser: Browser, address: str) -> bool:
    """Whether a visitor for whom there is no place is told so and gets no camera."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/live")
    page.get_by_role("button", name="I understand").click(timeout=_PATIENCE_MS)
    page.get_by_text("Please wait").wait_for(timeout=_PATIENCE_MS)
    told = page.locator(_COMPONENT).count() == 0
    context.close()
    return told


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="Measures the live page in a real browser.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--viewers", type=int, default=1)
    parser.add_argument("--faces", type=int, choices=(1, 2), default=1)
    parser.add_argument("--page-changes", type=int, default=20)
    parser.add_argument(
        "--busy", action="store_true", help="another program takes a core; beside a plain page"
    )
    parser.add_argument("--rounds", type=int, default=3, help="turns of each page with --busy")
    parser.add_argument("--json", action="store_true", help="print only the JSON document")
    return parser.parse_args(arguments)


@contextlib.contextmanager
def served(folder: Path, options: argparse.Namespace, *, plain: bool = False) -> Iterator[Any]:
    """A server of its own: (address, process)."""
    place = folder / ("plain" if plain else "ours")
    place.mkdir()
    site = _LOOPBACK_ONLY + (_DRAWS_ONLY if plain else "")
    (place / "sitecustomize.py").write_text(site, encoding="utf-8")
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    environment = {
        **os.environ,
        "PYTHONPATH": str(place),
        "EMOTION_LENS_MAX_VIEWERS": str(options.viewers),
    }
    with (place / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env=environment)
        try:
            wait_for_port(port, server)
            yield f"http://127.0.0.1:{port}", server
        finally:
            server.terminate()
            server.wait(timeout=30)


def main() -> None:
    """Starts a server of its own, measures, prints."""
    options = parse()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        film_path = folder / "film.mjpeg"
        film_path.write_bytes(b"".join(film(options.faces)))
        address, server = stack.enter_context(served(folder, options))
        if options.busy:
            plain_address, _ = stack.enter_context(served(folder, options, plain=True))
            report = run_beside_plain(address, plain_address, film_path, options)
        else:
            report = run(address, psutil.Process(server.pid), film_path, options)
    report = {"machine": machine_facts(), **report}
    if not options.json:
        print("Delay: from the camera to the screen. Of several viewers the worst, then each.")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
