"""A button that starts work on what is chosen when it begins.

A callback gets what was chosen when its button was drawn. Whoever is quick has chosen something
else since, and would wait for an answer about what nobody asked for.
"""

import streamlit as st


def start_button(name: str, label: str, note: str = "") -> None:
    """Draws it; ``was_started`` of the same name tells the next run.

    Args:
        name: of the work, one of a kind on the page.
        label: on the button.
        note: its help.
    """
    st.button(
        label,
        type="primary",
        icon=":material/play_arrow:",
        on_click=_ask,
        args=(name,),
        key=f"start_{name}",
        help=note or None,
    )


def was_started(name: str) -> bool:
    """Whether the button was pressed since the last run. Says so once."""
    return bool(st.session_state.pop(_asked(name), False))


def _ask(name: str) -> None:
    st.session_state[_asked(name)] = True


def _asked(name: str) -> str:
    return f"asked_{name}"
