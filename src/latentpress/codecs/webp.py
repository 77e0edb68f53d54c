"""Lossless WebP as a part of a file: integer arithmetic, specified to the bit."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from latentpress.errors import CorruptFileError

__all__ = ["LARGEST_WEBP", "decode_webp", "encode_webp"]

LARGEST_WEBP = 16383
"""Pixels a side that a WebP file can have."""


def encode_webp(samples: NDArray[Any]) -> bytes:
    """Samples (H, W, 1 or 3) of 8 bits as a WebP file."""
    picture = PillowImage.fromarray(samples[:, :, 0] if samples.shape[2] == 1 else np.ascontiguousarray(samples))
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", lossless=True, quality=80, method=4)
    return buffer.getvalue()


def decode_webp(data: bytes, shape: tuple[int, int], channels: int) -> NDArray[np.uint8]:
    """The samples (H, W, 1 or 3) of a WebP file; raises CorruptFileError if it is damaged or of another size."""
    try:
        with PillowImage.open(io.BytesIO(data), formats=("WEBP",)) as picture:
            if picture.size == shape[::-1]:
                samples = np.asarray(picture.convert("RGB"))
                return samples[:, :, 1:2] if channels == 1 else samples
    except Exception as error:  # Pillow raises almost anything on damaged data
        raise CorruptFileError("the picture's data are damaged: WebP that cannot be read") from error
    raise CorruptFileError("the picture's data are damaged: a part of the wrong size")
