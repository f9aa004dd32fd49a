"""How video travels: servers from the environment, and a test whose answers are sentences."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emotion_core.errors import ConnectionSettingsError
from emotion_core.live.turn_credentials import ttl_from, turn_credentials
from emotion_core.paths import (
    CLOUDFLARE_KEY_ENV,
    CLOUDFLARE_TOKEN_ENV,
    TURN_CREDENTIAL_ENV,
    TURN_SECRET_ENV,
    TURN_URLS_ENV,
    TURN_USERNAME_ENV,
)

#: Says which process answers, so that several behind one address are seen.
INSTANCE_HEADER = "X-Emotion-Lens-Instance"
#: What the server says to a request by a name that is not among its allowed hosts.
UNKNOWN_NAME = "This server does not answer to this name."


def rtc_configuration(
    environment: Mapping[str, str] | None = None, *, label: str = "", now_s: float | None = None
) -> dict[str, Any]:
    """The servers that help where browser and dashboard cannot reach each other directly.

    Without any the list is empty, never a public default: on one machine none is needed, and
    nothing may be asked of strangers. With a secret that is shared with the TURN server, the
    credentials are made here and expire; otherwise they are those of the environment.

    Args:
        environment: the environment's variables; the process's own unless given.
        label: whose credentials they are, in the TURN server's log.
        now_s: Unix time from which they are good; None: now.

    Raises:
        ConnectionSettingsError: how long credentials are good for is no number of seconds.
    """
    values = os.environ if environment is None else environment
    urls = [url.strip() for url in values.get(TURN_URLS_ENV, "").split(",") if url.strip()]
    if not urls:
        return {"iceServers": []}
    server: dict[str, Any] = {"urls": urls}
    if any(url.startswith("turn") for url in urls):
        if secret := values.get(TURN_SECRET_ENV, "").strip():
            own = turn_credentials(secret, ttl_from(values), label=label, now_s=now_s)
            server["username"], server["credential"] = own.username, own.credential
        else:
            server["username"] = values.get(TURN_USERNAME_ENV, "")
            server["credential"] = values.get(TURN_CREDENTIAL_ENV, "")
    return {"iceServers": [server]}


def cloudflare_key(environment: Mapping[str, str] | None = None) -> tuple[str, str] | None:
    """Key and token of Cloudflare's TURN servers; None where they are not to be used.

    Where servers of one's own are named, those are used alone.

    Args:
        environment: the environment's variables; the process's own unless given.

    Raises:
        ConnectionSettingsError: one of the two is missing.
    """
    values = os.environ if environment is None else environment
    if rtc_configuration(values)["iceServers"]:
        return None
    key, token = (
        values.get(name, "").strip() for name in (CLOUDFLARE_KEY_ENV, CLOUDFLARE_TOKEN_ENV)
    )
    if bool(key) != bool(token):
        missing = CLOUDFLARE_TOKEN_ENV if key else CLOUDFLARE_KEY_ENV
        raise ConnectionSettingsError(
            f"Cloudflare's TURN servers: wanted {CLOUDFLARE_KEY_ENV} and {CLOUDFLARE_TOKEN_ENV}. "
            f"{missing} is not set."
        )
    return (key, token) if key else None


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of the connection test."""

    ok: bool
    title: str
    advice: str = ""


#: {what the browser calls it when a camera cannot be had: (what it means, what to do then)}.
#: Source: Media Capture and Streams, W3C, 10.2 getUserMedia.
CAMERA_ADVICE = {
    "NotAllowedError": (
        "The browser is not allowed to use the camera.",
        "Allow it in the address bar (the camera or lock symbol), and in the system's privacy "
        "settings, then try again.",
    ),
    "NotFoundError": (
        "No camera was found.",
        "Plug one in, then try again, or open the dashboard on a device that has one.",
    ),
    "NotReadableError": (
        "Another program is using the camera.",
        "Close any program that may be using it, such as a video call, then try again. Otherwise "
        "unplug the camera and plug it in again.",
    ),
    "OverconstrainedError": (
        "The camera cannot deliver this picture size.",
        "Choose another size in the sidebar, then try again.",
    ),
    # Not the browser's names: it has none where there is nothing to call.
    "insecure": (
        "The page was loaded over plain HTTP.",
        "Browsers open the camera only on localhost or over HTTPS. Open the dashboard as "
        "http://localhost, or put it behind an HTTPS proxy.",
    ),
    "no_api": (
        "This browser has no camera access.",
        "Use a current Chrome, Edge, Firefox or Safari; some app browsers have no camera.",
    ),
}
# The same, where a policy of the browser forbids it.
CAMERA_ADVICE["SecurityError"] = CAMERA_ADVICE["NotAllowedError"]


def explain(report: Mapping[str, Any]) -> list[Finding]:
    """What the browser's test means, in the order in which to mend things.

    Args:
        report: ``secure`` and ``api`` (bool), ``camera`` ("ok" or the error's name), ``ice``
            (list of candidate types, e.g. ["host", "relay"]), ``relay_wanted`` (bool).
    """
    findings = []
    secure = bool(report.get("secure"))
    findings.append(
        Finding(True, "The page was loaded from this machine or over HTTPS.")
        if secure
        else Finding(False, *CAMERA_ADVICE["insecure"])
    )
    if secure and not report.get("api"):
        return [*findings, Finding(False, *CAMERA_ADVICE["no_api"])]
    if secure:
        findings.append(_camera_finding(str(report.get("camera", ""))))
    findings.append(_ice_finding(report.get("ice") or [], bool(report.get("relay_wanted"))))
    return findings


def _camera_finding(answer: str) -> Finding:
    if answer == "ok":
        return Finding(True, "The camera opens.")
    meaning = CAMERA_ADVICE.get(answer, (f"The browser says {answer}.", "Try another camera."))
    return Finding(False, "The camera does not open.", " ".join(meaning))


def _ice_finding(kinds: Sequence[str], relay_wanted: bool) -> Finding:
    if not kinds:
        return Finding(
            False,
            "The browser finds no way for video to travel.",
            "WebRTC is blocked, often by a privacy extension or a company's policy. Allow it for "
            "this page, or use snapshots.",
        )
    if relay_wanted and "relay" not in kinds:
        return Finding(
            False,
            "The TURN server does not answer.",
            f"Check {TURN_URLS_ENV}, and {TURN_SECRET_ENV} or {TURN_USERNAME_ENV} and "
            f"{TURN_CREDENTIAL_ENV}, on the server (`doctor --network` does), and whether the "
            "network lets the browser reach the TURN server.",
        )
    if "relay" in kinds:
        return Finding(True, "Video can travel directly or through the TURN server.")
    return Finding(True, "Video can travel directly.")


#: Shown when a start has led nowhere.
NO_VIDEO_ADVICE = (
    "No video has arrived yet. If none arrives, the network between browser and dashboard blocks "
    f"it: start the server with {TURN_URLS_ENV} set to a TURN server, or use snapshots."
)
