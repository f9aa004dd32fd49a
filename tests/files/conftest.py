"""A disk that is full: a real one of 2 MB where it may be mounted, and a made one everywhere."""

import errno
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_SIZE_MB = 2


@dataclass(frozen=True)
class SmallDisk:
    """A folder whose disk can be filled."""

    path: Path
    fill: Callable[[], None]


def _fill(folder: Path) -> None:
    with (folder / "filler").open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


@pytest.fixture
def real_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A tmpfs of 2 MB."""
    path = tmp_path / "disk"
    path.mkdir()
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root may mount a disk of 2 MB")
    line = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE_MB}m", "tmpfs", str(path)]
    if subprocess.run(line, capture_output=True).returncode:
        pytest.skip("this system does not let root mount a tmpfs")
    try:
        yield SmallDisk(path, lambda: _fill(path))
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


@pytest.fixture
def made_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallDisk:
    """A folder in which, once it is full, nothing new can be made."""
    path = tmp_path / "disk"
    path.mkdir()

    def fill() -> None:
        for name in ("mkstemp", "mkdtemp"):
            monkeypatch.setattr(tempfile, name, _refusing(getattr(tempfile, name), path))

    return SmallDisk(path, fill)


def _refusing(make: Callable[..., object], folder: Path) -> Callable[..., object]:
    def refuse(*arguments: object, **options: object) -> object:
        if Path(str(options.get("dir", ""))).is_relative_to(folder):
            raise OSError(errno.ENOSPC, "No space left on device")
        return make(*arguments, **options)

    return refuse


@pytest.fixture(params=["real_disk", "made_disk"])
def disk(request: pytest.FixtureRequest) -> SmallDisk:
    """Both kinds of full disks, one after the other."""
    found: SmallDisk = request.getfixturevalue(request.param)
    return found
