"""The last net: whatever goes wrong on a page is said in words, and traces go to the log."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from emotion_core.errors import EmotionLensError
from emotion_core.files.atomic_files import full_disk_in_words
from emotion_core.markdown import plain

_logger = logging.getLogger(__name__)

# Parts of a page that run again alone belong to the page that was opened last, as this does.
_KEPT = "_kept_words"


def say_kept(sentence: str) -> None:
    """What the page that is drawn now says after an unexpected error: what is not lost by it."""
    st.session_state[_KEPT] = sentence


@contextmanager
def guarded() -> Iterator[None]:
    """Shows deliberate errors as they are, and unexpected ones as a short message.

    Streamlit's own reruns and stops are no ``Exception`` and pass through.
    """
    try:
        yield
    except EmotionLensError as error:
        st.error(plain(error), icon=":material/error:")
    except Exception as error:
        _logger.exception("A page failed")
        full = full_disk_in_words(error)
        words = (
            plain(full) or "Something went wrong here.",
            st.session_state.get(_KEPT, ""),
            # Not "reload": that would begin a new session, without photos.
            ""
            if full
            else "Choose the page in the menu again to continue. The details are in the server's "
            "log.",
        )
        st.error(" ".join(filter(None, words)), icon=":material/error:")
