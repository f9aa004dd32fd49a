"""Runs inside fer's own environment: fer behind the smallest FastAPI application one would write.

    python fer_api.py PORT

One picture per request, decoded by OpenCV, read by one `FER()` as its documentation shows it, under
a lock because its interpreter is not thread-safe.
"""

import sys
import threading
from typing import Any

import cv2
import numpy as np
import uvicorn
from fastapi import FastAPI, UploadFile
from fer.fer import FER  # type: ignore[import-not-found]

app = FastAPI()
_detector, _lock = FER(), threading.Lock()


@app.post("/analyze")
def analyze(pictures: UploadFile) -> dict[str, Any]:
    """Every face of a picture with its scores."""
    image = cv2.imdecode(np.frombuffer(pictures.file.read(), np.uint8), cv2.IMREAD_COLOR)
    with _lock:
        faces = _detector.detect_emotions(image)
    return {"faces": [{"box": list(map(int, f["box"])), "scores": f["emotions"]} for f in faces]}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
