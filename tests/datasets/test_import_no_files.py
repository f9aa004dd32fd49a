"""Pipes, sockets, devices and links in what is imported: told at once, never waited for."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emotion_core.datasets import import_dataset
from emotion_core.datasets.corrections import Corrections
from emotion_core.datasets.importing.ferplus import read_ferplus
from emotion_core.errors import DatasetError
from tests.datasets import forms

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes and devices of POSIX systems")

KINDS = {
    "pipe": "a named pipe",
    "zero": "a device",
    "socket": "a socket",
    "gone": "No such file",
    "circle": "Too many levels of symbolic links",
}


@pytest.fixture
def make() -> Iterator[Callable[[str, Path], Path]]:
    """Makes one of ``KINDS`` at a path; sockets end with the test."""
    listeners = []

    def make(kind: str, path: Path) -> Path:
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "zero":
            path.symlink_to("/dev/zero")
        elif kind == "gone":
            path.symlink_to(path.parent / "nothing")
        elif kind == "circle":
            path.symlink_to(path.name)
        else:
            listeners.append(socket.socket(socket.AF_UNIX))
            # The address has room for a hundred characters only.
            here = os.open(path.parent, os.O_RDONLY)
            listeners[-1].bind(f"/proc/self/fd/{here}/{path.name}")
            os.close(here)
        return path

    yield make
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reader", ["import", "ferplus", "corrections"])
def test_no_reader_waits_for_what_is_no_file(reader: str, kind: str, make, tmp_path: Path) -> None:
    path = make(kind, tmp_path / kind)
    read = {
        "import": lambda: import_dataset(path, tmp_path / "out.parquet"),
        "ferplus": lambda: read_ferplus(path),
        "corrections": lambda: Corrections.load("synthetic", path),
    }[reader]
    with pytest.raises(DatasetError, match=KINDS[kind]):
        read()


def test_in_a_folder_of_pictures_each_is_one_rejected_row(make, tmp_path: Path) -> None:
    files = forms.emotion_detection_files(forms.faces())
    root = forms.write_folder(files, tmp_path / "faces")
    folder = (root / next(iter(files))).parent
    for kind in KINDS:
        make(kind, folder / f"{kind}.png")
    report = import_dataset(root, tmp_path / "out.parquet")
    told = {Path(row.name).stem: row.reason for row in report.rejected}
    assert set(told) == set(KINDS)
    for kind, reason in KINDS.items():
        assert reason in told[kind]
    assert report.n == len(forms.faces())


@pytest.mark.parametrize("name", ["faces.csv", "faces.parquet"])
@pytest.mark.parametrize("kind", ["pipe", "zero", "socket"])
def test_a_table_in_a_folder_that_is_no_file_is_named(
    name: str, kind: str, make, tmp_path: Path
) -> None:
    root = tmp_path / "set"
    root.mkdir()
    make(kind, root / name)
    with pytest.raises(DatasetError, match=f"{name}: {KINDS[kind]}"):
        import_dataset(root, tmp_path / "out.parquet")
