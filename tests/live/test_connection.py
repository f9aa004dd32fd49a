"""Servers from the environment, and what the connection test says in words."""

from typing import Any

import pytest

from emotion_core.live.connection import explain, rtc_configuration

GOOD: dict[str, Any] = {
    "secure": True, "api": True, "camera": "ok", "ice": ["host"], "relay_wanted": False,
}  # fmt: skip


def test_without_settings_nobody_is_asked_for_help() -> None:
    assert rtc_configuration({}) == {"iceServers": []}
    assert rtc_configuration({"EMOTION_LENS_TURN_URLS": " , "}) == {"iceServers": []}


def test_turn_and_stun_come_from_the_environment() -> None:
    turn = {
        "EMOTION_LENS_TURN_URLS": "turn:example.org:3478, stun:example.org",
        "EMOTION_LENS_TURN_USERNAME": "u",
        "EMOTION_LENS_TURN_CREDENTIAL": "c",
    }
    urls = ["turn:example.org:3478", "stun:example.org"]
    server = {"urls": urls, "username": "u", "credential": "c"}
    assert rtc_configuration(turn) == {"iceServers": [server]}
    only_stun = rtc_configuration({"EMOTION_LENS_TURN_URLS": "stun:example.org"})
    assert only_stun == {"iceServers": [{"urls": ["stun:example.org"]}]}


def test_a_good_connection_has_nothing_to_mend() -> None:
    assert all(finding.ok for finding in explain(GOOD))
    assert any("TURN" in f.title for f in explain({**GOOD, "ice": ["host", "relay"]}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"secure": False, "api": False}, "HTTPS"),
        ({"api": False}, "current Chrome"),
        ({"camera": "NotAllowedError"}, "Allow it in the address bar"),
        ({"camera": "NotFoundError"}, "No camera was found"),
        ({"camera": "NotReadableError"}, "Another program"),
        ({"camera": "AbortError"}, "AbortError"),
        ({"ice": []}, "WebRTC is blocked"),
        ({"relay_wanted": True}, "EMOTION_LENS_TURN_URLS"),
    ],
)
def test_each_fault_is_named_with_what_to_do(change: dict[str, Any], words: str) -> None:
    faults = [finding for finding in explain({**GOOD, **change}) if not finding.ok]
    assert len(faults) == 1
    assert words in faults[0].advice
