"""Zips of pictures to ``POST /analyze``: the command's answer, and nothing in them surprises."""

import io
import json
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from emotion_core.api import pictures
from emotion_core.cli import main
from tests.api.conftest import Api


def zipped(*members: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def test_the_answer_is_the_commands_byte_for_byte(
    api: Api, astronaut: bytes, coffee: bytes, monkeypatch: pytest.MonkeyPatch, capfdbinary: Any
) -> None:
    data = zipped(
        ("trip/a.jpg", astronaut),
        ("trip/notes.txt", b"no"),
        ("damaged.jpg", astronaut[:500]),
        ("inner.zip", zipped(("b.jpg", coffee))),
        ("../c.jpg", coffee),
        ("__MACOSX/._a.jpg", b"litter"),
        ("coffee.jpg", coffee),
    )

    class Piped:
        buffer = io.BytesIO(data)

    Piped.buffer.isatty = lambda: False  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", Piped)
    assert main(["analyze", "-"]) == 1
    wanted = capfdbinary.readouterr().out
    answer = api.analyze(("standard input", data))
    assert answer.status == 200
    assert json.loads(answer.body) == json.loads(wanted)
    assert answer.body == wanted
    assert [entry["source"] for entry in answer.json["results"]] == [
        "standard input/trip/a.jpg", "standard input/coffee.jpg",
    ]  # fmt: skip
    assert [len(entry["faces"]) for entry in answer.json["results"]] == [1, 0]
    errors = {entry["source"]: entry["error"] for entry in answer.json["errors"]}
    assert errors.keys() == {
        f"standard input/{name}" for name in ("trip/notes.txt", "inner.zip", "c.jpg", "damaged.jpg")
    }
    assert "leads outside the zip" in errors["standard input/c.jpg"]
    assert "a zip inside a zip" in errors["standard input/inner.zip"]


@pytest.mark.parametrize(
    "content_type",
    ["application/zip", "application/x-zip-compressed", "application/octet-stream"],
)
def test_a_zip_may_be_the_body_itself(api: Api, coffee: bytes, content_type: str) -> None:
    answer = api("POST", "/analyze", zipped(("a.jpg", coffee)), content_type=content_type)
    assert [entry["source"] for entry in answer.json["results"]] == ["pictures.zip/a.jpg"]


def test_zips_and_pictures_in_one_form_with_pictures_back(api: Api, coffee: bytes) -> None:
    answer = api.analyze(
        ("first.jpg", coffee),
        ("one.zip", zipped(("a.jpg", coffee))),
        ("two.bin", zipped(("a.jpg", coffee))),
        ("last.jpg", coffee),
        query="?annotated=true&blur=true",
    )
    sources = [entry["source"] for entry in answer.json["results"] if entry["annotated"]]
    assert sources == ["first.jpg", "one.zip/a.jpg", "two.bin/a.jpg", "last.jpg"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04 and then nonsense", "photos.zip: not a readable zip file"),
        (b"", "photos.zip: not a readable zip file"),
        (zipped(), "photos.zip: the zip holds no files"),
        (zipped(("notes.txt", b"x")), "photos.zip/notes.txt: not a picture."),
        (zipped(("inner.zip", zipped(("a.jpg", b"x")))), "a zip inside a zip"),
        (zipped(("../../etc/a.jpg", b"x")), "photos.zip/etc/a.jpg: its name leads outside"),
        (zipped(("a.jpg", b"")), "photos.zip/a.jpg: the file is empty"),
        (zipped(("a.jpg", b"x"), ("b.jpg", b"y")), "None of 2 files could be read."),
    ],
)
def test_a_zip_without_a_picture_is_a_problem(api: Api, data: bytes, words: str) -> None:
    problem = api.analyze(("photos.zip", data)).problem
    assert (problem["status"], problem["code"]) == (422, "nothing_read")
    assert words in problem["detail"]
    assert problem["errors"]


def test_a_damaged_body_that_is_said_to_be_a_zip(api: Api) -> None:
    problem = api("POST", "/analyze", b"nonsense", content_type="application/zip").problem
    assert "not a readable zip" in problem["detail"]


def test_a_bomb_is_not_unpacked(api: Api) -> None:
    zeros = zipped(("a.jpg", bytes(70_000_000)), compression=zipfile.ZIP_DEFLATED)
    assert len(zeros) < 100_000
    assert "larger than 60 MB" in api.analyze(("a.zip", zeros)).problem["detail"]
    # Its table of contents lies about the size: 5 bytes.
    lying = bytearray(zeros)
    struct.pack_into("<I", lying, lying.find(b"PK\x01\x02") + 24, 5)
    assert "damaged inside the zip" in api.analyze(("a.zip", bytes(lying))).problem["detail"]


def test_all_together_has_a_limit(make_api: Callable[..., Api]) -> None:
    api = make_api(max_bytes=100_000)
    two = [(f"{n}.jpg", bytes(60_000)) for n in range(2)]
    packed = zipped(*two, compression=zipfile.ZIP_DEFLATED)
    problem = api.analyze(("a.zip", packed)).problem
    assert (problem["status"], problem["code"]) == (413, "too_large")
    assert "0.1 MB unpacked" in problem["detail"]
    # Not by sending two zips, either.
    halves = [
        (f"{n}.zip", zipped(one, compression=zipfile.ZIP_DEFLATED)) for n, one in enumerate(two)
    ]
    assert api.analyze(*halves).status == 413


def test_number_of_pictures(make_api: Callable[..., Api], coffee: bytes) -> None:
    api = make_api(max_pictures=2)
    one, three = ("a.jpg", coffee), [(f"{n}.jpg", coffee) for n in range(3)]
    assert api.analyze(("a.zip", zipped(*three[:2], ("notes.txt", b"x")))).status == 200
    for files in (
        [("a.zip", zipped(*three))],
        [one, ("a.zip", zipped(*three[:2]))],
        [("a.zip", zipped(*three[:2])), one],
        [("a.zip", zipped(("n.txt", b"x"))), ("b.zip", zipped(("n.txt", b"x"))), one],
    ):
        problem = api.analyze(*files).problem
        assert (problem["status"], problem["code"]) == (413, "too_large")
        assert "2 pictures" in problem["detail"]


def test_number_of_other_files(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_ZIP_ENTRIES", 5)
    four = zipped(*((f"{n}.txt", b"x") for n in range(4)))
    assert api.analyze(("a.zip", four)).status == 422
    problem = api.analyze(("a.zip", four), ("b.zip", four)).problem
    assert (problem["status"], problem["code"]) == (413, "too_large")
    assert "more than 5 files that are no pictures" in problem["detail"]


def test_what_is_unpacked_is_held_and_given_back(
    make_api: Callable[..., Api], coffee: bytes
) -> None:
    packed = zipped(("a.jpg", bytes(50_000)), compression=zipfile.ZIP_DEFLATED)
    api = make_api(max_held_bytes=40_000)
    for _ in range(2):
        answer = api.analyze(("a.zip", packed))
        assert (answer.status, answer.problem["code"]) == (503, "overloaded")
    api = make_api(max_held_bytes=2 * len(coffee) + 2000)
    for _ in range(3):
        assert api.analyze(("a.zip", zipped(("a.jpg", coffee)))).status == 200
    # The packed bytes are given back once they are unpacked.
    assert api.analyze(("a.zip", zipped(("a.jpg", coffee))), ("b.jpg", coffee[:900])).status == 200
