"""Starts ``python -m emotion_core`` in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

from emotion_core.files.atomic_files import writing
from emotion_core.paths import ROOT


def environment() -> dict[str, str]:
    """This process's environment, in which the package is found from any working directory."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path}


def start_detached(arguments: list[str], log: Path) -> "subprocess.Popen[bytes]":
    """Starts a command so that it outlives this process and its terminal.

    Args:
        arguments: after ``python -m emotion_core``.
        log: gets everything that it prints, behind what is there.

    Raises:
        OutputError: the log cannot be written.
        DiskFullError: there is no room for it.
    """
    apart = (
        {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
        if os.name == "nt"
        else {"start_new_session": True}
    )
    with writing(log), log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "emotion_core", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment(),
            **apart,
        )
