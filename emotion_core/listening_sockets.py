"""How the server's listening sockets send: at once, and not after the last part was acknowledged.

Streamlit binds its socket itself, with protocol 0. asyncio then takes the accepted ones for
something else than TCP and leaves Nagle's algorithm on: the body of an answer waits up to 40 ms for
the acknowledgement of its head (https://github.com/Kludex/uvicorn/issues/3149).
"""

import contextlib
import os
import socket
import stat
from pathlib import Path

_OPEN_FILES = "/dev/fd"


def send_at_once() -> int:
    """Sets ``TCP_NODELAY`` on every listening TCP socket of this process.

    Accepted sockets inherit it. Where open files have no folder (Windows) nothing is done: Nagle's
    algorithm then costs what it always did.

    Returns:
        How many sockets there were.
    """
    found = 0
    try:
        names = [path.name for path in Path(_OPEN_FILES).iterdir()]
    except OSError:
        return found
    for name in names:
        with contextlib.suppress(OSError):  # closed meanwhile, as the folder's own is
            found += _set_no_delay(int(name))
    return found


def _set_no_delay(descriptor: int) -> bool:
    """Whether it is a listening TCP socket, which then sends at once."""
    if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        return False
    # Of a copy: the object closes what it was given, and the option belongs to both.
    with socket.socket(fileno=os.dup(descriptor)) as one:
        if one.family not in (socket.AF_INET, socket.AF_INET6) or one.type != socket.SOCK_STREAM:
            return False
        if not one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return False
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return True
