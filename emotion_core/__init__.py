"""Emotion Lens: facial expression recognition for photos and live video.

The library behind the dashboard and the command line. It never imports Streamlit.

    from emotion_core import analyze

    print(analyze("party.jpg").to_frame())

``analyze`` reads pictures in whatever form, `load_model` opens a model, and `EmotionPipeline` keeps
model and face detector open between calls.
"""

__version__ = "0.2.0"

__all__ = ["EmotionPipeline", "Store", "__version__", "analyze", "load_model"]

# Not from typing: importing this package costs nothing, and type checkers know the name.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from emotion_core.classifiers.registry import load_model
    from emotion_core.image_analysis import analyze
    from emotion_core.pipeline import EmotionPipeline
    from emotion_core.store.store import Store

# Imported when they are asked for: they bring OpenCV and LiteRT, which take a third of a second.
_HOMES = {
    "EmotionPipeline": "emotion_core.pipeline",
    "Store": "emotion_core.store.store",
    "analyze": "emotion_core.image_analysis",
    "load_model": "emotion_core.classifiers.registry",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value: object = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value  # asked for once
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
