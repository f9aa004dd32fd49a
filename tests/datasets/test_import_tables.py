"""Tables as other tools write them: read where the meaning is certain, else refused in words."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from emotion_core.datasets import UnclearLabelsError, import_dataset, load_dataset
from emotion_core.datasets.importing.importer import ImportReport
from emotion_core.emotions import FER2013
from emotion_core.errors import DatasetError
from emotion_core.images import resize_image
from tests.datasets import forms
from tests.datasets.table_forms import (
    HEADER,
    PIXELS,
    TABLES,
    as_list,
    saved,
    text_rows,
    wide_rows,
)

DATA = forms.faces()


def run(source: Path, **options: object) -> ImportReport:
    return import_dataset(source, source.parent / "out" / "faces.parquet", **options)


@pytest.mark.parametrize("form", TABLES)
def test_every_way_to_write_a_table_gives_the_same_rows(form: str, tmp_path: Path) -> None:
    write, assumed = TABLES[form]
    source = write(DATA, tmp_path / "faces.csv")
    report = run(source)
    assert (report.n, report.n_rejected, report.left_out) == (42, 0, {})
    data = load_dataset(tmp_path / "out" / "faces.parquet")
    np.testing.assert_array_equal(data.labels, DATA.labels)
    np.testing.assert_array_equal(data.images, DATA.images)
    np.testing.assert_array_equal(data.usage, DATA.usage)
    told = " ".join(report.assumed)
    assert assumed in told
    assert bool(assumed) == bool(told), told
    # The same again: order of the rows and hash depend on nothing but the file.
    again = import_dataset(source, tmp_path / "again.parquet")
    assert again.sha256 == report.sha256


def test_a_table_in_a_zip_and_in_a_folder(tmp_path: Path) -> None:
    table = saved(tmp_path / "a.tsv", text_rows(DATA), HEADER, separator="\t")
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/faces.tsv", table.read_bytes())
        archive.writestr("data/names.csv", "file,label\na.png,happy\n")
    report = run(tmp_path / "a.zip")
    assert (report.n, report.form) == (42, "csv in a zip")


@pytest.mark.parametrize("side", [32, 64, 96])
def test_other_square_sizes_say_what_happens(side: int, tmp_path: Path) -> None:
    rows: list[list[object]] = [
        [int(label), forms.pixels(resize_image(image, (side, side))), str(usage)]
        for label, image, usage in zip(DATA.labels, DATA.images, DATA.usage, strict=True)
    ]
    report = run(saved(tmp_path / "a.csv", rows, HEADER))
    assert report.n == 42
    change = "smaller" if side > 48 else "larger"
    assert f"faces of {side} x {side}, made {change} to 48 x 48" in " ".join(report.assumed)
    data = load_dataset(tmp_path / "out" / "faces.parquet")
    assert data.size_px == 48
    assert np.abs(data.images.astype(int) - DATA.images).mean() < 12


def test_what_is_not_certain_is_refused_in_words(tmp_path: Path) -> None:
    def refusal(rows: list[list[object]], header: list[str] | None) -> str:
        with pytest.raises(DatasetError) as caught:
            run(saved(tmp_path / "a.csv", rows, header))
        return str(caught.value)

    texts = text_rows(DATA)
    standardized = [
        [k, " ".join(map(str, ((image.ravel() - 128.0) / 64).tolist())), u]
        for (k, _, u), image in zip(texts, DATA.images, strict=True)
    ]
    assert "standardized" in refusal(standardized, HEADER)
    cut = [[k, str(image.ravel()), u] for (k, _, u), image in zip(texts, DATA.images, strict=True)]
    assert "cut short with ..." in refusal(cut, HEADER)
    two = [[k, k, t, u] for k, t, u in texts]
    assert "columns 1, 2 could" in refusal(two, None)
    wide = wide_rows(DATA)
    gap = [[*row[:100], *row[101:]] for row in wide]
    assert "pixel99 is missing" in refusal(gap, ["emotion", *PIXELS[:99], *PIXELS[100:], "Usage"])
    short = [[*row[:2000], row[-1]] for row in wide]
    assert "Found 1,999" in refusal(short, ["emotion", *PIXELS[:1999], "Usage"])
    paths = [[k, f"{i}.jpg"] for i, (k, _, _) in enumerate(texts)]
    assert "Found: 'emotion', 'image'" in refusal(paths, ["emotion", "image"])


def test_one_row_of_another_kind_is_rejected_not_guessed(tmp_path: Path) -> None:
    rows = text_rows(DATA)
    rows[3][1] = " ".join(["0.5"] * 2304)
    rows[4][1] = "[" + str(rows[4][1]).replace(" ", ", ") + "]"
    report = run(saved(tmp_path / "a.csv", rows, HEADER))
    assert (report.n, [row.line for row in report.rejected]) == (41, [5])
    assert "received '0.5'" in report.rejected[0].reason
    rows = text_rows(DATA, lambda image: " ".join(map(str, (image.ravel() / 255).tolist())))
    rows[3][1] = forms.pixels(DATA.images[3])
    report = run(saved(tmp_path / "b.csv", rows, HEADER))
    assert (report.n, [row.line for row in report.rejected]) == (41, [5])
    assert "wanted pixels from 0 to 1, received" in report.rejected[0].reason


def test_labels_that_are_numbered_otherwise_are_asked_for(tmp_path: Path) -> None:
    order = dict(zip(forms.NAMES, (6, 3, 2, 4, 5, 1, 7), strict=True))
    rows = [[float(order[forms.NAMES[int(str(k))]]), t, u] for k, t, u in text_rows(DATA)]
    source = saved(tmp_path / "raf.csv", rows, HEADER)
    with pytest.raises(UnclearLabelsError, match="the labels are numbers") as caught:
        run(source)
    options = caught.value.options()
    assert next(iter(options)) == "RAF-DB"
    assert options["RAF-DB"].startswith("--map 1=surprise --map 2=fear --map 3=disgust")
    table = {row.name: row.expression for row in caught.value.proposal.rows}
    report = run(source, labels=table)
    assert report.n == 42
    data = load_dataset(tmp_path / "out" / "faces.parquet")
    np.testing.assert_array_equal(data.labels, DATA.labels)


def test_an_eighth_class_is_no_slip(tmp_path: Path) -> None:
    rows = [*text_rows(DATA), *([7, *row[1:]] for row in text_rows(DATA)[:5])]
    source = saved(tmp_path / "ckextended.csv", rows, HEADER)
    with pytest.raises(
        UnclearLabelsError, match=r"perhaps as ckextended\.csv or AffectNet or FER\+"
    ):
        run(source)
    wanted = {str(i): emotion.value for i, emotion in enumerate(FER2013)}
    report = run(source, labels={**wanted, "7": "leave-out"})
    assert (report.n, report.n_rejected, report.left_out) == (42, 0, {"7": 5})


def test_word_labels_with_contempt_and_a_choice(tmp_path: Path) -> None:
    rows = [[forms.NAMES[int(str(k))].upper(), t, u] for k, t, u in text_rows(DATA)]
    rows += [["Contempt", *rows[0][1:]], ["calm", *rows[1][1:]], ["calm", *rows[2][1:]]]
    source = saved(tmp_path / "a.csv", rows, HEADER)
    report = run(source)
    assert (report.n, report.n_rejected, report.left_out) == (42, 2, {"Contempt": 1})
    assert "received 'calm'" in report.rejected[0].reason
    report = run(source, labels={"calm": "neutral"})
    assert (report.n, report.n_rejected) == (44, 0)
    assert {row.name: row.reason for row in report.labels}["calm"] == "as you said"


def test_lists_in_quotes_longer_than_the_csv_modules_limit(tmp_path: Path) -> None:
    side = 256
    rows: list[list[object]] = [
        [0, as_list(resize_image(image, (side, side))), "Training"] for image in DATA.images[:4]
    ]
    assert len(str(rows[0][1])) > 131_072
    assert run(saved(tmp_path / "a.csv", rows, HEADER)).n == 4
