"""The manifest: shards, sizes, repetitions."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest

from emotion_core.batch import manifest as module
from emotion_core.batch.listing import Listed
from emotion_core.batch.manifest import Manifest, read_manifest, write_manifest
from emotion_core.errors import BatchError


def one(name: str, own: str = "", **more: object) -> Listed:
    return Listed(f"/photos/{name}", name, own or name, 5, **more)  # type: ignore[arg-type]


def written(folder: Path, inputs: Iterable[Listed], size: int | None = None) -> Manifest:
    path = folder / "manifest.parquet"
    write_manifest(path, inputs, scratch=folder, shard_size=size, most=256)
    return read_manifest(path)


def test_shards(tmp_path: Path) -> None:
    manifest = written(tmp_path, (one(f"{i}.jpg") for i in range(10)), 4)
    assert (manifest.total, manifest.shard_size, manifest.shards) == (10, 4, 3)
    assert [manifest.size_of(n) for n in range(3)] == [4, 4, 2]
    shards = list(manifest.iter_shards())
    assert [shard.number for shard in shards] == [0, 1, 2]
    assert [item.id for shard in shards for item in shard.items] == [f"{i}.jpg" for i in range(10)]
    table = pd.read_parquet(tmp_path / "manifest.parquet")
    assert list(table.columns) == ["id", "source", "path", "size_bytes", "problem", "shard"]
    assert table["shard"].tolist() == [0] * 4 + [1] * 4 + [2] * 2


def test_shards_across_the_rows_that_are_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ROWS", 7)
    inputs = [one(f"{i % 40}.jpg") for i in range(50)]
    manifest = written(tmp_path, inputs, 5)
    assert manifest.total == 40
    names = [[item.source for item in shard.items] for shard in manifest.iter_shards()]
    assert names == [[f"{5 * n + i}.jpg" for i in range(5)] for n in range(8)]


@pytest.mark.parametrize(("n", "size"), [(1, 4), (12, 4), (1000, 16), (100_000, 256)])
def test_few_inputs_have_small_shards(tmp_path: Path, n: int, size: int) -> None:
    assert written(tmp_path, (one(f"{i}.jpg") for i in range(n))).shard_size == size


def test_an_id_for_two_inputs(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match=r"The id 7 is given twice, to /photos/a.jpg and"):
        written(tmp_path, [one("a.jpg", "7"), one("b.jpg", "8"), one("c.jpg", "7")])


def test_two_ids_for_an_input(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match=r"/photos/a.jpg is listed twice, as 7 and as 8"):
        written(tmp_path, [one("a.jpg", "7"), one("a.jpg", "8")])


def test_nothing_that_could_be_read(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match=r"Nothing to read\. a\.jpg: no such file or folder"):
        written(tmp_path, [one("a.jpg", problem="no such file or folder")])
    with pytest.raises(BatchError, match="No inputs were named"):
        written(tmp_path, [])
    assert not (tmp_path / "manifest.parquet").exists()


@pytest.mark.parametrize("content", [b"", b"PAR1xxxx", b"no manifest"])
def test_a_damaged_manifest(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "manifest.parquet"
    path.write_bytes(content)
    with pytest.raises(BatchError, match="wanted the manifest of a batch"):
        read_manifest(path)
    pd.DataFrame({"a": [1]}).to_parquet(path)
    with pytest.raises(BatchError, match="wanted the manifest of a batch"):
        read_manifest(path)
