"""Turn whatever a caller has (path, bytes of a file, open file, Pillow picture, array) into an `Image`."""

from __future__ import annotations

import io
import os
from typing import BinaryIO, TypeAlias

import numpy as np
from PIL import Image as PillowImage

from latentpress.errors import InvalidInputError
from latentpress.image.files import read
from latentpress.image.image import Image, Samples

__all__ = ["ImageSource", "as_image"]

_ACCEPTED = "a path, bytes, an open file, a Pillow image, a latentpress.Image or a uint8 or uint16 array"

ImageSource: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO | PillowImage.Image | Image | Samples
"""What `as_image` (and so ``latentpress.compress``) takes as a picture."""


def as_image(source: ImageSource) -> Image:
    """Return ``source`` as an `Image`.

    source: a path, the bytes of a picture file or a binary stream of one (read with `latentpress.image.read`), a Pillow
    picture (EXIF rotation is not applied: the caller may already have done so), an `Image` (returned as it is), or a
    uint8 or uint16 array (H, W) or (H, W, 1 to 4), whose samples fill their type.

    Raises InvalidInputError for other types and unreadable files, UnsupportedError for pixel modes that are not
    handled.
    """
    if isinstance(source, Image):
        return source
    if isinstance(source, np.ndarray):
        return Image.from_array(source)
    if isinstance(source, PillowImage.Image):
        return Image.from_pillow(source)
    if isinstance(source, bytes):
        return read(io.BytesIO(source))
    if isinstance(source, str | os.PathLike) or hasattr(source, "read"):
        return read(source)
    raise InvalidInputError(f"a picture must be {_ACCEPTED}, not {type(source).__name__}")
