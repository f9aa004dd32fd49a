"""What a person changes in the player or below it is kept at once; what fails is said once."""

from collections.abc import Callable, Mapping
from typing import Any

from emotion_core.errors import EmotionLensError, VideoError
from emotion_core.video.editing import EditableMarkers, EditablePeople
from emotion_core.video.markers import EXCLUDE, MARKER
from pages.parts.common.review.problems import tell_problem

#: Set in the session: the whole page is drawn again, not only the part around the player.
REDRAW = "_review_redraw"


def edited(markers: EditableMarkers, people: EditablePeople, edit: Mapping[str, Any]) -> None:
    """Takes one change of the player.

    Args:
        markers: of what is played.
        people: who are in it.
        edit: ``action``, and what belongs to it.
    """
    attempt(_apply, markers, people, edit)


def attempt(change: Callable[..., object], *args: Any, **values: Any) -> None:
    """Makes a change; a deliberate error is shown by the next drawing."""
    was_made(change, *args, **values)


def was_made(change: Callable[..., object], *args: Any, **values: Any) -> bool:
    """As ``attempt``; whether the change was made."""
    try:
        change(*args, **values)
    except EmotionLensError as error:
        tell_problem(str(error))
        return False
    return True


def _apply(markers: EditableMarkers, people: EditablePeople, edit: Mapping[str, Any]) -> None:
    match edit.get("action"):
        case "marker" | "exclude" as kind:
            end = edit.get("end_s")
            markers.add(
                _time(edit.get("start_s")),
                None if end is None else _time(end),
                kind=EXCLUDE if kind == "exclude" else MARKER,
            )
        case "undo":
            markers.undo()
        case "split":
            people.split(int(_time(edit.get("person"))), _time(edit.get("time_s")))


def _time(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise VideoError("The player told no time. Try again.")
    return round(float(value), 6)
