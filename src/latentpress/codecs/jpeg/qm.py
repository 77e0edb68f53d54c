"""The QM coder: JPEG's adaptive binary arithmetic coder (ITU-T T.81, annex D).

Each decision is coded with the state of a *bin*: how likely its more probable value is, and which of the two that is.
Bytes here are without the zeros that a file stuffs behind 255: `bits.split` and `bits.join` see to those.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

__all__ = ["EVEN", "Bins", "Code", "Decoder", "Encoder", "new_bins"]

Bins = bytearray
"""States of bins: twice the row of the table, plus the more probable value."""

Code = Callable[[Bins, int, object], int]
"""Code a decision with a bin (its number): takes the one to write, which a decoder ignores, and gives the one coded."""

# Table D.3: size of the less probable part, next row after it, next row after the other, whether they change places.
_ROWS = (
    "5a1d 1 1 1|2586 14 2 0|1114 16 3 0|080b 18 4 0|03d8 20 5 0|01da 23 6 0|00e5 25 7 0|006f 28 8 0|0036 30 9 0|"
    "001a 33 10 0|000d 35 11 0|0006 9 12 0|0003 10 13 0|0001 12 13 0|5a7f 15 15 1|3f25 36 16 0|2cf2 38 17 0|"
    "207c 39 18 0|17b9 40 19 0|1182 42 20 0|0cef 43 21 0|09a1 45 22 0|072f 46 23 0|055c 48 24 0|0406 49 25 0|"
    "0303 51 26 0|0240 52 27 0|01b1 54 28 0|0144 56 29 0|00f5 57 30 0|00b7 59 31 0|008a 60 32 0|0068 62 33 0|"
    "004e 63 34 0|003b 32 35 0|002c 33 9 0|5ae1 37 37 1|484c 64 38 0|3a0d 65 39 0|2ef1 67 40 0|261f 68 41 0|"
    "1f33 69 42 0|19a8 70 43 0|1518 72 44 0|1177 73 45 0|0e74 74 46 0|0bfb 75 47 0|09f8 77 48 0|0861 78 49 0|"
    "0706 79 50 0|05cd 48 51 0|04de 50 52 0|040f 50 53 0|0363 51 54 0|02d4 52 55 0|025c 53 56 0|01f8 54 57 0|"
    "01a4 55 58 0|0160 56 59 0|0125 57 60 0|00f6 58 61 0|00cb 59 62 0|00ab 61 63 0|008f 61 32 0|5b12 65 65 1|"
    "4d04 80 66 0|412c 81 67 0|37d8 82 68 0|2fe8 83 69 0|293c 84 70 0|2379 86 71 0|1edf 87 72 0|1aa9 87 73 0|"
    "174e 72 74 0|1424 72 75 0|119c 74 76 0|0f6b 74 77 0|0d51 75 78 0|0bb6 77 79 0|0a40 77 48 0|5832 80 81 1|"
    "4d1c 88 82 0|438e 89 83 0|3bdd 90 84 0|34ee 91 85 0|2eae 92 86 0|299a 93 87 0|2516 86 71 0|5570 88 89 1|"
    "4ca9 95 90 0|44d9 96 91 0|3e22 97 92 0|3824 99 93 0|32b4 99 94 0|2e17 93 86 0|56a8 95 96 1|4f46 101 97 0|"
    "47e5 102 98 0|41cf 103 99 0|3c3d 104 100 0|375e 99 93 0|5231 105 102 0|4c0f 106 103 0|4639 107 104 0|"
    "415e 103 99 0|5627 105 106 1|50e7 108 107 0|4b85 109 103 0|5597 110 109 0|504f 111 107 0|5a10 110 111 1|"
    "5522 112 109 0|59eb 112 111 1|5a1d 113 113 0"  # the last one stays: for decisions as likely one way as the other
)


def _of_row(text: str) -> list[tuple[int, int, int]]:
    """Size, next state after the more and after the less probable value, for a state with 0 and one with 1 as such."""
    size, less, more, switch = text.split()
    return [(int(size, 16), 2 * int(more) + likely, 2 * int(less) + (likely ^ int(switch))) for likely in range(2)]


_STATES = tuple(chain.from_iterable(map(_of_row, _ROWS.split("|"))))

EVEN = len(_STATES) - 2
"""The state that never changes: both values are equally likely."""


def new_bins(count: int) -> Bins:
    """Bins that have seen nothing."""
    return bytearray(count)


class Decoder:
    """Decisions out of bytes, behind which zeros follow."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._taken = 2  # bytes
        self._left = 0  # bits of them that are not used yet
        self.code = self._coder()

    @property
    def ran_out(self) -> bool:
        """Whether bits behind the end were used."""
        return 8 * self._taken - self._left > 8 * len(self._data)

    def _coder(self) -> Code:
        """The function, with what it needs at hand: it is called for every decision of a picture."""
        states, interval, value, ahead = _STATES, 1 << 16, int.from_bytes(self._data[:2].ljust(2, b"\0"), "big"), 0

        def code(bins: Bins, bin: int, _: object) -> int:
            nonlocal interval, value, ahead
            state = bins[bin]
            size, more, less = states[state]
            interval -= size
            if value < interval:
                if interval >= 0x8000:
                    return state & 1
                likely = interval >= size
            else:
                value -= interval
                likely = interval < size
                interval = size
            bins[bin] = more if likely else less
            shift = 16 - interval.bit_length()
            interval <<= shift
            if shift > self._left:
                taken = self._taken
                ahead = ahead << 32 | int.from_bytes(self._data[taken : taken + 4].ljust(4, b"\0"), "big")
                self._taken = taken + 4
                self._left += 32
            self._left -= shift
            value = value << shift | ahead >> self._left
            ahead &= (1 << self._left) - 1
            return state & 1 if likely else 1 - (state & 1)

        return code


class Encoder:
    """Decisions into bytes."""

    def __init__(self) -> None:
        self._out = bytearray()
        self._interval, self._low, self._pending = 1 << 16, 0, 0  # bits above the lowest 16 that are not written yet

    def code(self, bins: Bins, bin: int, wanted: object) -> int:
        """See `Code`."""
        bit, state = int(bool(wanted)), bins[bin]
        size, more, less = _STATES[state]
        self._interval -= size
        likely = bit == state & 1
        if likely and self._interval >= 0x8000:
            return bit
        if (self._interval < size) == likely:  # the larger part is the likely one's, whichever that is
            self._low += self._interval
            self._interval = size
        bins[bin] = more if likely else less
        shift = 16 - self._interval.bit_length()
        self._interval <<= shift
        self._low <<= shift
        self._pending += shift
        self._write()
        return bit

    def finish(self) -> bytes:
        """The bytes: the number within the last interval that ends with the most zeros, which are left out."""
        value = (self._low + self._interval - 1) >> 16 << 16
        self._low = value if value >= self._low else value + 0x8000
        self._pending += 16
        self._low <<= 16
        self._write()
        self._low <<= 8
        self._pending += 8
        self._write()
        return bytes(self._out).rstrip(b"\0")

    def _write(self) -> None:
        while self._pending >= 8:
            self._pending -= 8
            byte = self._low >> (16 + self._pending)
            self._low &= (1 << (16 + self._pending)) - 1
            if byte > 255:
                last = len(self._out) - 1
                while self._out[last] == 255:
                    self._out[last] = 0
                    last -= 1
                self._out[last] += 1
            self._out.append(byte & 255)
