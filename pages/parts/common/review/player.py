"""The player: a video with its boxes, the timeline of its people, and keys for both.

Without a video it is the timeline alone.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.common.told_once import take_new, taken

_HERE = Path(__file__).parent
#: Read one after the other, as one file: the later ones use what the earlier ones define.
_SCRIPTS = (
    "player_table.js", "player_timeline.js", "player_picture.js", "player_playback.js", "player.js",
)  # fmt: skip

#: What is said where the picture would be: {title, text}.
Message = Mapping[str, str]


def video_player(
    *,
    key: str,
    src: str,
    faces: str,
    times: str,
    message: Message,
    duration_s: float | None,
    first_s: float,
    markers: Sequence[Mapping[str, Any]],
    is_copy: bool,
    blur: bool,
    lines: bool,
    raw: bool,
    seek: Mapping[str, Any],
    on_edit: Callable[[Mapping[str, Any]], None] | None,
) -> None:
    """Draws the player.

    Args:
        key: of the component; another video needs another one.
        src: where the video is fetched, relative to the page; empty where nothing can be played.
        faces: where the table is fetched (`emotion_core.video.player_data`); it changes with
            every change of the table. Empty while there is none.
        times: where the times of all frames are fetched; empty for none.
        message: what stands in place of a picture that cannot be played; empty where there never
            was one.
        duration_s: of the video; None where nobody knows.
        first_s: the table's time of the video's first frame: not 0 in a copy of a part.
        markers: as ``Marker.to_dict``; a ``kind`` of ``gap`` is a time without frames, ``rest`` a
            resting face.
        is_copy: whether the video is an annotated copy, whose boxes are in the picture.
        blur: whether faces are made unrecognisable.
        lines: lines in the timeline instead of bands.
        raw: the timeline shows the scores as they are, not smoothed.
        seek: ``n`` and ``time_s``: where to go, once for each ``n``.
        on_edit: is told what a person changes in the player, and what cannot be played, each change
            once; None where nothing can be changed.
    """

    def told() -> None:
        edits = (st.session_state.get(key) or {}).get("edits")
        for edit in take_new(key, edits, _number):
            if on_edit is not None:
                on_edit(edit)

    _component()(
        key=key,
        data={
            "src": src,
            "faces": faces,
            "times": times,
            "message": dict(message),
            "duration_s": duration_s,
            "first_s": first_s,
            "markers": [dict(marker) for marker in markers],
            "is_copy": is_copy,
            "blur": blur,
            "lines": lines,
            "raw": raw,
            "seek": dict(seek),
            "is_fixed": on_edit is None,
            "taken": taken(key),
        },
        on_edits_change=told,
    )


def _number(edit: Any) -> Any:
    return edit.get("n") if isinstance(edit, dict) else None


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    return st.components.v2.component(
        "emotion_lens_player",
        html=(_HERE / "player.html").read_text(encoding="utf-8"),
        css=(_HERE / "player.css").read_text(encoding="utf-8"),
        js="\n".join((_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS),
    )
