"""Picture files by the endings of their names."""

from __future__ import annotations

import io

from latentpress.image.files import check_ending, format_of_ending, write
from latentpress.image.image import Image

__all__ = ["JPEGS", "PICTURES", "encode_picture"]

PICTURES = (
    ".avif", ".bmp", ".gif", ".heic", ".heif", ".hif", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".jpx", ".pbm",
    ".pgm", ".png", ".pnm", ".ppm", ".qoi", ".tga", ".tif", ".tiff", ".webp",
)  # fmt: skip
"""Endings of the picture files that `latentpress.image.read` reads."""

JPEGS = (".jfif", ".jpe", ".jpeg", ".jpg")
"""Those of JPEG files."""


def encode_picture(image: Image, ending: str) -> bytes:
    """The bytes of a picture file in the format of an ending with its dot; raises as `latentpress.image.write`."""
    check_ending(image, ending)
    stream = io.BytesIO()
    write(image, stream, format_of_ending(ending) or ending or "a name without an ending")
    return stream.getvalue()
