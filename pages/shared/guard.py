"""The last net: whatever goes wrong on a page is said in words, and traces go to the log."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from emotion_core.errors import EmotionLensError
from emotion_core.files import full_disk_in_words
from pages.shared.text import plain

_logger = logging.getLogger(__name__)


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
        st.error(
            plain(full_disk_in_words(error))
            or "Something went wrong here; your photos are kept. Reload the page to go on. "
            "What happened exactly stands in the server's log.",
            icon=":material/error:",
        )
