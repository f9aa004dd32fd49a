"""What compose.yaml starts, as programs of this machine in a network of namespaces."""

import base64
import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.deploy import compose
from tests.deploy.network import APP_IP, DOMAIN, HOST_IP, Network
from tests.store.postgres import server_programs

ROOT = Path(__file__).resolve().parents[2]

_WAIT = """
import socket, sys, time, urllib.request
kind, where, end = sys.argv[1], sys.argv[2], time.monotonic() + 90
while True:
    try:
        if kind == "http":
            urllib.request.urlopen(where, timeout=3)
        else:
            host, port = where.rsplit(":", 1)
            socket.create_connection((host, int(port)), timeout=3).close()
        break
    except OSError:
        if time.monotonic() > end:
            raise
        time.sleep(0.2)
"""


def missing_programs() -> str:
    """What of it is not installed; empty where all is."""
    wanted = {"caddy": "caddy", "turnserver": "coturn", "openssl": "openssl", "ip": "iproute2"}
    missing = [package for program, package in wanted.items() if shutil.which(program) is None]
    if server_programs() is None:
        missing.append("postgresql")
    return f"needs {' '.join(missing)} (apt-get install {' '.join(missing)})" if missing else ""


def dockerfile_command() -> list[str]:
    """The app's command of the Dockerfile, with this Python."""
    text = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    command = json.loads(re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)[-1])
    assert command[0] == "emotion-lens"
    return [sys.executable, "-m", "emotion_core", *command[1:]]


class Site:
    """App, PostgreSQL, Caddy and coturn, with the files of ``deploy`` and the variables of a user.

    Args:
        network: where they run.
        folder: for what they write.
    """

    def __init__(self, network: Network, folder: Path) -> None:
        self.network, self.folder = network, folder
        self.variables = {
            **compose.env_file(),
            "EMOTION_LENS_DOMAIN": DOMAIN,
            "EMOTION_LENS_TURN_EXTERNAL_IP": HOST_IP,
            "EMOTION_LENS_TURN_SECRET": secrets.token_hex(32),
            "POSTGRES_PASSWORD": secrets.token_hex(32),
        }
        self.services = compose.services(self.variables)
        inside = self.services["app"]["networks"]["inside"]
        assert inside["ipv4_address"] == APP_IP
        self.app_environment = {
            **compose.environment(self.services["app"]),
            "EMOTION_LENS_HOME": str(folder / "home"),
        }
        (folder / "home").mkdir()
        self.coturn: subprocess.Popen[bytes] | None = None
        # Only PostgreSQL's own user may enter it.
        self._database = Path(tempfile.mkdtemp(prefix="emotion-lens-site-"))

    @property
    def root_certificate(self) -> Path:
        """Of Caddy's own authority."""
        return self.folder / "caddy" / "caddy" / "pki" / "authorities" / "local" / "root.crt"

    def start(self) -> None:
        self._start_postgres()
        self._start_app()
        self.start_coturn()
        self._start_caddy()

    def close(self) -> None:
        self.network.close()
        shutil.rmtree(self._database, ignore_errors=True)

    def said(self) -> str:
        """The logs of all of them."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(f"--- {p.name}\n{p.read_text(errors='replace')[-6000:]}" for p in logs)

    def authority(self) -> str:
        """Hash of the key of the authority that signs the certificate, as the browser wants it."""
        signer = self.root_certificate.with_name("intermediate.crt")
        key = subprocess.run(
            ["openssl", "x509", "-in", signer, "-pubkey", "-noout"], capture_output=True, check=True
        ).stdout
        der = subprocess.run(
            ["openssl", "pkey", "-pubin", "-outform", "der"],
            input=key, capture_output=True, check=True,
        ).stdout  # fmt: skip
        return base64.b64encode(hashlib.sha256(der).digest()).decode()

    def start_coturn(self) -> None:
        environment = compose.environment(self.services["coturn"])
        environment["TURNSERVER_CONF"] = str(compose.DEPLOY / "turnserver.conf")
        with (self.folder / "coturn.log").open("ab") as log:
            self.coturn = self.network.start(
                "host", "sh", compose.DEPLOY / "turnserver.sh",
                f"--pidfile={self.folder / 'coturn.pid'}", f"--userdb={self.folder / 'users'}",
                environment=environment, log=log,
            )  # fmt: skip
        self._await("host", "tcp", f"{HOST_IP}:3478")

    def stop_coturn(self) -> None:
        assert self.coturn is not None
        self.network.end(self.coturn)

    def _start_postgres(self) -> None:
        programs = server_programs()
        assert programs is not None
        given = compose.environment(self.services["postgres"])
        secret = self._database / "password"
        secret.write_text(given["POSTGRES_PASSWORD"])
        shutil.chown(self._database, "postgres", "postgres")
        shutil.chown(secret, "postgres", "postgres")
        data = self._database / "data"
        subprocess.run(
            [
                "runuser", "-u", "postgres", "--", str(programs / "initdb"), "-D", str(data),
                "-U", given["POSTGRES_USER"], f"--pwfile={secret}", "-A", "scram-sha-256",
                "--locale=C", "-E", "UTF8", "--no-sync",
            ],
            check=True, capture_output=True, cwd="/",
        )  # fmt: skip
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all all scram-sha-256\n")  # as the image has it
        with (self.folder / "postgres.log").open("ab") as log:
            self.network.start(
                "app", "runuser", "-u", "postgres", "--", programs / "postgres", "-D", data,
                "-c", f"listen_addresses={APP_IP}", "-c", f"unix_socket_directories={data}",
                environment={}, log=log, cwd=Path("/"),
            )  # fmt: skip
        self._await("app", "tcp", "postgres:5432")
        made = self.network.run(
            "app", programs / "createdb", "-h", "postgres", "-U", given["POSTGRES_USER"],
            given["POSTGRES_DB"], environment={"PGPASSWORD": given["POSTGRES_PASSWORD"]},
        )  # fmt: skip
        assert made.returncode == 0, made.stderr

    def _start_app(self) -> None:
        with (self.folder / "app.log").open("ab") as log:
            self.network.start(
                "app", *dockerfile_command(), environment=self.app_environment, log=log, cwd=ROOT
            )
        self._await("app", "http", "http://127.0.0.1:8000/_stcore/health")

    def _start_caddy(self) -> None:
        environment = compose.environment(self.services["caddy"])
        environment["XDG_DATA_HOME"] = str(self.folder / "caddy")
        environment["XDG_CONFIG_HOME"] = str(self.folder / "caddy")
        with (self.folder / "caddy.log").open("ab") as log:
            self.network.start(
                "host", "caddy", "run", "--adapter", "caddyfile",
                "--config", compose.DEPLOY / "Caddyfile", environment=environment, log=log,
            )  # fmt: skip
        self._await("host", "tcp", f"{HOST_IP}:443")

    def _await(self, machine: str, kind: str, where: str) -> None:
        done = self.network.run(machine, sys.executable, "-c", _WAIT, kind, where)
        assert done.returncode == 0, f"{where}: {done.stderr[-500:]}\n{self.said()}"


def is_required() -> bool:
    """Whether the tests fail where they cannot run (.ci/run says so)."""
    return bool(os.environ.get("EMOTION_LENS_DEPLOY_TESTS"))
