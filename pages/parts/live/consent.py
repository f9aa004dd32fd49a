"""What is told before the camera is used for the first time in a session."""

import streamlit as st

from emotion_core.html.pieces import definition_list

_AGREED = "_live_agreed"

_NOTICE = [
    (
        "What is computed",
        "Where faces are in the picture, and for each the probabilities of seven expressions. No "
        "identity, no age, no gender.",
    ),
    (
        "Where",
        "On the machine that runs this dashboard. Pictures are discarded at once; scores are kept "
        "only while you record.",
    ),
    (
        "Expressions, not feelings",
        "It reads what a face shows, and is often wrong. It says nothing about anybody's "
        "feelings, honesty or abilities.",
    ),
    (
        "Not at work or school",
        "In the European Union it is forbidden to infer people's emotions at work and in "
        "education, except for medical or safety reasons (AI Act, Article 5(1)(f)).",
    ),
    (
        "Tell people",
        "Everybody in front of the camera must be told beforehand (AI Act, Article 50(3)).",
    ),
]


def agreed() -> bool:
    """Draws the notice until it is agreed to; True from then on."""
    if st.session_state.get(_AGREED):
        return True
    with st.container(border=True, key="live_consent"):
        st.header("Before you start the camera", anchor=False)
        st.html(definition_list(_NOTICE))
        st.button(
            "I understand, and everybody here knows",
            type="primary",
            icon=":material/check:",
            on_click=_agree,
        )
    return False


def _agree() -> None:
    st.session_state[_AGREED] = True
