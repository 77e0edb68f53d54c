"""The MQ coder, the binary arithmetic coder of JPEG 2000 and JBIG2 (ITU-T T.800, annex C; T.88, annex E), in lanes.

Each lane is a coder of its own, with contexts, registers and bytes of its own, as the standard has it. A step takes a
decision of every lane that still has one, in one operation on arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["MqDecoder", "MqEncoder"]

Integers = NDArray[np.int64]

# Table C.2: probability of the less probable symbol, next state after more and less probable one, whether the sense of
# the more probable one changes.
_QE = [0x5601, 0x3401, 0x1801, 0x0AC1, 0x0521, 0x0221, 0x5601, 0x5401, 0x4801, 0x3801, 0x3001, 0x2401, 0x1C01, 0x1601]
_QE += [0x5601, 0x5401, 0x5101, 0x4801, 0x3801, 0x3401, 0x3001, 0x2801, 0x2401, 0x2201, 0x1C01, 0x1801, 0x1601, 0x1401]
_QE += [0x1201, 0x1101, 0x0AC1, 0x09C1, 0x08A1, 0x0521, 0x0441, 0x02A1, 0x0221, 0x0141, 0x0111, 0x0085, 0x0049, 0x0025]
_QE += [0x0015, 0x0009, 0x0005, 0x0001, 0x5601]
_MORE = [1, 2, 3, 4, 5, 38, 7, 8, 9, 10, 11, 12, 13, 29, *range(15, 46), 45, 46]
_LESS = [1, 6, 9, 12, 29, 33, 6, 14, 14, 14, 17, 18, 20, 21, 14, 14, 15, 16, 17, 18, 19, 19, *range(20, 44), 46]
_CHANGES = (0, 6, 14)

# Of a state and the sense of its more probable symbol, 2 * state + sense.
_PROBABILITY = np.repeat(np.array(_QE, np.int64), 2)
_AFTER_MORE = np.array([2 * after + sense for after in _MORE for sense in (0, 1)])
_AFTER_LESS = np.array([2 * after + (sense ^ (n in _CHANGES)) for n, after in enumerate(_LESS) for sense in (0, 1)])
_SHIFTS = np.array([16 - n.bit_length() for n in range(1 << 16)])  # until the highest of 16 bits is one


class _Lanes:
    """The contexts of all lanes. start (contexts,): states at the beginning."""

    def __init__(self, lanes: int, start: Sequence[int]) -> None:
        self.states: Integers = np.tile(2 * np.array(start, np.int64), (lanes, 1))
        self.a: Integers = np.full(lanes, 0x8000, np.int64)

    def rows(self, lane: Integers) -> Iterator[tuple[Integers, Integers]]:
        """Decisions (their indices, their lanes) that can be done together: the first of each lane, the second ..."""
        order = np.argsort(lane, kind="stable")
        sizes = np.bincount(lane, minlength=len(self.a))
        longest = np.argsort(-sizes, kind="stable")
        starts, sizes = (np.cumsum(sizes) - sizes)[longest], sizes[longest]
        counts = len(sizes) - np.searchsorted(sizes[::-1], np.arange(1, int(sizes[0]) + 1 if sizes.size else 1))
        for number, count in enumerate(counts):
            yield order[starts[:count] + number], longest[:count]


class MqEncoder(_Lanes):
    """Encoders."""

    def __init__(self, lanes: int, start: Sequence[int]) -> None:
        super().__init__(lanes, start)
        self._c, self._ct = np.zeros(lanes, np.int64), np.full(lanes, 12, np.int64)
        self._out, self._size = np.zeros((lanes, 64), np.int64), np.zeros(lanes, np.int64)  # a byte before the first

    def encode(self, lane: Integers, context: Integers, bits: NDArray[np.bool_]) -> None:
        """Code bits (n,), each in a lane, with a context of it."""
        for which, lanes in self.rows(lane):
            place = context[which]
            state = self.states[lanes, place]
            qe, more = _PROBABILITY[state], (state & 1) == bits[which]
            rest = self.a[lanes] - qe
            upper = more == (rest >= qe)  # the larger part of the interval goes to the more probable symbol
            self._c[lanes] += np.where(upper, qe, 0)
            a = np.where(upper, rest, qe)
            changed = ~more | (rest < 0x8000)
            after = np.where(more, _AFTER_MORE[state], _AFTER_LESS[state])
            self.states[lanes, place] = np.where(changed, after, state)
            self.a[lanes] = a
            self._shift(lanes[changed], _SHIFTS[a[changed]])

    def finish(self) -> list[bytes]:
        """The bytes of each lane."""
        lanes = np.arange(len(self.a))
        top = self._c + self.a
        self._c |= 0xFFFF
        self._c -= np.where(self._c >= top, 0x8000, 0)
        for _ in range(2):
            self._c <<= self._ct
            self._byte_out(lanes)
        ends = self._size + (self._out[lanes, self._size] != 0xFF)
        return [row[1:end].astype(np.uint8).tobytes() for row, end in zip(self._out, ends, strict=True)]

    def _shift(self, lanes: Integers, shifts: Integers) -> None:
        self.a[lanes] <<= shifts
        while lanes.size:
            now = np.minimum(shifts, self._ct[lanes])
            self._c[lanes] <<= now
            self._ct[lanes] -= now
            self._byte_out(lanes[self._ct[lanes] == 0])
            left = shifts > now
            lanes, shifts = lanes[left], (shifts - now)[left]

    def _byte_out(self, lanes: Integers) -> None:
        if not lanes.size:
            return
        if int(self._size.max()) + 2 >= self._out.shape[1]:
            self._out = np.concatenate([self._out, np.zeros_like(self._out)], axis=1)
        c, size = self._c[lanes], self._size[lanes]
        last = self._out[lanes, size]
        carry = (last != 0xFF) & (c >= 0x8000000)
        last += carry
        self._out[lanes, size] = last
        c = np.where(carry, c & 0x7FFFFFF, c)
        stuffed = last == 0xFF
        self._size[lanes] = size + 1
        self._out[lanes, size + 1] = np.where(stuffed, c >> 20, c >> 19)
        self._c[lanes] = c & np.where(stuffed, 0xFFFFF, 0x7FFFF)
        self._ct[lanes] = np.where(stuffed, 7, 8)


class MqDecoder(_Lanes):
    """Decoders of the bytes that each lane has. After the end of its bytes a lane reads ones, as in the standard."""

    def __init__(self, parts: Sequence[bytes | memoryview], start: Sequence[int]) -> None:
        super().__init__(len(parts), start)
        self._data = np.frombuffer(b"".join([*(bytes(part) + b"\xff\xff" for part in parts), b"\xff"]), np.uint8)
        sizes = np.array([len(part) + 2 for part in parts], np.int64)
        self._at = np.cumsum(sizes) - sizes
        lanes = np.arange(len(parts))
        self._c, self._ct = self._data[self._at].astype(np.int64) << 16, np.zeros(len(parts), np.int64)
        self._byte_in(lanes)
        self._c <<= 7
        self._ct -= 7

    def decode(self, lane: Integers, context: Integers) -> NDArray[np.bool_]:
        """Bits (n,), each of a lane, with a context of it."""
        bits = np.zeros(lane.size, bool)
        for which, lanes in self.rows(lane):
            place = context[which]
            state = self.states[lanes, place]
            qe, c = _PROBABILITY[state], self._c[lanes]
            rest = self.a[lanes] - qe
            upper = (c >> 16) >= qe
            self._c[lanes] = c - np.where(upper, qe << 16, 0)
            a = np.where(upper, rest, qe)
            more = upper == (rest >= qe)
            changed = ~more | (rest < 0x8000)
            bits[which] = (state & 1) == more
            after = np.where(more, _AFTER_MORE[state], _AFTER_LESS[state])
            self.states[lanes, place] = np.where(changed, after, state)
            self.a[lanes] = a
            self._shift(lanes[changed], _SHIFTS[a[changed]])
        return bits

    def _shift(self, lanes: Integers, shifts: Integers) -> None:
        self.a[lanes] <<= shifts
        while lanes.size:
            self._byte_in(lanes[self._ct[lanes] == 0])
            now = np.minimum(shifts, self._ct[lanes])
            self._c[lanes] <<= now
            self._ct[lanes] -= now
            left = shifts > now
            lanes, shifts = lanes[left], (shifts - now)[left]

    def _byte_in(self, lanes: Integers) -> None:
        if not lanes.size:
            return
        at = self._at[lanes]
        following = self._data[at + 1].astype(np.int64)
        stuffed = self._data[at] == 0xFF
        end = stuffed & (following > 0x8F)
        self._c[lanes] += np.where(end, 0xFF00, np.where(stuffed, following << 9, following << 8))
        self._ct[lanes] = np.where(stuffed & ~end, 7, 8)
        self._at[lanes] = at + ~end
