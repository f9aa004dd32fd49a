"""What the download buttons hand out, from a real photo with made-up faces."""

import io
import json
import zipfile
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from emotion_core.photos.downloads import Export, file_kinds, picture_names
from emotion_core.photos.photo_files import Failure
from emotion_core.photos.photo_library import Photo
from emotion_core.types import FrameResult

MakeResult = Callable[..., FrameResult]


@pytest.fixture
def export(astronaut: bytes, make_result: MakeResult) -> Export:
    photo = Photo("trip.zip/sub/a.jpg", "0" * 64, astronaut)
    result = make_result(("happy", 0.9), ("sad", 0.4), size_px=(512, 512))
    return Export(
        "compact", "raters", "haar", ((photo, result),), (Failure("b.jpg", "not an image"),), False
    )


def test_csv_and_parquet_hold_the_same_rows(export: Export) -> None:
    csv = pd.read_csv(io.BytesIO(export.csv()))
    parquet = pd.read_parquet(io.BytesIO(export.parquet()))
    assert list(csv["source"]) == ["trip.zip/sub/a.jpg"] * 2
    assert list(csv["emotion"]) == list(parquet["emotion"]) == ["happy", "sad"]
    assert list(csv.columns) == list(parquet.columns)


def test_json_lists_results_and_errors(export: Export) -> None:
    document = json.loads(export.json())
    assert document["model"] == "compact"
    assert [len(result["faces"]) for result in document["results"]] == [2]
    assert document["errors"] == [{"source": "b.jpg", "error": "not an image"}]


def _picture(export: Export) -> np.ndarray:
    with zipfile.ZipFile(io.BytesIO(export.pictures())) as archive:
        (name,) = archive.namelist()
        assert name == "trip.zip_sub_a.jpg"
        return np.asarray(Image.open(archive.open(name)).convert("RGB"), np.int16)


def test_pictures_are_marked_and_hidden_only_on_wish(export: Export, astronaut: bytes) -> None:
    plain = np.asarray(Image.open(io.BytesIO(astronaut)).convert("RGB"), np.int16)
    marked = _picture(export)
    hidden = _picture(
        Export(
            export.model, export.labels, export.detector, export.results, export.failures, blur=True
        )
    )
    inside = np.s_[25:65, 16:54]  # of the first face's box, clear of its outline
    assert marked.shape == plain.shape
    assert (np.abs(marked - plain) > 60).any()
    assert np.abs(marked[inside] - plain[inside]).mean() < 6  # JPEG noise only
    # A blurred region keeps its colour and loses its detail.
    assert np.diff(hidden[inside], axis=1).std() < 0.5 * np.diff(plain[inside], axis=1).std()


def test_picture_names_are_flat_and_unique() -> None:
    assert picture_names(["a.jpg", "a.png", "x/a.jpg", "x_a.jpg", "no suffix"]) == [
        "a.jpg",
        "a (2).jpg",
        "x_a.jpg",
        "x_a (2).jpg",
        "no suffix.jpg",
    ]


def test_picture_names_can_be_unpacked_anywhere() -> None:
    made = picture_names(['a<b>|"c".jpg', "z.zip/CON.jpg", "NUL.png", "dot..jpg", "A.jpg", "a.jpg"])
    assert made == ["a_b___c_.jpg", "z.zip_CON.jpg", "_NUL.jpg", "dot.jpg", "A.jpg", "a (2).jpg"]


def test_formulas_are_text_in_csv_and_names_elsewhere(export: Export) -> None:
    ((photo, _),) = export.results
    photo.name = "=cmd|' !A0.jpg"
    assert list(pd.read_csv(io.BytesIO(export.csv()))["source"]) == ["'=cmd|' !A0.jpg"] * 2
    assert list(pd.read_parquet(io.BytesIO(export.parquet()))["source"]) == [photo.name] * 2
    assert json.loads(export.json())["results"][0]["source"] == photo.name


def test_every_kind_makes_bytes(export: Export) -> None:
    kinds = file_kinds(export)
    assert [kind.label for kind in kinds] == ["CSV", "JSON", "Parquet", "Annotated pictures (zip)"]
    assert all(kind.make() for kind in kinds)
    assert len({kind.file_name for kind in kinds}) == 4
