"""Arithmetic-coded scans (ITU-T T.81, F.1.4 and G.1.3): which decisions say a block, and which bins they take.

The walk over a scan is written once: a coder is handed what an encoder would like to say, which a decoder ignores, and
both go on with the decision that was coded.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.jpeg.bits import Bits, join
from latentpress.codecs.jpeg.blocks import Order
from latentpress.codecs.jpeg.markers import Scan
from latentpress.codecs.jpeg.qm import EVEN, Bins, Code, Decoder, Encoder, new_bins
from latentpress.errors import CorruptFileError

__all__ = ["read_arithmetic_scan", "write_arithmetic_scan"]

_BROKEN = CorruptFileError("the JPEG file is damaged: its codes lead nowhere")
_REST = 14  # from the bin of a magnitude's size to that of its further bits
_DC_BINS, _AC_BINS = 64, 256
_DC_SIZES = tuple(range(20, 34))
_NEAR_SIZES, _FAR_SIZES = tuple(range(189, 202)), tuple(range(217, 230))


def read_arithmetic_scan(
    bits: Bits, order: Order, scan: Scan, coefficients: NDArray[np.int16], progressive: bool, cut: bool
) -> None:
    """Add what a scan says to the coefficients (blocks, 64), in zigzag order.

    cut: the file ends here before its time; the blocks before that are read. Raises CorruptFileError for damage.
    """
    ends = bits.intervals[1:]
    if ends.size != order.starts.size and not (cut and ends.size < order.starts.size):
        raise CorruptFileError("the JPEG file has restart markers in other places than it says")
    for first, start, end in zip(order.starts.tolist(), bits.intervals.tolist(), ends.tolist(), strict=False):
        decoder, walk = Decoder(bits.data[start:end].tobytes()), _Walk(scan, progressive)
        for block in range(first, min(first + order.interval, order.places.size)):
            place = order.places[block]
            values = coefficients[place].tolist()
            walk.block(decoder.code, int(order.turn[block]), values, values)
            if cut and decoder.ran_out:
                break
            coefficients[place] = values


def write_arithmetic_scan(order: Order, scan: Scan, coefficients: NDArray[np.int16], progressive: bool) -> bytes:
    """The entropy-coded bytes of a scan."""
    parts = []
    for first in order.starts.tolist():
        encoder, walk = Encoder(), _Walk(scan, progressive)
        for block in range(first, min(first + order.interval, order.places.size)):
            wanted = coefficients[order.places[block]].tolist()
            walk.block(encoder.code, int(order.turn[block]), wanted, [_cut(value, scan.before) for value in wanted])
        parts.append(encoder.finish())
    data = np.frombuffer(b"".join(parts), np.uint8)
    return join(data, np.cumsum([0, *map(len, parts)]))


def _cut(value: int, shift: int) -> int:
    """What earlier scans have said of a coefficient; nothing without any."""
    return (abs(value) >> shift << shift) * (-1 if value < 0 else 1) if shift else 0


class _Walk:
    """The decisions of an interval, block by block."""

    def __init__(self, scan: Scan, progressive: bool) -> None:
        self._scan = scan
        self._progressive = progressive
        self._dc = {each.dc: new_bins(_DC_BINS) for each in scan.conditions}
        self._ac = {each.ac: new_bins(_AC_BINS) for each in scan.conditions}
        self._even = Bins([EVEN])
        self._last = [0] * len(scan.conditions)
        self._context = [0] * len(scan.conditions)

    def block(self, code: Code, turn: int, wanted: Sequence[int], values: list[int]) -> None:
        """Code a block of the component that comes as number ``turn`` in the scan.

        wanted: what an encoder says; values: what is known of the block, to which the scan adds.
        """
        scan = self._scan
        if scan.low == 0 and not scan.before:
            self._difference(code, turn, wanted[0] >> scan.shift)
            values[0] = self._last[turn] << scan.shift
        elif scan.low == 0:
            values[0] |= code(self._even, 0, wanted[0] >> scan.shift & 1) << scan.shift
        if scan.high and scan.before:
            self._refine(code, turn, wanted, values)
        elif scan.high:
            self._first(code, turn, wanted, values)

    def _difference(self, code: Code, turn: int, wanted: int) -> None:
        """The DC, as its difference to the one before; how large that was chooses the bins of the next."""
        conditions, context = self._scan.conditions[turn], self._context[turn]
        bins, difference = self._dc[conditions.dc], wanted - self._last[turn]
        self._context[turn] = 0
        if not code(bins, context, difference != 0):
            return
        negative = code(bins, context + 1, difference < 0)
        size = self._magnitude(code, bins, (context + 2 + negative, *_DC_SIZES), abs(difference))
        top = 1 << (size - 1).bit_length() >> 1
        if top >= 1 << conditions.small >> 1:
            self._context[turn] = (8 if negative else 4) + (8 if top > 1 << conditions.large >> 1 else 0)
        self._last[turn] += -size if negative else size
        if abs(self._last[turn]) << self._scan.shift > 32767:
            raise _BROKEN

    def _first(self, code: Code, turn: int, wanted: Sequence[int], values: list[int]) -> None:
        """AC coefficients, or their first bits."""
        scan, conditions = self._scan, self._scan.conditions[turn]
        bins, shift, place = self._ac[conditions.ac], scan.shift, max(scan.low, 1)
        last = max((k for k in range(place, scan.high + 1) if abs(wanted[k]) >> shift), default=0)
        while place <= scan.high and not code(bins, 3 * place - 3, place > last):
            while not code(bins, 3 * place - 2, abs(wanted[place]) >> shift):
                place += 1
                if place > scan.high:
                    raise _BROKEN
            negative = code(self._even, 0, wanted[place] < 0)
            sizes = _NEAR_SIZES if place <= conditions.near else _FAR_SIZES
            known = abs(wanted[place]) >> shift
            size = self._magnitude(code, bins, (3 * place - 1, 3 * place - 1, *sizes), known) << shift
            if size > 32767:
                raise _BROKEN
            values[place] = -size if negative else size
            place += 1

    def _refine(self, code: Code, turn: int, wanted: Sequence[int], values: list[int]) -> None:
        """One more bit of AC coefficients, and new ones among the others."""
        scan = self._scan
        bins, shift, place = self._ac[scan.conditions[turn].ac], scan.shift, scan.low
        last = max((k for k in range(place, scan.high + 1) if abs(wanted[k]) >> shift), default=0)
        there = max((k for k in range(place, scan.high + 1) if values[k]), default=0)
        while place <= scan.high and not (place > there and code(bins, 3 * place - 3, place > last)):
            while not values[place] and not code(bins, 3 * place - 2, abs(wanted[place]) >> shift):
                place += 1
                if place > scan.high:
                    raise _BROKEN
            if values[place]:
                more = code(bins, 3 * place - 1, abs(wanted[place]) >> shift & 1) << shift
                values[place] += more if values[place] > 0 else -more
            else:
                values[place] = (-1 if code(self._even, 0, wanted[place] < 0) else 1) << shift
            place += 1

    @staticmethod
    def _magnitude(code: Code, bins: Bins, sizes: Sequence[int], wanted: int) -> int:
        """A number of 1 or more: how many bits it has less one, then those behind the first."""
        top, following = 0, 1
        for bin in sizes:
            if not code(bins, bin, wanted > following):
                break
            top, following = following, following << 1
        else:
            raise _BROKEN
        value = top
        while top > 1:
            top >>= 1
            value |= top if code(bins, bin + _REST, (wanted - 1) & top) else 0
        return value + 1
