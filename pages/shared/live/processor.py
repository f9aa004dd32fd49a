"""Between streamlit-webrtc and a live session: what the library calls for frames."""

import av

from pages.shared.live.session import LiveSession
from pages.shared.live.viewers import ViewerGate


class LiveProcessor:
    """Hands frames of one connection to its session: the library's "video processor".

    An exception here would end the stream without a word.

    Args:
        live: the viewer's session.
        gate: counts the viewers.
        viewer: who this is.
    """

    def __init__(self, live: LiveSession, gate: ViewerGate, viewer: str) -> None:
        self._live = live
        self._gate = gate
        self._viewer = viewer
        live.begin()
        gate.enter(viewer)

    def recv(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Reads one frame."""
        return self._handle(frame, 1)

    async def recv_queued(self, frames: list[av.VideoFrame]) -> list[av.VideoFrame]:
        """Reads the newest frame; the others came while it could not be read and are skipped."""
        return [self._handle(frames[-1], len(frames))]

    def on_ended(self) -> None:
        """The camera was stopped, the page left or the connection lost."""
        self._gate.leave(self._viewer)

    def _handle(self, frame: av.VideoFrame, queued: int) -> av.VideoFrame:
        if not self._gate.enter(self._viewer):
            return self._live.refuse(frame)
        return self._live.process(frame, queued=queued)
