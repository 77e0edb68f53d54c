"""Put an ``.lpx`` file together."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from latentpress.container import varint
from latentpress.container.layers import check_layers
from latentpress.container.layout import (
    ANCILLARY_BIT,
    DEEP_BIT,
    LAST_BIT,
    LAYERED_BIT,
    MAGIC,
    NAMED_CODEC,
    Chunk,
    Header,
)
from latentpress.errors import InvalidInputError

__all__ = ["header_bytes", "write"]


def write(header: Header, chunks: Sequence[Chunk]) -> bytes:
    """The bytes of a whole file: ``header``, then ``chunks`` in order, the last one marked as such.

    Raises InvalidInputError without a chunk, with one of 2^31 bytes or more, and for layers that the header does not
    speak of or that are not the last chunks.
    """
    if not chunks:
        raise InvalidInputError("a file needs at least one chunk")
    reason = check_layers(header, chunks)
    if reason:
        raise InvalidInputError(reason)
    head = header_bytes(header)
    crc = zlib.crc32(head)
    parts = [head]
    for index, chunk in enumerate(chunks):
        kind = chunk.kind | (ANCILLARY_BIT if chunk.ancillary else 0)
        if index == len(chunks) - 1:
            kind |= LAST_BIT
        start = bytes([kind]) + varint.encode(len(chunk.payload))
        crc = zlib.crc32(chunk.payload, zlib.crc32(start, crc))
        parts += (start, crc.to_bytes(4, "little"), chunk.payload)
    return b"".join(parts)


def header_bytes(header: Header) -> bytes:
    """The header as docs/format.md lays it out."""
    out = bytearray(MAGIC)
    major, minor = header.version
    out.append(major << 4 | minor)
    out.append(header.codec)
    if header.codec == NAMED_CODEC:
        name = header.codec_name.encode("ascii")
        out.append(len(name))
        out += name
    out += header.model
    deep = header.bit_depth > 8
    out.append(header.channels - 1 | (DEEP_BIT if deep else 0) | (LAYERED_BIT if header.layered else 0))
    if deep:
        out.append(header.bit_depth)
    for value in (header.width, header.height, header.rate):
        out += varint.encode(value)
    return bytes(out)
