"""Who may ask, how often, and what everybody else is told."""

from collections.abc import Callable

import pytest

from emotion_core.api.access import is_loopback
from emotion_core.api.rates import Rates
from emotion_core.api.settings import ApiSettings, is_switched_on
from emotion_core.errors import ApiError
from emotion_core.images import limits
from tests.api.conftest import Api

TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("client", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_without_a_token_this_machine_may_ask(api: Api, client: str) -> None:
    assert api("GET", "/jobs", client=client).status == 200
    assert api("GET", "/jobs", client=client, host="localhost:8000").status == 200


@pytest.mark.parametrize("client", ["192.168.0.7", "10.0.0.1", "::ffff:10.0.0.1", "", None, "x"])
def test_without_a_token_nobody_else_may(api: Api, client: str | None) -> None:
    answer = api("GET", "/jobs", client=client)
    assert (answer.status, answer.problem["code"]) == (403, "local_only")
    assert "EMOTION_LENS_API_TOKEN" in answer.problem["detail"]


@pytest.mark.parametrize(
    "headers",
    [{"x_forwarded_for": "127.0.0.1"}, {"forwarded": "for=127.0.0.1"}, {"x_real_ip": "::1"},
     {"via": "1.1 proxy"}, {"host": "faces.example.org"}, {"host": "127.0.0.1.example.org"}],
)  # fmt: skip
def test_what_comes_through_a_proxy_is_not_from_here(api: Api, headers: dict[str, str]) -> None:
    answer = api("GET", "/jobs", **headers)
    assert (answer.status, answer.problem["code"]) == (403, "local_only")


@pytest.mark.parametrize(
    "headers",
    [{"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}, {"origin": "null"},
     {"origin": "http://evil.example"}, {"origin": "http://127.0.0.1:9999"}],
)  # fmt: skip
def test_a_page_elsewhere_may_not_ask(
    make_api: Callable[..., Api], headers: dict[str, str]
) -> None:
    for api in (make_api(), make_api(token=TOKEN)):
        more = {**headers, "authorization": f"Bearer {TOKEN}"}
        answer = api("POST", "/jobs/x/stop", **more)
        assert (answer.status, answer.problem["code"]) == (403, "cross_site")
        assert "access-control-allow-origin" not in answer.headers


def test_a_page_of_this_server_may_ask(api: Api) -> None:
    assert api("GET", "/jobs", origin="http://127.0.0.1:8000").status == 200
    assert api("GET", "/jobs", sec_fetch_site="none").status == 200
    # Nothing is promised to pages elsewhere beforehand, either.
    before = api("OPTIONS", "/analyze", access_control_request_method="POST")
    assert (before.status, before.headers["allow"]) == (405, "POST")


def test_with_a_token_whoever_has_it_may_ask_from_anywhere(make_api: Callable[..., Api]) -> None:
    api = make_api(token=TOKEN)
    right = {"authorization": f"Bearer {TOKEN}"}
    for more in ({}, {"client": "10.1.2.3"}, {"x_forwarded_for": "10.0.0.1"}):
        assert api("GET", "/jobs", **more, **right).status == 200
    assert api("GET", "/jobs", authorization=f"bearer  {TOKEN}").status == 200


@pytest.mark.parametrize(
    "sent", ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x",
             f"Bearer {TOKEN[:-1]}", "Bearer \xe9\xe9"],
)  # fmt: skip
def test_with_a_token_nobody_else_may(make_api: Callable[..., Api], sent: str) -> None:
    answer = make_api(token=TOKEN)("GET", "/jobs", authorization=sent)
    assert (answer.status, answer.problem["code"]) == (401, "unauthorized")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert TOKEN.encode() not in answer.body


def test_how_to_ask_is_told_to_everybody(make_api: Callable[..., Api]) -> None:
    api = make_api(token=TOKEN)
    for path in ("/docs", "/openapi.json", "/"):
        assert api("GET", path, client="10.0.0.1", sec_fetch_site="cross-site").status == 200


def test_wrong_tokens_are_counted_and_right_ones_go_on(make_api: Callable[..., Api]) -> None:
    api = make_api(token=TOKEN)
    statuses = [api("GET", "/jobs", authorization="Bearer no").status for _ in range(22)]
    assert statuses == [401] * 20 + [429] * 2
    assert api("GET", "/jobs", authorization=f"Bearer {TOKEN}").status == 200
    assert api("GET", "/jobs", authorization="Bearer no", client="10.0.0.9").status == 401


def test_too_many_requests_are_told_to_wait(make_api: Callable[..., Api]) -> None:
    api = make_api(rate=2)
    answers = [api("GET", "/jobs") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[2].problem["code"] == "rate_limited"
    assert 1 <= int(answers[2].headers["retry-after"]) <= 30
    assert api("GET", "/jobs", client="::1").status == 200


def test_allowances_come_up_again_one_by_one() -> None:
    clock = [0.0]
    rates = Rates(60, lambda: clock[0])
    assert [rates.take("a") for _ in range(60)] == [0.0] * 60
    assert rates.take("a") == pytest.approx(1.0)
    assert rates.take("b") == 0.0
    clock[0] = 1.5
    assert rates.take("a") == 0.0
    assert rates.take("a") == pytest.approx(0.5)
    for number in range(20_000):
        rates.take(str(number))
    assert len(rates._clients) == 10_000


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/nothing", 404, "not_found"), ("GET", "/analyze", 405, "method_not_allowed"),
     ("GET", "/docs/", 404, "not_found"), ("DELETE", "/models", 405, "method_not_allowed"),
     ("GET", "/jobs?limit=0", 422, "wrong_options"), ("GET", "/jobs?state=x", 422, "wrong_options"),
     ("GET", "/jobs/../../etc", 404, "not_found"), ("GET", "/jobs/..", 404, "no_such_job"),
     ("GET", "/models/nobody", 404, "no_such_model")],
)  # fmt: skip
def test_every_error_is_a_problem(api: Api, method: str, path: str, status: int, code: str) -> None:
    answer = api(method, path)
    assert (answer.status, answer.problem["code"]) == (status, code)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    if status == 405:
        assert answer.headers["allow"]


def test_loopback_is_told_from_what_looks_like_it() -> None:
    assert is_loopback("::1%lo")
    for address in ("127.0.0.1.example.org", "localhost", "1270.0.1", "::2", "0.0.0.0"):
        assert not is_loopback(address)


@pytest.mark.parametrize(("text", "on"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_it_is_off_unless_asked_for(text: str, on: bool) -> None:
    assert is_switched_on({"EMOTION_LENS_API": text}) is on
    assert is_switched_on({}) is False


def test_settings_come_from_the_environment() -> None:
    given = {
        "EMOTION_LENS_API_TOKEN": TOKEN,
        "EMOTION_LENS_API_RATE": "30",
        "EMOTION_LENS_API_MAX_MB": "2.5",
        "EMOTION_LENS_API_MAX_MEGAPIXELS": "12",
        "EMOTION_LENS_API_TIMEOUT_S": "5",
    }
    settings = ApiSettings.from_environment(given)
    assert (settings.token, settings.rate, settings.timeout_s) == (TOKEN, 30, 5)
    assert (settings.max_bytes, settings.max_pixels) == (2_500_000, 12_000_000)
    usual = ApiSettings.from_environment({})
    assert (usual.token, usual.max_pixels) == ("", limits.MAX_PIXELS)


@pytest.mark.parametrize(
    ("name", "text"),
    [("TOKEN", "short"), ("TOKEN", "a token with blanks in it"), ("TOKEN", "ü" * 20),
     ("RATE", "many"), ("RATE", "0"), ("MAX_MB", "nan"), ("MAX_MEGAPIXELS", "51"),
     ("TIMEOUT_S", "-1")],
)  # fmt: skip
def test_settings_that_cannot_be_meant_are_refused(name: str, text: str) -> None:
    with pytest.raises(ApiError, match=f"EMOTION_LENS_API_{name}") as caught:
        ApiSettings.from_environment({f"EMOTION_LENS_API_{name}": text})
    if name == "TOKEN":
        assert text not in str(caught.value)
