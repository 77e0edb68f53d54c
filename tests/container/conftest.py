"""Headers and files that the container's tests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from latentpress.container import STREAM, Chunk, Header, write


@pytest.fixture
def header() -> Callable[..., Header]:
    """Factory: ``header(**fields)`` gives a header of a 64x64 RGB picture with some fields changed."""

    def make(**fields: Any) -> Header:
        usual: dict[str, Any] = {
            "codec": 1,
            "model": bytes(range(1, 9)),
            "width": 64,
            "height": 64,
            "channels": 3,
            "rate": 40,
        }
        return Header(**(usual | fields))

    return make


@pytest.fixture
def small_file(header: Callable[..., Header]) -> bytes:
    """A file of a 300x200 picture: an unknown ancillary chunk, then a stream."""
    chunks = [Chunk(33, b"an extra part", ancillary=True), Chunk(STREAM, bytes(range(40)))]
    return write(header(width=300, height=200), chunks)
