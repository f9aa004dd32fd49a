"""How many pictures a second the HTTP interface reads, and how long one waits.

    python benchmarks/api.py --peers --json

Starts the served app with ``EMOTION_LENS_API=1`` on loopback and lets 1, 8 and 32 clients send one
picture after the other for some seconds each, over connections that stay open. ``--peers`` does the
same with ``fer`` behind a minimal FastAPI application in an environment of its own, taking turns
with ours in every round, and gives ratios. deepface has an API of its own, but its weights come
from a download and are not in its package, so that it can only be compared where they are at hand.
"""

import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from emotion_core.cli.benchmark.machine import machine_facts  # noqa: E402

CLIENTS = (1, 8, 32)
_BOUNDARY = "benchmark"
_START_S = 180


def pictures() -> list[bytes]:
    """Photographs that come with the development packages, one face each, as JPEG."""
    import io

    import matplotlib.cbook
    import skimage.data
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).save(buffer, "JPEG", quality=92)
    portrait = str(matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
    return [buffer.getvalue(), Path(portrait).read_bytes()]


def _form(picture: bytes) -> bytes:
    head = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="pictures"; '
        'filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    )
    return head.encode() + picture + f"\r\n--{_BOUNDARY}--\r\n".encode()


class Server:
    """A server that answers ``POST path``.

    Args:
        name: of it.
        port: on loopback.
        path: of the address.
    """

    def __init__(self, name: str, port: int, path: str) -> None:
        self.name, self.port, self.path = name, port, path

    def ask(self, connection: http.client.HTTPConnection, body: bytes) -> int:
        """Sends one form and reads the answer; gives its status."""
        kind = f"multipart/form-data; boundary={_BOUNDARY}"
        connection.request("POST", self.path, body, {"Content-Type": kind})
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def wait(self, process: "subprocess.Popen[bytes]") -> None:
        """Until it answers, or is gone."""
        end = time.monotonic() + _START_S
        while time.monotonic() < end and process.poll() is None:
            try:
                if self.ask(self.connection(), _form(pictures()[0])) == 200:
                    return
            except OSError:
                time.sleep(0.2)
        raise SystemExit(f"{self.name} did not start.")

    def connection(self) -> http.client.HTTPConnection:
        """A new one."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)


def load(server: Server, clients: int, seconds: float) -> dict[str, Any]:
    """Lets clients send one picture after the other.

    Returns:
        ``pictures_per_s``, ``p50_ms``, ``p95_ms``, ``n`` and ``refused``.
    """
    bodies = [_form(picture) for picture in pictures()]
    times: list[float] = []
    refused = 0
    lock = threading.Lock()
    end = time.perf_counter() + seconds

    def client(number: int) -> None:
        nonlocal refused
        connection, own, no = server.connection(), [], 0
        turn = number
        while time.perf_counter() < end:
            began = time.perf_counter()
            ok = server.ask(connection, bodies[turn % len(bodies)]) == 200
            turn += 1
            if ok:
                own.append(time.perf_counter() - began)
            else:
                no += 1
        with lock:
            times.extend(own)
            refused += no

    began = time.perf_counter()
    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    ordered = sorted(times)
    return {
        "pictures_per_s": round(len(times) / took, 2),
        "p50_ms": round(1000 * statistics.median(ordered), 1),
        "p95_ms": round(1000 * ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 1),
        "n": len(times),
        "refused": refused,
    }


@contextmanager
def serving(command: Sequence[str], server: Server, **environment: str) -> Iterator[Server]:
    """Starts a server and ends it."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        server.wait(process)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ours() -> tuple[list[str], Server, dict[str, str]]:
    """The served app with its interface."""
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    environment = {"EMOTION_LENS_API": "1", "EMOTION_LENS_API_RATE": "1000000"}
    return command, Server("emotion-lens", port, "/api/v1/analyze"), environment


def fer() -> tuple[list[str], Server, dict[str, str]]:
    """fer, built for the purpose."""
    port = _free_port()
    builder = [sys.executable, str(ROOT / "benchmarks" / "peers" / "build.py"), "fer"]
    python = subprocess.run(builder, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    command = [python, str(ROOT / "benchmarks" / "peers" / "fer_api.py"), str(port)]
    return command, Server("fer", port, "/analyze"), {"TF_CPP_MIN_LOG_LEVEL": "3"}


def measure(servers: Sequence[Server], seconds: float, rounds: int) -> dict[str, Any]:
    """Rounds in which the servers take turns; of each figure the median."""
    found: dict[str, dict[str, Any]] = {server.name: {} for server in servers}
    for clients in CLIENTS:
        runs: dict[str, list[dict[str, Any]]] = {server.name: [] for server in servers}
        for _ in range(rounds):
            for server in servers:
                runs[server.name].append(load(server, clients, seconds))
        for name, done in runs.items():
            found[name][str(clients)] = {
                key: round(statistics.median(run[key] for run in done), 2) for key in done[0]
            }
    return found


def _ratios(found: dict[str, Any]) -> dict[str, Any]:
    mine, other = found["emotion-lens"], found["fer"]
    return {
        clients: {
            "pictures_per_s": round(
                mine[clients]["pictures_per_s"] / other[clients]["pictures_per_s"], 2
            ),
            "p50": round(other[clients]["p50_ms"] / mine[clients]["p50_ms"], 2),
            "p95": round(other[clients]["p95_ms"] / mine[clients]["p95_ms"], 2),
        }
        for clients in mine
    }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10, help="of each load")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", action="store_true", help="beside fer")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    command, server, environment = ours()
    with serving(command, server, **environment):
        if args.peers:
            other, peer, more = fer()
            with serving(other, peer, **more):
                found = measure((server, peer), args.seconds, args.rounds)
        else:
            found = measure((server,), args.seconds, args.rounds)
    document: dict[str, Any] = {"machine": machine_facts(), "servers": found}
    if args.peers:
        document["times_better"] = _ratios(found)
    if args.json:
        print(json.dumps(document, indent=2))
        return
    for name, loads in found.items():
        for clients, run in loads.items():
            print(
                f"{name:<13} {clients:>3} clients: {run['pictures_per_s']:7.1f} pictures/s, "
                f"p50 {run['p50_ms']:.0f} ms, p95 {run['p95_ms']:.0f} ms"
            )
    if args.peers:
        print(json.dumps(document["times_better"]))


if __name__ == "__main__":
    main()
