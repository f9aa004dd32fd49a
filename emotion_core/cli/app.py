"""``app``: the dashboard in the browser."""

import argparse
import os
import subprocess
import sys

from emotion_core.cli.common import Subparsers, whole_number_from
from emotion_core.extras import need
from emotion_core.paths import shipped_folder


def register(subparsers: Subparsers) -> None:
    """Adds the command's parser."""
    parser = subparsers.add_parser(
        "app",
        help="serve the dashboard on this machine",
        description="Serves the dashboard at http://127.0.0.1:8000 until Ctrl-C. Streamlit's "
        "environment variables apply (STREAMLIT_SERVER_ADDRESS and others).",
        example="python -m emotion_core app --port 8501",
    )
    parser.add_argument(
        "--port", type=whole_number_from(1), metavar="N", help="port to serve at (default: 8000)"
    )
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Becomes the server; on Windows, waits for it."""
    need("streamlit", "The dashboard")
    # The settings in .streamlit beside the file apply from whatever folder it is started in.
    command = [sys.executable, "-m", "streamlit", "run", str(shipped_folder() / "app.py")]
    if args.port:
        command += ["--server.port", str(args.port)]
    if os.name != "nt":
        sys.stdout.flush()
        os.execv(sys.executable, command)
    return subprocess.call(command)
