"""Pictures of 9 to 16 bits a sample, where Pillow has none or would cut them to 8: PPM, PNG and TIFF."""

from __future__ import annotations

import re
import zlib
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from latentpress._extras import needs_extra
from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.image.display import png_chunk
from latentpress.image.image import Image
from latentpress.image.metadata import Metadata

__all__ = ["is_deep", "oriented", "read_deep", "write_deep"]

_PNM = re.compile(rb"P([56])(?:\s+(?:#[^\n]*\n\s*)*)(\d+)(?:\s+(?:#[^\n]*\n\s*)*)(\d+)(?:\s+(?:#[^\n]*\n\s*)*)(\d+)\s")
_PNG_HEAD = 8 + 25  # signature and IHDR
_FEATURE = "16-bit colour in PNG and TIFF"


def is_deep(picture: PillowImage.Image) -> bool:
    """Whether the file under an opened, not yet loaded Pillow picture has samples that Pillow would cut to 8 bits, or
    would stretch from their own depth to 16.
    """
    for tile in getattr(picture, "tile", ()):
        arguments = tile[3] if isinstance(tile[3], tuple) else (tile[3],)
        if tile[0] == "ppm" and isinstance(arguments[-1], int) and arguments[-1] > 255:
            return True
        if not picture.mode.startswith("I") and any(isinstance(a, str) and ";16" in a for a in arguments):
            return True
    return False


def read_deep(data: bytes, format: str, metadata: Metadata) -> Image:
    """The picture in the bytes of a deep PPM, PGM, PNG or TIFF file.

    Raises UnsupportedError for another format, MissingExtraError without the extra ``deep`` (PNG, TIFF),
    InvalidInputError for damaged data.
    """
    if format == "PPM":
        return _read_pnm(data)
    if format not in ("PNG", "TIFF"):
        raise UnsupportedError(f"16-bit colour in {format} files is not supported; save the picture as PNG or TIFF")
    with needs_extra(_FEATURE, "deep"):
        import imagecodecs
    decode = imagecodecs.png_decode if format == "PNG" else imagecodecs.tiff_decode
    try:
        pixels: NDArray[Any] = np.asarray(decode(data))
    except Exception as error:  # the binding's own errors: ValueError, RuntimeError, PngError, TiffError
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InvalidInputError(f"the {format} file is damaged or unusual: {reason}") from error
    if pixels.dtype != np.uint16:
        raise UnsupportedError(f"{format} samples of type {pixels.dtype} are not supported")
    return Image.from_array(pixels).with_metadata(metadata)


def write_deep(image: Image, stream: BinaryIO, format: str) -> None:
    """Write a picture of 9 to 16 bits: PPM keeps its depth, PNG and TIFF get 16 bits.

    Raises UnsupportedError for a format that has no such samples, MissingExtraError without the extra ``deep``.
    """
    if format == "PPM":
        stream.write(_pnm(image))
        return
    if format not in ("PNG", "TIFF") or (format == "TIFF" and image.channels == 2):
        raise UnsupportedError(
            f"{format} files cannot hold {image.bit_depth}-bit {image.mode}; choose .png, .tif or .ppm, or 8 bits"
        )
    with needs_extra(_FEATURE, "deep"):
        import imagecodecs
    pixels = image.to_depth(16).pixels
    squeezed = pixels[:, :, 0] if image.channels == 1 else pixels
    if format == "TIFF":
        stream.write(imagecodecs.tiff_encode(squeezed))
    else:
        stream.write(_with_png_metadata(bytes(imagecodecs.png_encode(squeezed)), image.metadata))


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


def _with_png_metadata(png: bytes, metadata: Metadata) -> bytes:
    """A PNG file with all metadata put in after its first chunk (PNG specification, third edition)."""
    parts = [png[:_PNG_HEAD], metadata.display]
    if metadata.icc:
        parts.append(png_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc)))
    if metadata.exif:
        parts.append(png_chunk(b"eXIf", metadata.exif))
    if metadata.xmp:
        parts.append(png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp))
    return b"".join([*parts, png[_PNG_HEAD:]])
