"""Huffman codes of a scan to coefficients (ITU-T T.81, Annexes F and G).

Only finding where each code starts is one step after another; a table that says for every bit how far the next code is
makes that step a few lookups. What the codes say is then read for all of them at once.
"""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.jpeg.bits import Bits
from latentpress.codecs.jpeg.blocks import Order
from latentpress.codecs.jpeg.huffman import HuffmanTable
from latentpress.codecs.jpeg.markers import Scan
from latentpress.errors import CorruptFileError

__all__ = ["RanOut", "code_values", "read_part", "read_scan", "starts_of_codes"]

Integers = NDArray[np.int64]

_PIECE = 1 << 19  # bytes for which the tables of next codes are made at a time
_MARGIN = 8192  # bytes that a unit of ten blocks surely ends in
_STOP = 64  # added to the coefficients that a code skips: the block ends
_BROKEN = CorruptFileError("the JPEG file is damaged: its codes lead nowhere")


class RanOut(CorruptFileError):
    """A scan's bytes end before its blocks do. blocks: how many have surely come before that."""

    def __init__(self, blocks: int) -> None:
        super().__init__("the JPEG file is cut short")
        self.blocks = blocks


def read_scan(
    bits: Bits, order: Order, scan: Scan, coefficients: NDArray[np.int16], progressive: bool, exact: bool = True
) -> int:
    """Add what a scan says to the coefficients (blocks, 64), in zigzag order; gives the bit that fills last bytes.

    exact: whether it matters what is between codes and markers; if not, 1 is given.

    Raises CorruptFileError for damaged codes, `RanOut` with the coefficients untouched if the bytes end too early, and
    UnsupportedError if more was between codes than the standard asks for.
    """
    if bits.intervals.size - 1 < order.starts.size:
        raise RanOut((bits.intervals.size - 1) * order.interval)
    if bits.intervals.size - 1 > order.starts.size:
        raise CorruptFileError("the JPEG file has restart markers in other places than it says")
    ends = _ends(bits, order, scan, coefficients, progressive)
    return bits.padding(ends) if exact else 1


def read_part(bits: Bits, order: Order, scan: Scan, coefficients: NDArray[np.int16], progressive: bool) -> None:
    """Add what a scan says as far as its bytes go; see `read_scan`. Raises CorruptFileError for damaged codes."""
    order = order.first((bits.intervals.size - 1) * order.interval)
    while order.places.size:
        try:
            _ends(bits, order, scan, coefficients, progressive)
            break
        except RanOut as ran_out:
            order = order.first(ran_out.blocks)


def _ends(bits: Bits, order: Order, scan: Scan, coefficients: NDArray[np.int16], progressive: bool) -> Integers:
    """Read the scan; gives the bit after the last code of each interval."""
    if not progressive:
        return _sequential(bits, order, scan, coefficients, with_ac=True)
    if scan.low == 0:
        return (_refine_dc if scan.before else _sequential)(bits, order, scan, coefficients)
    return (_refine_ac if scan.before else _first_ac)(bits, order, scan, coefficients)


def _steps(table: HuffmanTable | None, dc: bool) -> NDArray[np.uint16]:
    """(65536,) for the 16 bits at a code: its bits with what follows, + 64 times the coefficients that it moves on."""
    if table is None:
        raise CorruptFileError("the JPEG file lacks a Huffman table")
    symbols, lengths = table.lookup
    if dc:
        return np.where(symbols >= 0, lengths + symbols % 16, 1).astype(np.uint16)
    run, size = symbols >> 4, symbols & 15
    move = np.where(size > 0, run + 1, np.where(run == 15, 16, _STOP + run))
    size = np.where((size == 0) & (run < 15), run, size)
    return np.where(symbols >= 0, lengths + size + 64 * move, 64 * _STOP + 1).astype(np.uint16)


class _Walker:
    """Tables of next codes for a piece of the scan, remade as the walk goes on."""

    def __init__(self, bits: Bits, tables: list[NDArray[np.uint16]]) -> None:
        self._bits = bits
        self._tables = tables
        self._done = 0

    def piece(self, position: int, before: int) -> tuple[list[memoryview], int, int, int]:
        """For a walk that came to a bit: views of its tables, the bit that they start at, the first bit in them that
        no unit may start at, and the position in them. before: blocks that came before those just read.
        """
        size, first = self._bits.data.size, position >> 3
        if first >= size:
            raise RanOut(before)
        if first < self._done:
            raise _BROKEN
        self._done = first
        last = min(first + _PIECE, size)
        windows = self._bits.windows(first, last)
        limit = windows.size
        if last == size:
            windows = np.concatenate([windows, np.zeros(_MARGIN * 8, np.uint16)])
        else:
            limit -= _MARGIN * 8
        views = {id(table): table[windows].data for table in self._tables}
        return [views[id(table)] for table in self._tables], first * 8, limit, position - first * 8


def _sequential(
    bits: Bits, order: Order, scan: Scan, coefficients: NDArray[np.int16], with_ac: bool = False
) -> Integers:
    """DC and AC coefficients of baseline scans, the first DC of progressive ones."""
    starts, firsts, ends = starts_of_codes(bits, order, scan, with_ac)
    _store_sequential(bits, order, scan, coefficients, starts, firsts)
    return ends


def starts_of_codes(bits: Bits, order: Order, scan: Scan, with_ac: bool) -> tuple[Integers, Integers, Integers]:
    """The bits that the codes of a scan start at, which codes start a block, and the bit after the last code of each
    interval. A block is a DC code, and its AC codes where there are some."""
    count = len(scan.components)
    found = {table: _steps(table, True) for table in scan.dc}
    tables = [found[table] for table in scan.dc]
    if with_ac:
        found = {table: _steps(table, False) for table in scan.ac}
        tables += [found[table] for table in scan.ac]
    walker = _Walker(bits, tables)
    starts, firsts = array("q"), array("q")  # of all codes; which of them starts a block
    ends = []
    units, per_unit = order.places.size // len(order.pattern), len(order.pattern)
    every = order.interval // per_unit
    views, base, limit, position = walker.piece(0, 0)
    append, first = starts.append, firsts.append
    for unit in range(units):
        if unit % every == 0:
            if unit:
                ends.append(position + base)
            position = int(bits.intervals[unit // every]) * 8 - base
        if not 0 <= position < limit:
            views, base, limit, position = walker.piece(position + base, (unit - 1) * per_unit)
        for turn in order.pattern:
            first(len(starts))
            append(position + base)
            position += views[turn][position]
            if with_ac:
                ac, place = views[count + turn], 0
                while place < 63:
                    step = ac[position]
                    append(position + base)
                    position += step & 63
                    place += step >> 6
    ends.append(position + base)
    _check_end(bits, ends, (units - 1) * per_unit)
    return np.array(starts, np.int64), np.array(firsts, np.int64), np.array(ends, np.int64)


def _store_sequential(
    bits: Bits, order: Order, scan: Scan, coefficients: NDArray[np.int16], starts: Integers, firsts: Integers
) -> None:
    """Read the values of the codes of `_sequential`."""
    sizes = np.diff(firsts, append=starts.size)
    turns = np.repeat(order.turn, sizes)
    blocks = np.repeat(np.arange(firsts.size), sizes)
    dc = np.zeros(starts.size, bool)
    dc[firsts] = True
    differences = np.zeros(firsts.size, np.int64)
    for turn in range(len(scan.components)):
        here = np.flatnonzero(dc & (turns == turn))
        symbols, values = code_values(bits, starts[here], scan.dc[turn], dc=True)
        if symbols.size and symbols.max() > 15:
            raise _BROKEN
        differences[blocks[here]] = values
    moves, found = np.zeros(starts.size, np.int64), np.zeros(starts.size, np.int64)
    for turn in range(len(scan.components)):
        here = np.flatnonzero(~dc & (turns == turn))
        if here.size:
            symbols, values = code_values(bits, starts[here], scan.ac[turn], dc=False)
            if ((symbols & 15 == 0) & (symbols >> 4 > 0) & (symbols >> 4 < 15)).any():
                raise _BROKEN
            moves[here] = np.where(symbols == 0, 0, (symbols >> 4) + 1)
            found[here] = values
    places = np.cumsum(moves)
    places -= np.repeat(places[firsts], sizes)
    if places.max() > 63:
        raise _BROKEN
    where = np.flatnonzero(found)
    coefficients[order.places[blocks[where]], places[where]] = found[where]
    for turn in range(len(scan.components)):
        mine = np.flatnonzero(order.turn == turn)
        sums = np.cumsum(differences[mine])
        intervals = mine // order.interval
        opening = np.flatnonzero(np.diff(intervals, prepend=-1))
        before = sums[opening] - differences[mine[opening]]
        values = (sums - before[intervals]) << scan.shift
        if np.abs(values).max() > 32767:
            raise _BROKEN
        coefficients[order.places[mine], 0] = values


def _problem(bits: Bits, position: int, before: int) -> CorruptFileError:
    """What codes that lead nowhere mean: they are damaged, or no codes because the bytes have ended before."""
    return RanOut(before) if position > 8 * bits.data.size else _BROKEN


def _check_end(bits: Bits, ends: list[int], before: int) -> None:
    """Raise `RanOut` if the last blocks ended behind the bytes. before: blocks that came before those."""
    if ends[-1] > 8 * bits.data.size:
        raise RanOut(before)


def code_values(bits: Bits, starts: Integers, table: HuffmanTable | None, dc: bool) -> tuple[Integers, Integers]:
    """The symbols of codes and the values whose sizes they give, 0 for a size of 16."""
    if table is None:
        raise CorruptFileError("the JPEG file lacks a Huffman table")
    lookup, lengths = table.lookup
    windows = bits.at(starts)
    symbols = lookup[windows].astype(np.int64)
    if symbols.size and symbols.min() < 0:
        raise _BROKEN
    size = symbols if dc else symbols & 15
    size = size % 16
    raw = bits.at(starts + lengths[windows], size)
    negative = (size > 0) & (raw < (np.int64(1) << size >> 1))
    return symbols, raw - np.where(negative, (np.int64(1) << size) - 1, 0)


def _refine_dc(bits: Bits, order: Order, scan: Scan, coefficients: NDArray[np.int16]) -> Integers:
    """One more bit of each DC."""
    blocks = np.arange(order.places.size)
    positions = bits.intervals[:-1][blocks // order.interval] * 8 + blocks % order.interval
    if positions[-1] >= 8 * bits.data.size:
        raise RanOut(int(np.searchsorted(positions, 8 * bits.data.size)))
    coefficients[order.places, 0] |= (bits.at(positions, 1) << scan.shift).astype(np.int16)
    ends: Integers = positions[np.append(order.starts[1:], blocks.size) - 1] + 1
    return ends


def _first_ac(bits: Bits, order: Order, scan: Scan, coefficients: NDArray[np.int16]) -> Integers:
    """The first bits of a band of AC coefficients."""
    walker = _Walker(bits, [_steps(scan.ac[0], False)])
    (view,), base, limit, position = walker.piece(0, 0)
    starts, firsts, visited, ends = array("q"), array("q"), array("q"), []
    room = scan.high - scan.low + 1
    block, blocks = 0, order.places.size
    while block < blocks:
        if block % order.interval == 0:
            if block:
                ends.append(position + base)
            position = int(bits.intervals[block // order.interval]) * 8 - base
        if not 0 <= position < limit:
            (view,), base, limit, position = walker.piece(position + base, visited[-1])
        firsts.append(len(starts))
        visited.append(block)
        place, run = 0, 1
        while place < room:
            step = view[position]
            starts.append(position + base)
            position += step & 63
            place += step >> 6
            if step >= _STOP << 6:
                run = _run_of(bits, position + base, (step >> 6) - _STOP)
        if block % order.interval + run > order.interval or block + run > blocks:
            raise _problem(bits, position + base, block)
        block += run
    ends.append(position + base)
    _check_end(bits, ends, visited[-1])
    codes, first = np.array(starts, np.int64), np.array(firsts, np.int64)
    symbols, values = code_values(bits, codes, scan.ac[0], dc=False)
    moves = np.where((symbols & 15) | (symbols == 0xF0), (symbols >> 4) + 1, 0)
    sizes = np.diff(first, append=codes.size)
    places = np.cumsum(moves)
    places += np.repeat(scan.low - 1 - places[first] + moves[first], sizes)
    where = np.flatnonzero(values)
    if places.max() > scan.high or np.abs(values).max() << scan.shift > 32767:
        raise _BROKEN
    owners = order.places[np.repeat(np.array(visited, np.int64), sizes)]
    coefficients[owners[where], places[where]] = values[where] << scan.shift
    return np.array(ends, np.int64)


def _refine_ac(bits: Bits, order: Order, scan: Scan, coefficients: NDArray[np.int16]) -> Integers:
    """One more bit of a band of AC coefficients: corrections of those that are there, and new ones among the others."""
    band = coefficients[order.places, scan.low : scan.high + 1]
    empty_blocks, empty_places = np.nonzero(band == 0)
    empty = empty_places.astype(np.uint8).data
    offsets = np.searchsorted(empty_blocks, np.arange(order.places.size + 1))
    empties = offsets.data
    room = scan.high - scan.low + 1
    present = (np.arange(order.places.size + 1) * room - offsets).data  # coefficients before each block
    walker = _Walker(bits, [_steps(scan.ac[0], False)])
    (view,), base, limit, position = walker.piece(0, 0)
    codes, owners, targets = array("q"), array("q"), array("b")
    fixes, counts, ends = array("q"), array("q"), []
    block, blocks = 0, order.places.size
    while block < blocks:
        if block % order.interval == 0:
            if block:
                ends.append(position + base)
            position = int(bits.intervals[block // order.interval]) * 8 - base
        if not 0 <= position < limit:
            (view,), base, limit, position = walker.piece(position + base, owners[-1])
        place, run, zero, stop = 0, 1, empties[block], empties[block + 1]
        while place < room:
            step = view[position]
            code, move = position + base, step >> 6
            position += step & 63
            if move >= _STOP:
                run = _run_of(bits, position + base, move - _STOP)
                if block % order.interval + run > order.interval or block + run > blocks:
                    raise _problem(bits, position + base, block)
                target, count = room, room - place - stop + zero + present[block + run] - present[block + 1]
            else:
                zero += move
                if zero > stop:
                    raise _problem(bits, position + base, block)
                target = empty[zero - 1]
                count = target - place - move + 1
            codes.append(code)
            owners.append(block)
            targets.append(target)
            fixes.append(position + base)
            counts.append(count)
            position += count
            place = target + 1
        block += run
    ends.append(position + base)
    _check_end(bits, ends, owners[-1])
    symbols, values = code_values(bits, np.array(codes, np.int64), scan.ac[0], dc=False)
    new = np.flatnonzero(symbols & 15)
    if (symbols & 15 > 1).any():
        raise _BROKEN
    sizes = np.array(counts, np.int64)
    firsts = np.array(fixes, np.int64) - (np.cumsum(sizes) - sizes)
    corrections = bits.at(np.repeat(firsts, sizes) + np.arange(int(sizes.sum())), 1)
    there_blocks, there_places = np.nonzero(band)
    there = order.places[there_blocks], there_places + scan.low
    coefficients[there] += (np.sign(coefficients[there]) * (corrections << scan.shift)).astype(np.int16)
    owned = order.places[np.array(owners, np.int64)[new]], np.array(targets, np.int64)[new] + scan.low
    coefficients[owned] = values[new] << scan.shift
    return np.array(ends, np.int64)


def _run_of(bits: Bits, end: int, size: int) -> int:
    """Blocks that end with a code whose ``size`` further bits end at bit ``end``."""
    return 1 << size | int(bits.at(np.array([end - size]), size)[0]) if size else 1
