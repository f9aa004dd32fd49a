"""A batch as a whole, read in this process: what stands in its folder, and what is resumed."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import pandas as pd
import pyarrow.parquet as pq
import pytest

from emotion_core import analyze
from emotion_core.batch.folder import BatchFolder
from emotion_core.batch.options import BatchOptions
from emotion_core.batch.run import run_batch
from emotion_core.batch.status import BatchProgress
from emotion_core.errors import BatchError, Cancelled, MissingExtraError, OutputError
from tests.batch.conftest import BROKEN, MODEL, Inline, contents


def sources_of(photos: Path) -> list[Path]:
    return sorted(photos.iterdir())


@pytest.fixture(scope="session")
def single(photos: Path) -> pd.DataFrame:
    """What `analyze` says of the same photos."""
    return analyze(sources_of(photos), model=MODEL).to_frame()


def test_parts_are_the_table_of_analyze(
    inline: Callable[..., Inline],
    photos: Path,
    options: BatchOptions,
    single: pd.DataFrame,
    tmp_path: Path,
) -> None:
    inline()
    seen: list[BatchProgress] = []
    done = run_batch(photos, tmp_path / "out", options=options, progress=seen.append)
    assert (done.total, done.read, done.failed, done.parts, done.model) == (15, 12, 3, 4, MODEL)
    pd.testing.assert_frame_equal(done.to_frame(), single, check_exact=True)
    assert {Path(error["source"]).name for error in done.errors()} == set(BROKEN)
    for error in done.errors():
        assert error["error"].startswith(("truncated", "empty", "not an image"))
    assert (seen[0].done, seen[-1].done, seen[-1].failed, seen[-1].total) == (0, 15, 3, 15)
    status = json.loads((tmp_path / "out/status.json").read_text())
    wanted = {"state": "done", "total": 15, "done": 15, "read": 12, "failed": 3}
    assert {key: status[key] for key in wanted} == wanted
    assert {"rate", "eta_s", "pid", "executor", "workers"} <= status.keys()


def test_nothing_in_a_part_tells_when_or_where(
    inline: Callable[..., Inline], photos: Path, options: BatchOptions, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        inline()
        run_batch(photos, tmp_path / name, options=options)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    schema = pq.read_schema(tmp_path / "one/parts/part-00000.parquet")
    assert not schema.metadata
    assert schema.equals(pq.read_schema(tmp_path / "one/parts/part-00003.parquet"))


@pytest.mark.parametrize("size", [1, 7, 100])
def test_rows_do_not_depend_on_shards_or_order(
    inline: Callable[..., Inline],
    photos: Path,
    options: BatchOptions,
    single: pd.DataFrame,
    tmp_path: Path,
    size: int,
) -> None:
    inline(order=lambda shards: random.Random(size).sample(every := list(shards), len(every)))
    done = run_batch(photos, tmp_path, options=options, shard_size=size)
    assert done.parts == -(-15 // size)
    pd.testing.assert_frame_equal(done.to_frame(), single, check_exact=True)


def test_finished_parts_are_never_read_again(
    inline: Callable[..., Inline], photos: Path, options: BatchOptions, tmp_path: Path
) -> None:
    inline()
    run_batch(photos, tmp_path / "whole", options=options)
    out = tmp_path / "out"
    first = inline(most=2)
    with pytest.raises(Cancelled):
        run_batch(photos, out, options=options)
    status = json.loads((out / "status.json").read_text())
    assert (status["state"], status["done"], len(first.shards)) == ("stopped", 8, 2)
    second = inline(most=1)
    with pytest.raises(Cancelled):
        run_batch([], out, options=options, resume=True)  # sources may be left out
    third = inline()
    seen: list[BatchProgress] = []
    done = run_batch(photos, out, options=options, resume=True, progress=seen.append)
    assert (first.shards, second.shards, third.shards) == ([0, 1], [2], [3])
    assert (seen[0].done, done.failed) == (12, 3)
    assert contents(out) == contents(tmp_path / "whole")
    fourth = inline()
    assert run_batch(photos, out, options=options, resume=True).failed == 3
    assert fourth.shards == []


def test_a_part_without_its_end_is_read_again(
    inline: Callable[..., Inline],
    photos: Path,
    options: BatchOptions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The process ends between the errors of a shard and its part."""
    inline()
    run_batch(photos, tmp_path / "whole", options=options)

    def die(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr("emotion_core.batch.folder.write_part", die)
        inline()
        with pytest.raises(MemoryError):
            run_batch(photos, tmp_path / "out", options=options)
    assert [path.name for path in (tmp_path / "out/parts").iterdir()] == []
    assert json.loads((tmp_path / "out/status.json").read_text())["state"] == "failed"
    inline()
    run_batch(photos, tmp_path / "out", options=options, resume=True)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"options": {"threshold": 0.9}}, r"threshold \(it was unset, now 0.9\)"),
        ({"options": {"model": "emotion-cnn"}}, r"model \(it was compact, now emotion-cnn\)"),
        ({"shard_size": 5}, r"--shard-size \(it was 4, now 5\)"),
        ({"recursive": True}, "--recursive"),
        ({"sources": ["elsewhere"]}, "the sources"),
    ],
)
def test_other_options_are_no_resume(
    inline: Callable[..., Inline],
    photos: Path,
    options: BatchOptions,
    tmp_path: Path,
    changes: dict[str, Any],
    says: str,
) -> None:
    inline(most=1)
    with pytest.raises(Cancelled):
        run_batch(photos, tmp_path, options=options)
    before = contents(tmp_path)
    given = {"sources": photos, **changes}
    given["options"] = replace(options, **changes.get("options", {}))
    inline()
    with pytest.raises(BatchError, match=f"begun with other options. Different: {says}"):
        run_batch(given.pop("sources"), tmp_path, resume=True, **given)
    assert contents(tmp_path) == before


def test_another_model_of_the_same_name_is_no_resume(
    inline: Callable[..., Inline], photos: Path, options: BatchOptions, tmp_path: Path
) -> None:
    inline(most=1)
    with pytest.raises(Cancelled):
        run_batch(photos, tmp_path, options=options)
    path = tmp_path / "batch.json"
    settings = json.loads(path.read_text())
    settings["reader"] |= {"sha256": "0" * 64}
    settings["reader"]["versions"] |= {"numpy": "1.0"}
    path.write_text(json.dumps(settings))
    inline()
    with pytest.raises(BatchError, match=r"sha256 \(it was 000000000000.*numpy \(it was 1.0, now"):
        run_batch(photos, tmp_path, options=options, resume=True)


def test_folders_of_something_else(
    inline: Callable[..., Inline], photos: Path, options: BatchOptions, tmp_path: Path
) -> None:
    inline()
    (full := tmp_path / "full").mkdir()
    (full / "thesis.docx").write_bytes(b"x")
    for resume in (False, True):
        with pytest.raises(BatchError, match=r"wanted an empty folder.*There is thesis.docx"):
            run_batch(photos, full, options=options, resume=resume)
    (file := tmp_path / "file").write_bytes(b"x")
    with pytest.raises(OutputError, match="a file stands in its way"):
        run_batch(photos, file, options=options)
    run_batch(photos, tmp_path / "out", options=options)
    with pytest.raises(BatchError, match=r"holds a batch already\. --resume goes on"):
        run_batch(photos, tmp_path / "out", options=options)


def test_two_batches_at_one_folder(
    inline: Callable[..., Inline], photos: Path, options: BatchOptions, tmp_path: Path
) -> None:
    inline()
    with (
        BatchFolder(tmp_path).held(),
        pytest.raises(BatchError, match="another batch is writing there"),
    ):
        run_batch(photos, tmp_path, options=options)


def test_nothing_to_read_leaves_the_folder_free(
    inline: Callable[..., Inline], photos: Path, options: BatchOptions, tmp_path: Path
) -> None:
    inline()
    (empty := tmp_path / "empty").mkdir()
    for sources in (empty, tmp_path / "gone.jpg"):
        with pytest.raises(BatchError, match=r"Nothing to read\."):
            run_batch(sources, tmp_path / "out", options=options)
    with pytest.raises(BatchError, match="Nothing to read: name photos"):
        run_batch([], tmp_path / "out", options=options)
    assert run_batch(photos, tmp_path / "out", options=options).read == 12


def test_missing_inputs_are_errors_among_others(
    inline: Callable[..., Inline], photos: Path, options: BatchOptions, tmp_path: Path
) -> None:
    inline()
    done = run_batch([photos / "00.jpg", photos / "gone.jpg"], tmp_path, options=options)
    (error,) = done.errors()
    assert (done.read, done.failed) == (1, 1)
    assert (Path(error["source"]).name, error["error"]) == ("gone.jpg", "no such file or folder")


def test_lists_and_ids(
    inline: Callable[..., Inline], photos: Path, options: BatchOptions, tmp_path: Path
) -> None:
    inline()
    rows = {"path": [str(photos / "00.jpg"), str(photos / "empty.png")], "id": ["one", "two"]}
    pd.DataFrame(rows).to_csv(tmp_path / "list.csv", index=False)
    done = run_batch(tmp_path / "list.csv", tmp_path / "out", options=options)
    assert [error["id"] for error in done.errors()] == ["two"]
    manifest = pd.read_parquet(tmp_path / "out/manifest.parquet")
    assert done.to_frame().merge(manifest, on="source")["id"].tolist() == ["one"]


def test_a_store_that_only_this_process_sees(
    inline: Callable[..., Inline],
    photos: Path,
    options: BatchOptions,
    single: pd.DataFrame,
    tmp_path: Path,
) -> None:
    store = fsspec.filesystem("memory")
    for path in sources_of(photos):
        store.pipe(f"/all/{path.name}", path.read_bytes())
    inline()
    done = run_batch("memory://all", tmp_path / "out", options=options)
    there = done.to_frame()
    assert there["source"].str.startswith("memory://all/").all()
    here = single.drop(columns="source")
    pd.testing.assert_frame_equal(there.drop(columns="source"), here, check_exact=True)
    assert {error["error"] for error in done.errors()} == {
        error["error"] for error in run_batch(photos, tmp_path / "files", options=options).errors()
    }


def test_executors_that_are_not_there(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BatchError, match="wanted local or ray"):
        run_batch(photos, tmp_path, executor="slurm")
    with pytest.raises(BatchError, match="give --executor ray, too"):
        run_batch(photos, tmp_path, address="10.0.0.1:6379")
    monkeypatch.setattr("emotion_core.extras.importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="The executor ray needs the package ray"):
        run_batch(photos, tmp_path, executor="ray")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"kind": "music"}, "kind: wanted one of"),
        ({"min_confidence": 2}, "min_confidence"),
        ({"models": "compact"}, "models"),
        ({"small_faces": None}, "small_faces"),
    ],
)
def test_options_that_cannot_be(values: dict[str, Any], says: str) -> None:
    with pytest.raises(BatchError, match=says):
        BatchOptions.from_dict(values)
