"""Take an ``.lpx`` file apart, trusting nothing in it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import IO

from latentpress.container import varint
from latentpress.container.layers import check_layers
from latentpress.container.layout import (
    ANCILLARY_BIT,
    CHANNEL_BITS,
    CRITICAL_KINDS,
    DEEP_BIT,
    KIND_MASK,
    LAST_BIT,
    LAYERED_BIT,
    MAGIC,
    MAX_RATE,
    MODEL_BYTES,
    NAMED_CODEC,
    SEALED,
    VERSION,
    BytesLike,
    Chunk,
    Header,
    Limits,
    check_codec_name,
)
from latentpress.container.varint import CutShortError
from latentpress.errors import CorruptFileError, InvalidInputError, LimitError, UnsupportedError

__all__ = ["read", "read_header", "scan"]

_CRC_BYTES = 4
_LONGEST_HEADER = 128


def read(
    data: BytesLike, limits: Limits | None = None, *, layered: bool = False, sealed: bool = False
) -> tuple[Header, list[Chunk]]:
    """Check a whole file and return its header and chunks, in the order of the file.

    data: bytes, bytearray or memoryview (anything with the buffer protocol works). Ancillary chunks of a kind unknown
    to this version are returned like the others, their CRC checked; a decoder leaves them alone. layered: whether a
    file of layers is welcome. Its end may be missing, from any byte after the header on: the chunks are then those that
    are whole, and there are fewer layers than the header's rate says. sealed: whether an encrypted file is welcome.

    Raises CorruptFileError if the file is damaged, cut short, followed by other bytes, or no ``.lpx`` file;
    UnsupportedError if it is newer than this library, or encrypted or made of layers where that is not welcome;
    LimitError if it is larger than ``limits`` (default: `Limits()`), before memory is taken; InvalidInputError if
    ``data`` is no bytes-like object. Never another exception.
    """
    view, limits = _view(data), limits or Limits()
    header, position = _parse_header(view, limits)
    crc = zlib.crc32(view[:position])
    if header.layered and not layered:
        raise UnsupportedError("the file is made of layers, which its codec does not read")
    chunks: list[Chunk] = []
    last = cut = False
    while not last and not cut:
        if len(chunks) == limits.max_chunks:
            raise LimitError(f"the file has more than {limits.max_chunks} chunks")
        try:
            chunk, last, position, crc = _parse_chunk(view, position, crc, limits)
        except CutShortError:
            if not header.layered:
                raise
            cut = True
        else:
            chunks.append(chunk)
    if last and position != len(view):
        raise CorruptFileError(f"the file is damaged: {len(view) - position} bytes follow its end")
    if not sealed and any(chunk.kind == SEALED for chunk in chunks):
        raise UnsupportedError("the file is encrypted: give the key it was encrypted with")
    reason = check_layers(header, chunks, cut)
    if reason:
        raise CorruptFileError(f"the file breaks the format: {reason}")
    return header, chunks


def read_header(data: BytesLike, limits: Limits | None = None) -> Header:
    """Parse the header alone; ``data`` may stop anywhere after it.

    The header is protected by the CRC of the first chunk, so damage that leaves it well-formed goes unseen here: use
    `read` before decoding. Raises as `read` does.
    """
    return _parse_header(_view(data), limits or Limits())[0]


def scan(stream: IO[bytes], kinds: Sequence[int], limits: Limits | None = None) -> Iterator[tuple[int, bytes]]:
    """Kind and payload of the chunks of the given kinds in a seekable stream, without reading the others.

    No checksum is looked at: damage that leaves the file well-formed goes unseen, so this is for a first look. Raises
    as `read` does.
    """
    limits = limits or Limits()
    head = stream.read(_LONGEST_HEADER)
    header, position = _parse_header(memoryview(head), limits)
    for _ in range(limits.max_chunks):
        stream.seek(position)
        start = memoryview(stream.read(1 + varint.MAX_BYTES))
        try:
            first, after = _take(start, 0, 1)
            length, after = varint.decode(start, after)
        except CutShortError:
            if header.layered:
                return
            raise
        if length > limits.max_chunk_bytes:
            raise LimitError(f"the file has a chunk of {length} bytes; the limit is {limits.max_chunk_bytes}")
        position += after + _CRC_BYTES
        if first[0] & KIND_MASK in kinds:
            stream.seek(position)
            payload = stream.read(length)
            if len(payload) < length:
                if header.layered:
                    return
                raise CutShortError
            yield first[0] & KIND_MASK, payload
        position += length
        if first[0] & LAST_BIT:
            return


def _view(data: BytesLike) -> memoryview:
    """``data`` as a flat view of bytes."""
    try:
        return memoryview(data).cast("B")
    except (TypeError, ValueError, BufferError) as error:
        raise InvalidInputError(f"a file must be given as bytes, not {type(data).__name__}") from error


def _take(view: memoryview, position: int, count: int) -> tuple[memoryview, int]:
    """The next ``count`` bytes and the position after them."""
    if len(view) - position < count:
        raise CutShortError
    return view[position : position + count], position + count


def _parse_header(view: memoryview, limits: Limits) -> tuple[Header, int]:
    """Header and the position after it, every field checked."""
    magic = bytes(view[: len(MAGIC)])
    if magic != MAGIC:
        if magic and MAGIC.startswith(magic):
            raise CutShortError
        if magic[:4] == MAGIC[:4]:
            raise CorruptFileError("the file was damaged by a copy in text mode; copy it in binary mode")
        raise CorruptFileError("not an .lpx file")
    fixed, position = _take(view, len(MAGIC), 2)
    version, codec = (fixed[0] >> 4, fixed[0] & 15), fixed[1]
    if version[0] != VERSION[0]:
        raise UnsupportedError(
            f"format version {version[0]}.{version[1]} is not supported (this is {VERSION[0]}.{VERSION[1]}); "
            "a newer LatentPress may read the file"
        )
    if codec == 0:
        raise CorruptFileError("the file is damaged: codec number 0")
    codec_name = ""
    if codec == NAMED_CODEC:
        codec_name, position = _parse_codec_name(view, position)
    model, position = _take(view, position, MODEL_BYTES)
    flags, position = _take(view, position, 1)
    channels, layered, bit_depth = _parse_flags(flags[0]), bool(flags[0] & LAYERED_BIT), 8
    if flags[0] & DEEP_BIT:
        depth, position = _take(view, position, 1)
        bit_depth = depth[0]
        if not 9 <= bit_depth <= 16:
            raise CorruptFileError(f"the file is damaged: {bit_depth} bits a sample")
    width, position = varint.decode(view, position)
    height, position = varint.decode(view, position)
    rate, position = varint.decode(view, position)
    if width == 0 or height == 0:
        raise CorruptFileError("the file is damaged: an empty picture")
    if rate > MAX_RATE:
        raise CorruptFileError(f"the file is damaged: rate index {rate} is above {MAX_RATE}")
    if layered and not rate:
        raise CorruptFileError("the file is damaged: a file of no layers")
    if max(width, height) > limits.max_side or width * height > limits.max_pixels:
        raise LimitError(
            f"the file claims {width} x {height} pixels; the limits are {limits.max_pixels} pixels in all "
            f"and {limits.max_side} a side"
        )
    header = Header(
        codec=codec,
        codec_name=codec_name,
        model=bytes(model),
        width=width,
        height=height,
        channels=channels,
        bit_depth=bit_depth,
        rate=rate,
        layered=layered,
        version=version,
    )
    return header, position


def _parse_codec_name(view: memoryview, position: int) -> tuple[str, int]:
    """Name of a third-party codec (length byte, ASCII) and the position after it."""
    length, position = _take(view, position, 1)
    raw, position = _take(view, position, length[0])
    name = bytes(raw).decode("latin-1")
    if not check_codec_name(name):
        raise CorruptFileError("the file is damaged: the codec's name is not valid")
    return name, position


def _parse_flags(flags: int) -> int:
    """Number of channels; refuses every flag that version 1.0 does not define."""
    if flags & ~(CHANNEL_BITS | DEEP_BIT | LAYERED_BIT):
        raise UnsupportedError(f"the file uses a pixel layout (flags 0x{flags:02x}) that this version does not know")
    return (flags & CHANNEL_BITS) + 1


def _parse_chunk(view: memoryview, position: int, crc: int, limits: Limits) -> tuple[Chunk, bool, int, int]:
    """A chunk, whether it is the last, the position after it, and the CRC of the file up to there."""
    start = position
    first, position = _take(view, position, 1)
    kind, ancillary, last = first[0] & KIND_MASK, bool(first[0] & ANCILLARY_BIT), bool(first[0] & LAST_BIT)
    length, position = varint.decode(view, position)
    if length > limits.max_chunk_bytes:
        raise LimitError(f"the file has a chunk of {length} bytes; the limit is {limits.max_chunk_bytes}")
    crc = zlib.crc32(view[start:position], crc)
    stored, position = _take(view, position, _CRC_BYTES)
    payload, position = _take(view, position, length)
    crc = zlib.crc32(payload, crc)
    if crc != int.from_bytes(stored, "little"):
        raise CorruptFileError("the file is damaged: a checksum does not match")
    # From here on the bytes are what some writer meant, so a chunk that is not understood is newer, not damaged.
    if kind == 0 or (kind in CRITICAL_KINDS and ancillary):
        raise CorruptFileError(f"the file breaks the format: chunk type byte 0x{first[0]:02x}")
    if kind not in CRITICAL_KINDS and not ancillary:
        raise UnsupportedError(f"the file needs a part (chunk type {kind}) that this version does not know")
    return Chunk(kind=kind, payload=bytes(payload), ancillary=ancillary), last, position, crc
