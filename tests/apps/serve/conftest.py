"""A service that really runs: uvicorn on a free port, in a thread of the test process."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

import latentpress
from latentpress.apps.serve.limits import ServiceLimits
from latentpress.image import Image, read, write

EXAMPLE = Path(__file__).parents[3] / "examples" / "macaws.png"


@contextlib.contextmanager
def running(folder: Path | None = None, **limits: Any) -> Iterator[tuple[str, Any]]:
    """A service with these limits that hands out a folder: its address, and its pool."""
    for package in ("fastapi", "python_multipart", "uvicorn"):
        pytest.importorskip(package)
    import uvicorn

    from latentpress.apps.serve.app import create_app

    app = create_app(ServiceLimits(**{"workers": 1, **limits}), folder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", app.state.service.pool
        finally:
            server.should_exit = True
            thread.join(30)


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Address of a service with two workers and small limits, for all tests that do not break it."""
    with running(workers=2, max_upload=2_000_000, max_pixels=2**20) as (url, _):
        yield url


@pytest.fixture
def client(address: str) -> Iterator[Any]:
    """A client of the shared service (httpx.Client)."""
    httpx = pytest.importorskip("httpx")

    with httpx.Client(base_url=address, timeout=60) as made:
        yield made


@pytest.fixture(scope="session")
def service() -> Callable[..., contextlib.AbstractContextManager[tuple[str, Any]]]:
    """``service(workers=1, timeout=0.5)``: a service of its own."""
    return running


def png_of(image: Image) -> bytes:
    """The picture as a PNG file."""
    stream = BytesIO()
    write(image, stream)
    return stream.getvalue()


@pytest.fixture(scope="session")
def crop() -> Image:
    """A part of the example picture, 256 wide and 192 high."""
    return Image(read(EXAMPLE).pixels[100:292, 200:456].copy())


@pytest.fixture(scope="session")
def crop_png(crop: Image) -> bytes:
    return png_of(crop)


@pytest.fixture(scope="session")
def crop_lpx(crop: Image) -> bytes:
    return latentpress.compress(crop, 20)
