"""A process that reads shards: ``python -m emotion_core.batch.local_worker``.

It is told what to read on stdin and answers on stdout, in frames: eight bytes with a length, then
that many bytes of pickle. When stdin ends, whoever wanted the answers has gone, and so it goes at
once, whatever it reads.
"""

import os
import pickle
import queue
import signal
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from emotion_core.errors import EmotionLensError

_LENGTH = struct.Struct(">Q")


def send(file: IO[bytes], message: Any) -> None:
    """Writes one frame.

    Raises:
        OSError: nobody reads any more.
    """
    data = pickle.dumps(message, protocol=5)
    file.write(_LENGTH.pack(len(data)) + data)
    file.flush()


def receive(file: IO[bytes]) -> Any:
    """Reads one frame.

    Raises:
        EOFError: the other side has gone.
    """
    (length,) = _LENGTH.unpack(_exactly(file, _LENGTH.size))
    return pickle.loads(_exactly(file, length))


def _exactly(file: IO[bytes], n: int) -> bytes:
    data = file.read(n)
    if data is None or len(data) < n:
        raise EOFError
    return data


def open_reader(options: Mapping[str, Any]) -> Any:
    """An ``ItemReader`` by options as they stand in JSON."""
    from emotion_core.batch.options import BatchOptions
    from emotion_core.batch.reader import ItemReader

    return ItemReader(BatchOptions.from_dict(options))


def main(build: Callable[[Mapping[str, Any]], Any] = open_reader) -> None:
    """Reads what it is told until stdin ends.

    Args:
        build: opens what reads.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that leads
    # Whatever libraries print goes to the log, not between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    orders: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, orders), daemon=True).start()

    first = orders.get()
    scratch = Path(first["scratch"])
    try:
        reader = build(first["options"])
    except EmotionLensError as error:
        send(answers, ("refused", str(error)))
        return
    send(answers, ("ready", reader.identity()))
    while True:
        shard, items = orders.get()
        for position, item in items:
            send(answers, ("read", reader.read(position, item, scratch / f"{shard}-{position}")))
        send(answers, ("end", reader.is_worn_out()))


def _listen(file: IO[bytes], orders: "queue.SimpleQueue[Any]") -> None:
    try:
        while True:
            orders.put(receive(file))
    except (EOFError, OSError):
        os._exit(0)


if __name__ == "__main__":
    main()
