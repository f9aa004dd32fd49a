"""Emotion Lens: facial expression recognition for photos, videos and live.

The library behind the dashboard and the command line. It never imports Streamlit.

    from emotion_core import analyze

    print(analyze("party.jpg").to_frame())

``analyze`` reads pictures in whatever form, ``analyze_video`` a video to a table, `load_model`
opens a model, and `EmotionPipeline` keeps model and face detector open between calls.
``iter_frames`` reads a video frame by frame, those that `Sampling` says; ``run_batch`` reads many
inputs by several processes or machines.
"""

__version__ = "0.2.0"

__all__ = [
    "EmotionPipeline",
    "Sampling",
    "Store",
    "__version__",
    "analyze",
    "analyze_video",
    "iter_frames",
    "load_model",
    "run_batch",
]

# Not from typing: importing this package costs nothing, and type checkers know the name.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from emotion_core.batch.run import run_batch
    from emotion_core.classifiers.registry import load_model
    from emotion_core.image_analysis import analyze
    from emotion_core.pipeline import EmotionPipeline
    from emotion_core.store.store import Store
    from emotion_core.video.analysis import analyze_video
    from emotion_core.video.reading import iter_frames
    from emotion_core.video.sampling import Sampling

# Imported when they are asked for: they bring OpenCV and LiteRT, which take a third of a second.
_HOMES = {
    "EmotionPipeline": "emotion_core.pipeline",
    "Sampling": "emotion_core.video.sampling",
    "Store": "emotion_core.store.store",
    "analyze": "emotion_core.image_analysis",
    "analyze_video": "emotion_core.video.analysis",
    "iter_frames": "emotion_core.video.reading",
    "load_model": "emotion_core.classifiers.registry",
    "run_batch": "emotion_core.batch.run",
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
