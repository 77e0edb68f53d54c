"""The command ``latentpress serve``."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from latentpress._extras import needs_extra
from latentpress.apps.serve.limits import ServiceLimits, parse_amount
from latentpress.errors import InvalidInputError, LatentPressError

__all__ = ["serve"]


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=256, show_default="one a core, at most 4", help="Processes that code pictures."),
    ] = None,
    queue: Annotated[
        int, typer.Option(min=0, max=10000, help="Requests that may wait for a worker; one more gets a 503.")
    ] = 32,
    max_upload: Annotated[str, typer.Option(metavar="SIZE", help="Largest upload, such as 500KB or 32MB.")] = "32MB",
    max_pixels: Annotated[
        str,
        typer.Option(
            metavar="N", help="Largest picture in pixels, such as 24MP; a worker takes up to 100 bytes for each."
        ),
    ] = "16MiP",
    timeout: Annotated[
        float, typer.Option(min=0.1, max=86400, help="Seconds for the upload, for the wait, and for the work.")
    ] = 60.0,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--files", metavar="DIR", exists=True, file_okay=False, help="Hand out the .lpx files of this folder."
        ),
    ] = None,
) -> None:
    r"""Run the codecs as an HTTP service, with a page to try them on your own pictures.

    Serves this machine alone unless --host says otherwise. There is no login: put a proxy in front of it before others
    can reach it. Nothing that is sent is stored. With --files DIR, GET /files/NAME hands out a file of that folder, its
    first layers with ?layers=N, and /?file=NAME is a page on which a progressive one sharpens while it arrives. Needs
    the extra 'serve'.

    Example: latentpress serve --port 8000
    """
    with needs_extra("the serve command", "serve"):
        import python_multipart  # noqa: F401 - forms need it, and say so only when one comes
        import uvicorn

        from latentpress.apps.serve.app import create_app
    # It writes a line for each damaged form; the client is told, and the log would be the clients' to fill.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    usual = ServiceLimits()
    limits = ServiceLimits(
        max_upload=parse_amount(max_upload),
        max_pixels=parse_amount(max_pixels),
        timeout=timeout,
        workers=workers or usual.workers,
        queue=queue,
    )
    with _listen(host, port) as listener:
        config = uvicorn.Config(create_app(limits, folder), server_header=False, log_level="warning", lifespan="on")
        print(f"LatentPress is at {_address(host, listener)} (workers: {limits.workers}); Ctrl-C stops it", flush=True)
        if not _is_loopback(host):
            print(
                f"latentpress: warning: {host} can be reached from other machines, and the service has no login",
                file=sys.stderr,
                flush=True,
            )
        with contextlib.suppress(KeyboardInterrupt):  # the usual way to stop it, not a failure
            uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens; raises InvalidInputError for no address, LatentPressError for one that is taken."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (OSError, UnicodeError):
        raise InvalidInputError(f"{host!r} is no address of this machine") from None
    try:
        return socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as error:
        raise LatentPressError(f"cannot listen on {host} port {port}: {error.strerror}") from error


def _address(host: str, listener: socket.socket) -> str:
    """The URL to open; for "every network" that of this machine."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # nosec B104
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{listener.getsockname()[1]}/"


def _is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
