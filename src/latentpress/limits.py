"""How large a picture may be: one limit for picture files and ``.lpx`` files, like Pillow's ``MAX_IMAGE_PIXELS``;
and how many threads may be asked for.

    latentpress.limits.MAX_PIXELS = 500_000_000

A file that claims more is refused before memory is taken for it: a few bytes can claim any size.
"""

from __future__ import annotations

from typing import Any

from latentpress.errors import InvalidInputError, LimitError

__all__ = ["MAX_PIXELS", "MAX_SIDE", "MAX_THREADS", "check", "check_threads"]

MAX_PIXELS: int = 2**28
"""Width times height; 268 megapixels."""

MAX_SIDE: int = 2**20
"""The longer side."""

MAX_THREADS: int = 1024
"""Of a network, and processes of a folder's job: each takes memory whether there is a core for it or not."""


def check(width: int, height: int) -> None:
    """Raise LimitError if a picture of this size is above the limits."""
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise LimitError(
            f"{width} x {height} pixels are claimed; the limits are {MAX_PIXELS} pixels in all and {MAX_SIDE} a side "
            "(latentpress.limits, --max-pixels)"
        )


def check_threads(threads: Any) -> None:
    """Raise InvalidInputError unless ``threads`` is None, for one a core, or a whole number from 1 to `MAX_THREADS`."""
    if threads is not None and (type(threads) is not int or not 1 <= threads <= MAX_THREADS):
        raise InvalidInputError(f"threads must be a whole number from 1 to {MAX_THREADS}, not {threads!r}")
