"""The connection test on the page: asks the browser and puts the answers into words."""

from pathlib import Path

import streamlit as st

from emotion_core.live.connection import explain
from emotion_core.markdown import plain
from pages.parts.live.ice_servers import session_rtc_configuration

_HERE = Path(__file__).parent
_HTML = '<button type="button">Test the connection</button><output></output>'
_CSS = """
button { font: inherit; padding: .35rem .75rem; border-radius: var(--st-button-radius, .5rem);
  border: 1px solid var(--st-border-color); background: transparent; color: inherit;
  cursor: pointer; }
button:hover { border-color: var(--st-primary-color); color: var(--st-primary-color); }
button:disabled { opacity: .5; cursor: default; }
output { margin-left: .75rem; font-size: .875rem; opacity: .75; }
"""


def connection_panel(*, playing: bool) -> None:
    """A button for the test, and below it what the last one found.

    Args:
        playing: whether video plays just now.
    """
    with st.expander("Connection", icon=":material/network_check:"):
        st.caption(
            "Video goes from the browser to this dashboard and back, and nowhere else. If it does "
            "not start, test what is missing."
        )
        check = st.components.v2.component(
            "emotion_lens_connection",
            html=_HTML,
            css=_CSS,
            js=(_HERE / "connection_check.js").read_text(encoding="utf-8"),
        )
        answer = check(
            data={**session_rtc_configuration(), "playing": playing},
            key="connection_check",
            default={"report": None},
            on_report_change=lambda: None,
        )
        if not answer.report:
            return
        for finding in explain(answer.report):
            if finding.ok:
                st.markdown(f":material/check_circle: {plain(finding.title)}")
            else:
                st.warning(
                    f"**{plain(finding.title)}** {plain(finding.advice)}", icon=":material/error:"
                )
