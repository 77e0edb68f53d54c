"""What every codec's file holds beside the symbols of its colours: alpha, and metadata."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from latentpress.codecs.base import Region
from latentpress.container import ALPHA, DISPLAY, EXIF, ICC, XMP, Chunk, Header
from latentpress.errors import CorruptFileError, LimitError
from latentpress.image import Image, Metadata, Samples

__all__ = ["METADATA", "check_kinds", "colour_of", "pack_sides", "read_metadata", "unpack"]

METADATA = {ICC: "icc", EXIF: "exif", XMP: "xmp", DISPLAY: "display"}
"""Kinds of chunks with metadata, each compressed by zlib, and the blocks of `Metadata` that they hold."""

_MAX_METADATA = 2**26  # bytes of a block when unpacked: a few bytes of zlib can claim any length


def colour_of(image: Image, hidden: bool = False) -> Samples:
    """The samples (H, W, 1 or 3) that a codec has to code: without alpha, what is hidden under alpha 0 made smooth,
    unless it has to keep what is ``hidden``.
    """
    if not image.has_alpha or hidden:
        return image.pixels[:, :, : image.channels - image.has_alpha]
    from latentpress.codecs.alpha import fill_hidden  # here, and below: alpha brings the whole lossless codec

    return fill_hidden(image.pixels[:, :, :-1], image.pixels[:, :, -1])


def pack_sides(image: Image) -> list[Chunk]:
    """The chunks for all that is not colour."""
    chunks = []
    if image.has_alpha:
        from latentpress.codecs.alpha import encode_alpha

        chunks.append(Chunk(ALPHA, encode_alpha(image.pixels[:, :, -1], image.bit_depth)))
    blocks = ((kind, getattr(image.metadata, name)) for kind, name in METADATA.items())
    chunks += [Chunk(kind, zlib.compress(block, 9), ancillary=True) for kind, block in blocks if block]
    return chunks


def check_kinds(chunks: Sequence[Chunk], kinds: Sequence[int]) -> None:
    """Raise CorruptFileError if a file has a critical chunk that its codec, which writes ``kinds``, does not write."""
    for chunk in chunks:
        if not chunk.ancillary and chunk.kind != ALPHA and chunk.kind not in kinds:
            raise CorruptFileError(f"the file breaks the format: its codec has no chunk of kind {chunk.kind}")


def unpack(colour: Samples, header: Header, chunks: Sequence[Chunk], region: Region | None = None) -> Image:
    """The image of decoded colours (H, W, 1 or 3), whole or of a region, and the other chunks.

    Raises CorruptFileError if a chunk is damaged, missing or there twice, LimitError for metadata above 64 MiB.
    """
    blocks = {kind: _only(chunks, kind) for kind in METADATA}
    pixels, alpha = colour, _only(chunks, ALPHA)
    if (alpha is None) == (header.channels in (2, 4)):
        raise CorruptFileError("the file breaks the format: alpha is missing, or there without need")
    if alpha is not None:
        from latentpress.codecs.alpha import decode_alpha

        window = (region.rows, region.columns) if region else None
        plane = decode_alpha(alpha, header.height, header.width, header.bit_depth, window)
        pixels = np.concatenate([colour, plane[:, :, None]], axis=2)
    pixels.flags.writeable = False
    return Image(pixels, header.bit_depth, read_metadata(blocks))


def read_metadata(blocks: Mapping[int, bytes | None]) -> Metadata:
    """The metadata in the payloads of chunks, by kind; raises as `unpack` does."""
    return Metadata(**{name: _inflated(blocks.get(kind)) for kind, name in METADATA.items()})


def _only(chunks: Sequence[Chunk], kind: int) -> bytes | None:
    found = [chunk.payload for chunk in chunks if chunk.kind == kind]
    if len(found) > 1:
        raise CorruptFileError(f"the file breaks the format: {len(found)} chunks of kind {kind}")
    return found[0] if found else None


def _inflated(payload: bytes | None) -> bytes:
    if payload is None:
        return b""
    inflater = zlib.decompressobj()
    try:
        block = inflater.decompress(payload, _MAX_METADATA)
    except zlib.error as error:
        raise CorruptFileError("the metadata are damaged") from error
    if inflater.unconsumed_tail:
        raise LimitError(f"the file has a block of metadata of more than {_MAX_METADATA} bytes")
    if not inflater.eof or inflater.unused_data:
        raise CorruptFileError("the metadata are damaged")
    return block
