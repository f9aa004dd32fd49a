"""``doctor --network`` against set-ups that are whole and against broken ones.

Against Caddy and coturn themselves: tests/deploy/test_site.py.
"""

import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from emotion_core.cli.doctor_network import network_checks
from emotion_core.cli.doctor_network.stun import (
    BINDING,
    Connection,
    IceServer,
    NoAnswerError,
    decode,
    encode,
)
from emotion_core.cli.doctor_report import Check
from tests.cli.turn_server import SECRET, TurnServer
from tests.cli.web_server import WebServer, write_certificate

ELSEWHERE = "faces.test"


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name of elsewhere that stands for this machine, and nothing of the user's settings."""
    real = socket.getaddrinfo

    def known(host: str, *arguments: object, **more: object) -> object:
        if host == "gone.test":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real("127.0.0.1" if host == ELSEWHERE else host, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", known)
    monkeypatch.setattr("emotion_core.cli.doctor_network.stun._SEND_AGAIN_S", (0.1, 0.2, 0.4))


def looked_at(url: str, environment: Mapping[str, str] | None = None) -> dict[str, Check]:
    return {check.name: check for check in network_checks(url, environment or {})}


def turn(server: TurnServer, secret: str = SECRET) -> dict[str, str]:
    return {"EMOTION_LENS_TURN_URLS": server.url, "EMOTION_LENS_TURN_SECRET": secret}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_whole_set_up_has_nothing_to_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = write_certificate(tmp_path / "site.pem", ELSEWHERE)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with WebServer(certificate=certificate) as web, TurnServer() as relay:
        found = looked_at(web.url(ELSEWHERE), turn(relay))
    assert list(found) == [
        "Address", "HTTPS", "Camera", "App", "WebSocket", "Backends", "STUN", "TURN", "UDP"
    ]  # fmt: skip
    assert {check.status for check in found.values()} == {"ok"}, found
    assert not any(check.advice for check in found.values())
    assert "good for 30 days" in found["HTTPS"].detail
    # Its place on the server is given back.
    assert relay.methods[-1] == "REFRESH"


def test_this_machine_alone_needs_neither_https_nor_turn() -> None:
    with WebServer() as web:
        found = looked_at(web.url())
    assert {check.status for check in found.values()} == {"ok", "note"}
    assert found["TURN"].status == "note"
    assert found["Camera"].status == "ok"


def test_plain_http_is_named() -> None:
    with WebServer() as web:
        found = looked_at(web.url(ELSEWHERE))
    assert found["Camera"].status == "problem"
    assert "Plain HTTP: browsers give no camera" in found["Camera"].detail
    assert "put HTTPS before the app" in found["Camera"].advice
    assert found["WebSocket"].status == "ok"


@pytest.mark.parametrize(
    ("name", "days", "trusted", "words"),
    [
        (ELSEWHERE, 30, False, "does not trust the certificate"),
        ("other.test", 30, True, "is for another name than faces.test"),
        (ELSEWHERE, -1, True, "cannot be used now"),
        (ELSEWHERE, 3, True, "good for 3 days only"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_named(
    name: str, days: int, trusted: bool, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = write_certificate(tmp_path / "site.pem", name, days=days)
    other = write_certificate(tmp_path / "other.pem", "another.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate if trusted else other))
    with WebServer(certificate=certificate) as web:
        found = looked_at(web.url(ELSEWHERE))
    assert found["HTTPS"].status != "ok"
    assert words in found["HTTPS"].detail
    assert found["HTTPS"].advice
    assert found["App"].status == "ok"  # the rest is looked at all the same


def test_https_that_is_none_is_named() -> None:
    with WebServer() as web:
        found = looked_at(f"https://{ELSEWHERE}:{web.port}")
    assert "does not speak HTTPS" in found["HTTPS"].detail
    assert found["App"].status == "problem"


@pytest.mark.parametrize(
    ("health", "words", "advice"),
    [
        (400, "does not answer to the name faces.test", "STREAMLIT_SERVER_ALLOWED_HOSTS"),
        (502, "does not reach the app (502)", "start the app"),
        (308, "leads on, to https://elsewhere.example.org/", "check that address"),
        (404, "Something else answers", "STREAMLIT_SERVER_BASE_URL_PATH"),
        (401, "asks who is there (401)", "WebSockets"),
    ],
)
def test_what_answers_instead_of_the_app_is_named(health: int, words: str, advice: str) -> None:
    with WebServer(health=health) as web:
        found = looked_at(web.url(ELSEWHERE))
    assert found["App"].status != "ok"
    assert words in found["App"].detail
    assert advice in found["App"].advice
    assert "WebSocket" not in found


@pytest.mark.parametrize(
    ("status", "words", "advice"),
    [
        (200, "does not let it through (the answer is 200)", "Upgrade and Connection"),
        (426, "does not let it through (the answer is 426)", "Upgrade and Connection"),
        (403, "refuses it for pages of http://faces.test", "STREAMLIT_BROWSER_SERVER_ADDRESS"),
    ],
)
def test_a_blocked_websocket_is_named(status: int, words: str, advice: str) -> None:
    with WebServer(websocket=status) as web:
        check = looked_at(web.url(ELSEWHERE))["WebSocket"]
    assert check.status == "problem"
    assert words in check.detail
    assert advice in check.advice


@pytest.mark.parametrize(
    ("instances", "sticky", "status", "words"),
    [
        (("a",), False, "ok", "One process"),
        (("a", "b", "c"), True, "ok", "3 processes; who returns comes to the same one"),
        (("a", "b"), False, "problem", "2 processes answer in turn"),
        (("",), False, "note", "does not say"),
    ],
)
def test_several_backends_are_seen(
    instances: tuple[str, ...], sticky: bool, status: str, words: str
) -> None:
    with WebServer(instances=instances, sticky=sticky) as web:
        check = looked_at(web.url())["Backends"]
    assert (check.status, words in check.detail) == (status, True), check
    assert ("lb_policy cookie" in check.advice) == (status == "problem")


def test_nothing_there_is_named() -> None:
    found = looked_at(f"http://{ELSEWHERE}:{free_port()}")
    assert "nothing listens there" in found["App"].detail
    assert "is no known name" in looked_at("https://gone.test")["Address"].detail


def test_no_turn_server_is_a_problem_for_others() -> None:
    with WebServer() as web:
        check = looked_at(web.url(ELSEWHERE))["TURN"]
        only_stun = looked_at(web.url(ELSEWHERE), {"EMOTION_LENS_TURN_URLS": "stun:gone.test"})
    assert check.status == only_stun["TURN"].status == "problem"
    assert "No TURN server is configured" in check.detail
    assert "EMOTION_LENS_TURN_SECRET" in check.advice
    assert "gone.test:3478 over UDP: its name is not known" in only_stun["STUN"].detail


def relay_checks_of(relay: TurnServer, environment: Mapping[str, str]) -> dict[str, Check]:
    with relay, WebServer() as web:
        return looked_at(web.url(ELSEWHERE), environment)


def test_a_wrong_secret_is_named() -> None:
    relay = TurnServer()
    found = relay_checks_of(relay, turn(relay, "south"))
    assert found["STUN"].status == "ok"
    assert "refuses the credentials" in found["TURN"].detail
    assert "static-auth-secret of coturn" in found["TURN"].advice
    assert "UDP" not in found


def test_fixed_credentials_that_are_wrong_are_named() -> None:
    relay = TurnServer()
    found = relay_checks_of(
        relay,
        {"EMOTION_LENS_TURN_URLS": relay.url, "EMOTION_LENS_TURN_USERNAME": "u"},
    )
    assert "EMOTION_LENS_TURN_USERNAME and EMOTION_LENS_TURN_CREDENTIAL" in found["TURN"].advice


@pytest.mark.parametrize(
    ("faults", "name", "status", "words", "advice"),
    [
        ({"is_open": True}, "TURN", "problem", "relays for anybody", "use-auth-secret"),
        ({"refuses": 486}, "TURN", "problem", "no place left (486 No)", "total-quota"),
        ({"refuses": 442}, "TURN", "problem", "it refuses (442 No)", "log"),
        ({"drops": True}, "UDP", "problem", "No datagram gets through", "49160 to 49200"),
        ({"forbids": True}, "UDP", "note", "does not relay to 127.0.0.1", ""),
    ],
)
def test_what_is_wrong_with_a_relay_is_named(
    faults: dict[str, object], name: str, status: str, words: str, advice: str
) -> None:
    relay = TurnServer(**faults)  # type: ignore[arg-type]
    check = relay_checks_of(relay, turn(relay))[name]
    assert check.status == status
    assert words in check.detail
    assert advice in check.advice


def test_a_relay_with_an_address_of_its_own_network_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Connection, "server_ip", "203.0.113.5")
    relay = TurnServer(relays_at="10.0.0.5")
    check = relay_checks_of(relay, turn(relay))["TURN"]
    assert "relays at 10.0.0.5, which nobody reaches" in check.detail
    assert "external-ip of coturn to 203.0.113.5" in check.advice


def test_no_answer_is_named() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent, WebServer() as web:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        found = looked_at(web.url(), {"EMOTION_LENS_TURN_URLS": f"turn:127.0.0.1:{port}"})
        tcp = looked_at(
            web.url(), {"EMOTION_LENS_TURN_URLS": f"turn:127.0.0.1:{free_port()}?transport=tcp"}
        )
    assert found["STUN"].detail == f"127.0.0.1:{port} over UDP: nothing answers."
    assert "?transport=tcp" in found["STUN"].advice
    assert f"firewalls let UDP to port {port} through" in found["TURN"].advice
    assert "STUN" not in tcp
    assert "nothing listens there" in tcp["TURN"].detail


def test_settings_that_cannot_be_used_are_named() -> None:
    with WebServer() as web:
        urls = looked_at(web.url(), {"EMOTION_LENS_TURN_URLS": "http://turn.example.org"})
        ttl = looked_at(
            web.url(),
            {
                "EMOTION_LENS_TURN_URLS": "turn:a",
                "EMOTION_LENS_TURN_SECRET": "s",
                "EMOTION_LENS_TURN_TTL": "1h",
            },
        )
        cloudflare = looked_at(
            web.url(), {"CLOUDFLARE_TURN_KEY_ID": "k", "CLOUDFLARE_TURN_KEY_API_TOKEN": "t"}
        )
    assert "wanted an address such as turn:" in urls["TURN"].detail
    assert "EMOTION_LENS_TURN_TTL: wanted" in ttl["TURN"].detail
    assert cloudflare["TURN"].status == "note"


@pytest.mark.parametrize(
    ("url", "host", "port", "transport", "is_turn"),
    [
        ("turn:a.example", "a.example", 3478, "udp", True),
        ("turn:a.example:80?transport=tcp", "a.example", 80, "tcp", True),
        ("turns:a.example", "a.example", 5349, "tls", True),
        ("stun:[2001:db8::1]:99", "2001:db8::1", 99, "udp", False),
    ],
)
def test_addresses_of_servers(
    url: str, host: str, port: int, transport: str, is_turn: bool
) -> None:
    assert IceServer.from_url(url) == IceServer(url, host, port, transport, is_turn)


@pytest.mark.parametrize("url", ["", "turn", "turn:", "turn:a:99999", "turn:a?transport=x", "a:1"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ValueError, match="wanted an address"):
        IceServer.from_url(url)


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 400 Bad Request\r\n", b"\0" * 19, b"\xff" * 40])
def test_answers_that_are_none(data: bytes) -> None:
    with pytest.raises(NoAnswerError, match="something else"):
        decode(data)


def test_cut_attributes_do_no_harm() -> None:
    message = decode(encode(BINDING, b"x" * 12, [(0x20, b"\0\1")]))
    with pytest.raises(NoAnswerError, match="without an address"):
        message.address(0x20)


def test_the_command(command) -> None:
    with WebServer() as web:
        done = command("doctor", "--network", web.url())
        assert done.code == 0
        assert "WebSocket  It opens" in done.out.decode()
        # Without a scheme it is HTTPS, but for this machine.
        assert command("doctor", "--network", f"127.0.0.1:{web.port}").code == 0
        document = command("doctor", "--json", "--network", web.url("faces.test")).json
    assert not document["ok"]
    assert {check["name"] for check in document["checks"]} >= {"Camera", "TURN"}
    wrong = command("doctor", "--network", "ftp://faces.test")
    assert wrong.code == 2
    assert "wanted the address of the app" in wrong.err
    assert command("doctor", "--network", f"localhost:{free_port()}").code == 1
