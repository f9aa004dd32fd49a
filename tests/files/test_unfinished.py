"""What is being written is left alone; what a killed process left is cleaned away."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from emotion_core.errors import DiskFullError, OutputError
from emotion_core.files import publishing, unfinished
from emotion_core.files.atomic_files import AtomicFile, atomic_path, check_room, write_atomic
from emotion_core.files.publishing import published_folder, remove_folder, scratch_folder
from emotion_core.files.unfinished import clean, clean_below

ROOT = Path(__file__).resolve().parents[2]

_WRITER = """
import sys
from pathlib import Path
from emotion_core.files.atomic_files import AtomicFile
from emotion_core.files.publishing import published_folder
folder = Path(sys.argv[1])
with AtomicFile(folder / "file") as file, published_folder(folder / "folder") as new:
    file.write(b"half" * 100_000)
    (new / "half").write_text("half")
    print("writing", flush=True)
    input()
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_work_of_a_living_process_is_left_alone_until_it_is_killed(tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(tmp_path)], cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"writing\n"
    before = names(tmp_path)
    assert len(before) == 2
    clean(tmp_path)
    assert names(tmp_path) == before
    writer.kill()
    writer.communicate()
    write_atomic(tmp_path / "other", b"the first write of another process cleans")
    clean(tmp_path)
    assert names(tmp_path) == ["other"]


def test_the_next_process_that_writes_in_a_folder_cleans_it(tmp_path: Path) -> None:
    code = _WRITER.replace("input()", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    for _ in range(3):
        killed = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True
        )
        assert killed.returncode == -signal.SIGKILL
        assert len(names(tmp_path)) == 2, "three kills leave no more than one"
    write_atomic(tmp_path / "mine", b"")
    assert names(tmp_path) == ["mine"]


def test_only_ours_is_cleaned(tmp_path: Path) -> None:
    theirs = [
        ".x.partial", "x.partial", ".x.abcdefgh.partial", ".promoting-x", "emotion-lens-abcdefgh",
        "x.emotion-lens-abcdefgh.partial", ".x.emotion-lens-abcdefgh.partial~",
    ]  # fmt: skip
    for name in theirs:
        (tmp_path / name).write_text("x")
    (tmp_path / ".x.emotion-lens-abcdefgh.partial").symlink_to(tmp_path / theirs[0])
    (tmp_path / "deep").mkdir()
    ours = tmp_path / "deep" / ".x.keras.emotion-lens-abcdefgh.partial.keras"
    ours.write_text("x")
    before = names(tmp_path)
    clean_below(tmp_path)
    assert names(tmp_path) == before
    assert not ours.exists()


def test_a_name_as_long_as_they_get_can_be_written(tmp_path: Path) -> None:
    for name in ("x" * 255, "ä" * 127):
        write_atomic(tmp_path / name, b"whole")
        assert (tmp_path / name).read_bytes() == b"whole"
        with published_folder(tmp_path / f"{name[:-1]}f", durable=False):
            pass


def test_where_there_are_no_locks_age_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(file: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(unfinished, "try_lock", no_locks)
    fresh = tmp_path / ".a.emotion-lens-abcdefgh.partial"
    old = tmp_path / ".b.emotion-lens-abcdefgh.partial"
    fresh.write_text("")
    old.write_text("")
    os.utime(old, (0, time.time() - 100_000))
    write_atomic(tmp_path / "x", b"whole")
    clean(tmp_path)
    assert names(tmp_path) == [fresh.name, "x"]


def test_what_a_cleaner_took_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, taken = unfinished.try_lock, []

    def too_late(file: object) -> None:
        if len(taken) < 2:
            taken.append(file)
            raise BlockingIOError(11, "Resource temporarily unavailable")
        lock(file)  # type: ignore[arg-type]

    monkeypatch.setattr(unfinished, "try_lock", too_late)
    with AtomicFile(tmp_path / "x") as file:
        file.write(b"whole")
    assert (tmp_path / "x").read_bytes() == b"whole"


def test_a_writer_that_wants_a_path(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with atomic_path(path) as partial:
        assert partial.suffix == ".keras"
        partial.write_bytes(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"

    def break_off() -> None:
        with atomic_path(path) as partial:
            partial.write_bytes(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        break_off()
    assert path.read_bytes() == b"whole"
    assert names(tmp_path) == ["model.keras"]


@pytest.mark.parametrize("in_one_step", [True, False])
def test_nothing_of_the_old_folder_is_left_in_the_new_one(
    in_one_step: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not in_one_step:
        monkeypatch.setattr(publishing, "_exchange", lambda one, other: False)
    target = tmp_path / "folder"
    for name in ("a", "b"):
        with published_folder(target, replace=True) as new:
            (new / name).write_text(name)
        assert names(target) == [name]
    with pytest.raises(FileExistsError), published_folder(target):
        pass
    with pytest.raises(KeyError), published_folder(target, replace=True) as new:
        raise KeyError
    assert names(target) == ["b"]
    remove_folder(target)
    assert names(tmp_path) == []


def test_a_folder_that_comes_up_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "folder"

    def publish() -> None:
        with published_folder(target) as new:
            (new / "mine").write_text("")
            target.mkdir()
            (target / "theirs").write_text("")

    with pytest.raises(FileExistsError):
        publish()
    assert names(target) == ["theirs"]
    assert names(tmp_path) == ["folder"]


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "real").mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere" / "real")
    with published_folder(link, replace=True) as new:
        (new / "x").write_text("")
    assert link.is_symlink()
    assert names(link) == ["x"]
    assert names(tmp_path / "elsewhere") == ["real"]


def test_scratch_folders_go_and_places_that_refuse_are_named(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        (folder / "x").write_text("")
    assert names(tmp_path) == []
    (tmp_path / "file").write_text("")
    taken = published_folder(tmp_path / "file" / "folder")
    with pytest.raises(OutputError, match="a file stands in its way"), taken:
        pass
    with pytest.raises(
        DiskFullError, match=r"MB are free, 1,000,000,000,000\.0 MB are needed. Kep"
    ):
        check_room(tmp_path / "x" / "y", 10**18, kept="Kept.")
