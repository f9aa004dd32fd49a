"""The words in the addresses of videos: of one session each, and over with it."""

from emotion_core.video.access import AccessTokens
from pages.parts.common.streamlit_internals import is_session_there, own_session

#: What the token for uploads opens.
UPLOADS = "uploads"

_VIDEO = "video/"

#: Of this server: its routes and its sessions run in one process.
TOKENS = AccessTokens(is_session_there)


def upload_token() -> str:
    """For this session's uploads."""
    return TOKENS.issue(own_session(), UPLOADS)


def video_token(video: str) -> str:
    """For this session to play and fetch one video."""
    return TOKENS.issue(own_session(), f"{_VIDEO}{video}")


def may_upload(token: str) -> bool:
    """Whether a token is one for uploads."""
    grant = TOKENS.resolve(token)
    return grant is not None and grant.subject == UPLOADS


def video_of(token: str) -> str | None:
    """The id of the video that a token opens; None where it opens none."""
    grant = TOKENS.resolve(token)
    if grant is None or not grant.subject.startswith(_VIDEO):
        return None
    return grant.subject.removeprefix(_VIDEO)
