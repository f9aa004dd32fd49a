"""Answers are sent at once, by whatever a listening socket accepts."""

import socket
import sys
from pathlib import Path

import pytest

from emotion_core import listening_sockets
from emotion_core.listening_sockets import send_at_once

pytestmark = pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="no folder of open files")


def no_delay(one: socket.socket) -> bool:
    return bool(one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_accepted_sockets_send_at_once(family: socket.AddressFamily, address: str) -> None:
    if family == socket.AF_INET6 and not Path("/proc/net/if_inet6").exists():
        pytest.skip("no IPv6")
    with socket.socket(family) as listening:  # as Streamlit makes it: protocol 0
        listening.bind((address, 0))
        listening.listen()
        assert send_at_once() >= 1
        with (
            socket.create_connection(listening.getsockname()[:2]) as client,
            listening.accept()[0] as accepted,
        ):
            assert no_delay(accepted) or sys.platform != "linux"
            assert not no_delay(client)


def test_only_listening_tcp_sockets_are_touched(tmp_path: Path) -> None:
    before = send_at_once()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        socket.socket() as bound,
        socket.socket(socket.AF_UNIX) as local,
    ):
        datagrams.bind(("127.0.0.1", 0))
        bound.bind(("127.0.0.1", 0))
        local.bind(str(tmp_path / "local"))
        local.listen()
        assert send_at_once() == before
        assert not no_delay(bound)


def test_nothing_stays_open() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        before = sorted(Path("/dev/fd").iterdir())
        send_at_once()
        assert sorted(Path("/dev/fd").iterdir()) == before


def test_without_the_folder_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening_sockets, "_OPEN_FILES", "/nowhere")
    assert send_at_once() == 0
