"""The interface without its weight: it is imported when somebody asks for the first time."""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from emotion_core.api.settings import ApiSettings
from emotion_core.extras import need


class LateApplication:
    """Builds the application at the first request, beside the event loop.

    The framework, detectors and networks take seconds to import, for which neither the server's
    start nor the pages wait.

    Raises:
        ApiError: the environment has a value that cannot be used.
        MissingExtraError: a package is not installed.
    """

    def __init__(self) -> None:
        for module in ("fastapi", "python_multipart"):
            need(module, "The HTTP interface")
        self._settings = ApiSettings.from_environment()
        self._app: ASGIApp | None = None
        self._building = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands every request on to the application."""
        async with self._building:
            if self._app is None:
                self._app = await asyncio.to_thread(_build, self._settings)
        await self._app(scope, receive, send)


def _build(settings: ApiSettings) -> ASGIApp:
    from emotion_core.api.application import build_application

    return build_application(settings)
