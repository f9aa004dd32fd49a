"""What a person changes in the player goes into the video's files; what fails is said once."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from emotion_core.errors import EmotionLensError, VideoError
from emotion_core.video.markers import EXCLUDE, MARKER
from emotion_core.video.video_folder import VideoFolder
from pages.parts.videos.choice import tell_problem

#: Set in the session: the whole page is drawn again, not only the part around the player.
REDRAW = "_videos_redraw"

_DONE = "_videos_edits_done"


def edited(folder: VideoFolder, edit: Mapping[str, Any]) -> None:
    """Takes one change of the player; a change that is told twice counts once.

    Args:
        folder: of the video.
        edit: ``action``, ``n`` that no other change has, and what belongs to the action.
    """
    if st.session_state.get(_DONE) == edit.get("n"):
        return
    st.session_state[_DONE] = edit.get("n")
    attempt(_apply, folder, edit)


def attempt(change: Callable[..., object], *args: Any, **values: Any) -> None:
    """Makes a change; a deliberate error is shown by the next drawing."""
    try:
        change(*args, **values)
    except EmotionLensError as error:
        tell_problem(str(error))


def _apply(folder: VideoFolder, edit: Mapping[str, Any]) -> None:
    match edit.get("action"):
        case "marker" | "exclude" as kind:
            end = edit.get("end_s")
            folder.markers.add(
                _time(edit.get("start_s")),
                None if end is None else _time(end),
                kind=EXCLUDE if kind == "exclude" else MARKER,
            )
        case "undo":
            folder.markers.undo()
        case "split":
            folder.people.split(int(_time(edit.get("person"))), _time(edit.get("time_s")))


def _time(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise VideoError("The player told no time. Try again.")
    return round(float(value), 6)
