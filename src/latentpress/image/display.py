"""How a picture wants to be shown, as PNG says it: colour space by code points, gamma, primaries, density.

A block of `Metadata.display` is a row of whole PNG chunks (length, type, data, CRC; PNG specification, third edition,
clause 5.3) of the kinds `KINDS`, each at most once. Other formats have the density alone, in dots an inch.
"""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

__all__ = ["KINDS", "chunks_of", "density_block", "dots_per_inch", "from_png", "png_chunk"]

KINDS = {b"cICP": 4, b"gAMA": 4, b"cHRM": 32, b"pHYs": 9}
"""Kinds of chunks and the bytes of their data: code points of ITU-T H.273, gamma and primaries in units of 1/100000,
pixels a unit and whether the unit is a metre.
"""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_INCH = 0.0254  # metres
_METRE = 1  # the unit of a pHYs chunk that is known


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def from_png(stream: BinaryIO) -> bytes:
    """The display block of a PNG file; the stream is read from its beginning to the first sample and left there."""
    stream.seek(0)
    if stream.read(8) != _SIGNATURE:
        return b""
    found: dict[bytes, bytes] = {}
    while len(head := stream.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IDAT":
            break
        if kind in KINDS and length == KINDS[kind]:
            found.setdefault(kind, stream.read(length))
            stream.seek(4, 1)
        else:
            stream.seek(length + 4, 1)
    return b"".join(png_chunk(kind, data) for kind, data in sorted(found.items()))


def chunks_of(block: bytes) -> dict[bytes, bytes]:
    """The data of a display block's chunks, by kind; what is no such chunk, and all after it, is passed over."""
    found: dict[bytes, bytes] = {}
    place = 0
    while place + 12 <= len(block):
        length, kind = struct.unpack_from(">I4s", block, place)
        data = block[place + 8 : place + 8 + length]
        if KINDS.get(kind) != length or png_chunk(kind, data) != block[place : place + 12 + length]:
            break
        found.setdefault(kind, data)
        place += 12 + length
    return found


def density_block(dpi: tuple[float, float]) -> bytes:
    """The display block of a density in dots an inch; empty for one that is no density."""
    across, down = (round(value / _INCH) if 0 < value < 1e7 else 0 for value in dpi)
    return png_chunk(b"pHYs", struct.pack(">IIB", across, down, _METRE)) if across and down else b""


def dots_per_inch(block: bytes) -> tuple[float, float] | None:
    """The density that a display block says, None if it says none or only the shape of a pixel."""
    data = chunks_of(block).get(b"pHYs")
    if data is None:
        return None
    across, down, unit = struct.unpack(">IIB", data)
    return (across * _INCH, down * _INCH) if unit == _METRE else None
