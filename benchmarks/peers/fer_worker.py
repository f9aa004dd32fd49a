"""Runs inside fer's own environment: times `FER.detect_emotions`, one frame per request.

Requests come on stdin and answers go to stdout, one JSON object a line:
    {"frame": "<path of a .npy file, (H, W, 3) uint8 BGR>"} -> {"ms": 48.1, "faces": 1}
"""

import json
import os
import sys
import time

# The libraries print to stdout as well. The answers keep a copy of it; all else goes to stderr.
answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

import numpy as np  # noqa: E402
from fer.fer import FER  # noqa: E402


def main() -> None:
    detector = FER()  # its defaults: Haar cascade, quantized TensorFlow Lite model
    frames = {}
    print(json.dumps({"ready": True}), file=answers)
    for line in sys.stdin:
        path = json.loads(line)["frame"]
        if path not in frames:
            frames[path] = np.load(path)
        start = time.perf_counter()
        faces = detector.detect_emotions(frames[path])
        ms = 1000 * (time.perf_counter() - start)
        print(json.dumps({"ms": ms, "faces": len(faces)}), file=answers)


if __name__ == "__main__":
    main()
