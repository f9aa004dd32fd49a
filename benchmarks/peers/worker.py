"""What the workers of peers have in common: one frame per request, timed inside the peer.

Requests come on stdin and answers go to stdout, one JSON object a line; the first answer says
that the peer is ready.
    {"frame": "<path of a .npy file, (H, W, 3) uint8 BGR>"} -> {"ms": 48.1, "faces": 1}
"""

import json
import os
import sys
import time
from collections.abc import Callable, Sized
from typing import Any

import numpy as np


def serve(load: Callable[[], Callable[[Any], Sized]]) -> None:
    """Answers requests until stdin ends.

    Args:
        load: imports the peer and returns what turns a frame into one entry per face.
    """
    # Libraries print to stdout as well: the answers keep a copy of it, all else goes to stderr.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    analyze = load()
    frames: dict[str, Any] = {}
    print(json.dumps({"ready": True}), file=answers)
    for line in sys.stdin:
        path = json.loads(line)["frame"]
        if path not in frames:
            frames[path] = np.load(path)
        start = time.perf_counter()
        faces = analyze(frames[path])
        ms = 1000 * (time.perf_counter() - start)
        print(json.dumps({"ms": ms, "faces": len(faces)}), file=answers)
