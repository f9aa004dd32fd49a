"""The OpenAPI document as a page: our own, because the usual ones fetch scripts from elsewhere."""

import re
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

#: The page runs no script and fetches nothing.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
_METHODS = ("get", "post", "put", "patch", "delete")
# Said once for all.
_OFTEN = frozenset({"400", "401", "403", "404", "408", "413", "415", "422", "429", "500", "503"})
_CODE = re.compile(r"`([^`]+)`")


def docs_page(document: Mapping[str, Any]) -> str:
    """An OpenAPI document as HTML.

    Args:
        document: as JSON gives it.
    """
    style = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
    title = escape(str(document["info"]["title"]))
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}: HTTP interface</title><style>{style}</style></head><body><main>",
        f"<h1>{title}: HTTP interface</h1>",
        f'<p class="quiet">Version {escape(str(document["info"]["version"]))}. '
        '<a href="openapi.json">openapi.json</a> for programs.</p>',
        _text(document["info"].get("description", "")),
        *_operations(document),
        *_errors(document),
        "</main></body></html>",
    ]
    return "".join(parts)


def _operations(document: Mapping[str, Any]) -> Iterator[str]:
    base = document["servers"][0]["url"]
    tag = None
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method not in methods:
                continue
            operation = methods[method]
            if operation.get("tags", [""])[0] != tag:
                tag = operation.get("tags", [""])[0]
                yield f"<h2>{escape(tag)}</h2>"
            yield _operation(document, f"{base}{path}", method, operation)


def _operation(
    document: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]
) -> str:
    parts = [
        f'<details><summary><span class="method">{escape(method.upper())}</span>'
        f"<h3><code>{escape(path)}</code></h3>"
        f"<small>{escape(operation.get('summary', ''))}</small></summary>",
        _text(operation.get("description", "")),
    ]
    rows = [_parameter(one) for one in operation.get("parameters", ())]
    if rows:
        parts.append(_table(("option", "value", ""), rows))
    if body := operation.get("requestBody"):
        kinds = ", ".join(f"<code>{escape(kind)}</code>" for kind in body["content"])
        parts.append(f"<h4>Body</h4><p>{kinds}</p>")
        parts.append(f"<pre>{escape(_curl(path, operation))}</pre>")
    for code, answer in operation.get("responses", {}).items():
        if code.startswith("2"):
            parts.append(f"<h4>Answer {escape(code)}</h4>{_answer(document, answer)}")
    parts.append("</details>")
    return "".join(parts)


def _curl(path: str, operation: Mapping[str, Any]) -> str:
    forms = operation["requestBody"]["content"].get("multipart/form-data", {})
    field, kind = next(iter(forms.get("schema", {}).get("properties", {"file": {}}).items()))
    file = "clip.mp4" if "video" in field else "party.jpg"
    more = f" -F {field}=@more.jpg" if kind.get("type") == "array" else ""
    return f"curl -F {field}=@{file}{more} http://127.0.0.1:8000{path}"


def _answer(document: Mapping[str, Any], answer: Mapping[str, Any]) -> str:
    content = answer.get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    if rows := list(_fields(document, schema)):
        return _table(("member", "value", ""), rows)
    kinds = ", ".join(f"<code>{escape(kind)}</code>" for kind in content)
    return f"<p>{kinds or 'nothing'}</p>"


def _fields(
    document: Mapping[str, Any], schema: Mapping[str, Any], prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, str, str]]:
    """Members of an object, those of objects in it behind a dot."""
    schema = _resolved(document, schema)
    for name, member in schema.get("properties", {}).items():
        inner = _resolved(document, member.get("items", member))
        many = "[]" if "items" in member else ""
        shown = f"<code>{escape(prefix + name + many)}</code>"
        yield shown, escape(_kind(member)), _inline(member.get("description", ""))
        if inner.get("properties") and depth < 3:
            yield from _fields(document, inner, f"{prefix}{name}{many}.", depth + 1)


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Mapping[str, Any] = document["components"]["schemas"][name] if name else schema
    return found


def _parameter(parameter: Mapping[str, Any]) -> tuple[str, str, str]:
    schema = parameter.get("schema", {})
    default = schema.get("default")
    kind = escape(_kind(schema)) + (f", {escape(str(default))}" if default is not None else "")
    where = " (in the path)" if parameter["in"] == "path" else ""
    words = parameter.get("description") or schema.get("description", "")
    return f"<code>{escape(parameter['name'])}</code>{where}", kind, _inline(words)


def _kind(schema: Mapping[str, Any]) -> str:
    """What a value may be, in a few words."""
    choices = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if choices:
        schema = choices[0]
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    low, high = schema.get("minimum"), schema.get("maximum")
    bounds = f" {low:g} to {high:g}" if low is not None and high is not None else ""
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    if "$ref" in schema:
        return "object" if "/State" not in schema["$ref"] else "text"
    return f"{ {'string': 'text'}.get(schema.get('type', ''), schema.get('type', '')) }{bounds}"


def _errors(document: Mapping[str, Any]) -> Iterator[str]:
    """The problems, once for all operations."""
    first = next(iter(document["paths"].values()))
    answers = next(iter(first.values())).get("responses", {})
    rows = [
        (f"<code>{escape(code)}</code>", escape(str(answer.get("description", ""))), "")
        for code, answer in answers.items()
        if code in _OFTEN | {"507"}
    ]
    yield "<h2>Problems</h2>"
    yield _table(("status", "when", ""), rows)
    schema = document["components"]["schemas"]["Problem"]
    yield "<h4>Members</h4>"
    yield _table(("member", "value", ""), list(_fields(document, schema)))


def _table(heads: tuple[str, ...], rows: list[tuple[str, str, str]]) -> str:
    """A table of cells that are HTML already; a last column without any content is left out."""
    width = 3 if any(row[2] for row in rows) else 2
    head = "".join(f"<th scope=col>{escape(text)}</th>" for text in heads[:width])
    body = "".join(
        f"<tr>{''.join(f'<td>{cell}</td>' for cell in row[:width])}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(text: str) -> str:
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    return "".join(f"<p>{_inline(part)}</p>" for part in paragraphs if part)


def _inline(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(text))
