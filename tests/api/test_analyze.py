"""``POST /analyze``: the same answer as the command's, whatever comes beside it."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from emotion_core.api.schemas import Analysis
from emotion_core.api.service import AnalysisService
from emotion_core.api.settings import ApiSettings
from emotion_core.cli import main
from tests.api.conftest import FORM, Api, form


def by_command(capfdbinary: Any, *arguments: str) -> bytes:
    capfdbinary.readouterr()
    main(["analyze", *arguments])
    return bytes(capfdbinary.readouterr().out)


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", ()),
        ("?model=compact&threshold=0.99", ("--model", "compact", "--threshold", "0.99")),
        (
            "?model=flagship&labels=fer2013&detector=haar&min_confidence=0.5&small_faces=off"
            "&detection_size=320",
            (
                *("--model", "flagship", "--labels", "fer2013", "--detector", "haar"),
                *("--min-confidence", "0.5", "--small-faces", "off"),
                *("--detection-size", "320"),
            ),
        ),
    ],
)
def test_the_answer_is_the_commands_byte_for_byte(
    api: Api,
    query: str,
    options: tuple[str, ...],
    astronaut: bytes,
    grace_hopper: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: Any,
) -> None:
    monkeypatch.chdir(tmp_path)
    files = [("a.jpg", astronaut), ("notes.txt", b"No picture."), ("b.jpg", grace_hopper)]
    for name, data in files:
        Path(name).write_bytes(data)
    answer = api.analyze(*files, query=query)
    assert answer.status == 200
    wanted = by_command(capfdbinary, *(name for name, _ in files), *options)
    assert json.loads(answer.body) == json.loads(wanted)
    assert answer.body == wanted
    document = Analysis.model_validate(answer.json)
    assert [entry.source for entry in document.results] == ["a.jpg", "b.jpg"]
    assert [entry.source for entry in document.errors] == ["notes.txt"]


def test_a_picture_may_be_the_body_itself(api: Api, astronaut: bytes) -> None:
    answer = api("POST", "/analyze", astronaut, content_type="image/jpeg")
    (result,) = answer.json["results"]
    assert (result["source"], len(result["faces"])) == ("picture 1", 1)


def test_a_picture_without_faces_is_an_empty_result(api: Api, coffee: bytes) -> None:
    (result,) = api.analyze(("coffee.jpg", coffee)).json["results"]
    assert result["faces"] == []


@pytest.mark.parametrize(
    ("sent", "shown"),
    [("../../etc/passwd", "etc/passwd"), ("C:\\Users\\me\\a b.jpg", "a b.jpg"),
     ("", "picture 1"), ("näme.jpg", "näme.jpg")],
)  # fmt: skip
def test_names_are_shown_and_lead_nowhere(
    api: Api, astronaut: bytes, sent: str, shown: str
) -> None:
    (result,) = api.analyze((sent, astronaut)).json["results"]
    assert result["source"] == shown


def test_requests_at_the_same_moment_get_their_own_answers(
    api: Api, astronaut: bytes, grace_hopper: bytes, coffee: bytes
) -> None:
    pictures = {"a.jpg": astronaut, "b.jpg": grace_hopper, "c.jpg": coffee}
    alone = {name: api.analyze((name, data)).body for name, data in pictures.items()}
    names = [*pictures] * 4
    waiting = [
        api.begin("POST", "/analyze", form((name, pictures[name])), content_type=FORM)
        for name in names
    ]
    # Something else is answered meanwhile: nothing is read on the event loop.
    assert api("GET", "/jobs").status == 200
    for name, answer in zip(names, waiting, strict=True):
        assert answer.result(120).body == alone[name]


def test_nothing_but_what_cannot_be_read_is_a_problem(api: Api) -> None:
    answer = api.analyze(("notes.txt", b"No picture."))
    assert (answer.status, answer.problem["code"]) == (422, "nothing_read")
    assert "not an image: notes.txt" in answer.problem["detail"]
    both = api.analyze(("a", b"x"), ("b", b""))
    assert both.problem["errors"][1] == {"source": "b", "error": "empty: b has 0 bytes."}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?model=nobody", "No model 'nobody'"),
        ("?model=../x", "name"),
        ("?model=emotion-cnn&labels=raters", "raters"),
        ("?detector=nobody", "Unknown detector"),
        ("?min_confidence=2", "min_confidence: wanted less than or equal to 1"),
        ("?min_confidence=nan", "min_confidence"),
        ("?labels=mine", "labels: wanted 'raters' or 'fer2013'"),
        ("?min_conf=0.5", "min_conf: there is no such option"),
        ("?small_faces=yes&threshold=x", "threshold"),
        ("?detection_size=63", "detection_size: wanted greater than or equal to 64"),
        ("?detection_size=2049", "detection_size: wanted less than or equal to 2048"),
    ],
)
def test_options_that_are_none_are_said(api: Api, astronaut: bytes, query: str, words: str) -> None:
    answer = api.analyze(("a.jpg", astronaut), query=query)
    assert answer.status == 422
    assert words in answer.problem["detail"]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{}", "application/json", 415, "unsupported_media_type"),
        (b"x", "", 415, "unsupported_media_type"),
        (b"x", "multipart/form-data", 400, "malformed_form"),
        (b"", FORM, 400, "malformed_form"),
        (b"nothing of a form", FORM, 400, "malformed_form"),
        (form(("a.jpg", b"x"))[:-12], FORM, 400, "malformed_form"),
                (form(), FORM, 422, "no_file"),
        (form(("a", b"x")).replace(b'; filename="a"', b""), FORM, 422, "no_file"),
        (b"", "image/jpeg", 422, "nothing_read"),
    ],
)  # fmt: skip
def test_bodies_that_are_none_are_said(
    api: Api, body: bytes, content_type: str, status: int, code: str
) -> None:
    answer = api("POST", "/analyze", body, content_type=content_type)
    assert (answer.status, answer.problem["code"]) == (status, code)


def test_a_name_without_end_is_refused(api: Api) -> None:
    answer = api.analyze(("a" * 20_000, b"x"))
    # By our limit, or by that of newer versions of the parser.
    assert answer.problem["code"] in ("too_large", "malformed_form")


def test_a_form_may_come_in_any_pieces(api: Api, astronaut: bytes) -> None:
    small = Image.open(io.BytesIO(astronaut)).resize((160, 160))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG")
    body = form(("a.jpg", buffer.getvalue()))
    whole = api("POST", "/analyze", body, content_type=FORM).body
    for chunk in (1, 7, 1000):
        assert api("POST", "/analyze", body, content_type=FORM, chunk=chunk).body == whole


def test_limits_of_size_and_number(make_api: Callable[..., Api], astronaut: bytes) -> None:
    api = make_api(max_bytes=len(astronaut) + 400, max_pictures=1)
    assert api.analyze(("a.jpg", astronaut)).status == 200
    large = api.analyze(("a.jpg", astronaut + b"x" * 500))
    assert (large.status, large.problem["code"]) == (413, "too_large")
    # A client that does not say how much comes.
    endless = api(
        "POST", "/analyze", form(("a.jpg", b"x" * 10**6)), content_type=FORM, content_length=""
    )
    assert endless.status == 413
    assert "1 pictures" in api.analyze(("a", b"x"), ("b", b"x")).problem["detail"]


def test_limit_of_pixels(make_api: Callable[..., Api], astronaut: bytes) -> None:
    service = AnalysisService(ApiSettings(max_pixels=200_000))
    answer = make_api(service).analyze(("a.jpg", astronaut))
    assert answer.status == 422
    assert "0.3 million pixels, the limit is 0.2 million" in answer.problem["detail"]
    service.close()


def test_a_request_that_takes_too_long_ends(
    make_api: Callable[..., Api], astronaut: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = AnalysisService(ApiSettings(timeout_s=0.2, threads=1))
    api = make_api(service, timeout_s=0.2)
    import threading

    gate = threading.Event()
    monkeypatch.setattr(AnalysisService, "_read", lambda *_: gate.wait(30) and "")
    answer = api.analyze(("a.jpg", astronaut))
    assert (answer.status, answer.problem["code"]) == (503, "too_long")
    assert int(answer.headers["retry-after"]) >= 1
    gate.set()
    service.close()


def test_a_client_that_sends_nothing_is_not_waited_for(make_api: Callable[..., Api]) -> None:
    api = make_api(timeout_s=0.1)
    answer = api(
        "POST", "/analyze", form(("a", b"x"))[:50], content_type=FORM, content_length="",
        silent=True,
    )  # fmt: skip
    assert (answer.status, answer.problem["code"]) == (408, "too_slow")


def test_more_than_the_server_can_hold_is_refused_for_now(
    make_api: Callable[..., Api], astronaut: bytes
) -> None:
    api = make_api(max_requests=1, timeout_s=20)
    silent = api.begin(
        "POST", "/analyze", form(("a", b"x"))[:50], content_type=FORM, content_length="",
        silent=True,
    )  # fmt: skip
    answer = api.analyze(("a.jpg", astronaut))
    assert (answer.status, answer.problem["code"]) == (503, "overloaded")
    assert answer.headers["retry-after"] == "1"
    silent.cancel()
    full = make_api(max_held_bytes=1000)
    assert full.analyze(("a.jpg", astronaut)).status == 503
    # What was held is given back.
    assert full("POST", "/analyze", b"x" * 900, content_type="image/png").status == 422
    assert full("POST", "/analyze", b"x" * 900, content_type="image/png").status == 422


def test_a_defect_is_told_without_its_inside(
    make_api: Callable[..., Api], monkeypatch: pytest.MonkeyPatch, astronaut: bytes
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("secret detail")

    service = AnalysisService(ApiSettings())
    monkeypatch.setattr(service, "analyze", broken)
    answer = make_api(service).analyze(("a.jpg", astronaut))
    assert (answer.status, answer.problem["code"]) == (500, "unexpected")
    assert b"secret" not in answer.body
    service.close()


def test_faces_of_several_requests_are_one_batch(
    make_api: Callable[..., Api], astronaut: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network is kept busy with one request until the others' faces wait."""
    import threading

    from emotion_core.classifiers.runtime import LiteRTClassifier

    service = AnalysisService(ApiSettings(threads=8))
    api = make_api(service)
    assert api.analyze(("a.jpg", astronaut)).status == 200
    first, go, sizes = threading.Event(), threading.Event(), []
    predict = LiteRTClassifier.predict

    def slow(self: LiteRTClassifier, images: "np.ndarray[Any, Any]") -> Any:
        sizes.append(len(images))
        if not first.is_set():
            first.set()
            go.wait(30)
        return predict(self, images)

    monkeypatch.setattr(LiteRTClassifier, "predict", slow)
    body = form(("a.jpg", astronaut))
    waiting = [api.begin("POST", "/analyze", body, content_type=FORM) for _ in range(5)]
    assert first.wait(30)
    worker = next(iter(service._models.values())).worker
    while worker._requests.qsize() < 4 - (sizes[0] - 1):
        pass
    go.set()
    assert all(answer.result(60).status == 200 for answer in waiting)
    assert sum(sizes) == 5
    assert max(sizes) >= 2
    service.close()
