"""Login, where the server's secrets name who can tell people apart (OpenID Connect)."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from emotion_core.errors import ConnectionSettingsError
from emotion_core.extras import need
from emotion_core.markdown import plain
from pages.parts.common.streamlit_internals import (
    StreamlitAuthError,
    is_session_run,
    login_settings,
)

# What a provider's own section holds, among settings of the login itself.
_CLIENT = "client_id"
_FAILED = "_login_failed"


def is_login_configured() -> bool:
    """Whether people have to log in."""
    return bool(login_settings())


def owner() -> str | None:
    """Whose sessions this visitor sees: who logged in. None: everybody's, where nobody has to.

    Raises:
        ConnectionSettingsError: the provider does not say who it is.
    """
    if not is_session_run() or not is_login_configured():
        return None
    claims = _claims()
    # Source: OpenID Connect Core 1.0, 5.7: together they are one person's for good; an e-mail
    # address can become somebody else's.
    subject = str(claims.get("sub") or "")
    if not claims.get("is_logged_in") or not subject:
        raise ConnectionSettingsError(
            "Wanted to know who is there. The login provider gives no subject (sub); log out and "
            "in again, or ask whoever runs this server."
        )
    return f"{claims.get('iss') or claims.get('provider') or ''}#{subject}"


def let_in() -> bool:
    """True where nobody has to log in, or somebody did; otherwise it draws the login.

    Raises:
        MissingExtraError: what logs people in is not installed.
    """
    if not is_login_configured() or _claims().get("is_logged_in"):
        return True
    st.title("Log in", anchor=False)
    st.write("This server asks who is there. Sessions that you keep are shown to you alone.")
    need("authlib", "Login")
    with st.container(horizontal=True):
        for number, provider in enumerate(providers(login_settings())):
            label = f"Log in with {plain(provider)}" if provider else "Log in"
            st.button(
                label, key=f"login_{number}", icon=":material/login:", type="primary",
                on_click=_log_in, args=(provider,),
            )  # fmt: skip
    if problem := st.session_state.pop(_FAILED, ""):
        st.error(plain(problem), icon=":material/error:")
    return False


def sidebar_account() -> None:
    """Who is logged in, and the way out."""
    if not is_login_configured():
        return
    claims = _claims()
    name = str(claims.get("name") or claims.get("email") or claims.get("sub") or "")
    with st.sidebar:
        st.caption(f":material/account_circle: Logged in as {plain(name[:80])}")
        st.button(
            "Log out", key="logout", icon=":material/logout:", type="tertiary", on_click=_log_out
        )


def providers(settings: Mapping[str, Any]) -> list[str | None]:
    """The names of the providers; None for the one that has none.

    Args:
        settings: the section ``[auth]`` of the secrets.
    """
    named = [name for name, own in settings.items() if isinstance(own, Mapping) and _CLIENT in own]
    return [None, *named] if _CLIENT in settings else list(named)


def _log_in(provider: str | None) -> None:
    try:
        st.login(provider)
    except StreamlitAuthError as error:
        st.session_state[_FAILED] = str(error)


def _log_out() -> None:
    st.logout()


def _claims() -> Mapping[str, Any]:
    """What the provider says of this visitor."""
    return dict(st.user)
