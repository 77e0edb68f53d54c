"""How a decoded picture gets into the page: a form that every browser shows, within a budget of bytes."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np

from latentpress.bench.coders.base import Pixels
from latentpress.image import Image
from latentpress.metrics import psnr

__all__ = ["EXACT", "LADDER", "Embedded", "embed"]

EXACT = 100
"""The step of `LADDER` that keeps every sample."""

LADDER = (EXACT, 92, 85, 80, 75, 70, 60, 50)
"""Qualities of embedding, best first: lossless, then AVIF (WebP where Pillow has no AVIF)."""

# A file whose picture is this near to the coder's own decoding stands for it: the difference is in rounding.
_SAME_DB = 48.0
# Above this rate a file is no longer small, and competes with the re-encoded picture.
_NATIVE_BPP = 4.0
_MIME = {"AVIF": "image/avif", "JPEG": "image/jpeg", "WEBP": "image/webp"}


@dataclass(frozen=True)
class Embedded:
    """A picture as the page carries it.

    data: a file that browsers show. mime: its type. psnr: in dB against the pixels that it stands for, infinite where
    none differs. native: whether it is the coder's own file, shown by the browser's decoder, and not a re-encoding.
    """

    data: bytes
    mime: str
    psnr: float
    native: bool


def embed(pixels: Pixels, coded: bytes | None = None, quality: int = EXACT) -> Embedded:
    """Put a picture into a form for the page.

    pixels: uint8 (height, width, 1 or 3). coded: the file that was decoded to them, if there is one; a JPEG, WebP or
    AVIF file is carried as it is. quality: one of `LADDER`, for all others.
    """
    native = _native(pixels, coded) if coded is not None else None
    if native is not None:
        return native
    stream = io.BytesIO()
    picture = Image(pixels).to_pillow()
    if quality == EXACT:
        format = "WEBP"
        picture.save(stream, format, lossless=True, method=4, quality=50)
    elif _has_avif():
        format = "AVIF"
        colour = "4:0:0" if pixels.shape[2] == 1 else "4:4:4"
        picture.save(
            stream, format, quality=quality, speed=6, subsampling=colour, max_threads=1, advanced={"tune": "psnr"}
        )
    else:
        format = "WEBP"
        picture.save(stream, format, quality=quality, method=4)
    data = stream.getvalue()
    return Embedded(data, _MIME[format], psnr(pixels, _decode(data, format, pixels)), native=False)


def _native(pixels: Pixels, coded: bytes) -> Embedded | None:
    """The coder's file itself, if a browser shows it and shows the same."""
    format = _sniff(coded)
    if not format or 8 * len(coded) > _NATIVE_BPP * pixels.shape[0] * pixels.shape[1]:
        return None
    try:
        near = psnr(pixels, _decode(coded, format, pixels))
    except Exception:  # Pillow's decoder is only asked whether it can; the coder's own has already decoded the file
        return None
    return Embedded(coded, _MIME[format], near, native=True) if near >= _SAME_DB else None


def _sniff(data: bytes) -> str:
    """Pillow's name of a format that browsers show, by the first bytes of a file; empty for all others."""
    if data[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return "AVIF" if data[4:12] == b"ftypavif" and _has_avif() else ""


def _decode(data: bytes, format: str, like: Pixels) -> Pixels:
    """The samples of a file, in the shape of ``like``; an error if a browser would turn or recolour them."""
    from PIL import Image as PillowImage

    with PillowImage.open(io.BytesIO(data), formats=[format]) as picture:
        if picture.info.get("icc_profile") or picture.getexif().get(0x0112, 1) != 1:
            raise ValueError("a colour profile or an orientation")
        samples = np.asarray(picture.convert("L" if like.shape[2] == 1 else "RGB"))
    return samples.reshape(like.shape)


def _has_avif() -> bool:
    """Whether this Pillow was built with AVIF."""
    from PIL import features

    return bool(features.check("avif"))
