"""Videos: a part is the frame table of `video` behind a column that says which one it is of."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from emotion_core import Sampling, analyze_video
from emotion_core.batch.items import Item
from emotion_core.batch.options import BatchOptions
from emotion_core.batch.reader import ItemReader
from emotion_core.batch.run import run_batch
from emotion_core.video.frame_table import table_schema, to_pandas
from tests.batch.conftest import MODEL, Inline, contents
from tests.video.face_clips import face_clip

OPTIONS = BatchOptions(kind="videos", model=MODEL, every_s=0.5)


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    face_clip(folder / "a.mp4")
    (folder / "b.mp4").write_bytes(b"no video")
    (folder / "notes.txt").write_text("no video either", encoding="utf-8")
    return folder


def test_parts_are_the_tables_of_videos(
    inline: Callable[..., Inline], videos: Path, tmp_path: Path
) -> None:
    inline()
    done = run_batch(videos, tmp_path / "out", options=OPTIONS)
    assert (done.kind, done.read, done.failed, done.parts) == ("videos", 1, 1, 2)
    (error,) = done.errors()
    assert Path(error["source"]).name == "b.mp4"
    part, empty = (pq.read_table(tmp_path / f"out/parts/part-0000{n}.parquet") for n in range(2))
    assert part.column_names == ["source", *table_schema().names]
    assert part.schema.equals(empty.schema, check_metadata=True)
    assert len(empty) == 0
    assert set(part.column("source").to_pylist()) == {str(videos / "a.mp4")}
    single = analyze_video(videos / "a.mp4", sampling=Sampling(every_s=0.5), model=MODEL).frames
    assert len(single) > 3
    pd.testing.assert_frame_equal(to_pandas(part.drop_columns("source")), single, check_exact=True)
    inline()
    run_batch(videos, tmp_path / "whole", options=OPTIONS, shard_size=2)
    whole = pq.read_table(tmp_path / "whole/parts/part-00000.parquet")
    assert whole.equals(part)
    inline()
    run_batch(videos, tmp_path / "again", options=OPTIONS)
    assert contents(tmp_path / "again") == contents(tmp_path / "out")


def test_a_video_goes_on_where_its_process_died(videos: Path, tmp_path: Path) -> None:
    reader = ItemReader(OPTIONS)
    item = Item("a", "a.mp4", str(videos / "a.mp4"))
    first = reader.read(0, item, tmp_path / "0-0")
    assert (tmp_path / "0-0/frames.parquet").is_file()
    assert reader.read(0, item, tmp_path / "0-0") == first  # what is whole is not read again
    assert reader.read(0, item) == first
    content = Item("a", "a.mp4", "memory://a.mp4", content=(videos / "a.mp4").read_bytes())
    assert reader.read(0, content) == first
