"""Served for others: a browser elsewhere, HTTPS by Caddy, video through coturn, PostgreSQL behind.

All with the files of ``deploy``, in a network of namespaces: see network.py and site.py.
"""

import json
import re
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from playwright.sync_api import Page, expect

from tests.deploy.network import APP_IP, CLIENT_IP, DOMAIN, HOST_IP, Network, why_not
from tests.deploy.site import ROOT, Site, is_required, missing_programs
from tests.e2e.conftest import _BROWSER_FLAGS, _browser_path
from tests.e2e.driver import chromium_type
from tests.e2e.live_camera import COMPONENT, PATIENCE_MS, component, film_flag, start
from tests.e2e.test_live_e2e import _COUNT_DARK

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_KEEP_PEERS = """
window.peers = [];
window.settings = [];
const Peer = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Peer {
  constructor(settings) {
    super(settings);
    window.peers.push(this);
    window.settings.push(settings);
  }
};
"""
# The kinds of both ends of what video really travels by.
_PAIRS = """
async () => {
  const pairs = [];
  for (const peer of window.peers) {
    const stats = await peer.getStats();
    for (const entry of stats.values())
      if (entry.type === "candidate-pair" && entry.nominated && entry.bytesReceived > 0)
        pairs.push({
          local: stats.get(entry.localCandidateId).candidateType,
          remote: stats.get(entry.remoteCandidateId).candidateType,
        });
  }
  return pairs;
}
"""
_SEND = """
import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", (sys.argv[1], 50000))
"""


def _cannot(why: str) -> NoReturn:
    if is_required():
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if why := missing_programs() or why_not():
        _cannot(why)
    network = Network()
    site = Site(network, tmp_path_factory.mktemp("site"))
    try:
        with network:
            site.start()
            yield site
    finally:
        site.close()


@pytest.fixture(scope="module")
def visitor(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A browser on the machine ``client``, which trusts Caddy's authority."""
    folder = tmp_path_factory.mktemp("client")
    program = folder / "browser"
    call = " ".join(site.network.command("client", _browser_path()))
    program.write_text(f'#!/bin/sh\nexec {call} "$@"\n')
    program.chmod(0o755)
    flags = [
        *_BROWSER_FLAGS,
        film_flag(folder),
        f"--ignore-certificate-errors-spki-list={site.authority()}",
    ]
    browser = chromium_type().launch(
        executable_path=program, headless=True, args=flags, env={"HOME": str(folder)}
    )
    page = browser.new_page(base_url=f"https://{DOMAIN}")
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page.add_init_script(_KEEP_PEERS)
    yield page
    browser.close()


def test_browser_and_app_cannot_reach_each_other(site: Site) -> None:
    for machine, address in (("client", APP_IP), ("app", "198.18.99.2")):
        sent = site.network.run(machine, sys.executable, "-c", _SEND, address)
        reached = site.network.run(machine, "ping", "-c", "1", "-W", "1", address)
        assert sent.returncode != 0 or reached.returncode != 0, (machine, address)


def test_video_comes_over_https_and_through_the_relay(site: Site, visitor: Page) -> None:
    try:
        _watch(visitor)
    except BaseException:
        print(site.said())
        raise
    handle = visitor.locator(COMPONENT).element_handle()
    frame = handle.content_frame() if handle else None
    assert frame is not None
    # Either end may be the one that came to coturn for a relay.
    pairs = frame.evaluate(_PAIRS)
    assert pairs
    assert all("relay" in (pair["local"], pair["remote"]) for pair in pairs), pairs
    (server,) = frame.evaluate("window.settings.at(-1).iceServers")
    expiry, _, label = server["username"].partition(":")
    assert expiry.isdecimal()
    assert label
    assert site.variables["EMOTION_LENS_TURN_SECRET"] not in str(server)


def _watch(page: Page) -> None:
    page.goto("/live")
    assert page.evaluate("window.isSecureContext")
    start(page)
    video = component(page).locator("video")
    video.wait_for()
    for _ in range(int(PATIENCE_MS / 500)):
        if video.evaluate(_COUNT_DARK) > 300:
            break
        page.wait_for_timeout(500)
    else:
        pytest.fail("The returned video never showed a box.")
    expect(page.locator(".el-faces-now .el-chip")).to_have_count(2)
    expect(page.locator(".el-faces-now .el-chip").first).to_contain_text(
        re.compile(r"looks \w+ \(.*%\)|uncertain \(\w+ .*%\)")
    )


def test_sessions_go_into_postgresql(site: Site) -> None:
    done = site.network.run(
        "app", sys.executable, "-m", "emotion_core", "store", "check",
        environment={**site.app_environment, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "postgres:5432/lens" in done.stdout + done.stderr
    assert site.variables["POSTGRES_PASSWORD"] not in done.stdout + done.stderr


def test_plain_http_leads_to_https(site: Site) -> None:
    asked = (
        "import http.client\n"
        f"c = http.client.HTTPConnection('{HOST_IP}'); c.request('GET', '/live',"
        f" headers={{'Host': '{DOMAIN}'}})\n"
        "a = c.getresponse(); print(a.status, a.headers['Location'])"
    )
    done = site.network.run("client", sys.executable, "-c", asked)
    assert done.stdout.split() == ["308", f"https://{DOMAIN}/live"], done.stderr


def _doctor(site: Site, environment: dict[str, str], *, trusts: bool = True) -> dict[str, Any]:
    """What ``doctor --network`` says on the browser's machine: {name: [check, ...]}."""
    given = {"PYTHONPATH": str(ROOT), **environment}
    if trusts:
        given["SSL_CERT_FILE"] = str(site.root_certificate)
    done = site.network.run(
        "client", sys.executable, "-m", "emotion_core", "doctor", "--json",
        "--network", f"https://{DOMAIN}", environment=given,
    )  # fmt: skip
    document = json.loads(done.stdout)
    assert done.returncode == (0 if document["ok"] else 1), done.stderr
    found: dict[str, Any] = {"ok": document["ok"]}
    for check in document["checks"]:
        found.setdefault(check["name"], []).append(check)
    return found


@pytest.fixture
def turn(site: Site) -> dict[str, str]:
    """The app's variables for TURN."""
    return {k: v for k, v in site.app_environment.items() if k.startswith("EMOTION_LENS_TURN")}


def test_the_doctor_finds_nothing_to_mend(site: Site, turn: dict[str, str]) -> None:
    found = _doctor(site, turn)
    assert found.pop("ok"), found
    assert list(found) == [
        "Address", "HTTPS", "Camera", "App", "WebSocket", "Backends", "STUN", "TURN", "UDP"
    ]  # fmt: skip
    assert {check["status"] for checks in found.values() for check in checks} == {"ok"}
    assert f"relays at {HOST_IP}:49" in found["TURN"][0]["detail"]
    assert [check["detail"].endswith("time-limited credentials") for check in found["TURN"]] == [
        True, True
    ]  # fmt: skip
    assert CLIENT_IP in found["STUN"][0]["detail"]


def test_the_doctor_names_a_wrong_secret(site: Site, turn: dict[str, str]) -> None:
    found = _doctor(site, {**turn, "EMOTION_LENS_TURN_SECRET": "another"})
    assert not found["ok"]
    assert {check["status"] for check in found["TURN"]} == {"problem"}
    assert "refuses the credentials" in found["TURN"][0]["detail"]
    assert "must be the same as static-auth-secret" in found["TURN"][0]["advice"]


def test_the_doctor_names_a_certificate_that_nobody_trusts(
    site: Site, turn: dict[str, str]
) -> None:
    found = _doctor(site, turn, trusts=False)
    assert found["HTTPS"][0]["status"] == "problem"
    assert "does not trust the certificate" in found["HTTPS"][0]["detail"]
    assert "EMOTION_LENS_TLS" in found["HTTPS"][0]["advice"]
    assert found["WebSocket"][0]["status"] == "ok"


def test_the_doctor_names_a_turn_server_that_is_not_there(site: Site, turn: dict[str, str]) -> None:
    found = _doctor(site, {})
    assert found["TURN"][0]["status"] == "problem"
    assert "No TURN server is configured" in found["TURN"][0]["detail"]
    site.stop_coturn()
    try:
        found = _doctor(site, turn)
    finally:
        site.start_coturn()
    assert found["STUN"][0]["status"] == "problem"
    assert [check["status"] for check in found["TURN"]] == ["problem", "problem"]
    assert "check that coturn runs there" in found["TURN"][0]["advice"]
