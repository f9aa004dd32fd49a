"""A video in figures: who was there how long, and how long each expression was shown."""

from typing import Any

import numpy as np

from emotion_core.video.durations import left_over
from emotion_core.video.events import ExpressionEvent, find_events
from emotion_core.video.view import VideoView

#: Key of time in which a face was there and its expression was not clear.
UNCERTAIN = "uncertain"
_DIGITS = 3


def summarize(view: VideoView) -> dict[str, Any]:
    """The figures of a video, or of a part of it (`VideoView.within`), as JSON.

    What is excluded counts in none of them. A person's seconds are those in which their face was
    found; ``share`` is of those, and its values with ``uncertain`` add up to 1.

    Returns:
        ``start_s``, ``end_s``, ``seconds`` (without what is excluded), ``sampled_frames``,
        ``frames_with_face``, ``faces`` (rows), ``people`` (how many), ``seconds_without_face``,
        ``share`` (of the time of all faces) and ``per_person``: ``id``, ``name``, ``tracks``,
        ``seconds``, ``first_s``, ``last_s``, ``time`` and ``share`` {expression: value},
        ``mean`` {expression: mean smoothed score}, ``first`` {expression: onset}, ``longest``
        {expression: {onset_s, offset_s, duration_s}}, ``events`` (how many).
    """
    frames = view.frames[~view.frames["excluded"].to_numpy(np.bool_)]
    faces = frames[frames["counts"].to_numpy(np.bool_)]
    events: dict[int, list[ExpressionEvent]] = {}
    for event in find_events(view):
        events.setdefault(event.person_id, []).append(event)
    counted = view.frames[view.frames["counts"].to_numpy(np.bool_)]
    of_person = {int(str(number)): rows for number, rows in counted.groupby("person_id")}
    per_person = [
        _person(view, number, of_person[number], events.get(number, []))
        for number in view.names
        if number in of_person
    ]
    total = {name: sum(p["time"][name] for p in per_person) for name in _states(view)}
    single = view.frames.drop_duplicates("frame")
    empty = single[(single["person_id"] == 0).to_numpy()]
    return {
        "start_s": _round(view.window[0]),
        "end_s": _round(view.window[1]),
        "seconds": _round(sum(end - start for start, end in left_over(view.window, view.excluded))),
        "excluded": [[_round(start), _round(end)] for start, end in view.excluded],
        "sampled_frames": int(frames["frame"].nunique()),
        "frames_with_face": int(faces["frame"].nunique()),
        "faces": int((frames["person_id"] > 0).sum()),
        "people": len(per_person),
        "seconds_without_face": _round(float(empty["seconds"].sum())),
        "share": _shares(total),
        "per_person": per_person,
    }


def _states(view: VideoView) -> tuple[str, ...]:
    return (*view.label_set.names, UNCERTAIN)


def _person(
    view: VideoView, number: int, rows: Any, events: list[ExpressionEvent]
) -> dict[str, Any]:
    states = rows["expression"].where(~rows["uncertain"].astype(bool), UNCERTAIN)
    summed = rows["seconds"].groupby(states.to_numpy()).sum()
    time = {name: float(summed.get(name, 0.0)) for name in _states(view)}
    weights = rows["seconds"].to_numpy(np.float64)
    scores = rows[[f"smoothed_{name}" for name in view.label_set.names]].to_numpy(np.float64)
    seconds = float(weights.sum())
    mean = weights @ scores / seconds if seconds else np.zeros(len(view.label_set))
    first: dict[str, float] = {}
    longest: dict[str, ExpressionEvent] = {}
    for event in events:
        first.setdefault(event.expression, event.onset_s)
        known = longest.get(event.expression)
        if known is None or event.duration_s > known.duration_s:
            longest[event.expression] = event
    return {
        "id": number,
        "name": view.names[number],
        "tracks": sorted({int(track) for track in rows["track"]}),
        "seconds": _round(seconds),
        "first_s": _round(float(rows["start_s"].min())),
        "last_s": _round(float(rows["end_s"].max())),
        "time": {name: _round(value) for name, value in time.items()},
        "share": _shares(time),
        "mean": {
            name: round(float(value), 6)
            for name, value in zip(view.label_set.names, mean, strict=True)
        },
        "first": {name: _round(value) for name, value in first.items()},
        "longest": {
            name: {
                "onset_s": _round(event.onset_s),
                "offset_s": _round(event.offset_s),
                "duration_s": _round(event.duration_s),
            }
            for name, event in longest.items()
        },
        "events": len(events),
    }


def _shares(time: dict[str, float]) -> dict[str, float]:
    total = sum(time.values())
    return {name: round(value / total, 6) if total else 0.0 for name, value in time.items()}


def _round(value: float) -> float:
    return round(value, _DIGITS)
