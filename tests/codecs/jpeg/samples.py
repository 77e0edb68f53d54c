"""Pictures with every kind of block, and JPEG files of them."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image as PillowImage


def picture(width: int, height: int, mode: str = "RGB") -> PillowImage.Image:
    """Waves, noise and an edge: every kind of block."""
    rng = np.random.default_rng(width * 100 + height)
    y, x = np.mgrid[:height, :width]
    waves = 128 + 60 * np.sin(x * y / 90)[..., None] * [1, 0.7, -0.4] + rng.normal(0, 8, (height, width, 3))
    waves[:, width // 2 :] += 40
    return PillowImage.fromarray(np.clip(waves, 0, 255).astype(np.uint8)).convert(mode)


def saved(image: PillowImage.Image, **settings: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **settings)
    return buffer.getvalue()


def decoded(data: bytes) -> Any:
    """Pillow's pixels (H, W, C) of a file; those of CMYK as they stand in it."""
    pixels = np.atleast_3d(np.asarray(PillowImage.open(io.BytesIO(data))))
    return 255 - pixels if pixels.shape[2] == 4 else pixels
