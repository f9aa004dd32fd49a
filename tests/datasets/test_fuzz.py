"""Readers of data sets on damaged files, with fixed seeds: they read, or say what is wrong."""

import contextlib
import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emotion_core.datasets import Corrections, import_dataset, load_dataset, write_dataset
from emotion_core.datasets.audit import audit_dataset
from emotion_core.datasets.audit.storage import load_report, save_report
from emotion_core.datasets.importing import look_at
from emotion_core.datasets.importing.ferplus import read_ferplus
from emotion_core.datasets.importing.label_choice import read_label_map
from emotion_core.datasets.parquet import stored_votes
from emotion_core.errors import EmotionLensError
from tests.datasets import forms
from tests.datasets.table_forms import HEADER, PIXELS, as_list, as_unit, saved, text_rows, wide_rows

DATA = forms.faces().select(np.arange(0, 42, 4))
#: Texts that readers trip over: empty, long, numbers of every kind, formulas, control characters.
NASTY = [
    b"", b"\0", b"\n", b"\r", b'"', b",", b";", b"\t", b"[", b"]", b"\xff\xfe", b"\xef\xbb\xbf",
    b"-1", b"1e999", b"nan", b"9" * 400, b"0x10", b"None", b"...", b"=1+1", b"\xc3", b"\xf0\x9f",
    b"\x1a", b"{", b"null", b"[[[[", b"7.5", b"\xd9\xa3", b"'", b"\\", b"a" * 5000,
]  # fmt: skip


def mutated(data: bytes, random: np.random.Generator) -> bytes:
    """A file with some of its bytes changed, cut, doubled or replaced by nasty ones."""
    content = bytearray(data)
    for _ in range(int(random.integers(1, 5))):
        at = int(random.integers(0, len(content) + 1))
        if random.random() < 0.4:
            at = min(at, 200)  # headers are where it hurts
        length = int(random.integers(0, 40))
        kind = int(random.integers(0, 6))
        if kind == 0:
            content[at : at + length] = random.bytes(length)
        elif kind == 1:
            del content[at : at + length]
        elif kind == 2:
            content[at:at] = content[at : at + length]
        elif kind == 3:
            content[at : at + length] = NASTY[int(random.integers(0, len(NASTY)))]
        elif kind == 4:
            del content[at:]
        elif at < len(content):
            content[at] ^= 1 << int(random.integers(0, 8))
    return bytes(content)


def attempt(read: Callable[[], object]) -> None:
    with contextlib.suppress(EmotionLensError):
        read()


def imported(path: Path) -> object:
    look_at(path)
    output = path.parent / "out.parquet"
    try:
        report = import_dataset(path, output)
        assert len(load_dataset(output)) == report.n
    finally:
        output.unlink(missing_ok=True)
    return report


def tables(folder: Path) -> dict[str, Path]:
    folder.mkdir()
    return {
        "kaggle": forms.write_csv(DATA, folder / "kaggle.csv"),
        "lists": saved(folder / "lists.csv", text_rows(DATA, as_list), HEADER),
        "units": saved(folder / "units.csv", text_rows(DATA, as_unit), HEADER, separator=";"),
        "wide": saved(folder / "wide.csv", wide_rows(DATA), ["emotion", *PIXELS, "Usage"]),
        "bare": saved(folder / "bare.csv", wide_rows(DATA), None, separator="\t"),
        "utf16": saved(folder / "utf16.csv", text_rows(DATA), HEADER, encoding="utf-16"),
    }


@pytest.mark.parametrize("form", ["kaggle", "lists", "units", "wide", "bare", "utf16"])
def test_tables(form: str, tmp_path: Path) -> None:
    data = tables(tmp_path / "good")[form].read_bytes()
    random = np.random.default_rng(1)
    path = tmp_path / "a.csv"
    for _ in range(40):
        path.write_bytes(mutated(data, random))
        attempt(lambda: imported(path))


def test_tables_of_nasty_fields(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    path = tmp_path / "a.csv"
    good = ["emotion", "pixels", "Usage", "3", "Training", forms.pixels(DATA.images[0])]
    for _ in range(150):
        rows = [
            [
                good[int(random.integers(0, 6))]
                if random.random() < 0.6
                else NASTY[int(random.integers(0, len(NASTY)))].decode("latin-1")
                for _ in range(int(random.integers(0, 5)))
            ]
            for _ in range(int(random.integers(0, 5)))
        ]
        if random.random() < 0.6:
            rows.insert(0, HEADER)
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, quoting=csv.QUOTE_MINIMAL, escapechar="\\").writerows(rows)
        attempt(lambda: imported(path))
        attempt(lambda: read_ferplus(path))


def hugging_face(path: Path) -> Path:
    column = [{"bytes": forms.png(image), "path": None} for image in DATA.images]
    table = pa.table({"image": column, "label": DATA.labels.tolist()})
    noted = b'{"info": {"features": {"label": {"names": ["anger", "happy"]}}}}'
    pq.write_table(table.replace_schema_metadata({b"huggingface": noted}), path)
    return path


@pytest.mark.parametrize("form", ["stored", "hugging face"])
def test_parquet_bytes(form: str, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    if form == "stored":
        write_dataset(DATA, path)
    else:
        hugging_face(path)
    data = path.read_bytes()
    random = np.random.default_rng(3)
    for _ in range(120):
        path.write_bytes(mutated(data, random))
        for read in (imported, load_dataset, stored_votes):
            attempt(lambda read=read: read(path))  # type: ignore[misc]


def test_parquet_columns_of_every_type(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    png = forms.png(DATA.images[0])
    not_text = pa.array([b"\xff\xfe\x80", b"\xc3"], pa.binary()).cast(pa.binary()).view(pa.string())
    columns = [
        pa.array([1, None]), pa.array(["1", "\udcff".encode("utf-8", "replace").decode()]),
        not_text, pa.array([1.5, float("nan")]), pa.array([True, None]), pa.array([None, None]),
        pa.array([[1, 2], None]), pa.array([list(range(2304)), [0.5] * 2304]),
        pa.array([[[1, 2]] * 48, [[1]]]), pa.array([{"bytes": png, "path": "a"}, None]),
        pa.array([{"bytes": None, "path": "a"}] * 2), pa.array([{"other": 1}] * 2),
        pa.array([{"bytes": "text"}, {"bytes": "more"}]), pa.array([png, b""]),
        pa.array(["Training", "PublicTest"]), pa.array(["Training", None]).dictionary_encode(),
        pa.array([2**63 - 1, -(2**63)]), pa.array([10**30, 0], pa.decimal128(38)),
        pa.array([0, 1], pa.timestamp("s")), pa.array([2**62, 1], pa.date64()),
        pa.array([0, 2**62], pa.timestamp("ns")), pa.array([0, 1], pa.int8()),
        pa.array([forms.pixels(DATA.images[0]), "1 2"]),
    ]  # fmt: skip
    names = ["image", "label", "usage", "pixels", "emotion", "split", "votes_neutral", "image"]
    random = np.random.default_rng(4)
    for i in range(150):
        chosen = list(random.permutation(names)[: int(random.integers(1, 6))])
        if i % 2:
            chosen = list(dict.fromkeys(["image", "label", "usage", *chosen]))
        values = [columns[int(random.integers(0, len(columns)))] for _ in chosen]
        pq.write_table(pa.Table.from_arrays(values, names=[str(n) for n in chosen]), path)
        for read in (imported, load_dataset, stored_votes):
            attempt(lambda read=read: read(path))  # type: ignore[misc]


def test_zips_and_folders(tmp_path: Path) -> None:
    files = forms.kaggle_files(DATA)
    data = forms.write_zip(files, tmp_path / "good.zip").read_bytes()
    random = np.random.default_rng(5)
    path = tmp_path / "a.zip"
    for _ in range(120):
        path.write_bytes(mutated(data, random))
        attempt(lambda: imported(path))
    names = ["", ".", "..", "a/../b.png", "/", "happy/", "happy//a.png", "0/a.png", "7/b.png",
             "train/", "\t/x.png", "happy/\n.png", "CON/a.png", "99999999999/a.png", "٣/a.png",
             "happy/.png", "a.csv", "a.parquet", "a.zip", "-1/c.png", " /d.png"]  # fmt: skip
    contents = [*list(files.values())[:3], data[:100], b"", *NASTY[:6]]
    for _ in range(60):
        some = {
            str(random.choice(names)): contents[int(random.integers(0, len(contents)))]
            for _ in range(5)
        }
        forms.write_zip({name: content for name, content in some.items() if name}, path)
        attempt(lambda: imported(path))
    forms.write_folder({k: mutated(v, random) for k, v in files.items()}, tmp_path / "folder")
    attempt(lambda: imported(tmp_path / "folder"))


def test_corrections_votes_and_tables_of_labels(tmp_path: Path) -> None:
    stored = tmp_path / "set.parquet"
    write_dataset(DATA, stored)
    corrections = Corrections.load(stored)
    corrections.relabel([1, 2], "happy", "me", "=1+1")
    corrections.exclude([3])
    corrections.save()
    votes = forms.write_ferplus(DATA, tmp_path / "fer2013new.csv")
    chosen = tmp_path / "map.json"
    chosen.write_text('{"1": "surprise", "2": null, "cats": "leave-out"}')
    originals = [path.read_bytes() for path in (corrections.path, votes, chosen)]
    random = np.random.default_rng(6)
    for _ in range(150):
        for path, data in zip((corrections.path, votes, chosen), originals, strict=True):
            path.write_bytes(mutated(data, random))
        attempt(lambda: Corrections.load(stored).save())
        attempt(lambda: load_dataset(stored, corrections=True))
        attempt(lambda: read_ferplus(votes))
        attempt(lambda: read_label_map([str(chosen)]))


def test_kept_audits(tmp_path: Path) -> None:
    folder = tmp_path / "audit"
    report = audit_dataset(DATA)
    save_report(report, folder)
    originals = {path.name: path.read_bytes() for path in folder.iterdir()}
    random = np.random.default_rng(7)

    def used() -> None:
        loaded = load_report(folder)
        loaded.summary()
        loaded.to_csv(tmp_path / "findings.csv")
        loaded.nearest(0)

    for _ in range(60):
        name = str(random.choice(sorted(originals)))
        (folder / name).write_bytes(mutated(originals[name], random))
        attempt(used)
        (folder / name).write_bytes(originals[name])
    # Tables that are whole and wrong.
    for column in report.rows.columns:
        for wrong in (None, "text", 1.5, -7, 2**40):
            rows = report.rows.copy()
            rows[column] = pd.Series([wrong] * len(rows), index=rows.index)
            rows.to_parquet(folder / "rows.parquet", index=False)
            attempt(used)
    shutil.rmtree(folder)
    attempt(used)
