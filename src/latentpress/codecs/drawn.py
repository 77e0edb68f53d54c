"""Drawings, screenshots and text among photographs: what a codec of latents does badly, and lossless coding well."""

from __future__ import annotations

import numpy as np

from latentpress.codecs.base import Codec
from latentpress.codecs.webp import LARGEST_WEBP, encode_webp
from latentpress.image import Image

__all__ = ["flat_share", "smaller_without_loss"]

_DRAWN = 0.5
"""Share of flat pixels from which on a picture is taken for drawn. Drawings: 0.56 to 0.96; photographs: up to 0.22."""

_ENOUGH = 2**20
"""Pixels, about, that tell a drawing from a photograph."""

_AT_BEST = 0.6
"""Of the size of lossless WebP: a lossless file of ours is hardly smaller, line art (0.70) included."""


def flat_share(image: Image) -> float:
    """Share of the pixels that equal both their left and their upper neighbour, 0..1; 0 for a single row or column. In
    a large picture every so many rows are looked at.
    """
    every = max(1, image.width * image.height // _ENOUGH)
    rows, above = image.pixels[1::every], image.pixels[:-1:every, 1:]
    here = rows[:, 1:]
    flat = ((here == above) & (here == rows[:, :-1])).all(axis=2)
    return float(flat.mean()) if flat.size else 0.0


def smaller_without_loss(image: Image, data: bytes, lossless: Codec) -> bytes | None:
    """The lossless file of an obviously drawn picture, where it is smaller than ``data``, a lossy one; else None.

    Lossless WebP, which takes a tenth of the time, says first whether there is any hope: ours is up to 30 % smaller.
    """
    if flat_share(image) < _DRAWN:
        return None
    colours = image.pixels[:, :, : image.channels - image.has_alpha]
    fits = image.bit_depth == 8 and max(image.width, image.height) <= LARGEST_WEBP
    if fits and _AT_BEST * len(encode_webp(np.ascontiguousarray(colours))) > len(data):
        return None
    found = lossless.encode(image)
    return found if len(found) < len(data) else None
