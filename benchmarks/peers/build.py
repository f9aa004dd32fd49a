"""Builds the environment of a peer once and prints the path of its Python.

    python benchmarks/peers/build.py fer

Each peer gets its own: their requirements contradict ours and each other's. They stand in
build/peers, which git ignores; removing that folder is all it takes to start again.
"""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

#: What is installed without its dependencies, after everything in <peer>.txt.
PEERS = {"fer": "fer==25.10.3", "deepface": "deepface==0.0.103"}


def environment_python(folder: Path) -> Path:
    """The interpreter of a virtual environment."""
    if sys.platform == "win32":
        return folder / "Scripts" / "python.exe"
    return folder / "bin" / "python"


def build(peer: str) -> Path:
    """Makes the environment of a peer, unless it stands already, and returns its Python.

    Raises:
        subprocess.CalledProcessError: pip failed; its own words are on stderr.
    """
    folder = ROOT / "build" / "peers" / peer
    requirements = HERE / f"{peer}.txt"
    python = environment_python(folder)
    stamp = folder / "installed"
    wanted = hashlib.sha256(requirements.read_bytes() + PEERS[peer].encode()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted and python.exists():
        return python
    print(f"Building the environment of {peer} in {folder} (once).", file=sys.stderr)
    venv.create(folder, with_pip=True, clear=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for what in (["-r", str(requirements)], ["--no-deps", PEERS[peer]]):
        subprocess.run([*pip, *what], check=True, stdout=sys.stderr)
    stamp.write_text(wanted, encoding="utf-8")
    return python


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in PEERS:
        sys.exit(f"usage: python benchmarks/peers/build.py {'|'.join(PEERS)}")
    try:
        print(build(sys.argv[1]))
    except subprocess.CalledProcessError as error:
        sys.exit(f"The environment of {sys.argv[1]} could not be built: {error}")
