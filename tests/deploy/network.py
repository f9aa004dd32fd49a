"""A network of our own in namespaces: a host with a public address, the app behind it, a browser.

The browser's machine reaches the host and nothing else, the app's machine likewise; the host
forwards nothing. So between browser and app video can only travel through the host's relay.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO

#: Source: RFC 2544: 198.18.0.0/15 is for tests and is nobody's.
HOST_IP, CLIENT_IP = "198.18.99.1", "198.18.99.2"
HOST_INSIDE_IP, APP_IP = "172.30.77.1", "172.30.77.10"
DOMAIN = "faces.test"
_NAMES = Path("/etc/netns")
_NO_IPV6 = "for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 > $f; done"


def why_not() -> str:
    """Why no namespaces can be made here; empty where they can."""
    if os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "network namespaces need root on Linux"
    if shutil.which("ip") is None:
        return "needs ip (apt-get install iproute2)"
    name = f"el{os.getpid()}t"
    tried = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if tried.returncode:
        return f"network namespaces cannot be made here: {tried.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", name], check=False)
    return ""


class Network:
    """Three machines: ``host``, ``app`` and ``client``."""

    def __init__(self) -> None:
        self._prefix = f"el{os.getpid()}"
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Network":
        try:
            self._make()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends what runs in it, and the network itself."""
        for process in reversed(self._processes):
            self.end(process)
        for machine in ("host", "app", "client"):
            subprocess.run(
                ["ip", "netns", "del", self.name(machine)], capture_output=True, check=False
            )
            shutil.rmtree(_NAMES / self.name(machine), ignore_errors=True)

    def name(self, machine: str) -> str:
        return f"{self._prefix}{machine}"

    def command(self, machine: str, *command: str | Path) -> list[str]:
        """A command that runs on one of the machines."""
        return ["ip", "netns", "exec", self.name(machine), *map(str, command)]

    def start(
        self,
        machine: str,
        *command: str | Path,
        environment: Mapping[str, str],
        log: IO[bytes],
        cwd: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self.command(machine, *command), stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, env={**os.environ, **environment}, cwd=cwd,
        )  # fmt: skip
        self._processes.append(process)
        return process

    def end(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=20)
        if process.poll() is None:
            process.kill()
            process.wait(timeout=20)
        self._processes = [own for own in self._processes if own is not process]

    def run(
        self, machine: str, *command: str | Path, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(machine, *command), env={**os.environ, **(environment or {})},
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    def _make(self) -> None:
        hosts = {
            "host": {APP_IP: "app postgres", HOST_IP: DOMAIN},
            "app": {APP_IP: "app postgres", HOST_IP: DOMAIN},
            "client": {HOST_IP: DOMAIN},
        }
        for machine, known in hosts.items():
            folder = _NAMES / self.name(machine)
            folder.mkdir(parents=True)
            lines = [f"{address} {names}\n" for address, names in known.items()]
            (folder / "hosts").write_text("127.0.0.1 localhost\n" + "".join(lines))
            self._ip("netns", "add", self.name(machine))
            # A late IPv6 address looks like a change of networks to the browser.
            self._in(machine, "sh", "-c", _NO_IPV6)
            self._in(machine, "ip", "link", "set", "lo", "up")
        self._join("host", HOST_IP, "client", CLIENT_IP)
        self._join("host", HOST_INSIDE_IP, "app", APP_IP)
        # To the host itself; it forwards nothing.
        self._in("app", "ip", "route", "add", "default", "via", HOST_INSIDE_IP)

    def _join(self, one: str, one_ip: str, other: str, other_ip: str) -> None:
        own, peer = f"v{other}", f"v{one}"
        self._ip(
            "link", "add", own, "netns", self.name(one), "type", "veth",
            "peer", "name", peer, "netns", self.name(other),
        )  # fmt: skip
        for machine, link, address in ((one, own, one_ip), (other, peer, other_ip)):
            self._in(machine, "ip", "address", "add", f"{address}/24", "dev", link)
            self._in(machine, "ip", "link", "set", link, "up")

    def _in(self, machine: str, *command: str) -> None:
        subprocess.run(self.command(machine, *command), check=True, capture_output=True)

    def _ip(self, *arguments: str) -> None:
        subprocess.run(["ip", *arguments], check=True, capture_output=True)
