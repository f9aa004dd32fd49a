"""A lock is one process's, is waited for only if asked, and is free when its process ends."""

import errno
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import Timeout

from emotion_core.files.named_locks import named_lock


def is_locked(path: Path) -> bool:
    try:
        with named_lock(path):
            return False
    except OSError:
        return True


def test_a_lock_is_held_by_one_and_freed_by_the_end_of_its_process(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    code = (
        "import sys; from pathlib import Path\n"
        "from emotion_core.files.named_locks import named_lock\n"
        "with named_lock(Path(sys.argv[1])): print(True, flush=True); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"True\n"
    mine = named_lock(path)
    with pytest.raises(Timeout):
        mine.acquire()
    assert is_locked(path)
    holder.kill()
    holder.communicate()
    assert not is_locked(path)
    with mine:
        assert is_locked(path)
    # The file stays: deleting it could take another one's lock away.
    assert path.is_file()
    assert not is_locked(path)


def test_two_of_one_process_do_not_share_a_lock(tmp_path: Path) -> None:
    first, second = (named_lock(tmp_path / "lock") for _ in range(2))
    with first, pytest.raises(Timeout):
        second.acquire()
    with second:
        assert is_locked(tmp_path / "lock")


def test_a_lock_can_be_waited_for(tmp_path: Path) -> None:
    first, taken = named_lock(tmp_path / "lock"), threading.Event()

    def wait() -> None:
        with named_lock(tmp_path / "lock", timeout_s=20):
            taken.set()

    with first:
        thread = threading.Thread(target=wait)
        thread.start()
        assert not taken.wait(0.1)
    thread.join()
    assert taken.is_set()


def test_where_there_are_no_locks_nobody_gets_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package would put a file in the lock's place, which outlives a killed process."""
    fcntl = pytest.importorskip("fcntl")

    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    path = tmp_path / "lock"
    path.touch()
    with pytest.raises(OSError, match="Function not implemented"):
        named_lock(path).acquire()
    assert is_locked(path)
