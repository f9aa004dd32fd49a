"""Every error as problem JSON. Source: RFC 9457."""

import json
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 (RFC 9457 calls it so)
    """Ends a request.

    Args:
        status: of HTTP.
        code: one word for programs, which stays the same: ``"rate_limited"``.
        detail: a sentence for people: what was wanted, what came, what to do.
        headers: of the answer.
        more: members of the document beside the standard ones.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more

    def document(self) -> dict[str, Any]:
        """The members of RFC 9457, our ``code``, and what belongs to this problem."""
        return {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.more,
        }

    def response(self) -> Response:
        """The answer."""
        content = json.dumps(self.document(), ensure_ascii=False, allow_nan=False)
        return Response(
            content.encode("utf-8", "replace"), self.status, self.headers, media_type=MEDIA_TYPE
        )


def too_large(detail: str) -> Problem:
    """More than what is taken."""
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", detail)


def not_usable(detail: str, code: str = "not_usable", **more: Any) -> Problem:
    """Understood, and no use."""
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, code, detail, **more)


def try_later(code: str, detail: str, after_s: float, status: int = 503) -> Problem:
    """Not now; the answer says when to ask again."""
    return Problem(status, code, detail, headers={"Retry-After": str(max(1, math.ceil(after_s)))})
