"""What stands before every route: who may ask, how often, and errors as problem JSON."""

import logging
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emotion_core.api.access import check_local, check_origin, check_token
from emotion_core.api.problems import Problem, try_later
from emotion_core.api.rates import Rates
from emotion_core.api.settings import ApiSettings
from emotion_core.files.atomic_files import full_disk_in_words

# Answers are of one client, and are what they say they are.
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
# Wrong tokens a minute from one address: enough for a mistake, too few for guessing.
_WRONG_TOKENS = 20

_logger = logging.getLogger(__name__)


class Gate:
    """An application that lets in who may, and says in problem JSON what went wrong.

    Args:
        app: what answers.
        settings: who may ask, and how often.
        open_paths: paths that everybody may read: they say only how to ask.
    """

    def __init__(self, app: ASGIApp, settings: ApiSettings, open_paths: Iterable[str]) -> None:
        self._app = app
        self._settings = settings
        self._open = frozenset(open_paths)
        self._rates = Rates(settings.rate)
        self._wrong = Rates(_WRONG_TOKENS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Checks a request, hands it on, and turns whatever is raised into an answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def answer(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            self._let_in(scope)
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            return  # nobody reads it
        except Problem as problem:
            if not begun:
                await problem.response()(scope, receive, answer)
        except Exception as error:
            _logger.exception("A request of the HTTP interface failed")
            if not begun:
                await unexpected(error).response()(scope, receive, answer)

    def _let_in(self, scope: Scope) -> None:
        headers, settings = Headers(scope=scope), self._settings
        address = (scope.get("client") or ("",))[0]
        client = address
        if _path(scope) not in self._open:
            check_origin(headers)
            if settings.token:
                self._check_token(headers, address)
                client = "token"
            else:
                check_local(headers, address)
        if wait_s := self._rates.take(client):
            raise try_later(
                "rate_limited",
                f"At most {settings.rate:g} requests a minute. Ask again in {wait_s:.1f} s.",
                wait_s,
                429,
            )

    def _check_token(self, headers: Headers, address: str) -> None:
        try:
            check_token(headers, self._settings.token)
        except Problem:
            if wait_s := self._wrong.take(address):
                raise try_later(
                    "rate_limited", "Too many requests without the right token.", wait_s, 429
                ) from None
            raise


def _path(scope: Scope) -> str:
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path.removeprefix(root) if root else path


def unexpected(error: Exception) -> Problem:
    """What is told of a defect: nothing of its inside, and a full disk by its place."""
    if full := full_disk_in_words(error):
        return Problem(507, "disk_full", full)
    return Problem(
        500, "unexpected", "Something went wrong here. The details are in the server's log."
    )
