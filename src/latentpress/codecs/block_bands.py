"""Bands of a wavelet in code blocks: how many bit planes each has, its bytes, and those."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.adapting import AdaptiveValues, even_bits, plain_bytes
from latentpress.codecs.code_blocks import SIDE, decode_blocks, encode_blocks
from latentpress.codecs.ports import Port
from latentpress.errors import CorruptFileError
from latentpress.transforms import Blocks
from latentpress.transforms.lifting import Bands

__all__ = ["MOST_PLANES", "code_bands"]

MOST_PLANES = 18
"""Bits of a magnitude, at most."""


def code_bands(port: Port, wanted: Bands | None, shapes: list[tuple[int, ...]]) -> Bands:
    """Code all bands of detail: of each code block the number of its planes, its bytes, and those."""
    cuts = [_Cut(shape) for shape in shapes]
    valid = np.concatenate([cut.forward(np.ones(cut.shape, np.int8)) for cut in cuts]) > 0
    directions = np.concatenate([np.repeat(np.arange(9) % 3, cut.count) for cut in cuts])
    levels = np.concatenate([np.full(9 * cut.count, number) for number, cut in enumerate(cuts)])
    blocks, given, data, lengths = None, None, None, None
    if wanted is not None:
        blocks = np.concatenate([cut.forward(band) for cut, band in zip(cuts, wanted, strict=True)])
        given = np.frexp(np.abs(blocks).max(axis=(1, 2)).astype(np.float64))[1]
    planes = AdaptiveValues("planes", len(shapes) * 3).code(port, given, levels * 3 + directions)
    if planes.min() < 0 or planes.max() > MOST_PLANES:
        raise CorruptFileError("the symbol stream is damaged: more bit planes than there can be")
    there = planes > 0
    of = (valid[there], directions[there], planes[there])
    if blocks is not None:
        parts = encode_blocks(blocks[there], *of)
        data, lengths = b"".join(parts), np.array([len(part) for part in parts], np.int64)
    ends = np.cumsum(_code_lengths(port, lengths, of[2]))
    data = plain_bytes(port, data, int(ends[-1]) if ends.size else 0)
    if ends.size and int(ends[-1]) != len(data):
        raise CorruptFileError("the symbol stream is damaged: code blocks of another length")
    found = np.zeros(valid.shape, np.int32)
    starts = [0, *ends[:-1].tolist()]
    found[there] = decode_blocks([data[start:end] for start, end in zip(starts, ends, strict=False)], *of)
    parts_of = np.split(found, np.cumsum([9 * cut.count for cut in cuts])[:-1])
    return [cut.inverse(part) for cut, part in zip(cuts, parts_of, strict=True)]


def _code_lengths(port: Port, wanted: NDArray[np.int64] | None, planes: NDArray[Any]) -> NDArray[np.int64]:
    """Lengths of code blocks in bytes: their logarithms with chances that adapt, the bits below as they are."""
    size = None if wanted is None else np.frexp(wanted.astype(np.float64))[1]
    logs = AdaptiveValues("lengths", MOST_PLANES + 1).code(port, size, planes).astype(np.int64)
    if logs.size and (logs.min() < 0 or logs.max() > 12):
        raise CorruptFileError("the symbol stream is damaged: a code block is too long")
    lengths = (logs > 0).astype(np.int64)
    for place in reversed(range(int(logs.max(initial=1)) - 1)):
        left = np.flatnonzero(logs > place + 1)
        lengths[left] = lengths[left] << 1 | even_bits(
            port, None if wanted is None else wanted[left] >> place & 1, left.size
        )
    return lengths


class _Cut:
    """Stage: a band (9, h, w) to its code blocks (n, `SIDE`, `SIDE`), those at the edges filled up with zeros."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self._down, self._across = (-(-side // SIDE) for side in shape[1:])
        self.count = self._down * self._across

    def forward(self, band: NDArray[Any]) -> NDArray[Any]:
        """Code blocks, plane by plane."""
        rows, columns = self._down * SIDE - self.shape[1], self._across * SIDE - self.shape[2]
        filled = np.pad(band, ((0, 0), (0, rows), (0, columns)))
        return np.concatenate([Blocks(SIDE).forward(plane) for plane in filled]).reshape(-1, SIDE, SIDE)

    def inverse(self, blocks: NDArray[Any]) -> NDArray[Any]:
        """The band."""
        planes = blocks.reshape(-1, self._down, self._across, SIDE * SIDE)
        return np.stack([Blocks(SIDE).inverse(plane) for plane in planes])[:, : self.shape[1], : self.shape[2]]
