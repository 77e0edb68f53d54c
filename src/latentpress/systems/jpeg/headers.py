"""What a JPEG file holds beside its coefficients, made small: nearly every file has the same tables."""

from __future__ import annotations

import zlib
from functools import cache

import numpy as np

from latentpress.errors import CorruptFileError, LimitError
from latentpress.systems.jpeg.field import NATURAL
from latentpress.transforms.jpeg_tables import STANDARD_CHROMA, STANDARD_LUMA

__all__ = ["pack_bytes", "unpack_bytes"]

_MOST = 2**30

# The Huffman tables of ITU-T T.81, annex K.3: how many codes of each length, and the symbols in order.
_DC = bytes(range(12))
_DC_COUNTS = ("00010501010101010100000000000000", "00030101010101010101010000000000")
_AC_COUNTS = ("0002010303020403050504040000017d", "00020102040403040705040400010277")
_AC_SYMBOLS = (
    "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a"
    "434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9"
    "aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa",
    "000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a3536373839"
    "3a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7"
    "a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa",
)


@cache
def _dictionary() -> bytes:
    """Bytes that are likely to come up: those of libjpeg's files of every quality, the most likely ones last."""
    parts = []
    for quality in range(1, 101):
        factor = 5000 // quality if quality < 50 else 200 - 2 * quality
        for number, table in enumerate((STANDARD_LUMA, STANDARD_CHROMA)):
            scaled = np.clip((table.ravel()[NATURAL] * factor + 50) // 100, 1, 255)
            parts.append(bytes.fromhex("ffdb0043") + bytes([number]) + scaled.astype(np.uint8).tobytes())
    parts.append(_scan_headers())
    for number in range(2):
        for kind, counts, symbols in ((0, _DC_COUNTS, _DC), (16, _AC_COUNTS, bytes.fromhex(_AC_SYMBOLS[number]))):
            body = bytes([kind | number]) + bytes.fromhex(counts[number]) + symbols
            parts.append(b"\xff\xc4" + (len(body) + 2).to_bytes(2, "big") + body)
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
