"""``annotated`` and ``blur`` of ``POST /analyze``: the pictures of the command, within limits."""

import asyncio
import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from emotion_core.api import held_bytes
from emotion_core.api.analyze_examples import ANSWERS
from emotion_core.api.application import build_application
from emotion_core.api.problems import Problem
from emotion_core.api.schemas import Analysis
from emotion_core.api.service import AnalysisService
from emotion_core.api.settings import ApiSettings
from emotion_core.cli import main
from tests.api.conftest import FORM, Api, form


def picture(data: bytes) -> "np.ndarray[Any, Any]":
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), np.int16)


@pytest.mark.parametrize(("query", "options"), [("", ()), ("&blur=true", ("--blur",))])
def test_it_is_the_commands_picture_and_the_rest_is_as_without(
    api: Api, query: str, options: tuple[str, ...], astronaut: bytes, tmp_path: Path
) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(astronaut)
    marked = tmp_path / "marked"
    assert main(["analyze", str(photo), "--annotated", str(marked), *options]) == 0
    answer = api.analyze(("a.jpg", astronaut), query=f"?annotated=true{query}")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.body)
    document = answer.json
    Analysis.model_validate(document)
    sent = base64.b64decode(document["results"][0].pop("annotated"), validate=True)
    assert sent == (marked / "a.jpg").read_bytes()
    assert document == api.analyze(("a.jpg", astronaut)).json


def test_faces_are_marked_and_with_blur_unrecognisable(api: Api, astronaut: bytes) -> None:
    before = picture(astronaut)
    shown = {}
    for query in ("?annotated=1", "?annotated=1&blur=1"):
        (result,) = api.analyze(("a.jpg", astronaut), query=query).json["results"]
        shown[query] = picture(base64.b64decode(result["annotated"]))
        x0, y0, x1, y1 = (round(v) for v in result["faces"][0]["box"])
    assert all(image.shape == before.shape for image in shown.values())
    inner = np.s_[y0 + 15 : y1 - 15, x0 + 15 : x1 - 15]  # without the lines of the box
    changes = [float(np.abs(image[inner] - before[inner]).mean()) for image in shown.values()]
    assert changes[0] < 4 < 12 < changes[1]


def test_every_picture_has_its_own_also_without_faces(
    api: Api, astronaut: bytes, coffee: bytes
) -> None:
    files = [("coffee.jpg", coffee), ("notes.txt", b"No picture."), ("a.jpg", astronaut)]
    answer = api.analyze(*files, query="?annotated=true")
    sizes = [
        (entry["source"], picture(base64.b64decode(entry["annotated"])).shape[:2])
        for entry in answer.json["results"]
    ]
    assert sizes == [("coffee.jpg", (400, 600)), ("a.jpg", (512, 512))]
    assert [entry["source"] for entry in answer.json["errors"]] == ["notes.txt"]


def test_what_no_jpeg_can_hold_is_told(api: Api) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (66_000, 20)).save(buffer, "PNG")
    long = ("long.png", buffer.getvalue())
    assert api.analyze(long).status == 200
    assert "too long for a JPEG" in api.analyze(long, query="?annotated=true").problem["detail"]


@pytest.mark.parametrize("query", ["", "?annotated=false", "?annotated=0&blur=false"])
def test_who_does_not_ask_gets_none(api: Api, coffee: bytes, query: str) -> None:
    assert b'"annotated"' not in api.analyze(("coffee.jpg", coffee), query=query).body


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?blur=true", "blur: is for the annotated pictures: ask for annotated=true, too."),
        ("?annotated=false&blur=1", "blur: is for the annotated pictures"),
        ("?annotated=marked/", "annotated: wanted a valid boolean"),
        ("?annotated=true&blur=much", "blur: wanted a valid boolean"),
        ("?annotated", "annotated: wanted a valid boolean"),
    ],
)
def test_options_that_are_none_are_said(api: Api, coffee: bytes, query: str, words: str) -> None:
    problem = api.analyze(("coffee.jpg", coffee), query=query).problem
    assert (problem["status"], problem["code"]) == (422, "wrong_options")
    assert words in problem["detail"]
    assert len(problem["errors"]) == 1


def test_an_answer_has_a_limit_too(make_api: Callable[..., Api], coffee: bytes) -> None:
    service = AnalysisService(ApiSettings(max_bytes=150_000))
    files = [(f"{n}.jpg", coffee) for n in range(4)]
    for query, status in (("", 200), ("?annotated=true", 422)):
        answer = make_api(service).analyze(*files, query=query)
        assert answer.status == status
    assert answer.problem["code"] == "answer_too_large"
    assert "0.15 MB in base64" in answer.problem["detail"]
    service.close()


def test_answers_are_held_until_they_are_taken(make_api: Callable[..., Api], coffee: bytes) -> None:
    """Room for the picture, none for what is drawn: refused for now, and all is given back."""
    api = make_api(max_held_bytes=len(coffee) + 1000)
    for _ in range(3):
        answer = api.analyze(("coffee.jpg", coffee), query="?annotated=true")
        assert (answer.status, answer.problem["code"]) == (503, "overloaded")
        assert answer.headers["retry-after"]
    assert api.analyze(("coffee.jpg", coffee)).status == 200
    once = make_api(max_held_bytes=6 * len(coffee), max_requests=1)
    for _ in range(3):
        assert once.analyze(("coffee.jpg", coffee), query="?annotated=true").status == 200


def test_who_does_not_take_an_answer_is_not_waited_for(
    service: AnalysisService, coffee: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = form(("coffee.jpg", coffee))
    begun: list[str] = []
    scope = {
        "type": "http", "method": "POST", "path": "/analyze", "raw_path": b"",
        "query_string": b"annotated=true", "root_path": "", "http_version": "1.1",
        "headers": [(b"host", b"localhost"), (b"content-type", FORM.encode())],
        "scheme": "http", "server": ("127.0.0.1", 8000), "client": ("127.0.0.1", 1),
        "extensions": {},
    }  # fmt: skip

    async def ask(reads: bool) -> None:
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            return waiting.pop() if waiting else await asyncio.Future()

        async def send(message: Any) -> None:
            begun.append(message["type"])
            if not reads and message["type"] == "http.response.body":
                await asyncio.Future()

        await app(scope, receive, send)

    app = build_application(ApiSettings(timeout_s=0.3, max_requests=1), service)
    asyncio.run(ask(reads=True))
    n_messages = len(begun)
    begun.clear()
    monkeypatch.setattr(held_bytes, "LEAST_BYTES_PER_S", 10**9)
    asyncio.run(ask(reads=False))
    assert begun == ["http.response.start", "http.response.body"]
    begun.clear()
    asyncio.run(ask(reads=True))  # its place is free again
    assert len(begun) == n_messages


def test_what_comes_after_the_end_is_not_held() -> None:
    """A thread that still unpacks for a request that has ended."""
    room = held_bytes.Room(1, 100)
    with room.request() as held:
        held.add(60)
        held.give_back(20)
        assert room.bytes == 40
    with pytest.raises(Problem, match="as many requests"):
        held.add(10)
    assert (room.requests, room.bytes) == (0, 0)


def test_the_examples_are_answers_and_stand_in_the_document(api: Api) -> None:
    for example in ANSWERS["examples"].values():
        Analysis.model_validate(example["value"])
    operation = api("GET", "/openapi.json").json["paths"]["/analyze"]["post"]
    content = operation["responses"]["200"]["content"]["application/json"]
    assert content["schema"]["$ref"].endswith("/Analysis")
    assert json.dumps(content["examples"]) == json.dumps(ANSWERS["examples"])
    assert {"annotated", "blur"} <= {p["name"] for p in operation["parameters"]}
    assert "application/zip" in operation["requestBody"]["content"]
