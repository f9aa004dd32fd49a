"""Recordings into a store of a test's own, and what is left of them."""

from datetime import UTC, datetime
from pathlib import Path

from emotion_core.live.recorded import Marker, Recorded, ScoreSource, build_recorded
from emotion_core.store.places import SessionPlace
from emotion_core.store.recorder import Recorder
from emotion_core.store.store import Store
from emotion_core.store.waiting import READ_BY
from emotion_core.video.markers import MARKER

SOURCE = ScoreSource("compact", "raters", "libfacedetection")


def begin(home: Path, source: ScoreSource = SOURCE) -> Recorder:
    """A recording that writes only when it ends."""
    return Store(home=home).record(
        model=source.model, detector=source.detector, labels=source.labels, flush_s=3600
    )


def recorded(recorder: Recorder, home: Path) -> Recorded:
    """A recording once it is stopped."""
    recorder.stop()
    known = recorder.known
    return build_recorded(
        recorder.label_set,
        datetime.fromtimestamp(known["created"], UTC),
        known["options"][READ_BY],
        [Marker(m["start_s"], m["text"]) for m in known["markers"] if m["kind"] == MARKER],
        SessionPlace(home / "sessions", recorder.id).parts.tables,
    )
