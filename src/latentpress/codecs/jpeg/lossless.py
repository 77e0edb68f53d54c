"""Lossless JPEG (ITU-T T.81, annex H): each sample as its difference to a prediction from three that came before."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress import limits
from latentpress.codecs.jpeg.bits import Packer, join, split
from latentpress.codecs.jpeg.blocks import Order
from latentpress.codecs.jpeg.markers import DRI, SOS, Frame, Scan, parse
from latentpress.codecs.jpeg.reading import code_values, starts_of_codes
from latentpress.codecs.jpeg.segments import huffman_segment, segment
from latentpress.codecs.jpeg.standard import SymbolCounts
from latentpress.codecs.jpeg.writing import BIT_SIZES, coded
from latentpress.errors import CorruptFileError, InvalidInputError, UnsupportedError

__all__ = ["decode_lossless", "encode_lossless"]

Samples = NDArray[np.int32]

_IDS = {1: b"\x01", 3: b"RGB", 4: b"CMYK"}  # names that nobody takes for YCbCr
_LONGEST = 65_535


def encode_lossless(pixels: NDArray[Any], predictor: int = 1, *, bits: int | None = None, restart: int = 0) -> bytes:
    """A lossless JPEG file of pixels (H, W, C), with Huffman tables that suit it; C is 1, 3 (RGB as it is) or 4.

    pixels: whole numbers below 2^bits. predictor: 1..7, of the standard: left, above, above left, their plane, ...
    bits: 2..16, None for those of the array's type. restart: rows between restart markers, 0 for none.

    Raises InvalidInputError for settings or arrays of another kind.
    """
    bits = bits or 8 * pixels.dtype.itemsize
    fits = pixels.ndim == 3 and pixels.shape[2] in _IDS and pixels.dtype.kind == "u" and pixels.size
    if not fits or max(pixels.shape) > _LONGEST or not 2 <= bits <= 16 or int(pixels.max()) >> bits:
        raise InvalidInputError("lossless JPEG takes pixels (height, width, 1, 3 or 4) of 2 to 16 bits")
    height, width, channels = pixels.shape
    if predictor not in range(1, 8) or not 0 <= restart * width <= _LONGEST:
        raise InvalidInputError("lossless JPEG has predictors 1 to 7, and up to 65535 pixels between restarts")
    every = restart or height
    parts = [pixels[row : row + every].astype(np.int32) for row in range(0, height, every)]
    differences = np.concatenate([_differences(part, predictor, 1 << (bits - 1)) for part in parts])
    values = np.where(differences == -32768, 0, differences).astype(np.int64).ravel()
    symbols = np.where(differences.ravel() == -32768, 16, BIT_SIZES[np.abs(values)])
    turn = np.tile(np.arange(channels), height * width)
    counts = [SymbolCounts() for _ in range(channels)]
    coded(counts, turn, symbols, symbols, symbols % 16, values)
    tables = [count.best() for count in counts]
    packer, intervals = Packer(), [0]
    for rows in np.split(np.arange(values.size), np.arange(every, height, every) * width * channels):
        tokens = coded(tables, turn[rows], rows, symbols[rows], symbols[rows] % 16, values[rows])
        packer.add(tokens.values, tokens.lengths)
        rest = -packer.bits % 8
        packer.add(np.array([(1 << rest) - 1]), np.array([rest]))
        intervals.append(packer.bits // 8)
    ids = _IDS[channels]
    size = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    frame = bytes([bits]) + size + bytes([channels]) + b"".join(bytes([id, 0x11, 0]) for id in ids)
    scan = bytes([channels]) + b"".join(bytes([id, number << 4]) for number, id in enumerate(ids))
    return b"".join([
        b"\xff\xd8",
        segment(0xC3, frame),
        *(huffman_segment(0, number, table) for number, table in enumerate(tables)),
        segment(DRI, (restart * width).to_bytes(2, "big")) if restart else b"",
        segment(SOS, scan + bytes([predictor, 0, 0])),
        join(packer.finish(), np.array(intervals)),
        b"\xff\xd9",
    ])  # fmt: skip


def decode_lossless(data: bytes) -> NDArray[Any]:
    """The samples (H, W, C) of a lossless JPEG file as they stand in it, whatever colours they mean: uint8 up to 8 bits
    a sample, uint16 above.

    Raises CorruptFileError for a damaged file, UnsupportedError for another kind of JPEG, subsampled components and
    arithmetic codes, LimitError above `latentpress.limits`.
    """
    structure = parse(data)
    frame = structure.frame
    limits.check(frame.width, frame.height)
    if not frame.lossless or len({(part.horizontal, part.vertical) for part in frame.components}) > 1:
        raise UnsupportedError("this is no lossless JPEG file, or one with coarser components")
    pixels = np.zeros((frame.height, frame.width, len(frame.components)), np.uint16)
    for scan in structure.scans:
        try:
            pixels[:, :, list(scan.components)] = _read(data, frame, scan)
        except (IndexError, ValueError) as error:
            raise CorruptFileError("the JPEG file is damaged") from error
    return pixels.astype(np.uint8) if frame.bits <= 8 else pixels


def _read(data: bytes, frame: Frame, scan: Scan) -> Samples:
    """The samples of a scan."""
    height, width, count = frame.height, frame.width, len(scan.components)
    every = height
    if scan.restart:
        every, part = divmod(scan.restart, width)
        if part:
            raise UnsupportedError("lossless JPEG files that restart within a row are not read")
    bits = split(data[scan.start : scan.end])
    if height * width * count > 8 * bits.data.size or bits.intervals.size - 1 != -(-height // every):
        raise CorruptFileError("the JPEG file is cut short, or has restart markers in other places than it says")
    turn = np.tile(np.arange(count), height * width)
    order = Order(np.arange(turn.size), turn, tuple(range(count)), every * width * count)
    starts, _, ends = starts_of_codes(bits, order, scan, with_ac=False)
    bits.padding(ends)
    differences = np.zeros((height * width, count), np.int32)
    for component in range(count):
        symbols, values = code_values(bits, starts[component::count], scan.dc[component], dc=True)
        if symbols.max() > 16:
            raise CorruptFileError("the JPEG file is damaged: its codes lead nowhere")
        differences[:, component] = np.where(symbols == 16, 32768, values)
    whole = differences.reshape(height, width, count)
    first = 1 << (frame.bits - scan.shift - 1)
    parts = [_samples(whole[row : row + every], scan.low, first) for row in range(0, height, every)]
    return np.concatenate(parts) << scan.shift


def _predicted(left: Samples, above: Samples, corner: Samples, predictor: int) -> Samples:
    """Table H.1."""
    match predictor:
        case 1:
            return left
        case 2:
            return above
        case 3:
            return corner
        case 4:
            return left + above - corner
        case 5:
            return left + ((above - corner) >> 1)
        case 6:
            return above + ((left - corner) >> 1)
    return (left + above) >> 1


def _differences(samples: Samples, predictor: int, first: int) -> Samples:
    """Of samples (H, W, C) between restarts to their predictions, modulo 2^16: -32768..32767."""
    guess = np.empty_like(samples)
    guess[0, 0] = first
    guess[0, 1:] = samples[0, :-1]
    guess[1:, 0] = samples[:-1, 0]
    guess[1:, 1:] = _predicted(samples[1:, :-1], samples[:-1, 1:], samples[:-1, :-1], predictor)
    return ((samples - guess + 32768) & 65535) - 32768


def _samples(differences: Samples, predictor: int, first: int) -> Samples:
    """The inverse. A prediction needs the samples to its left and above, so diagonals are done one after another."""
    height, width, _ = differences.shape
    found = differences.copy()
    found[0, 0] += first
    found[0] = np.cumsum(found[0], axis=0) & 65535
    found[:, 0] = np.cumsum(found[:, 0], axis=0) & 65535
    flat = found.reshape(height * width, -1)
    for diagonal in range(2, height + width - 1):
        top, bottom = max(1, diagonal - width + 1), min(height - 1, diagonal - 1)
        if top > bottom or width < 2:
            continue
        step, start = width - 1, top * (width - 1) + diagonal
        stop = start + (bottom - top) * step + 1
        left, above, corner = (flat[start - back : stop - back : step] for back in (1, width, width + 1))
        here = flat[start:stop:step]
        here[:] = (here + _predicted(left, above, corner, predictor)) & 65535
    return found
