"""A button that starts work on what is chosen when the work begins.

A callback with arguments gets what was chosen when its button was drawn. Whoever is quick has
chosen something else since, and would wait for an answer about what nobody asked for. So a press is
only noted, and the next run of the page asks for it.
"""

import streamlit as st

_PRESSED = "_ev_pressed"


def start_button(
    name: str, label: str, note: str = "", icon: str = ":material/play_arrow:"
) -> None:
    """Draws the button; the next run asks ``was_started`` of the same name.

    Args:
        name: of its place on the page, the same whatever is chosen.
        label: on the button.
        note: its help.
        icon: before the label.
    """
    st.button(
        label,
        type="primary",
        icon=icon,
        on_click=_press,
        args=(name,),
        key=f"start_{name}",
        help=note or None,
    )


def was_started(name: str) -> bool:
    """Whether the button was pressed since the last whole run. Says so once."""
    pressed = _pressed()
    found = name in pressed
    pressed.discard(name)
    return found


def forget_presses() -> None:
    """At the end of a run: a press on what is no longer there starts nothing later.

    A run that is cut short by the next does not come here, and the next one still knows.
    """
    _pressed().clear()


def _press(name: str) -> None:
    _pressed().add(name)


def _pressed() -> set[str]:
    found: set[str] = st.session_state.setdefault(_PRESSED, set())
    return found
