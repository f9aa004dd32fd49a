"""Data sets that somebody else wrote: what their pictures may be, and what is no file."""

import io
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from emotion_core.datasets import build_synthetic, load_dataset, write_dataset
from emotion_core.errors import DatasetError


def with_picture(path: Path, data: bytes) -> Path:
    """A stored data set whose first picture is replaced."""
    write_dataset(build_synthetic(1, seed=3), path)
    table = pq.read_table(path)
    images = table.column("image").to_pylist()
    images[0] = {**images[0], "bytes": data}
    place = table.schema.get_field_index("image")
    column = pa.array(images, table.schema.field("image").type)
    pq.write_table(table.set_column(place, table.schema.field("image"), column), path)
    return path


def saved(image: Image.Image, form: str) -> bytes:
    file = io.BytesIO()
    image.save(file, form)
    return file.getvalue()


def test_a_colour_picture_of_another_form_is_read(tmp_path: Path) -> None:
    face = Image.fromarray(np.full((48, 48, 3), 90, np.uint8))
    data = load_dataset(with_picture(tmp_path / "a.parquet", saved(face, "JPEG")))
    assert data.images[0, 0, 0] == pytest.approx(90, abs=3)


def test_a_picture_of_huge_size_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    huge = saved(Image.new("RGB", (9000, 9000)), "PNG")
    path = with_picture(tmp_path / "a.parquet", huge)
    monkeypatch.setattr(Image.Image, "convert", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(DatasetError, match="row 0 is broken: 9000 x 9000 pixels, more than a face"):
        load_dataset(path)


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX systems")
def test_a_pipe_is_no_data_set(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.parquet")
    with pytest.raises(DatasetError, match="a named pipe, not a file"):
        load_dataset(tmp_path / "pipe.parquet")
