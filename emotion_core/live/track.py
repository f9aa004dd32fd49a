"""The way of the video through a session: what streamlit-webrtc feeds and reads.

The library's own worker hands a drawn frame on when the next one comes in, so that everything is
seen one frame late, and repeats frames where reading is slow. Here a frame goes back as soon as
it is drawn, and none goes back that was not: not the first ones either.
"""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

#: Draws the newest frame; the number tells how many came since the last, this one included.
Handler = Callable[[av.VideoFrame, int], av.VideoFrame]


class LiveTrack(MediaStreamTrack):
    """Takes the camera's frames as the library's "sink" and gives drawn ones as its "source".

    While a frame is being read, newer ones replace each other, so that delay cannot build up.
    Made per connection; without one it costs nothing and leaves nothing behind.

    Args:
        handle: reads and draws a frame, on a thread of its own. Must not raise.
        on_start: called when video begins.
        on_end: called once when it has ended, if it had begun.
    """

    kind = "video"

    def __init__(
        self, handle: Handler, on_start: Callable[[], None], on_end: Callable[[], None]
    ) -> None:
        super().__init__()
        self._handle = handle
        self._on_start, self._on_end = on_start, on_end
        self._camera: MediaStreamTrack | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reader: asyncio.Task[None] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._newest: av.VideoFrame | None = None
        self._queued = 0
        self._arrived = asyncio.Event()

    # What the library asks of a sink.

    def addTrack(self, track: MediaStreamTrack) -> None:  # noqa: N802
        """Takes the camera's track."""
        self._camera = track

    def hasTrack(self) -> bool:  # noqa: N802
        """Whether there is a camera's track."""
        return self._camera is not None

    def start(self) -> None:
        """Begins to read the camera; called on the event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="live-frames")
        self._on_start()
        self._reader = self._loop.create_task(self._read())

    # What the library asks of both.

    def stop(self) -> None:
        """Ends the video; from any thread, any number of times."""
        super().stop()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._close)

    # What the library asks of a source.

    async def recv(self) -> av.VideoFrame:
        """The next drawn frame.

        Raises:
            MediaStreamError: the video has ended.
        """
        await self._arrived.wait()
        if self.readyState != "live" or self._thread is None or self._newest is None:
            raise MediaStreamError
        frame, queued = self._newest, self._queued
        self._newest, self._queued = None, 0
        self._arrived.clear()
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, self._handle, frame, queued)
        except RuntimeError as error:  # the thread was ended in between
            raise MediaStreamError from error

    async def _read(self) -> None:
        assert self._camera is not None
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await self._camera.recv()
                if isinstance(frame, av.VideoFrame):
                    self._newest = frame
                    self._queued += 1
                    self._arrived.set()
        self.stop()

    def _close(self) -> None:
        """On the event loop: lets go of the thread, the camera and whoever waits for a frame."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        if self._reader is not None:
            self._reader.cancel()
        self._newest = None
        self._arrived.set()
        thread.shutdown(wait=False)
        self._on_end()
