"""The body of a request: read within limits, kept in memory, never on the disk."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from latentpress.apps.serve.forms import form_upload
from latentpress.apps.serve.inputs import Upload
from latentpress.errors import LimitError, UnsupportedError

__all__ = ["UploadTimeoutError", "read_upload"]

_FORM_OVERHEAD = 2**16  # boundaries, headers of parts and small fields around the file of a form
_LINGER_SECONDS = 3.0


class UploadTimeoutError(LimitError):
    """The body did not arrive in time."""


async def read_upload(request: Request, max_bytes: int, timeout: float) -> Upload:
    """The uploaded file: the body itself, or the one file of a multipart form, which may have a mask beside it.

    Raises LimitError for more than ``max_bytes``, as soon as that is known; UploadTimeoutError after ``timeout``
    seconds; InvalidInputError for a form that is damaged or has not exactly one file; UnsupportedError for a compressed
    transfer; starlette's ClientDisconnect when the client leaves.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        raise UnsupportedError(f"content encoding {encoding[:40]!r} is not supported; send the file as it is")
    form = request.headers.get("content-type", "").strip().lower().startswith("multipart/form-data")
    try:
        async with asyncio.timeout(timeout):
            body = await _whole(request, max_bytes + _FORM_OVERHEAD if form else max_bytes)
    except TimeoutError:
        raise UploadTimeoutError(f"the body did not arrive within {timeout:g} seconds") from None
    except _TooLargeError:
        await _linger(request)
        raise LimitError(_too_large(max_bytes)) from None
    upload = form_upload(body, request.headers["content-type"]) if form else Upload(body)
    if len(upload.file) + len(upload.mask or b"") > max_bytes:
        raise LimitError(_too_large(max_bytes))
    return upload


class _TooLargeError(Exception):
    """The body is longer than it may be."""


async def _whole(request: Request, most: int) -> bytes:
    """The body; the claim of Content-Length is checked before its first byte."""
    claim = request.headers.get("content-length", "")
    if claim.isdecimal() and int(claim[:20]) > most:
        raise _TooLargeError
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise _TooLargeError
    return bytes(body)


async def _linger(request: Request) -> None:
    """Take in and forget what the client still sends, for a moment: one that is cut off while it sends often does not
    read the answer. A client that asked first (Expect: 100-continue) has sent nothing.
    """
    if "expect" in request.headers:
        return
    try:
        async with asyncio.timeout(_LINGER_SECONDS):
            while (message := await request.receive())["type"] == "http.request" and message.get("more_body"):
                pass
    except TimeoutError:
        return


def _too_large(max_bytes: int) -> str:
    return (
        f"the upload is larger than the {max_bytes:,} bytes that this service takes; "
        f"it takes more if it is started with --max-upload {2 * max_bytes // 10**6 or 1}MB"
    )
