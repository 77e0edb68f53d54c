"""Pictures of 9 to 16 bits a sample, where Pillow has none or would cut them to 8: PPM, PNG and TIFF.

Pillow unpacks a sample of two bytes by taking its high one. Told that the bytes lie the other way round, it takes
the low one. So the two halves of a picture are read one after the other, each by Pillow, with all that it knows of
filters, interlacing, strips, tiles and compression.
"""

from __future__ import annotations

import re
import sys
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from latentpress._extras import needs_extra
from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.image.deep_files import png_of, tiff_of
from latentpress.image.image import Image

__all__ = ["is_deep", "oriented", "read_deep", "write_deep"]

_PNM = re.compile(rb"P([56])(?:\s+(?:#[^\n]*\n\s*)*)(\d+)(?:\s+(?:#[^\n]*\n\s*)*)(\d+)(?:\s+(?:#[^\n]*\n\s*)*)(\d+)\s")
_BITS = 258  # TIFF tag: bits of a sample, by channel
_PLANAR = 284  # TIFF tag: 2 for a plane of each channel
_PREMULTIPLIED = "RGBa"
_MODES = {"RGB": "RGB", "RGBX": "RGB", "RGBA": "RGBA", _PREMULTIPLIED: "RGBA"}


def is_deep(picture: PillowImage.Image) -> bool:
    """Whether the file under an opened, not yet loaded Pillow picture has samples that Pillow would cut to 8 bits, or
    would stretch from their own depth to 16.
    """
    for tile in getattr(picture, "tile", ()):
        arguments = tile.args if isinstance(tile.args, tuple) else (tile.args,)
        if tile.codec_name == "ppm" and isinstance(arguments[-1], int) and arguments[-1] > 255:
            return True
        if picture.mode[0] not in "IF" and any(isinstance(a, str) and ";16" in a for a in arguments):
            return True
    return picture.mode[0] not in "IF" and max(getattr(picture, "tag_v2", {}).get(_BITS, (8,))) > 8


def read_deep(picture: PillowImage.Image, again: PillowImage.Image, stream: BinaryIO) -> Image:
    """The picture in a deep PPM, PGM, PNG or TIFF file, not turned and without metadata.

    picture, again: the file opened twice, at the frame that is wanted, not loaded. stream: its bytes.

    Raises UnsupportedError for another format or kind of samples, InvalidInputError for damaged data, MissingExtraError
    without the extra ``deep`` for planes that lie apart.
    """
    format, frame = picture.format or "", picture.tell()
    if format == "PPM":
        stream.seek(0)
        return _read_pnm(stream.read())
    pixels: NDArray[Any]
    raw = _raw(picture)
    kind = raw.partition(";")[0]
    if format == "TIFF" and getattr(picture, "tag_v2", {}).get(_PLANAR) == 2:
        stream.seek(0)
        pixels = _apart(stream.read(), frame)
    elif format not in ("PNG", "TIFF") or kind not in (*_MODES, "LA"):
        raise UnsupportedError(f"16-bit {picture.mode} in {format} files is not supported; save it as 16-bit RGB")
    elif kind == "LA":
        both = _bytes_of(picture, "RGBA", "RGBA")  # of two samples of two bytes
        pixels = both[:, :, 0::2] << 8 | both[:, :, 1::2]
    else:
        little = raw.endswith("L") or (raw[-1] in "6N" and sys.byteorder == "little")
        plain = kind.replace(_PREMULTIPLIED, "RGBA")
        high, low = (f"{plain};16{end}" for end in ("LB" if little else "BL"))
        pixels = _bytes_of(picture, _MODES[kind], high) << 8 | _bytes_of(again, _MODES[kind], low)
        if kind == _PREMULTIPLIED:
            pixels = _divided(pixels)
    return Image.from_array(_with_transparent(pixels, picture))


def write_deep(image: Image, stream: BinaryIO, format: str) -> None:
    """Write a picture of 9 to 16 bits: PPM keeps its depth, PNG and TIFF get 16 bits.

    Raises UnsupportedError for a format that has no such samples.
    """
    if format == "PPM":
        stream.write(_pnm(image))
        return
    if format not in ("PNG", "TIFF") or (format == "TIFF" and image.channels == 2):
        raise UnsupportedError(
            f"{format} files cannot hold {image.bit_depth}-bit {image.mode}; choose .png, .tif or .ppm, or 8 bits"
        )
    stream.write((png_of if format == "PNG" else tiff_of)(image.to_depth(16)))


def _raw(picture: PillowImage.Image) -> str:
    """Pillow's name of how the samples lie in the file, such as ``RGB;16B``."""
    arguments: Any = picture.tile[0].args  # type: ignore[attr-defined]  # a picture that was opened from a file
    return str(arguments[0] if isinstance(arguments, tuple) else arguments)


def _bytes_of(picture: Any, mode: str, raw: str) -> NDArray[np.uint16]:
    """The picture as Pillow unpacks it by another rule than its own."""
    picture._mode = mode
    picture.tile = [
        tile._replace(args=(raw, *tile.args[1:]) if isinstance(tile.args, tuple) else raw) for tile in picture.tile
    ]
    picture.load()  # NumPy would pass over what is wrong
    return np.asarray(picture).astype(np.uint16)


def _apart(data: bytes, frame: int) -> NDArray[np.uint16]:
    """The samples (H, W, C) of a TIFF file whose channels lie in planes of their own."""
    with needs_extra("16-bit TIFF in separate planes", "deep"):
        import imagecodecs
    pixels = np.asarray(imagecodecs.tiff_decode(data, index=frame))
    if pixels.dtype != np.uint16:
        raise UnsupportedError(f"TIFF samples of type {pixels.dtype} are not supported")
    return np.moveaxis(pixels, 0, 2) if pixels.ndim == 3 and pixels.shape[2] > 4 else pixels


def _divided(pixels: NDArray[Any]) -> NDArray[np.uint16]:
    """Samples (H, W, 4) of which the colours were multiplied by alpha, as if they were not."""
    alpha = np.maximum(pixels[:, :, 3:], 1).astype(np.uint64)
    colours = np.minimum((pixels[:, :, :3].astype(np.uint64) * 65535 + alpha // 2) // alpha, 65535)
    return np.dstack([colours.astype(np.uint16), pixels[:, :, 3]])


def _with_transparent(pixels: NDArray[Any], picture: PillowImage.Image) -> NDArray[np.uint16]:
    """RGB samples with alpha 0 where they have the colour that the file calls transparent."""
    colour = picture.info.get("transparency")
    if pixels.shape[2] != 3 or not isinstance(colour, tuple):
        return pixels
    return np.dstack([pixels, np.where((pixels == colour).all(axis=2), 0, 65535).astype(np.uint16)])


def oriented(image: Image, orientation: int) -> Image:
    """The picture turned upright. orientation: the EXIF tag, 1..8 (any other value is taken as 1)."""
    turns = {
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: p.transpose(1, 0, 2)[:, ::-1],
        7: lambda p: p.transpose(1, 0, 2)[::-1, ::-1],
        8: lambda p: p.transpose(1, 0, 2)[::-1],
    }
    if orientation not in turns:
        return image
    return Image(turns[orientation](image.pixels), image.bit_depth, image.metadata)


def _read_pnm(data: bytes) -> Image:
    match = _PNM.match(data)
    if not match:
        raise InvalidInputError("the PPM file's header is damaged")
    kind, width, height, peak = (int(group) for group in match.groups())
    channels = 1 if kind == 5 else 3
    samples = width * height * channels
    if not 255 < peak < 65536 or width * height == 0 or len(data) - match.end() < 2 * samples:
        raise InvalidInputError("the PPM file is damaged or cut short")
    pixels = np.frombuffer(data, ">u2", samples, match.end()).astype(np.uint16).reshape(height, width, channels)
    if int(pixels.max()) > peak:
        raise InvalidInputError("the PPM file is damaged: a sample above its maximum")
    depth = peak.bit_length()
    if peak != 2**depth - 1:  # an unusual maximum, such as 1000: stretch to 16 bits
        pixels = ((pixels.astype(np.uint64) * (2 * 65535) + peak) // (2 * peak)).astype(np.uint16)
        depth = 16
    return Image(pixels, depth)


def _pnm(image: Image) -> bytes:
    if image.has_alpha:
        raise UnsupportedError("PPM files have no alpha; choose .png or .tif")
    head = f"P{5 if image.channels == 1 else 6}\n{image.width} {image.height}\n{image.peak}\n"
    return head.encode() + image.pixels.astype(">u2").tobytes()
