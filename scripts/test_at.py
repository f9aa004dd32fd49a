"""The tests without the lock: at the newest or at the lowest versions that are allowed.

    python scripts/test_at.py newest|lowest [arguments of pytest]

Makes an environment of its own in ``build/``; needs uv, which requirements-dev.txt brings.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: What uv calls them. Only what we name is taken at its lowest: what that needs in turn is not ours
#: to bound.
RESOLUTIONS = {"newest": "highest", "lowest": "lowest-direct"}


def uv(*arguments: str | Path) -> None:
    """Runs uv, and ends with it if it fails."""
    subprocess.run([sys.executable, "-m", "uv", *map(str, arguments)], cwd=ROOT, check=True)


def environment(which: str) -> Path:
    """Makes the environment anew and returns its Python."""
    folder = ROOT / "build" / which
    wanted = ROOT / "build" / f"{which}.txt"
    uv("venv", "--quiet", "--clear", folder, "--python", sys.executable)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    uv("pip", "compile", "--quiet", "--upgrade", "--resolution", RESOLUTIONS[which],
       "--python", python, "requirements-dev.txt", "--output-file", wanted)  # fmt: skip
    uv("pip", "install", "--quiet", "--python", python, "--requirement", wanted)
    uv("pip", "check", "--python", python)
    return python


def main() -> int:
    """Runs the tests in a new environment and returns their exit code."""
    if len(sys.argv) < 2 or sys.argv[1] not in RESOLUTIONS:
        sys.exit(__doc__)
    python = environment(sys.argv[1])
    arguments = sys.argv[2:] or ["-n", "2", "--dist", "loadfile"]
    # Old releases do not know what newer ones, which they need, will do away with.
    arguments += ["-W", "default::DeprecationWarning"] * (sys.argv[1] == "lowest")
    return subprocess.run([python, "-m", "pytest", *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
