"""Records in real time and kills itself: ``python -m tests.store.killed HOME SECONDS ...``.

Every run goes on with the session of the one before. For each it prints the session's time of the
first and the newest frame that the recorder took, and of the newest that is on the disk.
"""

import mmap
import os
import signal
import struct
import sys
import threading
import time
from pathlib import Path

from emotion_core.store.places import SessionPlace
from emotion_core.store.row_parts import last_time
from emotion_core.store.store import Store
from tests.video.tables import happy, result

FPS = 30.0
#: Longer than what counts as a gap.
PAUSE_S = 1.1


def record(home: Path, seconds: float, taken: mmap.mmap) -> None:
    store = Store(home=home)
    known = store.sessions()
    live = store.resume(known[0].id) if known else store.record(model="compact", detector="yunet")
    began = time.monotonic()
    # From another thread, so that it ends whatever the recorder is doing just then.
    threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()
    first_s = 0.0
    for index in range(10**9):
        live.add(result(index, index / FPS, [happy()]))
        first_s = live.elapsed_s if index == 0 else first_s
        taken[:16] = struct.pack("dd", first_s, live.elapsed_s)
        time.sleep(max(0.0, began + (index + 1) / FPS - time.monotonic()))


def newest_on_disk(home: Path) -> float:
    (session,) = (path.parent.name for path in home.glob("sessions/*/waiting.json"))
    tables = list(SessionPlace(home / "sessions", session).parts.tables())
    return last_time(tables[-1]) if tables else 0.0


if __name__ == "__main__":
    where = Path(sys.argv[1])
    shared = mmap.mmap(-1, 16)
    for number, each in enumerate(sys.argv[2:]):
        if number:
            time.sleep(PAUSE_S)
        if (child := os.fork()) == 0:
            record(where, float(each), shared)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
            sys.exit(f"wanted a kill, got {status}")
        # Arrow's threads do not live through a fork, so this process starts none.
        if (child := os.fork()) == 0:
            print(*struct.unpack("dd", shared[:16]), newest_on_disk(where), flush=True)
            os._exit(0)
        os.waitpid(child, 0)
