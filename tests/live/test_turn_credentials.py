"""Credentials that expire, as coturn reckons them."""

import hashlib
import hmac
from base64 import b64decode

import pytest

from emotion_core.errors import ConnectionSettingsError
from emotion_core.live.connection import cloudflare_key, rtc_configuration
from emotion_core.live.turn_credentials import DEFAULT_TTL_S, ttl_from, turn_credentials

SECRET = {
    "EMOTION_LENS_TURN_URLS": "turn:turn.example.org:3478",
    "EMOTION_LENS_TURN_SECRET": "north",
}
CLOUDFLARE = {"CLOUDFLARE_TURN_KEY_ID": "key", "CLOUDFLARE_TURN_KEY_API_TOKEN": "token"}


def test_credentials_are_the_mac_of_expiry_and_label() -> None:
    made = turn_credentials("north", 3600, label="3f9a", now_s=1_000_000.7)
    assert made.username == "1003600:3f9a"
    assert made.expires_s == 1_003_600
    # Written out, and once from a run of openssl dgst -sha1 -hmac north.
    assert b64decode(made.credential) == hmac.digest(b"north", b"1003600:3f9a", hashlib.sha1)
    assert made.credential == "zZYNBmTtDynayrEn15pLU0MOF0E="


def test_what_would_part_the_name_differently_is_left_out_of_the_label() -> None:
    assert turn_credentials("s", 60, label="a:b c/ü\n", now_s=0).username == "60:abc"
    assert turn_credentials("s", 60, now_s=0).username == "60"
    assert len(turn_credentials("s", 60, label="x" * 1000, now_s=0).username) < 80


def test_a_secret_counts_more_than_fixed_credentials() -> None:
    fixed = {"EMOTION_LENS_TURN_USERNAME": "u", "EMOTION_LENS_TURN_CREDENTIAL": "c"}
    (server,) = rtc_configuration({**SECRET, **fixed}, label="me", now_s=0)["iceServers"]
    made = turn_credentials("north", DEFAULT_TTL_S, label="me", now_s=0)
    assert server == {
        "urls": ["turn:turn.example.org:3478"],
        "username": made.username,
        "credential": made.credential,
    }
    (server,) = rtc_configuration({**SECRET, "EMOTION_LENS_TURN_TTL": "600"}, label="me", now_s=0)[
        "iceServers"
    ]
    assert server["username"] == "600:me"


def test_a_stun_server_needs_none() -> None:
    (server,) = rtc_configuration({**SECRET, "EMOTION_LENS_TURN_URLS": "stun:a"})["iceServers"]
    assert set(server) == {"urls"}


@pytest.mark.parametrize("text", ["1h", "-5", "0", "59", "2592001", "9" * 400, "６０００"])
def test_how_long_they_are_good_for_is_checked(text: str) -> None:
    if text == "６０００":  # digits all the same
        assert ttl_from({"EMOTION_LENS_TURN_TTL": text}) == 6000
        return
    with pytest.raises(ConnectionSettingsError, match="EMOTION_LENS_TURN_TTL: wanted a whole"):
        ttl_from({"EMOTION_LENS_TURN_TTL": text})


def test_cloudflare_is_asked_only_where_it_is_configured() -> None:
    assert cloudflare_key({}) is None
    assert cloudflare_key(CLOUDFLARE) == ("key", "token")
    assert cloudflare_key({**SECRET, **CLOUDFLARE}) is None
    for name in CLOUDFLARE:
        with pytest.raises(ConnectionSettingsError, match=f"{name} is not set"):
            cloudflare_key({**CLOUDFLARE, name: " "})
