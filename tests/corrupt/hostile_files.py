"""Damaged and hostile files, each with the error that it must give.

`hostile_files` starts from a sound file of the shipped codec with everything in it (tiles, alpha, metadata) and breaks
one rule at a time, with all checksums right unless the checksum is the point.
"""

from __future__ import annotations

import io
import itertools
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image as PillowImage

from latentpress import container
from latentpress.codecs.alpha import encode_alpha
from latentpress.container import ALPHA, EXIF, ICC, MAGIC, STREAM, TILES, XMP, Chunk, Header, varint
from latentpress.errors import CorruptFileError, LatentPressError, LimitError, UnsupportedError

__all__ = ["Hostile", "hostile_files"]


@dataclass(frozen=True)
class Hostile:
    """A file, its name in test listings, and the class of error that it must give."""

    name: str
    data: bytes
    error: type[LatentPressError]


def hostile_files(sound: bytes) -> Iterator[Hostile]:
    """Everything below. ``sound``: an RGBA file of the codec hyperprior in several tiles, with metadata."""
    header, chunks = container.read(sound)
    yield from _not_ours()
    yield from _headers(header, chunks)
    yield from _checksums(sound, chunks)
    yield from _chunk_lists(header, chunks)
    yield from _streams(header, chunks)
    yield from _tiles(header, chunks)
    yield from _sides(header, chunks)


def _not_ours() -> Iterator[Hostile]:
    png = io.BytesIO()
    PillowImage.new("RGB", (4, 4)).save(png, "PNG")
    for name, data in (
        ("empty", b""),
        ("a text", b"Dear sir or madam,\n" * 9),
        ("a PNG", png.getvalue()),
        ("magic alone", MAGIC),
        ("magic after text mode", MAGIC.replace(b"\r\n", b"\n") + bytes(60)),
        ("zeros", bytes(1000)),
    ):
        yield Hostile(name, data, CorruptFileError)


def _head(
    *,
    version: int = 0x10,
    codec: bytes = b"\1",
    model: bytes = bytes(8),
    flags: bytes = b"\2",
    sides: bytes = b"\x40\x40",
) -> bytes:
    return MAGIC + bytes([version]) + codec + model + flags + sides + b"\x05"


def _sealed(head: bytes) -> bytes:
    """A header of any bytes with one sound chunk behind it."""
    start = b"\x41\x01"
    crc = zlib.crc32(b"x", zlib.crc32(head + start))
    return head + start + crc.to_bytes(4, "little") + b"x"


def _headers(header: Header, chunks: list[Chunk]) -> Iterator[Hostile]:
    big, bigger = varint.encode(2**31 - 1), b"\x80\x80\x80\x80\x10"
    for name, head, error in (
        ("version 2.0", _head(version=0x20), UnsupportedError),
        ("version 15.15", _head(version=0xFF), UnsupportedError),
        ("version 0.1", _head(version=0x01), UnsupportedError),
        ("codec 0", _head(codec=b"\0"), CorruptFileError),
        ("codec of the future", _head(codec=b"\xfe"), UnsupportedError),
        ("codec name of no length", _head(codec=b"\xff\0"), CorruptFileError),
        ("codec name of 65", _head(codec=b"\xff\x41" + b"a" * 65), CorruptFileError),
        ("codec name with a slash", _head(codec=b"\xff\x03a/b"), CorruptFileError),
        ("codec nobody has", _head(codec=b"\xff\x06nobody"), UnsupportedError),
        ("model nobody has", _head(model=b"\xff" * 8), UnsupportedError),
        ("reserved flag", _head(flags=b"\x0a"), UnsupportedError),
        ("all flags", _head(flags=b"\xff"), UnsupportedError),
        ("depth 0", _head(flags=b"\x06\x00"), CorruptFileError),
        ("depth 8 said twice", _head(flags=b"\x06\x08"), CorruptFileError),
        ("depth 17", _head(flags=b"\x06\x11"), CorruptFileError),
        ("no width", _head(sides=b"\x00\x40"), CorruptFileError),
        ("no height", _head(sides=b"\x40\x00"), CorruptFileError),
        ("width 2^31 - 1", _head(sides=big + b"\x01"), LimitError),
        ("both sides 2^31 - 1", _head(sides=big + big), LimitError),
        ("10^9 x 10^9", _head(sides=varint.encode(10**9) * 2), LimitError),
        ("width above 2^31", _head(sides=bigger + b"\x01"), CorruptFileError),
        ("width in a long form", _head(sides=b"\xc0\x00\x40"), CorruptFileError),
    ):
        yield Hostile(name, _sealed(head), error)
    for name, changed in (
        ("another width", replace(header, width=header.width + 16)),
        ("another height", replace(header, height=header.height + 500)),
        ("the largest picture allowed", replace(header, width=2**14, height=2**14)),
        ("another rate", replace(header, rate=header.rate + 1)),
        ("rate 65535", replace(header, rate=65535)),
        ("alpha that the header denies", replace(header, channels=3)),
        ("gray in place of RGB", replace(header, channels=1)),
    ):
        yield Hostile(name, container.write(changed, chunks), CorruptFileError)


def _checksums(sound: bytes, chunks: list[Chunk]) -> Iterator[Hostile]:
    """Wrong checksums at right lengths, and right checksums that belong elsewhere."""
    position = len(sound)
    for chunk in reversed(chunks):
        position -= len(chunk.payload)
        damaged = bytearray(sound)
        damaged[position - 2] ^= 0x40
        yield Hostile(f"wrong checksum of a chunk of kind {chunk.kind}", bytes(damaged), CorruptFileError)
        position -= 4 + len(varint.encode(len(chunk.payload))) + 1
    yield Hostile("a byte after the end", sound + b"\0", CorruptFileError)
    yield Hostile("two files in one", sound + sound, CorruptFileError)
    yield Hostile("half a file", sound[: len(sound) // 2], CorruptFileError)


def _chunk_lists(header: Header, chunks: list[Chunk]) -> Iterator[Hostile]:
    stream = next(chunk for chunk in chunks if chunk.kind == STREAM)
    for name, listed, error in (
        ("no stream", [chunk for chunk in chunks if chunk.kind != STREAM], CorruptFileError),
        ("two streams", [*chunks, stream], CorruptFileError),
        ("two of each", [*chunks, *chunks], CorruptFileError),
        ("an unknown critical chunk", [Chunk(40, b"secret"), *chunks], UnsupportedError),
        ("more chunks than allowed", [*[Chunk(50, b"", ancillary=True)] * 1024, *chunks], LimitError),
    ):
        yield Hostile(name, container.write(header, listed), error)
    long = container.write(header, chunks)
    place = long.index(stream.payload) - 4 - len(varint.encode(len(stream.payload)))
    claims = long[:place] + varint.encode(2**31 - 1) + bytes(4) + stream.payload
    yield Hostile("a chunk that claims 2 GiB", claims, LimitError)


def _with(chunks: list[Chunk], kind: int, payload: bytes) -> list[Chunk]:
    return [replace(chunk, payload=payload) if chunk.kind == kind else chunk for chunk in chunks]


def _streams(header: Header, chunks: list[Chunk]) -> Iterator[Hostile]:
    """Right checksums, wrong content."""
    stream = next(chunk.payload for chunk in chunks if chunk.kind == STREAM)
    noise = np.random.default_rng(0).bytes(len(stream))
    for name, payload in (
        ("noise in place of symbols", noise),
        ("zeros in place of symbols", bytes(len(stream))),
        ("ones in place of symbols", b"\xff" * len(stream)),
        ("symbols backwards", stream[::-1]),
        ("a file inside a file", container.write(header, chunks)[: len(stream)].ljust(len(stream), b"\0")),
    ):
        yield Hostile(name, container.write(header, _with(chunks, STREAM, payload)), CorruptFileError)


def _tiles(header: Header, chunks: list[Chunk]) -> Iterator[Hostile]:
    table = next(chunk.payload for chunk in chunks if chunk.kind == TILES)
    stream = next(chunk.payload for chunk in chunks if chunk.kind == STREAM)
    side, position = varint.decode(memoryview(table), 0)
    lengths = []
    while position < len(table):
        length, position = varint.decode(memoryview(table), position)
        lengths.append(length)
    ends = np.cumsum([0, *lengths])
    parts = [stream[a:b] for a, b in itertools.pairwise(ends)]

    def file(name: str, side: int, lengths: list[int], payload: bytes) -> Hostile:
        packed = varint.encode(side) + b"".join(varint.encode(n) for n in lengths)
        listed = _with(_with(chunks, TILES, packed), STREAM, payload)
        return Hostile(name, container.write(header, listed), CorruptFileError)

    swapped = [parts[1], parts[0], *parts[2:]]
    yield file("swapped tiles", side, [len(part) for part in swapped], b"".join(swapped))
    yield file("one tile twice", side, [len(parts[0])] * 2 + lengths[2:], parts[0] * 2 + b"".join(parts[2:]))
    yield file("tiles that overlap", side, [lengths[0] + 5, *lengths[1:]], stream)
    yield file("an empty tile", side, [0, lengths[0] + lengths[1], *lengths[2:]], stream)
    yield file("too few tiles", side, lengths[:-1], stream)
    yield file("tiles of side 0", 0, lengths, stream)
    yield file("tiles of side 5", 5, lengths, stream)
    yield file("tiles of side 2^31 - 1", 2**31 - 1, lengths, stream)
    without = [chunk for chunk in chunks if chunk.kind != TILES]
    yield Hostile("tiles without their table", container.write(header, without), CorruptFileError)


def _sides(header: Header, chunks: list[Chunk]) -> Iterator[Hostile]:
    """Alpha and metadata."""
    bomb = zlib.compress(bytes(2**26 + 1), 9)
    huge, other = io.BytesIO(), io.BytesIO()
    PillowImage.new("L", (16383, 500)).save(huge, "WEBP", lossless=True)
    PillowImage.new("L", (header.width, header.height)).save(other, "PNG")
    right = encode_alpha(np.indices((header.height, header.width)).sum(axis=0).astype(np.uint8), 8)
    for name, kind, payload, error in (
        ("a profile that swells", ICC, bomb, LimitError),
        ("EXIF that swells", EXIF, bomb, LimitError),
        ("XMP that is no zlib", XMP, b"<xmp/>", CorruptFileError),
        ("an empty profile", ICC, b"", CorruptFileError),
        ("a cut alpha plane", ALPHA, right[:-9], CorruptFileError),
        ("no alpha plane", ALPHA, b"", CorruptFileError),
        ("bytes after the alpha plane", ALPHA, right + b"\0", CorruptFileError),
        ("alpha of another size", ALPHA, _block(huge.getvalue()), CorruptFileError),
        ("alpha as PNG", ALPHA, _block(other.getvalue()), CorruptFileError),
        ("alpha of one byte", ALPHA, b"\1\xff", CorruptFileError),
        ("alpha above its depth", ALPHA, b"\2\0\1", CorruptFileError),
    ):
        yield Hostile(name, container.write(header, _with(chunks, kind, payload)), error)


def _block(data: bytes) -> bytes:
    return varint.encode(len(data)) + data
