"""What people name becomes single inputs, in a stable order."""

import os
import sys
from pathlib import Path

import fsspec
import pandas as pd
import pytest

from emotion_core.batch.input_lists import iter_list
from emotion_core.batch.listing import iter_inputs, of_kind
from emotion_core.errors import BatchError


def found(*sources: object, **options: object) -> list[str]:
    return [one.source for one in iter_inputs(map(str, sources), **options)]  # type: ignore[arg-type]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    for name in ("b.jpg", "a.jpg", "Thumbs.db", ".hidden.jpg", "z/c.jpg", "out/part.parquet"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * len(name))
    return folder


def test_folders_by_their_names(tree: Path) -> None:
    assert found(tree) == [str(tree / "a.jpg"), str(tree / "b.jpg")]
    deep = found(tree, recursive=True, skip=[tree / "out"])
    assert deep == [str(tree / name) for name in ("a.jpg", "b.jpg", "z/c.jpg")]
    sizes = [one.size_bytes for one in iter_inputs([str(tree)])]
    assert sizes == [5, 5]


def test_sources_are_called_as_analyze_calls_them(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree)
    assert found(".") == ["a.jpg", "b.jpg"]
    assert found("z/../a.jpg", "./b.jpg") == ["z/../a.jpg", "./b.jpg"]
    assert all(Path(one.path).is_absolute() for one in iter_inputs(["."]))


def test_what_is_not_there(tree: Path) -> None:
    (empty := tree / "empty").mkdir()
    problems = [one.problem for one in iter_inputs([str(empty), str(tree / "gone.jpg")])]
    assert problems == [
        "no files in this folder; --recursive also reads the folders in it",
        "no such file or folder",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text")
def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    for name in (b"\xff.jpg", b"\xfe.jpg"):
        with open(os.fsencode(tmp_path) + b"/" + name, "wb") as file:  # noqa: PTH123
            file.write(b"x")
    ones = list(iter_inputs([str(tmp_path)]))
    assert [Path(one.path).exists() for one in ones] == [True, True]
    assert len({one.id for one in ones}) == 2
    assert all(one.source.isprintable() for one in ones)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_lists(tree: Path, suffix: str) -> None:
    table = pd.DataFrame(
        {"path": ["a.jpg", str(tree / "b.jpg"), "memory://x/y.jpg"], "id": [7, 8, 9], "age": 1}
    )
    path = tree / f"list{suffix}"
    table.to_csv(path, index=False) if suffix == ".csv" else table.to_parquet(path)
    ones = list(iter_inputs([str(path)]))
    assert [one.id for one in ones] == ["7", "8", "9"]
    assert [one.path for one in ones[:2]] == [str(tree / "a.jpg"), str(tree / "b.jpg")]
    assert ones[2].path == "memory://x/y.jpg"
    assert [one.size_bytes for one in ones] == [5, 5, None]


def test_a_list_without_ids(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text('path\n"a, b.jpg"\nNA\n', encoding="utf-8-sig")
    assert list(iter_list(str(tmp_path / "list.csv"))) == [("a, b.jpg", ""), ("NA", "")]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"", "damaged, or another kind of file"),
        ("a.csv", b"path\n", "The list is empty"),
        ("a.csv", b"file,id\na.jpg,1\n", "wanted the column path.*Received: file, id"),
        ("a.csv", b"path,id\na.jpg,1\n,2\n", "row 2 has no path"),
        ("a.csv", b"path,id\na.jpg,\n", "row 1 has no id"),
        ("a.csv", b"path,id\na.jpg,1\nb.jpg\n", "damaged"),
        ("a.csv", b"path\n\xff\xfe.jpg\n", "damaged"),
        ("a.parquet", b"PAR1 not really", "damaged"),
        ("a.parquet", b"", "damaged"),
    ],
)
def test_lists_that_cannot_be_read(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BatchError, match=says):
        list(iter_inputs([str(path)]))


def test_object_stores() -> None:
    store = fsspec.filesystem("memory")
    for name in ("/bucket/b.jpg", "/bucket/a.jpg", "/bucket/deep/c.jpg", "/bucket/.hidden"):
        store.pipe(name, b"12345")
    assert found("memory://bucket") == ["memory://bucket/a.jpg", "memory://bucket/b.jpg"]
    assert found("memory://bucket/", recursive=True)[-1] == "memory://bucket/deep/c.jpg"
    (one,) = iter_inputs(["memory://bucket/a.jpg"])
    assert (one.size_bytes, one.found) == (5, False)
    (gone,) = iter_inputs(["memory://bucket/gone.jpg"])
    assert gone.problem == "no such file or folder"


def test_files_by_their_address(tree: Path) -> None:
    assert found(f"file://{tree}") == [f"file://{tree}/a.jpg", f"file://{tree}/b.jpg"]


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("https://example.org/a.jpg", "Nothing is fetched from there: download it first"),
        ("nowhere://x/a.jpg", "cannot be opened: Protocol not known"),
    ],
)
def test_addresses_that_are_refused(address: str, says: str) -> None:
    with pytest.raises(BatchError, match=says):
        found(address)


@pytest.mark.parametrize("address", ["s3://bucket/photos", "s3://bucket/list.csv"])
def test_a_store_whose_package_is_missing(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(BatchError, match=r"wanted the package s3fs.*pip install s3fs"):
        found(address)


def test_kinds(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.MOV", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    kind, inputs = of_kind(iter_inputs([str(tmp_path)]), "auto")
    assert (kind, [Path(one.path).name for one in inputs]) == ("videos", ["a.mp4", "b.MOV"])
    kind, inputs = of_kind(iter_inputs([str(tmp_path)]), "photos")
    assert len(list(inputs)) == 3
    kind, _ = of_kind(iter_inputs([str(tmp_path / "notes.txt")]), "auto")
    assert kind == "photos"
    (tmp_path / "c.jpg").write_bytes(b"x")
    with pytest.raises(BatchError, match=r"There are both: \.jpg and \.mov"):
        of_kind(iter_inputs([str(tmp_path)]), "auto")
