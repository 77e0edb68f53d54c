"""How large a picture may be: one limit for picture files and ``.lpx`` files, like Pillow's ``MAX_IMAGE_PIXELS``.

    latentpress.limits.MAX_PIXELS = 500_000_000

A file that claims more is refused before memory is taken for it: a few bytes can claim any size.
"""

from __future__ import annotations

from latentpress.errors import LimitError

__all__ = ["MAX_PIXELS", "MAX_SIDE", "check"]

MAX_PIXELS: int = 2**28
"""Width times height; 268 megapixels."""

MAX_SIDE: int = 2**20
"""The longer side."""


def check(width: int, height: int) -> None:
    """Raise LimitError if a picture of this size is above the limits."""
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise LimitError(
            f"{width} x {height} pixels are claimed; the limits are {MAX_PIXELS} pixels in all and {MAX_SIDE} a side "
            "(latentpress.limits, --max-pixels)"
        )
