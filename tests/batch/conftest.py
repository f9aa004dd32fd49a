"""A folder of small photos, whole and broken, and what one single run reads in it."""

import io
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

from emotion_core.batch import run
from emotion_core.batch.items import Outcome, Shard, Tell
from emotion_core.batch.options import BatchOptions
from emotion_core.batch.reader import ItemReader
from emotion_core.errors import Cancelled

#: The small model: what is tested here is who reads, not how well.
MODEL = "compact"
BROKEN = ("cut.jpg", "empty.png", "notes.txt")


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Jobs of these tests are in a folder of their own."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("EMOTION_LENS_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def photos(
    tmp_path_factory: pytest.TempPathFactory, astronaut: bytes, grace_hopper: bytes, coffee: bytes
) -> Path:
    """12 small photos and three files that are none; tests only read it."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(12):
        with Image.open(io.BytesIO((astronaut, grace_hopper, coffee)[number % 3])) as image:
            width = 150 + 8 * number
            small = image.convert("RGB").resize((width, width * image.height // image.width))
            small.save(folder / f"{number:02d}.jpg", quality=92)
    (folder / "cut.jpg").write_bytes((folder / "00.jpg").read_bytes()[:900])
    (folder / "empty.png").write_bytes(b"")
    (folder / "notes.txt").write_text("Remember the milk.", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def options() -> BatchOptions:
    return BatchOptions(kind="photos", model=MODEL)


@dataclass
class Inline:
    """Reads shards in this very process, so that tests need no others."""

    reader: ItemReader
    order: Callable[[Iterable[Shard]], Iterable[Shard]] = lambda shards: shards
    #: Stops after so many shards, as a kill would.
    most: int = 10**9
    shards: list[int] = field(default_factory=list)

    def run(
        self, shards: Iterable[Shard], tell: Tell, cancelled: Callable[[], bool]
    ) -> Iterator[tuple[Shard, list[Outcome]]]:
        for shard in self.order(shards):
            if len(self.shards) == self.most or cancelled():
                raise Cancelled("Stopped.")
            self.shards.append(shard.number)
            outcomes = [self.reader.read(i, item) for i, item in enumerate(shard.items)]
            tell(len(outcomes), sum(bool(outcome.error) for outcome in outcomes))
            yield shard, outcomes


@pytest.fixture(scope="session")
def reader(options: BatchOptions) -> ItemReader:
    """Opened once for all tests of a process."""
    return ItemReader(options)


@pytest.fixture
def inline(
    monkeypatch: pytest.MonkeyPatch, reader: ItemReader, options: BatchOptions
) -> Callable[..., Inline]:
    """Makes batches read in this process; gives what reads them."""
    opened = {options: reader}

    def open_reader(wanted: BatchOptions) -> ItemReader:
        if wanted not in opened:
            opened[wanted] = ItemReader(wanted)
        return opened[wanted]

    def make(**settings: object) -> Inline:
        executor = Inline(reader, **settings)  # type: ignore[arg-type]

        def build(_name: str, work: run._Batch, *_: object) -> Inline:
            executor.reader = open_reader(work.options)
            return executor

        monkeypatch.setattr(run, "ItemReader", open_reader)
        monkeypatch.setattr(run, "_executor", build)
        return executor

    return make


def contents(folder: Path) -> dict[str, bytes]:
    """Every part and every file of errors."""
    found = [*(folder / "parts").iterdir(), *(folder / "errors").iterdir()]
    return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in found}


def needs_kills() -> pytest.MarkDecorator:
    return pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes")
