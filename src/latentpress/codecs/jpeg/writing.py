"""Coefficients to the Huffman codes of a scan: what libjpeg, and nearly everybody, writes for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.jpeg.bits import Packer, join
from latentpress.codecs.jpeg.blocks import Order
from latentpress.codecs.jpeg.huffman import HuffmanTable
from latentpress.codecs.jpeg.markers import Scan
from latentpress.errors import CorruptFileError

__all__ = ["BIT_SIZES", "coded", "write_scan"]

Integers = NDArray[np.int64]

_PIECE = 1 << 13  # blocks coded at a time
_LONGEST_RUN = 0x7FFF
_MOST_WAITING = 937  # corrections that libjpeg lets wait for the end of a run
BIT_SIZES = np.frexp(np.arange((1 << 16) + 1).astype(np.float64))[1].astype(np.int64)  # bits of a magnitude

# Places of codes within a block, in order: DC, what belongs to coefficient k (up to three ZRL, then itself), the end.
_KEYS, _COEFFICIENT, _ITSELF, _END, _PAD = 1024, 8, 4, 1000, 1023


@dataclass(frozen=True)
class _Tokens:
    """Bits and the places in the scan where they go; of equal places those listed first come first."""

    keys: Integers
    values: Integers
    lengths: Integers


def write_scan(order: Order, scan: Scan, coefficients: NDArray[np.int16], fill: int) -> bytes:
    """The entropy-coded bytes of a scan. coefficients: (blocks, 64) in zigzag order; fill: bit that ends bytes.

    Raises CorruptFileError if a Huffman table lacks a symbol that is needed.
    """
    blocks = order.places.size
    differences = _differences(order, scan, coefficients) if scan.low == 0 and not scan.before else None
    runs = _runs(order, scan, coefficients) if scan.low else None
    stops = np.append(order.starts[1:], blocks)
    packer, intervals, opened = Packer(), [0], 0
    for first in range(0, blocks, _PIECE):
        here = np.arange(first, min(first + _PIECE, blocks))
        tokens = []
        if differences is not None:
            sizes = BIT_SIZES[np.abs(differences[here])]
            tokens.append(coded(scan.dc, order.turn[here], here * _KEYS, sizes, sizes, differences[here]))
        elif scan.low == 0:
            ones = coefficients[order.places[here], 0].astype(np.int64) >> scan.shift
            tokens.append(_Tokens(here * _KEYS, ones, np.ones_like(ones)))
        if scan.high:
            tokens += _ac(order, scan, coefficients, here, runs)
        closing = stops[(stops > first) & (stops <= here[-1] + 1)]
        pads = closing * _KEYS - _KEYS + _PAD
        tokens.append(_Tokens(pads, np.full(closing.size, -fill), np.zeros_like(closing)))

        keys = np.concatenate([part.keys for part in tokens])
        sort = np.argsort(keys, kind="stable")
        values = np.concatenate([part.values for part in tokens])[sort]
        lengths = np.concatenate([part.lengths for part in tokens])[sort]
        where = np.searchsorted(keys[sort], pads)
        ends = packer.bits + np.cumsum(lengths)[where]
        lengths[where] = -np.diff(ends, prepend=opened) % 8
        ends += np.cumsum(lengths[where])
        intervals += (ends // 8).tolist()
        opened = int(ends[-1]) if ends.size else opened
        packer.add(values, lengths)
    return join(packer.finish(), np.array(intervals))


def coded(
    tables: Sequence[HuffmanTable | None],
    turn: Integers,
    keys: Integers,
    symbols: Integers,
    sizes: Integers,
    values: Integers,
) -> _Tokens:
    """Codes of symbols followed by the ``sizes`` bits of values. turn: which table each takes."""
    codes, lengths = np.zeros_like(symbols), np.zeros_like(symbols)
    for number, table in enumerate(tables):
        mine = turn == number
        if mine.any():
            if table is None:
                raise CorruptFileError("the JPEG file lacks a Huffman table")
            codes[mine], lengths[mine] = table.look(symbols[mine])
    low = (values - (values < 0)) & ((np.int64(1) << sizes) - 1)
    return _Tokens(keys, codes << sizes | low, lengths + sizes)


def _differences(order: Order, scan: Scan, coefficients: NDArray[np.int16]) -> Integers:
    """Of each block's DC to the one before of its component."""
    dc: Integers = coefficients[order.places, 0].astype(np.int64) >> scan.shift
    differences: Integers = np.zeros_like(dc)
    for turn in range(len(scan.components)):
        mine = np.flatnonzero(order.turn == turn)
        opening = np.diff(mine // order.interval, prepend=-1) > 0
        differences[mine] = np.where(opening, dc[mine], np.diff(dc[mine], prepend=0))
    return differences


def _band(
    order: Order, scan: Scan, coefficients: NDArray[np.int16], here: Integers
) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Values (blocks, band) of a scan's AC coefficients, and how large they are in units of its last bit."""
    low = max(scan.low, 1)
    values = coefficients[order.places[here], low : scan.high + 1]
    size: NDArray[np.int16] = np.abs(values) >> scan.shift
    return values, size


def _runs(order: Order, scan: Scan, coefficients: NDArray[np.int16]) -> Integers:
    """How many blocks the end-of-band code at each block stands for; 0 where there is none.

    Blocks wait with their ends until the next one with a coefficient of its own, as they do in libjpeg.
    """
    ends, owns, waits = [], [], []
    for first in range(0, order.places.size, _PIECE):
        here = np.arange(first, min(first + _PIECE, order.places.size))
        size = _band(order, scan, coefficients, here)[1]
        new = (size == 1) if scan.before else (size > 0)
        last = np.where(new.any(1), new.shape[1] - 1 - np.argmax(new[:, ::-1], 1), -1)
        ends.append(last < new.shape[1] - 1)
        owns.append(last >= 0)
        waits.append(((size > 1) & (np.arange(new.shape[1]) > last[:, None])).sum(1) if scan.before else last * 0)
    ending, own, waiting = (np.concatenate(part).tolist() for part in (ends, owns, waits))
    runs = [0] * order.places.size
    opened, count, held = 0, 0, 0
    for block in range(order.places.size):
        if count and (own[block] or block % order.interval == 0):
            runs[opened], count, held = count, 0, 0
        if ending[block]:
            if not count:
                opened = block
            count += 1
            held += waiting[block]
            if count == _LONGEST_RUN or held > _MOST_WAITING:
                runs[opened], count, held = count, 0, 0
    if count:
        runs[opened] = count
    return np.array(runs)


def _ac(
    order: Order, scan: Scan, coefficients: NDArray[np.int16], here: Integers, runs: Integers | None
) -> list[_Tokens]:
    """Codes of the AC coefficients of some blocks. runs: see `_runs`; None for a scan where every block has an end."""
    values, size = _band(order, scan, coefficients, here)
    low = max(scan.low, 1)
    new = (size == 1) if scan.before else (size > 0)
    rows, columns = np.nonzero(new)
    opens = np.diff(rows, prepend=-1) > 0
    zeros = np.cumsum(size == 0, axis=1, dtype=np.int64)[rows, columns]
    gap = zeros - np.where(opens, 0, np.append(0, zeros[:-1]))
    base, turn = here[rows] * _KEYS, order.turn[here[rows]]
    keys = base + (columns + low) * _COEFFICIENT + _ITSELF
    sizes = BIT_SIZES[size[rows, columns]]
    signed = np.where(values[rows, columns] < 0, -1, 1) * size[rows, columns].astype(np.int64)
    themselves = coded(scan.ac, turn, keys, (gap & 15) << 4 | sizes, sizes, signed)

    # a gap of 16 zeros has a code of its own, before the first coefficient behind it that is not zero
    long = np.repeat(np.arange(rows.size), gap >> 4)
    rank = np.arange(long.size) - np.repeat(np.cumsum(gap >> 4) - (gap >> 4), gap >> 4)
    if scan.before:
        there_rows, there = np.nonzero(size)
        counted = there_rows * 64 + np.cumsum(size == 0, axis=1, dtype=np.int64)[there_rows, there]
        wanted = rows[long] * 64 + (zeros - gap)[long] + 16 * (rank + 1)
        behind = there[np.searchsorted(counted, wanted)]
    else:
        behind = columns[long]
    skip = base[long] + (behind + low) * _COEFFICIENT
    again = np.diff(skip, prepend=-1) == 0
    skip += again.astype(np.int64) + (again & np.append(False, again[:-1]))
    nothing = np.zeros(long.size, np.int64)
    tokens = [coded(scan.ac, turn[long], skip, nothing + 0xF0, nothing, nothing), themselves]

    if runs is None:
        last = np.full(here.size, -1)
        last[rows] = columns  # of equal rows the last one stays
        ending = here[last < new.shape[1] - 1]
        lengths = np.ones(ending.size, np.int64)
    else:
        ending = here[runs[here] > 0]
        lengths = runs[ending]
    extra = BIT_SIZES[lengths] - 1
    tokens.append(coded(scan.ac, order.turn[ending], ending * _KEYS + _END, extra << 4, extra, lengths))

    if scan.before:
        there_rows, there = np.nonzero(size > 1)
        events = np.sort(np.concatenate([keys, skip]))
        own = here[there_rows] * _KEYS
        behind = np.searchsorted(events, own + (there + low) * _COEFFICIENT + _ITSELF)
        after = np.append(events, np.iinfo(np.int64).max)[behind]
        bits = size[there_rows, there].astype(np.int64)
        tokens.append(_Tokens(np.minimum(after, own + _END), bits, np.ones_like(bits)))
    return tokens
