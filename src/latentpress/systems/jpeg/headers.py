"""What a JPEG file holds beside its coefficients, made small: nearly every file has the same tables."""

from __future__ import annotations

import zlib
from functools import cache

from latentpress.codecs.jpeg.segments import huffman_segment, quantiser_segment
from latentpress.codecs.jpeg.standard import STANDARD_TABLES
from latentpress.errors import CorruptFileError, LimitError
from latentpress.systems.jpeg.field import NATURAL
from latentpress.transforms.jpeg_tables import scaled_tables

__all__ = ["pack_bytes", "unpack_bytes"]

_MOST = 2**30


@cache
def _dictionary() -> bytes:
    """Bytes that are likely to come up: those of libjpeg's files of every quality, the most likely ones last."""
    parts = []
    for quality in range(1, 101):
        for number, table in enumerate(scaled_tables(quality)):
            parts.append(quantiser_segment(number, table.ravel()[NATURAL]))
    parts.append(_scan_headers())
    for number in range(2):
        parts += [huffman_segment(kind, number, STANDARD_TABLES[kind][number]) for kind in range(2)]
    parts.append(bytes.fromhex("ffda000c03010002110311003f00ffd9"))
    parts.append(bytes.fromhex("ffd8ffe000104a46494600010100000100010000"))
    return b"".join(parts)


def _scan_headers() -> bytes:
    """The scans of a progressive file of libjpeg, and its frame."""
    first, last = "0c03010002100310000001", "0c03010002000300000010"
    single = (
        "0100010502",
        "0301013f01",
        "0201013f01",
        "0100063f02",
        "0100013f21",
        "0301013f10",
        "0201013f10",
        "0100013f10",
    )
    scans = [first, *("0801" + scan for scan in single[:5]), last, *("0801" + scan for scan in single[5:])]
    frames = "ffc0001108{}03012200021101031101", "ffc2001108{}03011100021101031101"
    return b"".join(bytes.fromhex("ffda00" + scan) for scan in scans) + b"".join(
        bytes.fromhex(frame.format("02000300")) for frame in frames
    )


def pack_bytes(data: bytes) -> bytes:
    """Bytes made smaller, with what JPEG files usually hold as known beforehand."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zdict=_dictionary())
    return packer.compress(data) + packer.flush()


def unpack_bytes(data: bytes | memoryview) -> bytes:
    """The inverse of `pack_bytes`; raises CorruptFileError for damaged data, LimitError above a gigabyte."""
    unpacker = zlib.decompressobj(-15, zdict=_dictionary())
    try:
        plain = unpacker.decompress(data, _MOST)
    except zlib.error as error:
        raise CorruptFileError("the picture's data are damaged: headers that cannot be read") from error
    if unpacker.unconsumed_tail:
        raise LimitError(f"the file holds more than {_MOST} bytes beside its picture")
    if not unpacker.eof or unpacker.unused_data:
        raise CorruptFileError("the picture's data are damaged: headers of the wrong length")
    return plain
