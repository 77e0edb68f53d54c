"""Every error as ``{"error": "one line"}`` with a fitting status, and the headers that every answer carries."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from latentpress.apps.serve.inputs import ParameterError
from latentpress.apps.serve.pool import BusyError, CrashError, TooSlowError
from latentpress.apps.serve.uploads import UploadTimeoutError
from latentpress.apps.serve.worker import WorkerFault
from latentpress.errors import (
    CorruptFileError,
    InvalidInputError,
    LatentPressError,
    LimitError,
    MissingExtraError,
    UnsupportedError,
)

__all__ = ["Manners", "SECURITY_HEADERS", "SecurityHeaders", "add_error_answers"]

_log = logging.getLogger("latentpress.serve")

_RETRY_SECONDS = 2

# The first class that fits counts. What is left, a LatentPressError of no narrower kind, is a picture that a coder or a
# format cannot hold.
_STATUS: tuple[tuple[type[LatentPressError], int], ...] = (
    (WorkerFault, 500),
    (BusyError, 503),
    (TooSlowError, 422),
    (ParameterError, 422),
    (CrashError, 400),
    (UploadTimeoutError, 408),
    (LimitError, 413),
    (UnsupportedError, 415),
    (MissingExtraError, 415),
    (CorruptFileError, 400),
    (InvalidInputError, 400),
    (LatentPressError, 422),
)

SECURITY_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def add_error_answers(app: FastAPI) -> None:
    """Answer all errors of ``app`` in one way."""
    app.add_exception_handler(LatentPressError, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _parameters)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _unforeseen)


class SecurityHeaders:
    """ASGI middleware: `SECURITY_HEADERS` on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._headers = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, with the headers put into the start of its answer."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = _with_headers(message, self._headers)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class Manners:
    """ASGI middleware for methods that every path has: HEAD is a GET without its body, OPTIONS names the others."""

    def __init__(self, app: ASGIApp, routes: FastAPI) -> None:
        self._app, self._routes = app, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the call on."""
        method = scope.get("method")
        if method == "OPTIONS":
            allowed = self._allowed(scope["path"])
            if allowed:
                await Response(status_code=204, headers={"Allow": ", ".join(allowed)})(scope, receive, send)
                return
        if method != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, send_head)

    def _allowed(self, path: str) -> list[str]:
        """Methods of a path, none if there is no such path."""
        routes = [route for route in self._routes.routes if getattr(route, "path", None) == path]
        found = {method for route in routes for method in getattr(route, "methods", None) or ()}
        more = {"OPTIONS", "HEAD"} if "GET" in found else {"OPTIONS"}
        return sorted(found | more) if found else []


def _with_headers(message: Message, added: list[tuple[bytes, bytes]]) -> MutableMapping[str, Any]:
    return {**message, "headers": [*message.get("headers", []), *added]}


def _answer(status: int, reason: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": " ".join(reason.split())}, status, headers)


async def _refused(request: Request, error: Exception) -> Response:
    """One of ours: the reason is in its message, the status in its class."""
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    if isinstance(error, WorkerFault):
        _log.error("%s failed: %s\n%s", request.url.path, error, error.trace)
        return _answer(status, "the service failed on this request; its log says more")
    return _answer(status, str(error), {"Retry-After": str(_RETRY_SECONDS)} if status == 503 else None)


async def _http(request: Request, error: Exception) -> Response:
    """No such path, or not with this method."""
    assert isinstance(error, HTTPException)
    return _answer(error.status_code, f"{error.detail}: {request.method} {request.url.path}", dict(error.headers or {}))


async def _parameters(request: Request, error: Exception) -> Response:
    """A query parameter of a wrong type or out of range: the first one."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return _answer(422, f"{first['loc'][-1]}: {first['msg']}")


async def _gone(request: Request, error: Exception) -> Response:
    """The client has left, so nobody reads this."""
    return Response(status_code=400)


async def _unforeseen(request: Request, error: Exception) -> Response:
    """A fault of the service; starlette logs it."""
    return _answer(500, "the service failed on this request; its log says more")
