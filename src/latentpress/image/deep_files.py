"""Files of 16-bit samples, which Pillow does not write: PNG and TIFF."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from latentpress.image.display import png_chunk
from latentpress.image.image import Image
from latentpress.image.metadata import Metadata
from latentpress.image.pillow import info_of

__all__ = ["png_of", "tiff_of"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # by channels (PNG specification, table 11.1)
_STRIP = 64  # rows that are filtered at a time
_LEVEL = 3  # of zlib: photographs get hardly smaller by more, only slower
_WIDTH, _BITS = 256, 258  # TIFF tags
_SHORT, _LONG = 3, 4  # TIFF types


def png_of(image: Image) -> bytes:
    """The PNG file of a picture of 16 bits, with its metadata (PNG specification, third edition)."""
    head = struct.pack(">IIBBBBB", image.width, image.height, 16, _COLOUR_TYPES[image.channels], 0, 0, 0)
    packer = zlib.compressobj(_LEVEL)
    rows = np.ascontiguousarray(image.pixels.astype(">u2")).view(np.uint8).reshape(image.height, -1)
    above = np.zeros((1, rows.shape[1]), np.uint8)
    packed = []
    for top in range(0, image.height, _STRIP):
        strip = rows[top : top + _STRIP]
        packed.append(packer.compress(_filtered(strip, np.vstack([above, strip[:-1]]), 2 * image.channels).tobytes()))
        above = strip[-1:]
    data = b"".join([*packed, packer.flush()])
    chunks = [png_chunk(b"IDAT", data[start : start + 2**24]) for start in range(0, len(data), 2**24)]
    return b"".join([_SIGNATURE, png_chunk(b"IHDR", head), _blocks(image.metadata), *chunks, png_chunk(b"IEND", b"")])


def tiff_of(image: Image) -> bytes:
    """The TIFF file of a picture of 16 bits in gray, RGB or RGBA, with its metadata.

    A row of such samples has the bytes of a row of 8-bit samples that is twice as long. Pillow writes that one, and the
    two tags that say otherwise are set right.
    """
    size = (2 * image.width, image.height)
    double = PillowImage.frombytes(image.mode, size, image.pixels.astype("<u2").tobytes())
    known = {name: value for name, value in info_of(image.metadata).items() if name in ("icc_profile", "exif", "dpi")}
    stream = io.BytesIO()
    double.save(stream, "TIFF", compression="tiff_adobe_deflate", **known)
    data = bytearray(stream.getvalue())
    order = "<" if data[:2] == b"II" else ">"
    (directory,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, directory)
    for entry in range(directory + 2, directory + 2 + 12 * count, 12):
        tag, kind, values = struct.unpack_from(order + "HHI", data, entry)
        if tag == _WIDTH:
            struct.pack_into(order + "HHII", data, entry, tag, _LONG, 1, image.width)
        if tag == _BITS:
            assert kind == _SHORT
            place = entry + 8 if values <= 2 else struct.unpack_from(order + "I", data, entry + 8)[0]
            struct.pack_into(f"{order}{values}H", data, place, *[16] * values)
    return bytes(data)


def _filtered(rows: NDArray[np.uint8], above: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """Rows of bytes with the filter's number before each, the filter that leaves least (clause 12.7).

    step: bytes of a pixel.
    """
    left = np.zeros_like(rows)
    left[:, step:] = rows[:, :-step]
    corner = np.zeros_like(rows)
    corner[:, step:] = above[:, :-step]
    mean = ((left.astype(np.uint16) + above) // 2).astype(np.uint8)
    a, b, c = (plane.astype(np.int16) for plane in (left, above, corner))
    to_a, to_b, to_c = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    paeth = np.where((to_a <= to_b) & (to_a <= to_c), left, np.where(to_b <= to_c, above, corner))
    tried = np.stack([rows, rows - left, rows - above, rows - mean, rows - paeth])
    cost = np.abs(tried.view(np.int8).astype(np.int16)).sum(axis=2, dtype=np.int64)
    best = cost.argmin(axis=0)
    return np.column_stack([best.astype(np.uint8), tried[best, np.arange(len(rows))]])


def _blocks(metadata: Metadata) -> bytes:
    """The chunks of metadata."""
    parts = [metadata.display]
    if metadata.icc:
        parts.append(png_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc)))
    if metadata.exif:
        parts.append(png_chunk(b"eXIf", metadata.exif))
    if metadata.xmp:
        parts.append(png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp))
    return b"".join(parts)
