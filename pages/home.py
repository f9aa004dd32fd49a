"""Home: what this is, how good the model is and where it errs, how it works, limits and law."""

import streamlit as st

from emotion_core.html.pieces import definition_list
from pages.parts.common.page_frame import show_page
from pages.parts.common.session import last_face
from pages.parts.common.settings import Settings

_LIMITS = [
    (
        "Expressions only",
        "It reads what a face shows at one moment, not what a person feels: a smile can be polite.",
    ),
    (
        "Often wrong",
        "It was trained on FER-2013: small grey pictures from the web, whose labels people "
        "themselves agree with in about 65 of 100 cases. Below the chosen probability it says "
        "“uncertain”.",
    ),
    (
        "Not at work or school",
        "In the European Union it is forbidden to infer people's emotions at work and in "
        "education, except for medical or safety reasons (AI Act, Article 5(1)(f)).",
    ),
    (
        "Tell people",
        "People who are analysed must be told (AI Act, Article 50(3)). Pictures stay on this "
        "machine; nothing is sent and nothing is stored.",
    ),
]


def _home(settings: Settings) -> None:
    st.title("Read facial expressions", anchor=False)
    st.markdown(
        "Finds the faces in your photos and videos or in front of your camera and says which of "
        "seven expressions each one shows, how confident it is, and when it cannot tell."
    )
    with st.container(horizontal=True):
        if st.button("Try a photo", type="primary", icon=":material/add_photo_alternate:"):
            st.switch_page("pages/photos.py")
        if st.button("Start the camera", icon=":material/videocam:"):
            st.switch_page("pages/live.py")

    # Only now, because Altair takes a while to import, and the page can be seen without it.
    from pages.parts.common import model_facts
    from pages.parts.home import how_it_works

    st.header("The model in use", anchor=False)
    st.html(model_facts.figures_strip(settings.card, settings.labels))
    facts, errors = st.columns([2, 3], gap="large")
    with facts:
        model_facts.about(settings.card)
    with errors:
        model_facts.mistakes(settings.card, settings.labels)

    choices = model_facts.choices()
    if len(choices) > 1:
        st.header("Choosing a model", anchor=False)
        st.html(definition_list(choices))

    st.header("How it works", anchor=False)
    how_it_works.draw(last_face(settings), settings)

    st.header("Limits and the law", anchor=False)
    st.html(definition_list(_LIMITS))


show_page(_home, kept="Your photos and your recording are kept.")
