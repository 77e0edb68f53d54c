"""Residuals as symbols: small ones each their own, large ones by magnitude class with plain bits for the rest.

A residual of magnitude below 16 is a symbol of its own. From 16 on, four classes an octave are symbols, and the place
in the class is written as plain bits: a distribution hardly falls within a fifth of a magnitude. So an alphabet of some
tens of symbols serves every bit depth.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.fast import loops

__all__ = ["DIRECT", "LARGEST_ALPHABET", "Alphabet", "BitReader", "BitWriter"]

Integers = NDArray[np.int64]

DIRECT = 16
"""Residuals of smaller magnitude are symbols of their own."""


class Alphabet:
    """Symbols 0 .. size - 1 for residuals of magnitude below ``2^bits`` (bits at least 5); ``zero`` stands for 0."""

    def __init__(self, bits: int) -> None:
        self.bits = max(bits, 5)
        self.zero = DIRECT + 4 * (self.bits - 4) - 1
        self.size = 2 * self.zero + 1
        index = np.arange(self.zero + 1)
        octave, quarter = np.divmod(np.maximum(index - DIRECT, 0), 4)
        self._extra = np.where(index < DIRECT, 0, octave + 2)
        self._first = np.where(index < DIRECT, index, (4 + quarter) << (octave + 2))

    def split(self, residuals: Integers) -> tuple[NDArray[np.int32], Integers, Integers]:
        """Symbols, numbers of plain bits, and the plain bits."""
        if (fast := loops()) is not None:
            symbols, (extra, plain) = np.empty(residuals.size, np.int32), np.empty((2, residuals.size), np.int64)
            fast.split(residuals, self.zero, DIRECT, symbols, extra, plain)
            return symbols, extra, plain
        magnitude = np.abs(residuals)
        exponent = np.frexp(magnitude.astype(np.float64))[1].astype(np.int64) - 3  # plain bits, if there are any
        large = magnitude >= DIRECT
        extra = np.where(large, exponent, 0)
        index = np.where(large, DIRECT + 4 * (exponent - 2) + ((magnitude >> extra) & 3), magnitude)
        signed = self.zero + np.sign(residuals) * index
        return signed.astype(np.int32), extra, magnitude & ((1 << extra) - 1)

    def extra(self, symbols: NDArray[Any]) -> Integers:
        """How many plain bits each symbol has."""
        found: Integers = self._extra[np.abs(symbols - self.zero)]
        return found

    def join(self, symbols: NDArray[Any], plain: Integers) -> Integers:
        """Residuals of symbols and their plain bits."""
        signed = symbols.astype(np.int64) - self.zero
        out: Integers = np.sign(signed) * (self._first[np.abs(signed)] + plain)
        return out

    def read(self, symbols: NDArray[np.int32], bits: BitReader) -> Integers:
        """Residuals of symbols, their plain bits read."""
        if (fast := loops()) is not None:
            out = np.empty(symbols.size, np.int64)
            bits.place = fast.join(symbols, self.zero, self._first, self._extra, bits.words, bits.place, out)
            return out
        return self.join(symbols, bits.read(self.extra(symbols)))


LARGEST_ALPHABET = Alphabet(17)
"""Of differences of two samples of 16 bits; tables are stored for it."""


class BitWriter:
    """Collects fields of up to 16 plain bits."""

    def __init__(self) -> None:
        self._values: list[Integers] = []
        self._counts: list[Integers] = []

    def write(self, values: Integers, counts: Integers) -> None:
        """Append a field of ``counts[i]`` (0..16) bits for each value."""
        some = counts > 0
        if some.any():
            self._values.append(values[some])
            self._counts.append(counts[some])

    def finish(self) -> bytes:
        """All fields one after another, low bits first, the last byte filled with zeros."""
        if not self._values:
            return b""
        values, counts = np.concatenate(self._values), np.concatenate(self._counts)
        ends = np.cumsum(counts)
        place = np.arange(int(ends[-1])) - np.repeat(ends - counts, counts)
        bits = (np.repeat(values, counts) >> place) & 1
        return np.packbits(bits.astype(np.uint8), bitorder="little").tobytes()


class BitReader:
    """Reads what a `BitWriter` wrote. Past the end there are zeros; ``left`` tells how many bits are left over.

    words: four bytes from each byte on; place: the next bit.
    """

    def __init__(self, data: bytes | memoryview) -> None:
        raw = np.frombuffer(data, np.uint8).astype(np.int64)
        raw = np.concatenate([raw, np.zeros(4, np.int64)])
        self.words = raw[:-3] | (raw[1:-2] << 8) | (raw[2:-1] << 16) | (raw[3:] << 24)
        self._size = 8 * len(data)
        self.place = 0

    @property
    def left(self) -> int:
        """Bits not read yet; negative if more were asked for than there are."""
        return self._size - self.place

    def read(self, counts: Integers) -> Integers:
        """The next fields, of ``counts`` bits each."""
        out = np.zeros_like(counts)
        some = np.flatnonzero(counts)
        if some.size:
            lengths = counts[some]
            ends = np.cumsum(lengths)
            starts = self.place + ends - lengths
            self.place += int(ends[-1])
            words = self.words[np.minimum(starts >> 3, self.words.size - 1)]
            out[some] = (words >> (starts & 7)) & ((1 << lengths) - 1)
        return out
