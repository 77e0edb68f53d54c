"""Pictures: the `Image` value, reading and writing picture files, and turning other objects into an `Image`."""

from __future__ import annotations

from latentpress.image.convert import ImageSource, as_image
from latentpress.image.files import read, write
from latentpress.image.image import Image

__all__ = ["Image", "ImageSource", "as_image", "read", "write"]
