"""A PostgreSQL server of our own: in a folder, on a free port of this machine, gone at the end."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

#: Set to 1, tests that need PostgreSQL fail where it is not installed, instead of being skipped.
REQUIRED_ENV = "EMOTION_LENS_POSTGRES_TESTS"
USER = "emotion_lens"


def server_programs() -> Path | None:
    """The folder with initdb and pg_ctl, the newest; None where there is none."""
    if sys.platform == "win32":
        return None
    found = [*Path("/usr/lib/postgresql").glob("*/bin")]
    if initdb := shutil.which("initdb"):
        found.append(Path(initdb).resolve().parent)
    whole = [p for p in found if (p / "initdb").exists() and (p / "pg_ctl").exists()]
    return max(whole, key=lambda path: (path.parent.name.zfill(4), str(path)), default=None)


class PostgresServer:
    """Made in a folder that exists only for it."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._programs = programs
        self._data = folder / "data"
        self._log = folder / "log"
        self._owner: dict[str, int] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            import pwd  # Windows has none

            owner = pwd.getpwnam("postgres")
            self._owner = {"user": owner.pw_uid, "group": owner.pw_gid}
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._folder = folder
        self._call(
            "initdb", "-D", str(self._data), "-A", "trust", "-U", USER, "-E", "UTF8",
            "--locale=C", "--no-sync",
        )  # fmt: skip
        self.start()

    def start(self) -> None:
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off "
            f"-c unix_socket_directories={self._folder} -c max_connections=40"
        )
        self._call(
            "pg_ctl", "-D", str(self._data), "-o", options, "-l", str(self._log), "-w", "start"
        )

    def stop(self) -> None:
        self._call("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def new_database(self, name: str) -> str:
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
        return self.url(name)

    def _call(self, program: str, *arguments: str) -> None:
        # Not through pipes: the server would keep them open.
        with (self._folder / "calls").open("ab") as log:
            subprocess.run(
                [self._programs / program, *arguments],
                check=True,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                timeout=60,
                **self._owner,  # type: ignore[call-overload]
            )
