"""The words in the addresses of videos: of one session each, and over with it."""

from emotion_core.video.access import AccessTokens
from pages.parts.common.streamlit_internals import is_session_there

#: Of this server: its routes and its sessions run in one process.
TOKENS = AccessTokens(is_session_there)
