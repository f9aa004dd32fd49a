"""The OpenAPI document and its page: everything is in it, nothing is fetched."""

import re
from pathlib import Path

from emotion_core.api.docs_page import docs_page
from tests.api.conftest import Api

ROOT = Path(__file__).resolve().parents[2]


def test_every_route_is_described(api: Api) -> None:
    document = api("GET", "/openapi.json").json
    assert document["openapi"].startswith("3.")
    assert document["servers"] == [{"url": "/api/v1"}]
    operations = [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(operations) >= 10
    for method, path, operation in operations:
        assert operation["summary"], path
        assert operation["description"], path
        assert {"401", "403", "422", "429", "503"} <= set(operation["responses"]), (method, path)
    names = {p["name"] for p in document["paths"]["/videos"]["post"]["parameters"]}
    assert {"every", "frames", "from", "to", "model"} <= names


def test_the_page_shows_it_without_scripts_and_fetches_nothing(api: Api) -> None:
    answer = api("GET", "/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    text = answer.body.decode()
    for path in api("GET", "/openapi.json").json["paths"]:
        assert f"/api/v1{path}" in text
    assert not re.search(r"<script|<img|<link|src=|@import|url\(", text)
    assert re.findall(r'href="([^"]+)"', text) == ["openapi.json"]
    assert "min_confidence" in text
    assert "faces[].box" in text


def test_words_of_the_document_stay_text() -> None:
    page = docs_page(
        {
            "info": {"title": "<b>x</b>", "version": "<1>", "description": "`a<b` & <script>"},
            "servers": [{"url": "/"}],
            "paths": {"/<x>": {"get": {"tags": ["<t>"], "summary": "<s>", "responses": {}}}},
            "components": {"schemas": {"Problem": {}}},
        }
    )
    assert "<script>" not in page
    assert "<code>a&lt;b</code> &amp; &lt;script&gt;" in page
    assert "&lt;t&gt;" in page


def test_the_documentation_names_every_path(api: Api) -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    for path in api("GET", "/openapi.json").json["paths"]:
        assert f"/api/v1{path}" in text, path
