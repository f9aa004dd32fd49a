"""``app``: the dashboard with its own settings, whatever folder it is started in."""

import socket
import time
import urllib.error
import urllib.request
from pathlib import Path


def free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def status(port: int, host: str) -> int:
    """HTTP status of the server's page, asked under a name; 0 while nobody answers."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/photos", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_serves_the_dashboard_with_its_settings(start_command, tmp_path: Path) -> None:
    port, root = free_port(), Path(__file__).resolve().parents[2]
    process = start_command("app", "--port", str(port), cwd=tmp_path, env={"PYTHONPATH": str(root)})
    try:
        while status(port, "localhost") == 0 and process.poll() is None:
            time.sleep(0.2)
        assert status(port, "localhost") == 200
        # server.allowedHosts of .streamlit/config.toml, which is not in this folder.
        assert status(port, "elsewhere.example") == 400
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert not list(tmp_path.iterdir())
