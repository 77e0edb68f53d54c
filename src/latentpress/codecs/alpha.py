"""The alpha plane of a file: exact, in blocks that decode on their own.

Payload: blocks of 1024 x 1024 samples (smaller at the right and lower edges), row by row. Each has its length as a
varint, then that many bytes: none for a block that is opaque throughout, two for one constant value (little-endian),
else lossless WebP of the plane as gray; of a deep plane two pictures, high bytes and low bytes, the first with its own
length before it. WebP's lossless decoder is integer arithmetic, specified to the bit. A block that begins with a zero
byte is a tile of the lossless codec, without networks: slower, and smaller where alpha varies smoothly.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.drawn import looks_drawn
from latentpress.codecs.lossless.model import PlainModel
from latentpress.codecs.lossless.tiles import Method, TileCoder
from latentpress.codecs.lossless.waves import WaveCoder
from latentpress.codecs.webp import decode_webp, encode_webp
from latentpress.container import varint
from latentpress.errors import CorruptFileError
from latentpress.image import Samples

__all__ = ["decode_alpha", "encode_alpha", "fill_hidden", "opaque_alpha"]

_BLOCK = 1024
_FILL_BLOCK = 256
_TILE = b"\0"  # begins a tile of the lossless codec; no WebP does, and no length of one

# Bits a sample in WebP above which prediction is worth its time: flat shapes with smooth edges take a third of it.
_WORTH_PREDICTING = 0.3
_NOISE = 0.97  # of the bits that a sample has: what WebP does not make smaller, prediction does not either

Window = tuple[slice, slice]


def encode_alpha(plane: Samples, bit_depth: int) -> bytes:
    """The payload for a plane (H, W) of samples 0..2^bit_depth - 1."""
    out = bytearray()
    for window in _windows(plane.shape[0], plane.shape[1], _BLOCK):
        block = _encode_block(plane[window], bit_depth)
        out += varint.encode(len(block)) + block
    return bytes(out)


def opaque_alpha(height: int, width: int) -> bytes:
    """The payload for a plane that is opaque throughout."""
    return bytes(sum(1 for _ in _windows(height, width, _BLOCK)))


def decode_alpha(payload: bytes, height: int, width: int, bit_depth: int, region: Window | None = None) -> Samples:
    """The plane (H, W) of a payload, or the part of it that ``region`` (rows, columns) names.

    Raises CorruptFileError if the payload is damaged.
    """
    rows, columns = region or (slice(0, height), slice(0, width))
    plane = np.empty((rows.stop - rows.start, columns.stop - columns.start), np.uint8 if bit_depth == 8 else np.uint16)
    view, position = memoryview(payload), 0
    for down, across in _windows(height, width, _BLOCK):
        length, position = varint.decode(view, position)
        block, position = view[position : position + length], position + length
        if position > len(view):
            raise CorruptFileError("the alpha plane is cut short")
        top, bottom = max(down.start, rows.start), min(down.stop, rows.stop)
        left, right = max(across.start, columns.start), min(across.stop, columns.stop)
        if top >= bottom or left >= right:
            continue
        samples = _decode_block(bytes(block), (down.stop - down.start, across.stop - across.start), bit_depth)
        plane[top - rows.start : bottom - rows.start, left - columns.start : right - columns.start] = samples[
            top - down.start : bottom - down.start, left - across.start : right - across.start
        ]
    if position != len(view):
        raise CorruptFileError("the alpha plane is damaged: bytes follow its end")
    return plane


def fill_hidden(colour: Samples, alpha: Samples) -> Samples:
    """A copy of ``colour`` (H, W, C) whose samples under alpha 0 continue the visible ones smoothly: nobody sees them,
    and they should cost no bits. Works in blocks, each filled from its own visible samples.
    """
    if alpha.all():
        return colour
    filled = colour.copy()
    for window in _windows(alpha.shape[0], alpha.shape[1], _FILL_BLOCK):
        visible = alpha[window] > 0
        if not visible.all():
            smooth = np.rint(_pull_push(colour[window].astype(np.float32), visible))
            filled[window] = np.where(visible[:, :, None], colour[window], smooth).astype(colour.dtype)
    return filled


def _windows(height: int, width: int, side: int) -> Iterator[Window]:
    for top in range(0, height, side):
        for left in range(0, width, side):
            yield slice(top, min(top + side, height)), slice(left, min(left + side, width))


def _encode_block(block: Samples, bit_depth: int) -> bytes:
    first = int(block[0, 0])
    if (block == first).all():
        return b"" if first == 2**bit_depth - 1 else first.to_bytes(2, "little")
    if bit_depth == 8:
        webp = encode_webp(block[:, :, None])
    else:
        high, low = (encode_webp(part.astype(np.uint8)[:, :, None]) for part in (block >> 8, block & 255))
        webp = varint.encode(len(high)) + high + low
    if not _WORTH_PREDICTING <= 8 * len(webp) / block.size < _NOISE * bit_depth:
        return webp
    samples = block[:, :, None]
    method = Method.ADAPTIVE_DRAWN if looks_drawn(samples) else Method.ADAPTIVE
    tile = _TILE + _tile_coder(bit_depth).encode(samples, (method,))
    return min(webp, tile, key=len)


def _decode_block(data: bytes, shape: tuple[int, int], bit_depth: int) -> NDArray[Any]:
    peak = 2**bit_depth - 1
    if len(data) <= 2:
        value = int.from_bytes(data, "little") if data else peak
        if len(data) == 1 or value > peak:
            raise CorruptFileError("the alpha plane is damaged")
        return np.full(shape, value, np.uint16)
    if data[:1] == _TILE:
        samples: NDArray[Any] = _tile_coder(bit_depth).decode(memoryview(data)[1:], *shape)[:, :, 0]
        return samples
    if bit_depth == 8:
        return decode_webp(data, shape, 1)[:, :, 0]
    length, start = varint.decode(memoryview(data), 0)
    parts = (data[start : start + length], data[start + length :])
    high, low = (decode_webp(part, shape, 1)[:, :, 0] for part in parts)
    plane = (high.astype(np.uint16) << 8) | low
    if int(plane.max()) > peak:
        raise CorruptFileError("the alpha plane is damaged")
    return plane


def _tile_coder(bit_depth: int) -> TileCoder:
    methods = {Method.ADAPTIVE: False, Method.ADAPTIVE_DRAWN: True}
    coders = {method: WaveCoder(PlainModel(), drawn) for method, drawn in methods.items()}
    return TileCoder(bit_depth, 1, 0, coders, verify=False)


def _pull_push(colour: NDArray[np.float32], visible: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Scattered samples made whole: averages of visible ones on ever coarser grids, then back down into the gaps
    (Gortler et al. 1996, "The lumigraph").
    """
    if visible.all() or not visible.any() or min(visible.shape) == 1:
        mean = colour[visible].mean(axis=0) if visible.any() else np.float32(0)
        return np.where(visible[:, :, None], colour, mean).astype(np.float32)
    height, width = visible.shape
    pad = ((0, height % 2), (0, width % 2))
    weight = np.pad(visible, pad).astype(np.float32)[:, :, None]
    total = np.pad(colour, (*pad, (0, 0))) * weight
    half = (weight.shape[0] // 2, 2, weight.shape[1] // 2, 2, -1)
    weights, totals = (array.reshape(half).sum(axis=(1, 3)) for array in (weight, total))
    coarse = _pull_push(totals / np.maximum(weights, 1), weights[:, :, 0] > 0)
    fine = coarse.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
    return np.where(visible[:, :, None], colour, fine)
