"""The HTTP interface as one application, to be mounted at ``settings.PATH``."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp

from emotion_core import __version__
from emotion_core.api import analyze_route, jobs_routes, models_routes, videos_route
from emotion_core.api.docs_page import HEADERS, docs_page
from emotion_core.api.gate import Gate, unexpected
from emotion_core.api.problems import MEDIA_TYPE, Problem, not_usable
from emotion_core.api.schemas import ProblemDocument
from emotion_core.api.service import AnalysisService
from emotion_core.api.settings import PATH, ApiSettings
from emotion_core.errors import (
    DiskFullError,
    EmotionLensError,
    OutputError,
    StoreUnavailableError,
)

_DOCS, _SCHEMA = "/docs", "/openapi.json"
_DESCRIPTION = """\
Reads facial expressions in pictures and videos. Send `Authorization: Bearer TOKEN` where the \
server has a token; without one it answers programs on its own machine alone. Every error is a \
problem document (RFC 9457, `application/problem+json`) with a `code` for programs; 429 and 503 \
say in `Retry-After` when to ask again."""
_ERRORS = {
    400: "the body cannot be read", 401: "no token, or a wrong one",
    403: "not from here", 404: "no such thing", 408: "nothing came for too long",
    413: "too large", 415: "another type of body is wanted", 422: "an option or a file is no use",
    429: "too many requests", 500: "a defect", 503: "too much to do", 507: "the disk is full",
}  # fmt: skip


def build_application(settings: ApiSettings, service: AnalysisService | None = None) -> ASGIApp:
    """The application with its gate.

    Args:
        settings: who may ask, and for how much.
        service: reads pictures; None for one of its own.
    """
    service = AnalysisService(settings) if service is None else service
    app = FastAPI(
        title="Emotion Lens",
        version=__version__,
        description=_DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        # Paths are those of the address that was asked for.
        redirect_slashes=False,
        responses={
            code: {
                "description": f"{HTTPStatus(code).phrase}: {what}.",
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
            for code, what in _ERRORS.items()
        },
    )
    for router in (
        analyze_route.router(settings, service),
        videos_route.router(settings),
        jobs_routes.router(),
        models_routes.router(),
    ):
        app.include_router(router)
    _add_descriptions(app)
    for kind, handler in (
        (Problem, _problem),
        (RequestValidationError, _wrong_options),
        (HTTPException, _http),
        (EmotionLensError, _deliberate),
        (Exception, _defect),
    ):
        app.add_exception_handler(kind, handler)
    return Gate(app, settings, ("", "/", _DOCS, _SCHEMA))


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the address at which the interface is mounted."""
    document = app.openapi()
    document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = (
        ProblemDocument.model_json_schema()
    )
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"token": []}, {}]
    document["servers"] = [{"url": PATH}]
    return document


def _add_descriptions(app: FastAPI) -> None:
    """The routes that say how to ask."""

    @app.get("/", include_in_schema=False)
    @app.get(_DOCS, include_in_schema=False)
    def docs() -> Response:
        return HTMLResponse(docs_page(openapi_document(app)), headers=HEADERS)

    @app.get(_SCHEMA, include_in_schema=False)
    def schema() -> dict[str, Any]:
        return openapi_document(app)


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


async def _wrong_options(_: Request, error: Exception) -> Response:
    """Every fault of the options at once."""
    assert isinstance(error, RequestValidationError)
    faults = [
        {"option": str(fault["loc"][-1])[:100], "fault": _fault(fault)} for fault in error.errors()
    ]
    told = "; ".join(f"{fault['option']}: {fault['fault']}" for fault in faults[:12])
    return not_usable(f"{told}.", "wrong_options", errors=faults).response()


def _fault(fault: Any) -> str:
    if fault["type"] == "extra_forbidden":
        return "there is no such option"
    return str(fault["msg"]).removeprefix("Value error, ").replace("Input should be", "wanted")


async def _http(request: Request, error: Exception) -> Response:
    """What the router itself says: no such path, another method."""
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    detail = {
        404: f"There is nothing at {request.url.path[:200]}. {PATH}{_DOCS} lists what there is.",
        405: f"{request.method} cannot be used here.",
    }.get(status, str(error.detail))
    code = status.phrase.lower().replace(" ", "_").replace("-", "_")
    return Problem(status, code, detail, headers=error.headers).response()


async def _deliberate(_: Request, error: Exception) -> Response:
    if isinstance(error, DiskFullError):
        return Problem(507, "disk_full", str(error)).response()
    if isinstance(error, StoreUnavailableError):
        return Problem(503, "unavailable", str(error), headers={"Retry-After": "5"}).response()
    if isinstance(error, OutputError):
        return Problem(500, "not_written", str(error)).response()
    return not_usable(str(error)).response()


async def _defect(_: Request, error: Exception) -> Response:
    return unexpected(error).response()
