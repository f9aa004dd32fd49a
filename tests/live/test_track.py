"""The way of the video: the newest frame goes in, drawn frames come out, and it ends cleanly."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import av
import pytest
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from emotion_core.live.track import LiveTrack

Camera = Callable[..., av.VideoFrame]


class Film(MediaStreamTrack):
    """A camera's track that gives what the test hands to it."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self.frames: asyncio.Queue[av.VideoFrame | None] = asyncio.Queue()

    async def recv(self) -> av.VideoFrame:
        frame = await self.frames.get()
        if frame is None:
            raise MediaStreamError
        return frame


class Reader:
    """Remembers what it was given and gives it back."""

    def __init__(self) -> None:
        self.seen: list[tuple[int | None, int]] = []
        self.threads: set[str] = set()
        self.states: list[str] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, frame: av.VideoFrame, queued: int) -> av.VideoFrame:
        assert self.go_on.wait(60)
        self.seen.append((frame.pts, queued))
        self.threads.add(threading.current_thread().name)
        return frame

    def track(self) -> LiveTrack:
        return LiveTrack(
            self, lambda: self.states.append("start"), lambda: self.states.append("end")
        )


def live_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("live-frames")]


def no_thread_stays() -> bool:
    """Whether all threads for frames end; none would wait here for ever."""
    for thread in live_threads():
        thread.join(60)
    return not live_threads()


def in_a_loop(work: Coroutine[Any, Any, None]) -> None:
    """In a thread of its own: a browser test before may have left its loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.001)


def test_every_frame_comes_back_as_soon_as_it_was_read(camera: Camera) -> None:
    async def run() -> None:
        reader, film = Reader(), Film()
        track = reader.track()
        track.addTrack(film)
        assert track.hasTrack()
        track.start()
        for index in range(5):
            film.frames.put_nowait(camera(index))
            # Without waiting for the next frame of the camera.
            shown = await asyncio.wait_for(track.recv(), 60)
            assert shown.pts == camera(index).pts
        assert [queued for _, queued in reader.seen] == [1] * 5
        assert reader.threads == {"live-frames_0"}  # and never the event loop's
        track.stop()
        await until(lambda: reader.states == ["start", "end"])

    in_a_loop(run())
    assert no_thread_stays()


def test_while_a_frame_is_read_newer_ones_replace_each_other(camera: Camera) -> None:
    async def run() -> None:
        reader, film = Reader(), Film()
        track = reader.track()
        track.addTrack(film)
        track.start()
        reader.go_on.clear()
        film.frames.put_nowait(camera(0))
        first = asyncio.ensure_future(track.recv())
        await until(lambda: bool(live_threads()) and film.frames.empty())
        for index in range(1, 5):
            film.frames.put_nowait(camera(index))
        await until(film.frames.empty)
        reader.go_on.set()
        await first
        await asyncio.wait_for(track.recv(), 60)
        assert reader.seen == [(camera(0).pts, 1), (camera(4).pts, 4)]
        track.stop()

    in_a_loop(run())
    assert no_thread_stays()


@pytest.mark.parametrize("who", ["camera", "library", "library, from another thread"])
def test_the_end_frees_whoever_waits_for_a_frame(who: str, camera: Camera) -> None:
    async def run() -> None:
        reader, film = Reader(), Film()
        track = reader.track()
        track.addTrack(film)
        track.start()
        film.frames.put_nowait(camera(0))
        await asyncio.wait_for(track.recv(), 60)
        waiting = asyncio.ensure_future(track.recv())
        await asyncio.sleep(0)
        if who == "camera":
            film.frames.put_nowait(None)
        elif who == "library":
            track.stop()
        else:
            await asyncio.to_thread(track.stop)
        with pytest.raises(MediaStreamError):
            await asyncio.wait_for(waiting, 60)
        track.stop()
        await until(lambda: reader.states == ["start", "end"])
        with pytest.raises(MediaStreamError):
            await track.recv()
        await asyncio.sleep(0)
        assert reader.states == ["start", "end"]  # told once

    in_a_loop(run())
    assert no_thread_stays()


def test_a_track_that_no_connection_takes_up_leaves_nothing_behind() -> None:
    before = threading.active_count()
    reader = Reader()
    track = reader.track()
    assert not track.hasTrack()
    track.stop()
    assert threading.active_count() == before
    assert reader.states == []
