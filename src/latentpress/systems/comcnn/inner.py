"""Codecs that may stand inside: small pictures to bytes and back."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from latentpress import container
from latentpress.codecs import get_codec
from latentpress.codecs.registry import codec_for
from latentpress.errors import CorruptFileError, InvalidInputError
from latentpress.image import Image

__all__ = ["FORMATS", "choice_of", "decode", "encoder"]

FORMATS = ("JPEG", "WEBP", "AVIF", "LPX")
"""Of the bytes in a file, in the order of its rate's choices; the last holds a file of another codec of ours."""

Small = NDArray[np.uint8]


def choice_of(inner: str, own: str) -> int:
    """Which of the formats a codec called ``inner`` writes: ``jpeg``, ``webp``, ``avif`` or the id of one of ours, but
    the ``own``. Raises InvalidInputError for another name.
    """
    names = [format.lower() for format in FORMATS[:-1]]
    if inner in names:
        return names.index(inner)
    if inner == own or get_codec(inner).lossless:
        raise InvalidInputError(f"the codec inside must be lossy and another one, not {inner!r}")
    return len(names)


def encoder(inner: str) -> Callable[[Small, int], bytes]:
    """A codec as a function of samples (H, W, 3) and a quality 1..100."""
    own = inner.upper() not in FORMATS

    def encode(samples: Small, quality: int) -> bytes:
        if own:
            return get_codec(inner).encode(Image(samples), quality)
        more: dict[str, Any] = {"optimize": True, "progressive": True} if inner == "jpeg" else {}
        buffer = io.BytesIO()
        PillowImage.fromarray(samples).save(buffer, inner.upper(), quality=quality, **more)
        return buffer.getvalue()

    return encode


def decode(data: bytes, choice: int, shape: tuple[int, int], own: int) -> Small:
    """Samples (H, W, 3) of bytes in the format of a choice. own: number of the codec that none of the files inside may
    be of. Raises CorruptFileError if they are damaged or of another size.
    """
    if FORMATS[choice] == "LPX":
        header = container.read_header(data)
        if header.codec == own or (header.height, header.width, header.channels, header.bit_depth) != (*shape, 3, 8):
            raise CorruptFileError("the picture's data are damaged: another file inside than was written")
        return codec_for(header).decode(data).pixels.astype(np.uint8, copy=False)
    try:
        with PillowImage.open(io.BytesIO(data), formats=(FORMATS[choice],)) as picture:
            if picture.size == shape[::-1]:
                return np.asarray(picture.convert("RGB"))
    except Exception as error:  # Pillow raises almost anything on damaged data
        raise CorruptFileError(f"the picture's data are damaged: {FORMATS[choice]} that cannot be read") from error
    raise CorruptFileError("the picture's data are damaged: a part of the wrong size")
